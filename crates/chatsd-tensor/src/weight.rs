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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// Something no kernel handles.
    #[error("{0}")]
    Unsupported(String),
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
            return Err(WeightError::Unsupported(format!(
                "{} bytes for a shape of {:?}",
                self.bytes.len(),
                self.shape
            )));
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
