//! Activations: `batch × height × width × channels`, f32, channels last.

use std::{fmt, ops::Range};

use crate::arena::Buffer;

/// The product of extents.
///
/// # Panics
/// When it passes `usize`, so that no size that was compared with another can have wrapped.
pub(crate) const fn product<const N: usize>(extents: [usize; N]) -> usize {
    let (mut product, mut index) = (1_usize, 0);
    while index < N {
        product = product.checked_mul(extents[index]).expect("the product of these extents passes usize");
        index += 1;
    }
    product
}

/// The four extents of an activation. A sequence of tokens is a picture one pixel high.
///
/// Extents whose product passes `usize` are of no tensor: whatever multiplies them panics ([`Shape::pixels`],
/// [`Shape::rows`], [`Shape::len`], and so each operation).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Pictures (or sequences) side by side.
    pub batch: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a row, or tokens of a sequence.
    pub width: usize,
    /// Values of a pixel or token, contiguous in memory.
    pub channels: usize,
}

impl Shape {
    /// `batch × height × width × channels`.
    #[must_use]
    pub const fn new(batch: usize, height: usize, width: usize, channels: usize) -> Self {
        Self { batch, height, width, channels }
    }

    /// `batch × 1 × tokens × channels`.
    #[must_use]
    pub const fn sequence(batch: usize, tokens: usize, channels: usize) -> Self {
        Self::new(batch, 1, tokens, channels)
    }

    /// Pixels of one picture, or tokens of one sequence.
    ///
    /// # Panics
    /// When they pass `usize`.
    #[must_use]
    pub const fn pixels(self) -> usize {
        product([self.height, self.width])
    }

    /// Pixels of the whole batch.
    ///
    /// # Panics
    /// When they pass `usize`.
    #[must_use]
    pub const fn rows(self) -> usize {
        product([self.batch, self.height, self.width])
    }

    /// Values in all.
    ///
    /// # Panics
    /// When they pass `usize`.
    #[must_use]
    pub const fn len(self) -> usize {
        product([self.batch, self.height, self.width, self.channels])
    }

    /// Whether there is no value at all.
    ///
    /// # Panics
    /// As [`Shape::len`].
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The same pixels with another number of channels.
    #[must_use]
    pub const fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }

    /// The same picture in another number of copies.
    #[must_use]
    pub const fn with_batch(self, batch: usize) -> Self {
        Self { batch, ..self }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}×{}×{}", self.batch, self.height, self.width, self.channels)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An activation.
#[derive(Clone)]
pub struct Tensor {
    shape: Shape,
    pub(crate) data: Buffer,
}

impl Tensor {
    /// Wraps values that lie in the order of `shape`.
    ///
    /// # Panics
    /// When there are not as many values as `shape` says.
    #[must_use]
    pub fn new(shape: Shape, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), shape.len(), "{} values do not fill a tensor of {shape}", values.len());
        Self { shape, data: values.into() }
    }

    pub(crate) fn from_buffer(shape: Shape, data: Buffer) -> Self {
        debug_assert_eq!(data.len(), shape.len());
        Self { shape, data }
    }

    /// The extents.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// All values, channels last.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.data
    }

    /// All values, to be written.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// The same values under other extents of the same product: no copy.
    ///
    /// # Panics
    /// When `shape` holds another number of values.
    #[must_use]
    pub fn reshape(mut self, shape: Shape) -> Self {
        assert_eq!(self.shape.len(), shape.len(), "{} cannot become {shape}", self.shape);
        self.shape = shape;
        self
    }

    /// Some of the channels of every pixel: no copy.
    ///
    /// # Panics
    /// When the range passes the last channel.
    #[must_use]
    pub fn channels(&self, range: Range<usize>) -> View<'_> {
        assert!(
            range.start <= range.end && range.end <= self.shape.channels,
            "no channels {range:?} in {}",
            self.shape
        );
        View { tensor: self, first: range.start, channels: range.len() }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({})", self.shape)
    }
}

/// Some channels of a tensor, read in place.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    tensor: &'a Tensor,
    first: usize,
    channels: usize,
}

impl<'a> View<'a> {
    /// The extents of what is seen.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.tensor.shape.with_channels(self.channels)
    }

    pub(crate) fn rows(&self) -> Rows<'a> {
        Rows {
            values: &self.tensor.data,
            stride: self.tensor.shape.channels,
            first: self.first,
            channels: self.channels,
        }
    }
}

impl<'a> From<&'a Tensor> for View<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        View { tensor, first: 0, channels: tensor.shape.channels }
    }
}

/// Rows of `channels` values, `stride` apart: what a kernel reads.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) first: usize,
    pub(crate) channels: usize,
}

impl<'a> Rows<'a> {
    pub(crate) fn row(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.stride + self.first..][..self.channels]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "passes usize")]
    fn extents_that_wrap_are_of_no_tensor() {
        // 2⁶⁴ values wrap to none at all.
        drop(Tensor::new(Shape::new(1 << 16, 1 << 16, 1 << 16, 1 << 16), Vec::new()));
    }
}
