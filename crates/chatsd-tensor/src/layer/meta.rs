//! Shape-only ("meta") layers: as large as loaded ones, without numbers. Enough for a dry run on an engine that counts.
//!
//! An engine that computes panics on one.

use super::{Convolution, Embedding, Linear, Norm, UpsampleConvolution};
use crate::{Format, packed::PackedMatrix};

impl Linear {
    /// A layer without numbers; of a gated one, half the `outputs` are gates.
    #[must_use]
    pub fn meta(inputs: usize, outputs: usize, format: Format, gated: bool) -> Self {
        Self { matrix: PackedMatrix::meta(outputs, inputs, format), bias: None, gated, low_rank: None }
    }
}

impl Convolution {
    /// A convolution without numbers, of stride 1 and with as much padding as keeps the picture's size.
    #[must_use]
    pub fn meta([inputs, outputs, kernel]: [usize; 3], format: Format) -> Self {
        let matrix = PackedMatrix::meta(outputs, kernel * kernel * inputs, format);
        Self { matrix, bias: None, inputs, kernel, stride: 1, padding: [kernel / 2; 2], low_rank: None }
    }
}

impl UpsampleConvolution {
    /// A doubling and its convolution without numbers.
    #[must_use]
    pub fn meta([inputs, outputs]: [usize; 2], format: Format) -> Self {
        let store = if format.block() == 1 { format } else { Format::F16 };
        let phases = [(); 4].map(|()| PackedMatrix::meta(outputs, 4 * inputs, store));
        Self { phases, bias: None, inputs }
    }
}

impl Norm {
    /// Scale 1 and shift 0.
    #[must_use]
    pub fn meta(channels: usize, epsilon: f32) -> Self {
        Self { scale: vec![1.0; channels], shift: vec![0.0; channels], epsilon }
    }
}

impl Embedding {
    /// A table without numbers: every vector is zero.
    #[must_use]
    pub fn meta(tokens: usize, channels: usize, format: Format) -> Self {
        Self { table: [].into(), format, tokens, channels, inversions: Vec::new() }
    }
}
