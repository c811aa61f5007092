//! A weight matrix in the order a kernel reads it: panels of 32 outputs.

use std::sync::Arc;

use crate::{Format, Weight, WeightError};

/// Outputs that are computed side by side. 32 divides every channel count of the Stable Diffusion networks.
pub(crate) const PANEL: usize = 32;

/// The formats that kernels read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    F32,
    F16,
    Bf16,
    Q8_0,
}

impl Packing {
    /// The one that takes the place of a format: the same where there is one.
    pub(crate) const fn of(format: Format) -> Self {
        match format.kept() {
            Format::F32 => Self::F32,
            Format::Bf16 => Self::Bf16,
            Format::Q8_0 => Self::Q8_0,
            _ => Self::F16,
        }
    }

    pub(crate) const fn format(self) -> Format {
        match self {
            Self::F32 => Format::F32,
            Self::F16 => Format::F16,
            Self::Bf16 => Format::Bf16,
            Self::Q8_0 => Format::Q8_0,
        }
    }
}

/// One cache line; keeps a packed matrix aligned to what the widest load wants.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct PackedLine([u8; 64]);

/// What rows of `depth` values are packed in: `store`, or what takes its place; f16 where its blocks do not divide them.
const fn kept(depth: usize, store: Format) -> Packing {
    let packing = Packing::of(store);
    if depth.is_multiple_of(packing.format().block()) { packing } else { Packing::F16 }
}

/// `outputs × depth` numbers in panels of [`PANEL`] outputs, padded with zeros to a whole panel.
///
/// * F32, F16, Bf16: `[panel][depth][32 outputs]`.
/// * `Q8_0`: `[panel][depth / 32]{ 32 f16 scales, one an output; [32 of depth][32 outputs] signed bytes }`.
#[derive(Clone)]
pub(crate) struct PackedMatrix {
    pub(crate) outputs: usize,
    pub(crate) depth: usize,
    pub(crate) packing: Packing,
    /// Shared by clones: two networks that differ in some layers hold the others once.
    lines: Arc<Vec<PackedLine>>,
}

impl PackedMatrix {
    /// Packs rows of `depth` values; `row(output)` gives the stored bytes of one row in `source`.
    /// `store` is the format wanted; where no kernel reads it, [`Format::kept`] takes its place, and where its blocks do
    /// not divide `depth`, f16.
    pub(crate) fn pack<'a>(
        outputs: usize,
        depth: usize,
        source: Format,
        store: Format,
        mut row: impl FnMut(usize) -> std::borrow::Cow<'a, [u8]>,
    ) -> Result<Self, WeightError> {
        let packing = kept(depth, store);
        let format = packing.format();
        let panels = outputs.div_ceil(PANEL);
        let overflow = || WeightError::TooLarge { outputs, depth };
        let row_bytes = format.bytes(depth).ok_or_else(overflow)?;
        let panel_bytes = row_bytes.checked_mul(PANEL).ok_or_else(overflow)?;
        let lines = panel_bytes.checked_mul(panels).ok_or_else(overflow)?.div_ceil(64);
        let mut packed = Self { outputs, depth, packing, lines: Arc::new(vec![PackedLine([0; 64]); lines]) };
        let unit = format.block_bytes().min(4);
        let mut values = vec![0.0; depth];
        for output in 0..outputs {
            let mut bytes = row(output);
            if source != format {
                source.decode(&bytes, &mut values)?;
                bytes = format.encode(&values)?.into();
            } else if bytes.len() != row_bytes {
                source.decode(&bytes, &mut values)?; // says what is wrong
            }
            let column = output % PANEL;
            let panel = &mut packed.bytes_mut()[output / PANEL * panel_bytes..][..panel_bytes];
            match packing {
                Packing::F32 | Packing::F16 | Packing::Bf16 => {
                    for (value, line) in bytes.chunks_exact(unit).zip(panel.chunks_exact_mut(unit * PANEL)) {
                        line[column * unit..][..unit].copy_from_slice(value);
                    }
                }
                Packing::Q8_0 => {
                    for (block, target) in bytes.chunks_exact(34).zip(panel.chunks_exact_mut(34 * PANEL)) {
                        target[2 * column..][..2].copy_from_slice(&block[..2]);
                        for (&value, line) in block[2..].iter().zip(target[2 * PANEL..].chunks_exact_mut(PANEL)) {
                            line[column] = value;
                        }
                    }
                }
            }
        }
        Ok(packed)
    }

    /// One as large as if it held `store`, without numbers: for counting alone.
    pub(crate) fn meta(outputs: usize, depth: usize, store: Format) -> Self {
        Self { outputs, depth, packing: kept(depth, store), lines: Arc::default() }
    }

    /// Packs a stored `[outputs, …]` weight whose rows lie as the kernel wants them.
    pub(crate) fn from_rows(
        weight: &Weight<'_>,
        outputs: usize,
        depth: usize,
        store: Format,
        order: impl Fn(usize) -> usize,
    ) -> Result<Self, WeightError> {
        let row_bytes = weight.format.bytes(depth);
        let Some(row_bytes) = row_bytes.filter(|bytes| bytes.checked_mul(outputs) == Some(weight.bytes.len())) else {
            let (bytes, format) = (weight.bytes.len(), weight.format);
            return Err(WeightError::Rows { bytes, format, rows: outputs, depth });
        };
        Self::pack(outputs, depth, weight.format, store, |output| {
            weight.bytes[order(output) * row_bytes..][..row_bytes].into()
        })
    }

    /// Bytes of one panel.
    pub(crate) fn panel_bytes(&self) -> usize {
        let format = self.packing.format();
        self.depth / format.block() * format.block_bytes() * PANEL
    }

    /// The panel of outputs `32 · index ..`, as laid out above.
    pub(crate) fn panel(&self, index: usize) -> &[u8] {
        &self.bytes()[index * self.panel_bytes()..][..self.panel_bytes()]
    }

    /// Bytes held, or that would be held by more than its shape.
    pub(crate) fn size(&self) -> usize {
        (self.panel_bytes() * self.outputs.div_ceil(PANEL)).next_multiple_of(64)
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: `PackedLine` is 64 plain bytes without padding.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * 64) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let lines = Arc::make_mut(&mut self.lines);
        // SAFETY: `PackedLine` is 64 plain bytes without padding, and every byte pattern is one.
        unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), lines.len() * 64) }
    }

    /// The whole column of one output in f32: the slow way, for the reference back end.
    pub(crate) fn column(&self, output: usize) -> Vec<f32> {
        let (panel, column) = (self.panel(output / PANEL), output % PANEL);
        let mut stored = Vec::with_capacity(self.packing.format().bytes(self.depth).unwrap_or(0));
        let format = self.packing.format();
        match self.packing {
            Packing::F32 | Packing::F16 | Packing::Bf16 => {
                let unit = format.block_bytes();
                for line in panel.chunks_exact(unit * PANEL) {
                    stored.extend_from_slice(&line[column * unit..][..unit]);
                }
            }
            Packing::Q8_0 => {
                for block in panel.chunks_exact(34 * PANEL) {
                    stored.extend_from_slice(&block[2 * column..][..2]);
                    stored.extend(block[2 * PANEL..].chunks_exact(PANEL).map(|line| line[column]));
                }
            }
        }
        let mut values = vec![0.0; self.depth];
        format.decode(&stored, &mut values).expect("a packed column holds whole blocks");
        values
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        #[cfg_attr(miri, ignore = "hundreds of matrices")]
        fn a_packed_column_is_the_stored_row(outputs in 1_usize..70, blocks in 1_usize..4, seed in 0_u32..1000) {
            let depth = 32 * blocks;
            let values: Vec<f32> = (0..outputs * depth)
                .map(|i| ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) as f32 / 1e7 - 0.8)
                .collect();
            for format in [Format::F32, Format::F16, Format::Bf16, Format::Q8_0] {
                let bytes = format.encode(&values).unwrap();
                let weight = Weight { shape: vec![outputs, depth], format, bytes: bytes.into() };
                let expected = weight.values().unwrap();
                let packed = PackedMatrix::from_rows(&weight, outputs, depth, format, |output| output).unwrap();
                for output in 0..outputs {
                    prop_assert_eq!(&packed.column(output), &expected[output * depth..][..depth]);
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "encodes thousands of values into blocks")]
    fn what_no_kernel_reads_is_kept_in_another_format() {
        for (format, kept) in [(Format::Q4K, Format::F16), (Format::F64, Format::F32), (Format::Q5_1, Format::F16)] {
            let values: Vec<f32> = (0..3 * 256).map(|at| (at as f32 / 9.0).sin()).collect();
            let bytes = format.encode(&values).unwrap();
            let weight = Weight { shape: vec![3, 256], format, bytes: bytes.into() };
            let packed = PackedMatrix::from_rows(&weight, 3, 256, format, |output| output).unwrap();
            assert_eq!(packed.packing.format(), kept);
            let mut expected = vec![0.0; values.len()];
            kept.decode(&kept.encode(&weight.values().unwrap()).unwrap(), &mut expected).unwrap();
            for output in 0..3 {
                assert_eq!(packed.column(output), &expected[output * 256..][..256], "{format}");
            }
        }
    }
}
