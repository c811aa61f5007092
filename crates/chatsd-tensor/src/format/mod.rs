//! Number formats that weights are stored in.
//!
//! Kernels read four of them ([`Format::kept`]); all others are decoded when a layer is made of them.

mod blocks;
mod codebooks;
mod plain;
mod rounding;
mod superblocks;

use half::{bf16, f16};

/// How the numbers of a weight are stored. Blocks are those of ggml (`ggml-common.h`), of which each name has a
/// `block_…` there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of a single.
    Bf16,
    /// Blocks of 32: an f16 scale, then 32 signed bytes (ggml's `q8_0`).
    Q8_0,
    /// IEEE 754 double precision.
    F64,
    /// A sign, 4 bits of exponent, 3 of fraction; no infinities (OCP 8-bit floating point, E4M3).
    F8E4M3,
    /// A sign, 5 bits of exponent, 2 of fraction (OCP 8-bit floating point, E5M2).
    F8E5M2,
    /// Signed bytes.
    I8,
    /// Bytes; truth values too.
    U8,
    /// Signed integers of 16 bits.
    I16,
    /// Signed integers of 32 bits.
    I32,
    /// Signed integers of 64 bits.
    I64,
    /// 4 bits around zero, blocks of 32.
    Q4_0,
    /// 4 bits above a minimum, blocks of 32.
    Q4_1,
    /// 5 bits around zero, blocks of 32.
    Q5_0,
    /// 5 bits above a minimum, blocks of 32.
    Q5_1,
    /// As `Q8_0`, with the sum of the block, blocks of 32.
    Q8_1,
    /// 2 bits above a minimum, 16 scales of 4 bits in 256.
    Q2K,
    /// 3 bits around zero, 16 scales of 6 bits in 256.
    Q3K,
    /// 4 bits above a minimum, 8 scales of 6 bits in 256.
    Q4K,
    /// 5 bits above a minimum, 8 scales of 6 bits in 256.
    Q5K,
    /// 6 bits around zero, 16 scales of 8 bits in 256.
    Q6K,
    /// Signed bytes and an f32 scale for 256.
    Q8K,
    /// 1.56 bits: a codebook of 2048 eights.
    Iq1S,
    /// 1.75 bits: a codebook of 2048 eights.
    Iq1M,
    /// 2.06 bits: a codebook of 256 eights.
    Iq2Xxs,
    /// 2.31 bits: a codebook of 512 eights.
    Iq2Xs,
    /// 2.56 bits: a codebook of 1024 eights.
    Iq2S,
    /// 3.06 bits: a codebook of 256 fours.
    Iq3Xxs,
    /// 3.44 bits: a codebook of 512 fours.
    Iq3S,
    /// 4 bits that name one of 16 unevenly spaced values, blocks of 32.
    Iq4Nl,
    /// As `Iq4Nl`, 8 scales of 6 bits in 256.
    Iq4Xs,
    /// -1, 0 or 1, five to a byte, blocks of 256.
    Tq1_0,
    /// -1, 0 or 1, four to a byte, blocks of 256.
    Tq2_0,
    /// 4-bit floating point with a power of two for each 32 (OCP Microscaling, MXFP4).
    Mxfp4,
}

/// Bytes or values that a format does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Bytes that do not make whole blocks.
    #[error("{bytes} bytes hold no {values} values of {format}, which takes {block_bytes} bytes for each {block} values",
        block = format.block(), block_bytes = format.block_bytes())]
    Length {
        /// The format asked for.
        format: Format,
        /// Bytes given; 0 when values were.
        bytes: usize,
        /// Values given or asked for.
        values: usize,
    },
    /// A format that is read and not written.
    #[error("{format} is read but not written; choose one of {}", names(&Format::WRITTEN))]
    NotWritten {
        /// The format asked for.
        format: Format,
    },
}

fn names(formats: &[Format]) -> String {
    formats.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ")
}

impl std::fmt::Display for Format {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 35] = [
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::Q8_0,
        Self::F64,
        Self::F8E4M3,
        Self::F8E5M2,
        Self::I8,
        Self::U8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q8_1,
        Self::Q2K,
        Self::Q3K,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
        Self::Q8K,
        Self::Iq1S,
        Self::Iq1M,
        Self::Iq2Xxs,
        Self::Iq2Xs,
        Self::Iq2S,
        Self::Iq3Xxs,
        Self::Iq3S,
        Self::Iq4Nl,
        Self::Iq4Xs,
        Self::Tq1_0,
        Self::Tq2_0,
        Self::Mxfp4,
    ];

    /// Those that [`Format::encode`] writes.
    pub const WRITTEN: [Self; 12] = [
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::F64,
        Self::Q8_0,
        Self::Q4_0,
        Self::Q4_1,
        Self::Q5_0,
        Self::Q5_1,
        Self::Q4K,
        Self::Q5K,
        Self::Q6K,
    ];

    /// Its name in files: `F16`, `Q4_K`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// The format of that name, in letters of either case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name))
    }

    /// Values that are stored together.
    #[must_use]
    pub const fn block(self) -> usize {
        self.facts().1
    }

    /// Bytes of one block.
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        self.facts().2
    }

    /// Name, values and bytes of a block.
    const fn facts(self) -> (&'static str, usize, usize) {
        match self {
            Self::F32 => ("F32", 1, 4),
            Self::F16 => ("F16", 1, 2),
            Self::Bf16 => ("BF16", 1, 2),
            Self::Q8_0 => ("Q8_0", 32, 34),
            Self::F64 => ("F64", 1, 8),
            Self::F8E4M3 => ("F8_E4M3", 1, 1),
            Self::F8E5M2 => ("F8_E5M2", 1, 1),
            Self::I8 => ("I8", 1, 1),
            Self::U8 => ("U8", 1, 1),
            Self::I16 => ("I16", 1, 2),
            Self::I32 => ("I32", 1, 4),
            Self::I64 => ("I64", 1, 8),
            Self::Q4_0 => ("Q4_0", 32, 18),
            Self::Q4_1 => ("Q4_1", 32, 20),
            Self::Q5_0 => ("Q5_0", 32, 22),
            Self::Q5_1 => ("Q5_1", 32, 24),
            Self::Q8_1 => ("Q8_1", 32, 36),
            Self::Q2K => ("Q2_K", 256, 84),
            Self::Q3K => ("Q3_K", 256, 110),
            Self::Q4K => ("Q4_K", 256, 144),
            Self::Q5K => ("Q5_K", 256, 176),
            Self::Q6K => ("Q6_K", 256, 210),
            Self::Q8K => ("Q8_K", 256, 292),
            Self::Iq1S => ("IQ1_S", 256, 50),
            Self::Iq1M => ("IQ1_M", 256, 56),
            Self::Iq2Xxs => ("IQ2_XXS", 256, 66),
            Self::Iq2Xs => ("IQ2_XS", 256, 74),
            Self::Iq2S => ("IQ2_S", 256, 82),
            Self::Iq3Xxs => ("IQ3_XXS", 256, 98),
            Self::Iq3S => ("IQ3_S", 256, 110),
            Self::Iq4Nl => ("IQ4_NL", 32, 18),
            Self::Iq4Xs => ("IQ4_XS", 256, 136),
            Self::Tq1_0 => ("TQ1_0", 256, 54),
            Self::Tq2_0 => ("TQ2_0", 256, 66),
            Self::Mxfp4 => ("MXFP4", 32, 17),
        }
    }

    /// Whether it holds whole numbers, as indices are stored.
    #[must_use]
    pub const fn is_integer(self) -> bool {
        matches!(self, Self::I8 | Self::U8 | Self::I16 | Self::I32 | Self::I64)
    }

    /// The format that layers are kept in when nothing else is wished: the same where a kernel reads it; f32 for
    /// doubles and integers, which f16 could not hold; else f16.
    #[must_use]
    pub const fn kept(self) -> Self {
        match self {
            Self::F32 | Self::F16 | Self::Bf16 | Self::Q8_0 => self,
            Self::F64 | Self::I8 | Self::U8 | Self::I16 | Self::I32 | Self::I64 => Self::F32,
            _ => Self::F16,
        }
    }

    /// Bytes that `values` values take; `None` when they make no whole blocks or no machine could hold them.
    #[must_use]
    pub fn bytes(self, values: usize) -> Option<usize> {
        values.is_multiple_of(self.block()).then(|| (values / self.block()).checked_mul(self.block_bytes()))?
    }

    /// Writes the values of little-endian `bytes` into `values`, as ggml's `dequantize_row_…` does.
    ///
    /// # Errors
    /// When `bytes` is not exactly what `values` values take.
    pub fn decode(self, bytes: &[u8], values: &mut [f32]) -> Result<(), FormatError> {
        if self.bytes(values.len()) != Some(bytes.len()) {
            return Err(FormatError::Length { format: self, bytes: bytes.len(), values: values.len() });
        }
        match self {
            Self::F32 => each(bytes, values, |&bytes| f32::from_le_bytes(bytes)),
            Self::F16 => each(bytes, values, |&bytes| f16::from_le_bytes(bytes).to_f32()),
            Self::Bf16 => each(bytes, values, |&bytes| bf16::from_le_bytes(bytes).to_f32()),
            Self::F64 => each(bytes, values, |&bytes| plain::single(f64::from_le_bytes(bytes))),
            Self::F8E4M3 => each(bytes, values, |&[byte]| plain::E4M3[usize::from(byte)]),
            Self::F8E5M2 => each(bytes, values, |&[byte]| plain::e5m2(byte)),
            Self::I8 => each(bytes, values, |&bytes| f32::from(i8::from_le_bytes(bytes))),
            Self::U8 => each(bytes, values, |&[byte]| f32::from(byte)),
            Self::I16 => each(bytes, values, |&bytes| f32::from(i16::from_le_bytes(bytes))),
            Self::I32 => each(bytes, values, |&bytes| plain::single(f64::from(i32::from_le_bytes(bytes)))),
            Self::I64 => each(bytes, values, |&bytes| plain::rounded(i64::from_le_bytes(bytes))),
            Self::Q8_0 => blocks(bytes, values, blocks::q8_0),
            Self::Q4_0 => blocks(bytes, values, blocks::q4_0),
            Self::Q4_1 => blocks(bytes, values, blocks::q4_1),
            Self::Q5_0 => blocks(bytes, values, blocks::q5_0),
            Self::Q5_1 => blocks(bytes, values, blocks::q5_1),
            Self::Q8_1 => blocks(bytes, values, blocks::q8_1),
            Self::Mxfp4 => blocks(bytes, values, blocks::mxfp4),
            Self::Q2K => blocks(bytes, values, superblocks::q2_k),
            Self::Q3K => blocks(bytes, values, superblocks::q3_k),
            Self::Q4K => blocks(bytes, values, superblocks::q4_k),
            Self::Q5K => blocks(bytes, values, superblocks::q5_k),
            Self::Q6K => blocks(bytes, values, superblocks::q6_k),
            Self::Q8K => blocks(bytes, values, superblocks::q8_k),
            Self::Tq1_0 => blocks(bytes, values, superblocks::tq1_0),
            Self::Tq2_0 => blocks(bytes, values, superblocks::tq2_0),
            Self::Iq1S => blocks(bytes, values, codebooks::iq1_s),
            Self::Iq1M => blocks(bytes, values, codebooks::iq1_m),
            Self::Iq2Xxs => blocks(bytes, values, codebooks::iq2_xxs),
            Self::Iq2Xs => blocks(bytes, values, codebooks::iq2_xs),
            Self::Iq2S => blocks(bytes, values, codebooks::iq2_s),
            Self::Iq3Xxs => blocks(bytes, values, codebooks::iq3_xxs),
            Self::Iq3S => blocks(bytes, values, codebooks::iq3_s),
            Self::Iq4Nl => blocks(bytes, values, codebooks::iq4_nl),
            Self::Iq4Xs => blocks(bytes, values, codebooks::iq4_xs),
        }
        Ok(())
    }

    /// The little-endian bytes of `values`; blocks are rounded as ggml's `quantize_row_…_ref` does.
    ///
    /// # Errors
    /// When `values` makes no whole blocks, or the format is none of [`Format::WRITTEN`].
    pub fn encode(self, values: &[f32]) -> Result<Vec<u8>, FormatError> {
        let Some(len) = self.bytes(values.len()) else {
            return Err(FormatError::Length { format: self, bytes: 0, values: values.len() });
        };
        let mut bytes = Vec::with_capacity(len);
        match self {
            Self::F32 => values.iter().for_each(|value| bytes.extend(value.to_le_bytes())),
            Self::F16 => values.iter().for_each(|&value| bytes.extend(f16::from_f32(value).to_le_bytes())),
            Self::Bf16 => values.iter().for_each(|&value| bytes.extend(bf16::from_f32(value).to_le_bytes())),
            Self::F64 => values.iter().for_each(|&value| bytes.extend(f64::from(value).to_le_bytes())),
            Self::Q8_0 => rounded(values, &mut bytes, rounding::q8_0),
            Self::Q4_0 => rounded(values, &mut bytes, rounding::q4_0),
            Self::Q4_1 => rounded(values, &mut bytes, rounding::q4_1),
            Self::Q5_0 => rounded(values, &mut bytes, rounding::q5_0),
            Self::Q5_1 => rounded(values, &mut bytes, rounding::q5_1),
            Self::Q4K => rounded(values, &mut bytes, rounding::q4_k),
            Self::Q5K => rounded(values, &mut bytes, rounding::q5_k),
            Self::Q6K => rounded(values, &mut bytes, rounding::q6_k),
            _ => return Err(FormatError::NotWritten { format: self }),
        }
        Ok(bytes)
    }
}

/// Decodes a format that stores each value for itself.
fn each<const BYTES: usize>(bytes: &[u8], values: &mut [f32], decode: impl Fn(&[u8; BYTES]) -> f32) {
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
        *value = decode(bytes);
    }
}

/// Decodes a format of blocks.
fn blocks<const BYTES: usize, const VALUES: usize>(
    bytes: &[u8],
    values: &mut [f32],
    decode: impl Fn(&[u8; BYTES], &mut [f32; VALUES]),
) {
    for (values, bytes) in values.as_chunks_mut().0.iter_mut().zip(bytes.as_chunks().0) {
        decode(bytes, values);
    }
}

/// Encodes a format of blocks.
fn rounded<const VALUES: usize>(values: &[f32], bytes: &mut Vec<u8>, encode: impl Fn(&[f32; VALUES], &mut Vec<u8>)) {
    for values in values.as_chunks().0 {
        encode(values, bytes);
    }
}

/// The f16 that starts at a byte of a block.
fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec(-1e3_f32..1e3, 0..4)) {
            let values: Vec<f32> = values.iter().cycle().take(values.len() * 256).copied().collect();
            let largest = values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for format in Format::WRITTEN {
                let tolerance = match format {
                    Format::F32 | Format::F64 => 0.0,
                    Format::F16 => 5e-4,
                    Format::Bf16 => 4e-3,
                    Format::Q8_0 => 5e-3,
                    Format::Q6K => 0.05,
                    Format::Q5_0 | Format::Q5_1 | Format::Q5K => 0.1,
                    _ => 0.15,
                };
                let bytes = format.encode(&values).unwrap();
                let mut back = vec![f32::NAN; values.len()];
                format.decode(&bytes, &mut back).unwrap();
                for (a, b) in values.iter().zip(&back) {
                    prop_assert!((a - b).abs() <= tolerance * largest, "{format}: {a} became {b}");
                }
            }
        }

        #[test]
        fn wrong_lengths_are_refused(len in 0_usize..600, bytes in 0_usize..500) {
            for format in Format::ALL {
                let whole = format.bytes(len) == Some(bytes);
                prop_assert_eq!(format.decode(&vec![0; bytes], &mut vec![0.0; len]).is_ok(), whole);
            }
        }

        #[test]
        fn no_bytes_stop_a_decoder(bytes in proptest::collection::vec(any::<u8>(), 292)) {
            for format in Format::ALL {
                let mut values = vec![0.0; format.block()];
                format.decode(&bytes[..format.block_bytes()], &mut values).unwrap();
            }
        }
    }

    #[test]
    fn formats_are_found_by_name() {
        for format in Format::ALL {
            assert_eq!(Format::named(&format.name().to_lowercase()), Some(format));
            assert_eq!(format.kept(), format.kept().kept());
        }
        assert_eq!(Format::named("Q9_9"), None);
        let error = Format::Iq1S.encode(&[0.0; 256]).unwrap_err().to_string();
        assert!(error.contains("IQ1_S is read but not written") && error.contains("Q4_K"), "{error}");
    }
}
