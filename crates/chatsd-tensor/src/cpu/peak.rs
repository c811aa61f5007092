//! The limits of this machine, measured: what a kernel's speed is a share of.

use std::{hint::black_box, time::Instant};

use super::{
    Cpu,
    lane::{Isa, Kernel, Lane},
};
use crate::engine::{EngineError, Options};

/// Multiply-adds in f32 that never leave the registers, in operations a second (two a multiply-add).
///
/// # Errors
/// As [`crate::Engine::cpu`].
pub fn multiply_add(options: Options) -> Result<f64, EngineError> {
    const ROUNDS: usize = 2_000_000;
    let cpu = Cpu::new(options)?;
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let start = Instant::now();
        // One long part a thread.
        cpu.pool.run(usize::MAX, cpu.threads(), &|_| {
            cpu.compute(Chains { rounds: ROUNDS });
        });
        let width = cpu.compute(Width);
        let operations = (2 * CHAINS * width * ROUNDS * cpu.threads()) as f64;
        best = best.max(operations / start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Bytes a second that are read from memory beyond every cache.
///
/// # Errors
/// As [`crate::Engine::cpu`].
pub fn read_bandwidth(options: Options) -> Result<f64, EngineError> {
    const VALUES: usize = 64 << 20;
    let cpu = Cpu::new(options)?;
    let values = vec![1.0_f32; VALUES];
    let blocks: Vec<&[f32]> = values.chunks(1 << 20).collect();
    let mut best = 0.0_f64;
    for _ in 0..3 {
        let start = Instant::now();
        cpu.pool.run(usize::MAX, blocks.len(), &|part| {
            black_box(cpu.compute(Read { values: blocks[part] }));
        });
        best = best.max((4 * VALUES) as f64 / start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Independent sums; more than any processor's latency times width.
const CHAINS: usize = 12;

struct Chains {
    rounds: usize,
}

impl Kernel for Chains {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let mut sums = [isa.splat(1.0); CHAINS];
        let (factor, term) = (isa.splat(black_box(0.999)), isa.splat(black_box(0.001)));
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = sum.mul_add(factor, term);
            }
        }
        for sum in sums {
            black_box(sum.values());
        }
    }
}

struct Width;

impl Kernel for Width {
    type Output = usize;

    #[inline(always)]
    fn run<L: Lane>(self, _isa: Isa<L>) -> usize {
        L::WIDTH
    }
}

struct Read<'a> {
    values: &'a [f32],
}

impl Kernel for Read<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) -> f32 {
        let mut sums = [isa.splat(0.0); 4];
        for block in self.values.chunks_exact(4 * L::WIDTH) {
            for (n, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a block is four registers.
                *sum = sum.add(unsafe { isa.load(block.as_ptr().add(n * L::WIDTH)) });
            }
        }
        sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum()
    }
}
