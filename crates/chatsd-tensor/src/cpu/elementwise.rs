//! Values one by one: activations and linear combinations.

use super::{
    Cpu,
    functions::activated,
    lane::{Isa, Kernel, Lane},
    product::Target,
};
use crate::backend::Activation;

/// Values of a part.
const BLOCK: usize = 1 << 12;

impl Cpu {
    pub(super) fn compute_activation(&self, activation: Activation, values: &mut [f32]) {
        self.blocks(values, &|_, values| self.compute(Activate { activation, values }));
    }

    pub(super) fn compute_combination(&self, terms: &[(f32, &[f32])], output: &mut [f32]) {
        assert!(terms.iter().all(|(_, values)| values.len() >= output.len()), "a term ends before the output");
        self.blocks(output, &|first, output| self.compute(Combine { terms, first, output }));
    }

    /// Calls `work` with blocks of the values and where they begin.
    fn blocks(&self, values: &mut [f32], work: &(dyn Fn(usize, &mut [f32]) + Sync)) {
        let (to, len) = (Target(values.as_mut_ptr()), values.len());
        self.pool.run(len / 2, len.div_ceil(BLOCK), &|part| {
            let first = part * BLOCK;
            // SAFETY: the blocks lie side by side.
            let block = unsafe { std::slice::from_raw_parts_mut({ to }.0.add(first), BLOCK.min(len - first)) };
            work(first, block);
        });
    }
}

struct Activate<'a> {
    activation: Activation,
    values: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let Self { activation, values } = self;
        let mut index = 0;
        while index < values.len() {
            let left = values.len() - index;
            // SAFETY: `left` values lie there.
            unsafe {
                let at = values.as_mut_ptr().add(index);
                activated(isa, activation, isa.load_up_to(at, left)).store_up_to(at, left);
            }
            index += L::WIDTH;
        }
    }
}

struct Combine<'a> {
    terms: &'a [(f32, &'a [f32])],
    first: usize,
    output: &'a mut [f32],
}

impl Kernel for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let Self { terms, first, output } = self;
        let mut index = 0;
        while index < output.len() {
            let left = output.len() - index;
            let mut sum = isa.splat(0.0);
            for (factor, values) in terms {
                // SAFETY: each term is as long as the whole output.
                let value = unsafe { isa.load_up_to(values.as_ptr().add(first + index), left) };
                sum = isa.splat(*factor).mul_add(value, sum);
            }
            // SAFETY: `left` values lie there.
            unsafe { sum.store_up_to(output.as_mut_ptr().add(index), left) };
            index += L::WIDTH;
        }
    }
}
