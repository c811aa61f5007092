//! Number formats that weights are stored in.

use half::{bf16, f16};

/// How the numbers of a weight are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of a single.
    Bf16,
    /// Blocks of 32: an f16 scale, then 32 signed bytes (ggml's `q8_0`).
    Q8_0,
}

/// Bytes that do not make whole blocks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes hold no {values} values of {format:?}, which takes {block_bytes} bytes for each {block} values")]
pub struct FormatError {
    format: Format,
    bytes: usize,
    values: usize,
    block: usize,
    block_bytes: usize,
}

impl Format {
    /// Values that are stored together.
    #[must_use]
    pub const fn block(self) -> usize {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 => 1,
            Self::Q8_0 => 32,
        }
    }

    /// Bytes of one block.
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::Q8_0 => 2 + 32,
        }
    }

    /// Bytes that `values` values take; `None` when they make no whole blocks or no machine could hold them.
    #[must_use]
    pub fn bytes(self, values: usize) -> Option<usize> {
        values.is_multiple_of(self.block()).then(|| (values / self.block()).checked_mul(self.block_bytes()))?
    }

    /// Writes the values of little-endian `bytes` into `values`.
    ///
    /// # Errors
    /// When `bytes` is not exactly what `values` values take.
    pub fn decode(self, bytes: &[u8], values: &mut [f32]) -> Result<(), FormatError> {
        if self.bytes(values.len()) != Some(bytes.len()) {
            let (block, block_bytes) = (self.block(), self.block_bytes());
            return Err(FormatError { format: self, bytes: bytes.len(), values: values.len(), block, block_bytes });
        }
        match self {
            Self::F32 => {
                for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                    *value = f32::from_le_bytes(*bytes);
                }
            }
            Self::F16 => {
                for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                    *value = f16::from_le_bytes(*bytes).to_f32();
                }
            }
            Self::Bf16 => {
                for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                    *value = bf16::from_le_bytes(*bytes).to_f32();
                }
            }
            Self::Q8_0 => {
                for (values, block) in values.as_chunks_mut::<32>().0.iter_mut().zip(bytes.as_chunks::<34>().0) {
                    let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
                    for (value, &byte) in values.iter_mut().zip(&block[2..]) {
                        *value = scale * f32::from(byte.cast_signed());
                    }
                }
            }
        }
        Ok(())
    }

    /// The little-endian bytes of `values`; blocks are rounded as ggml's reference quantiser does
    /// (`quantize_row_q8_0_ref`: scale = max|x| / 127, nearest, halves away from zero).
    ///
    /// # Errors
    /// When `values` makes no whole blocks.
    pub fn encode(self, values: &[f32]) -> Result<Vec<u8>, FormatError> {
        let (block, block_bytes) = (self.block(), self.block_bytes());
        let Some(len) = self.bytes(values.len()) else {
            return Err(FormatError { format: self, bytes: 0, values: values.len(), block, block_bytes });
        };
        let mut bytes = Vec::with_capacity(len);
        match self {
            Self::F32 => values.iter().for_each(|value| bytes.extend(value.to_le_bytes())),
            Self::F16 => values.iter().for_each(|&value| bytes.extend(f16::from_f32(value).to_le_bytes())),
            Self::Bf16 => values.iter().for_each(|&value| bytes.extend(bf16::from_f32(value).to_le_bytes())),
            Self::Q8_0 => {
                for block in values.as_chunks::<32>().0 {
                    let largest = block.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                    let scale = largest / 127.0;
                    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
                    bytes.extend(f16::from_f32(scale).to_le_bytes());
                    #[expect(clippy::cast_possible_truncation, reason = "the quotient lies within ±127")]
                    bytes.extend(block.iter().map(|value| ((value * inverse).round() as i8).cast_unsigned()));
                }
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec(-1e3_f32..1e3, 0..4)) {
            let values: Vec<f32> = values.iter().cycle().take(values.len() * 32).copied().collect();
            let largest = values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for (format, tolerance) in [(Format::F32, 0.0), (Format::F16, 5e-4), (Format::Bf16, 4e-3), (Format::Q8_0, 5e-3)] {
                let bytes = format.encode(&values).unwrap();
                let mut back = vec![f32::NAN; values.len()];
                format.decode(&bytes, &mut back).unwrap();
                for (a, b) in values.iter().zip(&back) {
                    prop_assert!((a - b).abs() <= tolerance * largest, "{format:?}: {a} became {b}");
                }
            }
        }

        #[test]
        fn wrong_lengths_are_refused(len in 0_usize..100, bytes in 0_usize..500) {
            for format in [Format::F32, Format::F16, Format::Bf16, Format::Q8_0] {
                let whole = format.bytes(len) == Some(bytes);
                prop_assert_eq!(format.decode(&vec![0; bytes], &mut vec![0.0; len]).is_ok(), whole);
            }
        }
    }
}
