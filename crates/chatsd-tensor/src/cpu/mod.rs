//! The back end for this processor. Instructions are chosen at run time; one body of each kernel serves all of them.
//!
//! Every result is the same to the last bit for any number of threads and whatever else is in the batch: each is one
//! chain of sums in an order that only its own shape decides. Other instructions may round differently (without fused
//! multiply-adds, the portable kernels must).

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{
    backend::{Activation, Attention, Backend, GroupNorm, Product},
    engine::{EngineError, Options},
    tensor::Rows,
};

mod attention;
mod elementwise;
mod functions;
mod lane;
mod norm;
pub mod peak;
mod pool;
mod product;
mod scratch;
mod sync;
#[cfg(test)]
mod tests;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;

/// A family of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// What every processor has.
    Portable,
    /// AVX2, FMA and F16C: 8 floats at once.
    Avx2,
    /// AVX-512 F, BW, VL and DQ: 16 floats at once.
    Avx512,
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "AVX2",
            Self::Avx512 => "AVX-512",
        })
    }
}

/// Kernels for one family of instructions, and the threads that run them.
pub(crate) struct Cpu {
    instructions: lane::Available,
    pool: pool::Pool,
    workspace: Workspace,
}

impl Cpu {
    pub(crate) fn new(options: Options) -> Result<Self, EngineError> {
        let found = Instructions::detect();
        let wanted = options.instructions.unwrap_or(found);
        let instructions = wanted.available().ok_or(EngineError::Instructions { wanted, found })?;
        let available = thread::available_parallelism().map_or(1, usize::from);
        let threads = options.threads.unwrap_or_else(|| num_cpus::get_physical().min(available)).max(1);
        let pool = pool::Pool::new(threads).map_err(|source| EngineError::Threads { threads, source })?;
        Ok(Self { instructions, pool, workspace: Workspace::default() })
    }

    pub(crate) fn threads(&self) -> usize {
        self.pool.threads()
    }

    pub(crate) const fn instructions(&self) -> Instructions {
        self.instructions.instructions()
    }

    /// Runs a kernel with this engine's instructions.
    fn compute<K: lane::Kernel>(&self, kernel: K) -> K::Output {
        self.instructions.run(kernel)
    }
}

/// Memory that one operation at a time borrows; another that runs beside it makes its own.
#[derive(Default)]
struct Workspace(Mutex<scratch::Floats>);

impl Workspace {
    fn take(&self) -> scratch::Floats {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, floats: scratch::Floats) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = floats;
    }
}

impl Backend for Cpu {
    fn product(&self, product: &Product<'_>, output: &mut [f32]) {
        self.compute_product(product, output);
    }
    fn attention(&self, attention: &Attention<'_>, output: &mut [f32]) {
        self.compute_attention(attention, output);
    }
    fn group_norm(&self, norm: &GroupNorm<'_>, output: &mut [f32]) {
        self.compute_group_norm(norm, output);
    }
    fn layer_norm(&self, input: Rows<'_>, scale: &[f32], shift: &[f32], epsilon: f32, output: &mut [f32]) {
        self.compute_layer_norm(input, scale, shift, epsilon, output);
    }
    fn activate(&self, activation: Activation, values: &mut [f32]) {
        self.compute_activation(activation, values);
    }
    fn combine(&self, terms: &[(f32, &[f32])], output: &mut [f32]) {
        self.compute_combination(terms, output);
    }
}
