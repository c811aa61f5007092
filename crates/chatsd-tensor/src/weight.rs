//! A learned tensor as a model file stores it.

use std::borrow::Cow;

use crate::{Format, FormatError};

/// A learned tensor as stored: extents in PyTorch's order (outermost first), a number format and the bytes,
/// which usually lie in a memory map.
#[derive(Clone, Debug)]
pub struct Weight<'a> {
    /// Extents, outermost first: `[out, in]` of a linear layer.
    pub shape: Vec<usize>,
    /// How the numbers are stored.
    pub format: Format,
    /// Little-endian bytes, innermost extent contiguous.
    pub bytes: Cow<'a, [u8]>,
}

/// A weight that is not what a layer needs.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WeightError {
    /// The extents differ.
    #[error("shape is {found:?}, expected {expected:?}")]
    Shape {
        /// In the file.
        found: Vec<usize>,
        /// What the layer needs.
        expected: Vec<usize>,
    },
    /// The bytes differ.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A shape and as many bytes as it does not take.
    #[error("{bytes} bytes for a shape of {shape:?}")]
    Bytes {
        /// Bytes found.
        bytes: usize,
        /// Extents found.
        shape: Vec<usize>,
    },
    /// Bytes that are not so many rows.
    #[error("{bytes} bytes of {format} do not make {rows} rows of {depth} values")]
    Rows {
        /// Bytes found.
        bytes: usize,
        /// What they hold.
        format: Format,
        /// Rows expected.
        rows: usize,
        /// Values of a row expected.
        depth: usize,
    },
    /// A matrix larger than an address space.
    #[error("a matrix of {outputs} by {depth} fits no memory")]
    TooLarge {
        /// Rows.
        outputs: usize,
        /// Values of a row.
        depth: usize,
    },
    /// Outputs of a gated layer that fill no whole registers.
    #[error("{found} gated outputs: expected a multiple of {multiple}")]
    GatedOutputs {
        /// Outputs found, gates included.
        found: usize,
        /// What they should be a multiple of.
        multiple: usize,
    },
    /// Layers that cannot be one, because some have a bias and some have none.
    #[error("only some of the stacked layers have a bias: {found} of {layers}")]
    SomeBias {
        /// Layers with a bias.
        found: usize,
        /// Layers in all.
        layers: usize,
    },
    /// Values of a textual inversion that are no whole vectors.
    #[error("{found} values make no whole vectors of {channels}")]
    Vectors {
        /// Values found.
        found: usize,
        /// Values of a vector.
        channels: usize,
    },
    /// A tensor that is to be turned over and has not two extents.
    #[error("{shape:?} is no matrix")]
    NoMatrix {
        /// Extents found.
        shape: Vec<usize>,
    },
    /// A tensor of query, key and value in one whose rows are no three equal parts.
    #[error("{rows} rows of {shape:?} make no three equal parts", rows = shape.first().copied().unwrap_or(0))]
    NoThirds {
        /// Extents found.
        shape: Vec<usize>,
    },
    /// A number that half precision does not hold.
    #[error("its value {value} is beyond f16; choose bf16 or f32")]
    BeyondF16 {
        /// The first such value.
        value: f32,
    },
}

impl Weight<'_> {
    /// A weight of f32 values.
    #[must_use]
    pub fn from_values(shape: &[usize], values: &[f32]) -> Weight<'static> {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Weight { shape: shape.to_vec(), format: Format::F32, bytes: Cow::Owned(bytes) }
    }

    /// All values as f32.
    ///
    /// # Errors
    /// When the bytes are not as many as the shape says.
    pub fn values(&self) -> Result<Vec<f32>, WeightError> {
        // A shape whose product overflows holds no bytes that could exist.
        let len = self.shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
        let mut values = vec![0.0; len.filter(|&len| self.format.bytes(len) == Some(self.bytes.len())).unwrap_or(0)];
        if values.is_empty() && len != Some(0) {
            self.format.decode(&self.bytes, &mut values)?;
            return Err(WeightError::Bytes { bytes: self.bytes.len(), shape: self.shape.clone() });
        }
        self.format.decode(&self.bytes, &mut values)?;
        Ok(values)
    }

    /// All values as f32, when the extents are `expected`.
    ///
    /// # Errors
    /// When they are not, or the bytes do not fit them.
    pub fn values_of_shape(&self, expected: &[usize]) -> Result<Vec<f32>, WeightError> {
        self.expect_shape(expected)?;
        self.values()
    }

    /// Fails when the extents are not `expected`.
    ///
    /// # Errors
    /// [`WeightError::Shape`].
    pub fn expect_shape(&self, expected: &[usize]) -> Result<(), WeightError> {
        if self.shape == expected {
            return Ok(());
        }
        Err(WeightError::Shape { found: self.shape.clone(), expected: expected.to_vec() })
    }
}
