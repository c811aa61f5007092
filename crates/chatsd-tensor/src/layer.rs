//! Learned parts, packed and ready for an operation.

mod meta;

use std::{borrow::Cow, sync::Arc};

use crate::{
    Format, Shape, Weight, WeightError,
    backend::Geometry,
    low_rank::{LowRank, PackedLowRank},
    packed::{PANEL, PackedMatrix},
    transpose::transpose,
};

/// The largest number that f16 holds.
const F16_LARGEST: f32 = 65_504.0;

/// The order in which a file stores a convolution's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[out, in, kernel height, kernel width]`, as PyTorch does.
    Oihw,
    /// `[out, kernel height, kernel width, in]`, as a channels-last kernel reads it.
    Ohwi,
}

/// `y = W x + b`.
#[derive(Clone)]
pub struct Linear {
    pub(crate) matrix: PackedMatrix,
    pub(crate) bias: Option<Vec<f32>>,
    /// Value and gate columns lie side by side in each panel.
    pub(crate) gated: bool,
    pub(crate) low_rank: Option<PackedLowRank>,
}

/// The output that stands at a place of a gated layer's panels: panel p holds values 16p.. and then gates 16p..: see
/// `Backend::product`.
fn gated_order(outputs: usize, place: usize) -> usize {
    let half = PANEL / 2;
    match place % PANEL {
        column if column < half => place / PANEL * half + column,
        column => outputs / 2 + place / PANEL * half + column - half,
    }
}

impl Linear {
    /// From a stored `[outputs, inputs]` weight (a 1×1 convolution's `[outputs, inputs, 1, 1]` too) and an
    /// `[outputs]` bias. It is kept in the stored format, or in `store`.
    ///
    /// # Errors
    /// When the extents are not these.
    pub fn new(
        weight: &Weight<'_>,
        bias: Option<&Weight<'_>>,
        inputs: usize,
        outputs: usize,
        store: Option<Format>,
    ) -> Result<Self, WeightError> {
        Self::build(weight, bias, inputs, outputs, store, false)
    }

    /// As [`Linear::new`], for a layer whose first half of outputs is gated by the second (GEGLU).
    ///
    /// # Errors
    /// When the extents are not these, or half the outputs fill no whole registers (a multiple of 16).
    pub fn gated(
        weight: &Weight<'_>,
        bias: Option<&Weight<'_>>,
        inputs: usize,
        outputs: usize,
        store: Option<Format>,
    ) -> Result<Self, WeightError> {
        if !outputs.is_multiple_of(PANEL) {
            return Err(WeightError::GatedOutputs { found: outputs, multiple: PANEL });
        }
        Self::build(weight, bias, inputs, outputs, store, true)
    }

    fn build(
        weight: &Weight<'_>,
        bias: Option<&Weight<'_>>,
        inputs: usize,
        outputs: usize,
        store: Option<Format>,
        gated: bool,
    ) -> Result<Self, WeightError> {
        if weight.shape != [outputs, inputs, 1, 1] && weight.shape != [outputs, 1, 1, inputs] {
            weight.expect_shape(&[outputs, inputs])?;
        }
        let order = |output: usize| if gated { gated_order(outputs, output) } else { output };
        let matrix = PackedMatrix::from_rows(weight, outputs, inputs, store.unwrap_or(weight.format), order)?;
        let bias = bias.map(|bias| bias.values_of_shape(&[outputs])).transpose()?;
        let bias = bias.map(|bias| (0..outputs).map(|output| bias[order(output)]).collect());
        Ok(Self { matrix, bias, gated, low_rank: None })
    }

    /// The same layer with a low-rank path beside its weights, which stay as they are: `y = W x + up (down x) + b`.
    ///
    /// # Errors
    /// When the path is not as wide as the layer.
    pub fn with_low_rank(self, path: &LowRank) -> Result<Self, WeightError> {
        let outputs = self.matrix.outputs;
        let order = |output: usize| if self.gated { gated_order(outputs, output) } else { output };
        let down = Weight::from_values(&[path.rank, self.matrix.depth], &path.down);
        let down = PackedMatrix::from_rows(&down, path.rank, self.matrix.depth, Format::F32, |row| row)?;
        let low_rank = Some(PackedLowRank { down, up: path.packed_up(outputs, order)? });
        Ok(Self { low_rank, ..self })
    }

    /// Several layers that read the same input as one, their outputs side by side (query, key and value).
    ///
    /// # Errors
    /// When their extents are not `[outputs, inputs]`, or only some have a bias.
    pub fn stacked(
        parts: &[(Weight<'_>, Option<Weight<'_>>)],
        inputs: usize,
        outputs: usize,
        store: Option<Format>,
    ) -> Result<Self, WeightError> {
        let total = outputs * parts.len();
        let first = parts.first().map_or(Format::F32, |(weight, _)| weight.format);
        let format = if parts.iter().all(|(weight, _)| weight.format == first) { first } else { first.kept() };
        let mut bytes = Vec::new();
        let mut bias = Vec::new();
        for (weight, part_bias) in parts {
            if weight.shape != [outputs, inputs, 1, 1] {
                weight.expect_shape(&[outputs, inputs])?;
            }
            if weight.format == format {
                bytes.extend_from_slice(&weight.bytes);
            } else {
                bytes.extend(format.encode(&weight.values()?)?);
            }
            if let Some(part_bias) = part_bias {
                bias.extend(part_bias.values_of_shape(&[outputs])?);
            }
        }
        if !bias.is_empty() && bias.len() != total {
            let found = parts.iter().filter(|(_, bias)| bias.is_some()).count();
            return Err(WeightError::SomeBias { found, layers: parts.len() });
        }
        let bias = (!bias.is_empty()).then(|| Weight::from_values(&[total], &bias));
        let weight = Weight { shape: vec![total, inputs], format, bytes: Cow::Owned(bytes) };
        Self::new(&weight, bias.as_ref(), inputs, total, store)
    }

    /// Values of an output row.
    #[must_use]
    pub fn outputs(&self) -> usize {
        if self.gated { self.matrix.outputs / 2 } else { self.matrix.outputs }
    }

    /// Bytes held.
    #[must_use]
    pub fn size(&self) -> usize {
        let low_rank = self.low_rank.as_ref().map_or(0, PackedLowRank::size);
        self.matrix.size() + low_rank + self.bias.as_ref().map_or(0, |bias| 4 * bias.len())
    }
}

/// A two-dimensional convolution.
#[derive(Clone)]
pub struct Convolution {
    pub(crate) matrix: PackedMatrix,
    pub(crate) bias: Option<Vec<f32>>,
    inputs: usize,
    kernel: usize,
    stride: usize,
    /// Zeros before and after, in both directions.
    padding: [usize; 2],
    pub(crate) low_rank: Option<PackedLowRank>,
}

impl Convolution {
    /// From a stored weight with a square kernel and an `[outputs]` bias; stride 1, and as much padding as keeps the
    /// picture's size.
    ///
    /// # Errors
    /// When the extents are not these.
    pub fn new(
        weight: &Weight<'_>,
        bias: Option<&Weight<'_>>,
        [inputs, outputs, kernel]: [usize; 3],
        layout: Layout,
        store: Option<Format>,
    ) -> Result<Self, WeightError> {
        let depth = kernel * kernel * inputs;
        let store = store.unwrap_or(weight.format);
        let matrix = match layout {
            Layout::Ohwi => {
                weight.expect_shape(&[outputs, kernel, kernel, inputs])?;
                PackedMatrix::from_rows(weight, outputs, depth, store, |output| output)?
            }
            Layout::Oihw => {
                weight.expect_shape(&[outputs, inputs, kernel, kernel])?;
                let taps = kernel * kernel;
                let source = if weight.format.block() == 1 { weight.format } else { Format::F32 };
                let (unit, bytes) = if source == weight.format {
                    (source.block_bytes(), Cow::Borrowed(weight.bytes.as_ref()))
                } else {
                    (4, Cow::Owned(Format::F32.encode(&weight.values()?)?))
                };
                if bytes.len() != outputs * depth * unit {
                    weight.values()?; // says what is wrong
                }
                PackedMatrix::pack(outputs, depth, source, store, |output| {
                    let row = &bytes[output * depth * unit..][..depth * unit];
                    transpose(row, [1, inputs, taps, unit]).into()
                })?
            }
        };
        let bias = bias.map(|bias| bias.values_of_shape(&[outputs])).transpose()?;
        Ok(Self { matrix, bias, inputs, kernel, stride: 1, padding: [kernel / 2; 2], low_rank: None })
    }

    /// The same layer with a low-rank path beside its weights, which stay as they are: a convolution of `path.down`,
    /// `[rank, in, kernel height, kernel width]`, then `path.up` for each pixel.
    ///
    /// # Errors
    /// When the path is not as wide as the layer.
    pub fn with_low_rank(self, path: &LowRank) -> Result<Self, WeightError> {
        let extents = [self.inputs, path.rank, self.kernel];
        let down = Weight::from_values(&[path.rank, self.inputs, self.kernel, self.kernel], &path.down);
        let down = Self::new(&down, None, extents, Layout::Oihw, Some(Format::F32))?.matrix;
        let low_rank = Some(PackedLowRank { down, up: path.packed_up(self.matrix.outputs, |output| output)? });
        Ok(Self { low_rank, ..self })
    }

    /// Another stride, and zeros `before` (above and left) and `after` (below and right).
    #[must_use]
    pub fn strided(self, stride: usize, before: usize, after: usize) -> Self {
        Self { stride, padding: [before, after], ..self }
    }

    /// Channels of the output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.matrix.outputs
    }

    /// Channels of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Bytes held.
    #[must_use]
    pub fn size(&self) -> usize {
        let low_rank = self.low_rank.as_ref().map_or(0, PackedLowRank::size);
        self.matrix.size() + low_rank + self.bias.as_ref().map_or(0, |bias| 4 * bias.len())
    }

    pub(crate) fn geometry(&self, input: Shape) -> Geometry {
        let [before, after] = self.padding;
        let extent = |pixels: usize| (pixels + before + after).saturating_sub(self.kernel) / self.stride + 1;
        Geometry {
            batch: input.batch,
            input: [input.height, input.width],
            output: [extent(input.height), extent(input.width)],
            kernel: self.kernel,
            stride: self.stride,
            before: [before; 2],
            scatter: 1,
            phase: [0; 2],
        }
    }
}

/// A doubling of the picture by repeating pixels, then a 3×3 convolution: folded into four 2×2 convolutions of the
/// small picture, one for each parity of the output. Taps that fall on the same small pixel are summed beforehand, so
/// 4 instead of 9 products are left for each output, and the doubled picture never exists. Equal up to rounding.
#[derive(Clone)]
pub struct UpsampleConvolution {
    /// Output row parity, then column parity.
    pub(crate) phases: [PackedMatrix; 4],
    pub(crate) bias: Option<Vec<f32>>,
    inputs: usize,
}

impl UpsampleConvolution {
    /// From a stored 3×3 weight and an `[outputs]` bias.
    ///
    /// # Errors
    /// When the extents are not these.
    pub fn new(
        weight: &Weight<'_>,
        bias: Option<&Weight<'_>>,
        [inputs, outputs]: [usize; 2],
        layout: Layout,
        store: Option<Format>,
    ) -> Result<Self, WeightError> {
        match layout {
            Layout::Oihw => weight.expect_shape(&[outputs, inputs, 3, 3])?,
            Layout::Ohwi => weight.expect_shape(&[outputs, 3, 3, inputs])?,
        }
        let values = weight.values()?;
        let at = |output: usize, row: usize, column: usize, input: usize| match layout {
            Layout::Oihw => values[((output * inputs + input) * 3 + row) * 3 + column],
            Layout::Ohwi => values[((output * 3 + row) * 3 + column) * inputs + input],
        };
        // Sums of taps are no longer on the grid of a block format.
        let stored = store.unwrap_or(weight.format);
        let store = if stored.block() == 1 { stored } else { Format::F16 };
        // Nor may a sum of four pass what f16 holds where its taps did not.
        let beyond = |value: &f32| value.abs() > F16_LARGEST / 4.0;
        let store = if store == Format::F16 && values.iter().any(beyond) { Format::F32 } else { store };
        // Of the three taps of an even output, the first falls on the pixel before, the others on its own; of an odd
        // output, two fall on its own and the last on the pixel after.
        let taps = |parity: usize, tap: usize| match (parity, tap) {
            (0, 0) => 0..1,
            (0, _) => 1..3,
            (_, 0) => 0..2,
            _ => 2..3,
        };
        let phase = |row_parity: usize, column_parity: usize| {
            PackedMatrix::pack(outputs, 4 * inputs, Format::F32, store, |output| {
                let mut row = Vec::with_capacity(4 * inputs * 4);
                for (tap_row, tap_column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    for input in 0..inputs {
                        let mut sum = 0.0;
                        for row in taps(row_parity, tap_row) {
                            for column in taps(column_parity, tap_column) {
                                sum += at(output, row, column, input);
                            }
                        }
                        row.extend(sum.to_le_bytes());
                    }
                }
                row.into()
            })
        };
        let phases = [phase(0, 0)?, phase(0, 1)?, phase(1, 0)?, phase(1, 1)?];
        let bias = bias.map(|bias| bias.values_of_shape(&[outputs])).transpose()?;
        Ok(Self { phases, bias, inputs })
    }

    /// Channels of the input.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Bytes held.
    #[must_use]
    pub fn size(&self) -> usize {
        self.phases.iter().map(PackedMatrix::size).sum()
    }

    /// Where the products of one phase (`2 · row parity + column parity`) are read and written.
    pub(crate) fn geometry(input: Shape, phase: usize) -> Geometry {
        let parity = [phase / 2, phase % 2];
        Geometry {
            batch: input.batch,
            input: [input.height, input.width],
            output: [input.height, input.width],
            kernel: 2,
            stride: 1,
            before: parity.map(|parity| 1 - parity),
            scatter: 2,
            phase: parity,
        }
    }
}

/// Scale and shift of a normalisation.
#[derive(Clone)]
pub struct Norm {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
    pub(crate) epsilon: f32,
}

impl Norm {
    /// From stored `[channels]` weights.
    ///
    /// # Errors
    /// When the extents are not these.
    pub fn new(scale: &Weight<'_>, shift: &Weight<'_>, channels: usize, epsilon: f32) -> Result<Self, WeightError> {
        let (scale, shift) = (scale.values_of_shape(&[channels])?, shift.values_of_shape(&[channels])?);
        Ok(Self { scale, shift, epsilon })
    }
}

/// A table of token vectors, kept as stored; rows are decoded when they are looked up.
#[derive(Clone)]
pub struct Embedding {
    table: Arc<[u8]>,
    format: Format,
    pub(crate) tokens: usize,
    pub(crate) channels: usize,
    /// Vectors of textual inversions, for the tokens from `tokens` on.
    inversions: Vec<f32>,
}

impl Embedding {
    /// From a stored `[tokens, channels]` table.
    ///
    /// # Errors
    /// When the extents are not these.
    pub fn new(table: &Weight<'_>, tokens: usize, channels: usize) -> Result<Self, WeightError> {
        table.expect_shape(&[tokens, channels])?;
        let row_bytes = table.format.bytes(channels).and_then(|bytes| bytes.checked_mul(tokens));
        if row_bytes != Some(table.bytes.len()) {
            table.values()?; // says what is wrong
            let (bytes, format) = (table.bytes.len(), table.format);
            return Err(WeightError::Rows { bytes, format, rows: tokens, depth: channels });
        }
        Ok(Self { table: table.bytes.as_ref().into(), format: table.format, tokens, channels, inversions: Vec::new() })
    }

    /// The same table with the vectors of textual inversions (Gal et al. 2022): the first is that of the token after the
    /// last. Copies none of what is there.
    ///
    /// # Errors
    /// When the values are no whole vectors.
    pub fn with_textual_inversions(self, values: Vec<f32>) -> Result<Self, WeightError> {
        if !values.len().is_multiple_of(self.channels.max(1)) {
            return Err(WeightError::Vectors { found: values.len(), channels: self.channels });
        }
        Ok(Self { inversions: values, ..self })
    }

    /// Tokens of the table itself, without textual inversions.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Tokens in all.
    pub(crate) fn rows(&self) -> usize {
        self.tokens + self.inversions.len() / self.channels.max(1)
    }

    /// Bytes held, or that would be held by more than its shape.
    #[must_use]
    pub fn size(&self) -> usize {
        self.format.bytes(self.channels).unwrap_or(0) * self.tokens
    }

    pub(crate) fn row(&self, token: usize, values: &mut [f32]) {
        if let Some(inversion) = token.checked_sub(self.tokens) {
            values.copy_from_slice(&self.inversions[inversion * self.channels..][..self.channels]);
            return;
        }
        if self.table.is_empty() {
            return values.fill(0.0);
        }
        let row_bytes = self.table.len() / self.tokens;
        let row = &self.table[token * row_bytes..][..row_bytes];
        self.format.decode(row, values).expect("checked when the table was made");
    }
}
