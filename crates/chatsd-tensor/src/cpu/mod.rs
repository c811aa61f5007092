//! The back end for this processor. Instructions are chosen at run time.

use std::fmt;

use crate::{
    backend::{Activation, Attention, Backend, GroupNorm, Product},
    engine::{EngineError, Options},
    reference::Reference,
    tensor::Rows,
};

pub mod peak;

/// A family of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// What every processor has.
    Portable,
    /// AVX2 and FMA: 8 floats at once.
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

pub(crate) struct Cpu;

impl Cpu {
    pub(crate) fn new(_options: Options) -> Result<Self, EngineError> {
        Ok(Self)
    }
    pub(crate) fn threads(&self) -> usize {
        1
    }
    pub(crate) fn instructions(&self) -> Instructions {
        Instructions::Portable
    }
}

impl Backend for Cpu {
    fn product(&self, product: &Product<'_>, output: &mut [f32]) {
        Reference.product(product, output);
    }
    fn attention(&self, attention: &Attention<'_>, output: &mut [f32]) {
        Reference.attention(attention, output);
    }
    fn group_norm(&self, norm: &GroupNorm<'_>, output: &mut [f32]) {
        Reference.group_norm(norm, output);
    }
    fn layer_norm(&self, input: Rows<'_>, scale: &[f32], shift: &[f32], epsilon: f32, output: &mut [f32]) {
        Reference.layer_norm(input, scale, shift, epsilon, output);
    }
    fn activate(&self, activation: Activation, values: &mut [f32]) {
        Reference.activate(activation, values);
    }
    fn combine(&self, terms: &[(f32, &[f32])], output: &mut [f32]) {
        Reference.combine(terms, output);
    }
}
