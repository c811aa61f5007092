//! The seam: what a back end computes. Shapes are checked above it, so a back end only calculates.

use crate::{
    counting::Work,
    moments::Moments,
    packed::PackedMatrix,
    tensor::{Rows, product},
};

/// An elementwise function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// `x`.
    #[default]
    None,
    /// `max(x, 0)`.
    Relu,
    /// `x · sigmoid(x)`.
    Silu,
    /// `x · Φ(x)`, with the error function.
    Gelu,
    /// `x · sigmoid(1.702 x)`, as OpenAI's CLIP.
    QuickGelu,
    /// `tanh x`.
    Tanh,
    /// `x` above zero, `0.2 x` below it.
    LeakyRelu,
}

/// Which keys a query may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionMask {
    /// All.
    None,
    /// Those up to its own position.
    Causal,
}

/// Where a product reads and writes. A linear layer is a convolution with a kernel of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    /// Height and width of what is read.
    pub(crate) input: [usize; 2],
    /// Height and width of what is computed.
    pub(crate) output: [usize; 2],
    /// PackedLowRank of the square kernel.
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// Zeros above and to the left; those below and to the right follow from the sizes.
    pub(crate) before: [usize; 2],
    /// Results are written `scatter` pixels apart in both directions …
    pub(crate) scatter: usize,
    /// … beginning at this row and column.
    pub(crate) phase: [usize; 2],
}

impl Geometry {
    /// The geometry of a linear layer over `rows` rows.
    pub(crate) const fn rows(rows: usize) -> Self {
        let (input, output) = ([1, rows], [1, rows]);
        Self { batch: 1, input, output, kernel: 1, stride: 1, before: [0; 2], scatter: 1, phase: [0; 2] }
    }

    /// Results in all.
    pub(crate) const fn len(&self) -> usize {
        product([self.batch, self.output[0], self.output[1]])
    }

    /// Picture, row and column of a result.
    pub(crate) const fn place(&self, index: usize) -> [usize; 3] {
        let [height, width] = self.output;
        [index / (height * width), index / width % height, index % width]
    }

    /// The row of the output tensor that a result is written to.
    pub(crate) const fn target(&self, [picture, row, column]: [usize; 3]) -> usize {
        let [height, width] = [self.output[0] * self.scatter, self.output[1] * self.scatter];
        (picture * height + row * self.scatter + self.phase[0]) * width + column * self.scatter + self.phase[1]
    }

    /// The input row that a tap of the kernel reads for a result; `None` in the zeros around the picture.
    pub(crate) const fn source(
        &self,
        [picture, row, column]: [usize; 3],
        [tap_row, tap_column]: [usize; 2],
    ) -> Option<usize> {
        let [height, width] = self.input;
        // Below zero wraps to something far beyond the picture.
        let row = (row * self.stride + tap_row).wrapping_sub(self.before[0]);
        let column = (column * self.stride + tap_column).wrapping_sub(self.before[1]);
        if row < height && column < width { Some((picture * height + row) * width + column) } else { None }
    }
}

/// `activation(W · input + bias + add_row + residual)`.
///
/// The depth of `weights` runs over the taps of the kernel (rows, then columns), and in each tap over the channels of
/// all `segments` one after another. Each result is the sum in that order, one fused multiply-add a term, so it does
/// not depend on how the work is divided.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a> {
    /// Inputs whose channels count as concatenated.
    pub(crate) segments: &'a [Rows<'a>],
    pub(crate) geometry: Geometry,
    pub(crate) weights: &'a PackedMatrix,
    /// `[outputs]`.
    pub(crate) bias: Option<&'a [f32]>,
    /// `[batch, outputs]`: added to every pixel of its picture.
    pub(crate) add_row: Option<&'a [f32]>,
    /// As large as the output.
    pub(crate) residual: Option<&'a [f32]>,
    pub(crate) activation: Activation,
    /// GEGLU: of each panel of 32 outputs the first 16 are values and the last 16 their gates, and
    /// `value · gelu(gate)` is written: half as many channels. Bias is in the panels' order. Nothing else is fused.
    pub(crate) gated: bool,
}

/// `softmax(q kᵀ / √d) v` for each head; the scores are never stored as a whole.
#[derive(Clone, Copy)]
pub(crate) struct Attention<'a> {
    pub(crate) batch: usize,
    pub(crate) heads: usize,
    /// Channels of one head.
    pub(crate) head: usize,
    pub(crate) queries: usize,
    pub(crate) keys: usize,
    pub(crate) q: Rows<'a>,
    pub(crate) k: Rows<'a>,
    pub(crate) v: Rows<'a>,
    pub(crate) mask: AttentionMask,
}

/// `activation(scale · (x - mean) / √(variance + epsilon) + shift)`, statistics over groups of channels of a picture.
#[derive(Clone, Copy)]
pub(crate) struct GroupNorm<'a> {
    pub(crate) segments: &'a [Rows<'a>],
    pub(crate) batch: usize,
    pub(crate) pixels: usize,
    pub(crate) groups: usize,
    pub(crate) scale: &'a [f32],
    pub(crate) shift: &'a [f32],
    pub(crate) epsilon: f32,
    pub(crate) activation: Activation,
    /// What tiles of one picture share, and this normalisation's place there.
    pub(crate) shared: Option<(&'a Moments, usize)>,
}

impl GroupNorm<'_> {
    /// The mean and the variance to take, where `found` are those of `count` values of a group.
    pub(crate) fn moments(&self, group: usize, count: f64, found: [f64; 2]) -> [f64; 2] {
        self.shared.map_or(found, |(moments, place)| moments.exchange(place, group, count, found))
    }
}

/// What a back end computes. Every result is the same for any number of threads.
pub(crate) trait Backend: Send + Sync {
    /// See [`Product`]. `output` has `scatter²` times as many rows as the product has results.
    fn product(&self, product: &Product<'_>, output: &mut [f32]);
    /// See [`Attention`]. `output` is `batch × queries × (heads · head)`.
    fn attention(&self, attention: &Attention<'_>, output: &mut [f32]);
    /// See [`GroupNorm`]. `output` is `batch × pixels × channels`.
    fn group_norm(&self, norm: &GroupNorm<'_>, output: &mut [f32]);
    /// `scale · (x - mean) / √(variance + epsilon) + shift` over each row.
    fn layer_norm(&self, input: Rows<'_>, scale: &[f32], shift: &[f32], epsilon: f32, output: &mut [f32]);
    /// `activation(x)` in place.
    fn activate(&self, activation: Activation, values: &mut [f32]);
    /// `Σ factorᵢ · xᵢ`, in the order given.
    fn combine(&self, terms: &[(f32, &[f32])], output: &mut [f32]);
    /// What was asked for so far, where that is counted and nothing is computed.
    fn work(&self) -> Option<Work> {
        None
    }
}
