//! What kernels are made of, for each family of instructions that this processor has.

use half::f16;

use super::{
    Instructions,
    functions::{exp, exp2},
    lane::{Available, Isa, Kernel, Lane},
    product::decode,
};
use crate::{
    Format, Weight,
    packed::{PANEL, PackedMatrix},
};

fn families() -> impl Iterator<Item = Available> {
    [Instructions::Portable, Instructions::Avx2, Instructions::Avx512].into_iter().filter_map(Instructions::available)
}

/// Applies a function to all values, a multiple of 16.
struct Each<'a>(&'a mut [f32], bool);

impl Kernel for Each<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        for values in self.0.chunks_exact_mut(L::WIDTH) {
            // SAFETY: a chunk is a register.
            unsafe {
                let x = isa.load(values.as_ptr());
                if self.1 { exp2(isa, x) } else { exp(isa, x) }.store(values.as_mut_ptr());
            }
        }
    }
}

#[test]
fn exponentials_are_accurate() {
    let steps = 1 << 16;
    for instructions in families() {
        for (base_two, from, to, allowed) in [(false, -87.0, 88.0, 2.4e-7), (true, -126.0, 0.0, 3e-7)] {
            let x: Vec<f32> = (0..steps).map(|i| from + (to - from) * i as f32 / steps as f32).collect();
            let mut found = x.clone();
            instructions.run(Each(&mut found, base_two));
            for (x, found) in x.iter().zip(found) {
                let x = f64::from(*x);
                let expected = if base_two { x.exp2() } else { x.exp() };
                let off = (f64::from(found) / expected - 1.0).abs();
                assert!(
                    off <= allowed,
                    "{}, {x}: {found:e}, expected {expected:e}, off by {off:e}",
                    instructions.instructions()
                );
            }
        }
        let mut ends = [0.0_f32; 16];
        ends[..4].copy_from_slice(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30]);
        instructions.run(Each(&mut ends, false));
        assert!(ends[0].is_nan() && ends[1] > 1e38 && ends[2] < 1e-37 && ends[3] > 1e38 && ends[4] == 1.0, "{ends:?}");
    }
}

struct Decode<'a> {
    matrix: &'a PackedMatrix,
    panel: usize,
    depth: usize,
    values: &'a mut [f32],
}

impl Kernel for Decode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        decode(isa, self.matrix.packing, self.matrix.panel(self.panel), self.depth, self.values);
    }
}

#[test]
fn panels_are_decoded_exactly() {
    const DEPTH: usize = 96;
    // All magnitudes that half precision knows, those below its normal numbers too.
    let values: Vec<f32> = (0..70 * DEPTH).map(|i| f16::from_bits((i * 7919 % 0x7c00) as u16).to_f32()).collect();
    for format in [Format::F32, Format::F16, Format::Bf16, Format::Q8_0] {
        let bytes = format.encode(&values).unwrap().into();
        let weight = Weight { shape: vec![70, DEPTH], format, bytes };
        let matrix = PackedMatrix::from_rows(&weight, 70, DEPTH, format, |output| output).unwrap();
        for instructions in families() {
            for (panel, depth) in [(0, 0), (1, 32), (2, 64)] {
                let mut found = vec![f32::NAN; (DEPTH - depth) * PANEL];
                instructions.run(Decode { matrix: &matrix, panel, depth, values: &mut found });
                for column in 0..PANEL.min(70 - panel * PANEL) {
                    let expected = matrix.column(panel * PANEL + column);
                    let found = found.chunks_exact(PANEL).map(|line| line[column].to_bits());
                    assert!(
                        found.eq(expected[depth..].iter().map(|value| value.to_bits())),
                        "{format:?}, {}",
                        instructions.instructions()
                    );
                }
            }
        }
    }
}
