//! What an adapter does to the weights of one layer.

use chatsd_tensor::{Engine, LowRank, WeightError};

use super::{
    algebra::{product, rotation, widened},
    file::{AdapterFile, Parts},
    keys::ChangePart,
};
use crate::{WeightFile, WeightsError, transpose::transpose};

/// The change of a layer whose weights are `[outputs, depth]` (a convolution's depth runs over inputs, then taps).
#[derive(Debug)]
pub(super) struct Change {
    kind: ChangeKind,
    /// DoRA (Liu et al. 2024): how long each row of the changed weights is, or each input's.
    magnitude: Option<Magnitude>,
}

#[derive(Debug)]
enum ChangeKind {
    /// Something is added. LoRA: Hu et al. 2021.
    LowRank(LowRank),
    /// Something is added, as large as the weights. LoHa: Hyeon-Woo et al. 2022; LoKr: Yeh et al. 2024.
    Full(Vec<f32>),
    /// Blocks `[count, size, size]` turn the outputs: `W'ₘ = Σₙ rₙₘ Wₙ`. OFT: Qiu et al. 2023.
    Outputs { blocks: Vec<f32>, size: usize, rescale: Option<Vec<f32>> },
    /// Blocks turn the inputs: `W'ₖ = Σₙ rₖₙ Wₙ`; one block serves all where there is one.
    Inputs { blocks: Vec<f32>, size: usize },
}

#[derive(Debug)]
enum Magnitude {
    Outputs(Vec<f32>),
    Inputs(Vec<f32>),
}

/// The extents of a layer's weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) taps: usize,
}

impl Extent {
    /// Of extents in PyTorch's order.
    pub(super) fn of(shape: &[usize]) -> Self {
        let at = |axis| shape.get(axis).copied().unwrap_or(1);
        Self { outputs: at(0), inputs: at(1), taps: area(shape.get(2..).unwrap_or_default()) }
    }

    fn depth(self) -> usize {
        self.inputs.saturating_mul(self.taps)
    }
}

/// The product of extents, as far as a machine counts.
fn area(shape: &[usize]) -> usize {
    shape.iter().fold(1, |area, &extent| area.saturating_mul(extent))
}

/// Whether the tensors of a change fit a layer, told from their shapes.
pub(super) fn fits(file: &WeightFile, parts: &Parts, extent: Extent) -> bool {
    let shape = |part| parts.get(&part).and_then(|name| file.shape(name));
    // Rows, and values of a row.
    let matrix = |part| {
        let shape = shape(part)?;
        let rows = *shape.first()?;
        Some((rows, area(&shape[1..])))
    };
    // A kernel between two small numbers of channels.
    let core = |part| {
        let shape = shape(part)?;
        Some((*shape.first()?, *shape.get(1)?, area(&shape[2..])))
    };
    let (outputs, depth) = (extent.outputs, extent.depth());
    let empty = |name: &String| file.shape(name).is_none_or(|shape| shape.contains(&0));
    if parts.values().any(empty) || outputs == 0 || depth == 0 {
        return false;
    }
    // `[rows, columns]` that `a · b`, or the three of them, make.
    let joined = |a, b, c| {
        let (a, b) = (matrix(a)?, matrix(b)?);
        match core(c) {
            None => (a.1 == b.0).then_some((a.0, b.1)),
            Some((i, j, taps)) => (a.0 == i && b.0 == j).then_some((a.1, b.1.saturating_mul(taps))),
        }
    };
    let is = |found: Option<(usize, usize)>| found == Some((outputs, depth));
    let has = |part| parts.contains_key(&part);
    let magnitude = shape(ChangePart::Magnitude).map(area);
    let fits_weights = if has(ChangePart::Down) || has(ChangePart::Up) {
        match (matrix(ChangePart::Up), core(ChangePart::Mid), matrix(ChangePart::Down)) {
            (Some(up), None, Some(down)) => up == (outputs, down.0) && down.1 == depth,
            (Some(up), Some((i, j, taps)), Some(down)) => {
                up == (outputs, i) && down.0 == j && down.1.saturating_mul(taps) == depth
            }
            _ => false,
        }
    } else if has(ChangePart::HadamardA1) {
        is(joined(ChangePart::HadamardA1, ChangePart::HadamardB1, ChangePart::HadamardCore1))
            && is(joined(ChangePart::HadamardA2, ChangePart::HadamardB2, ChangePart::HadamardCore2))
    } else if has(ChangePart::Kronecker1) || has(ChangePart::KroneckerA1) {
        let first = matrix(ChangePart::Kronecker1)
            .or_else(|| joined(ChangePart::KroneckerA1, ChangePart::KroneckerB1, ChangePart::Mid));
        let second = matrix(ChangePart::Kronecker2)
            .or_else(|| joined(ChangePart::KroneckerA2, ChangePart::KroneckerB2, ChangePart::KroneckerCore2));
        is(first
            .zip(second)
            .map(|(first, second)| (first.0.saturating_mul(second.0), first.1.saturating_mul(second.1))))
    } else if let Some(blocks) = shape(ChangePart::Turns).or_else(|| shape(ChangePart::Rotations)) {
        let rescale = shape(ChangePart::Rescale).is_none_or(|shape| area(shape) == outputs);
        rescale && matches!(*blocks, [count, size, also] if size == also && count.saturating_mul(size) == outputs)
    } else if let Some((count, triangle)) = matrix(ChangePart::InputTurns) {
        let size = side_of(triangle);
        size.saturating_mul(size - 1) / 2 == triangle
            && depth.is_multiple_of(size)
            && (count == 1 || count.saturating_mul(size) == depth)
    } else if let Some(shape) = shape(ChangePart::Difference) {
        area(shape) == outputs.saturating_mul(depth)
    } else {
        return has(ChangePart::BiasDifference);
    };
    fits_weights && magnitude.is_none_or(|len| len == outputs || len == extent.inputs)
}

/// The side of a square whose upper triangle, without the diagonal, has so many values.
fn side_of(triangle: usize) -> usize {
    // n (n - 1) / 2 = triangle
    (1 + 8_usize.saturating_mul(triangle)).isqrt().div_ceil(2)
}

impl Change {
    /// Reads the change of a layer, whose tensors [`fits`] has found right; nothing where only its bias changes.
    pub(super) fn read(
        engine: &Engine,
        adapter: &AdapterFile,
        (network, layer): (&str, &str),
        parts: &Parts,
        extent: Extent,
    ) -> Result<Option<Self>, WeightsError> {
        let values = |part| adapter.values(parts, part);
        let failed = |source: WeightError| WeightsError::Layer {
            path: adapter.file().path().to_owned(),
            tensor: layer.to_owned(),
            source: source.into(),
        };
        let alpha = values(ChangePart::Alpha)?.and_then(|alpha| alpha.values.first().copied());
        let scale = |rank: Option<usize>| {
            let of_file = rank.and_then(|rank| Some(alpha? / rank.max(1) as f32));
            of_file.or_else(|| adapter.settings.scale(network, bare(layer), rank.unwrap_or(1))).unwrap_or(1.0)
        };
        let (outputs, taps) = (extent.outputs, extent.taps);
        let joined = |a, b, core| -> Result<Option<(Vec<f32>, usize)>, WeightsError> {
            let (Some(a), Some(b)) = (values(a)?, values(b)?) else { return Ok(None) };
            let rank = b.rows();
            Ok(Some(match values(core)? {
                None => {
                    let extents = [a.rows(), rank, b.columns()];
                    (product(engine, &a.values, &b.values, extents).map_err(failed)?, rank)
                }
                Some(core) => {
                    let (i, j, wide) = (core.rows(), rank, b.columns());
                    let taps = core.values.len() / (i * j).max(1);
                    let kernel = widened(engine, &core.values, &b.values, [i, j, taps, wide]).map_err(failed)?;
                    let a_turned = transpose(&a.values, 1, i, a.columns());
                    let extents = [a.columns(), i, wide * taps];
                    (product(engine, &a_turned, &kernel, extents).map_err(failed)?, rank)
                }
            }))
        };
        let kind = if let (Some(down), Some(mut up)) = (values(ChangePart::Down)?, values(ChangePart::Up)?) {
            let factor = scale(Some(down.rows()));
            up.values.iter_mut().for_each(|value| *value *= factor);
            let (rank, down) = match values(ChangePart::Mid)? {
                None => (down.rows(), down.values),
                Some(mid) => {
                    let extents = [mid.rows(), down.rows(), taps, down.columns()];
                    (mid.rows(), widened(engine, &mid.values, &down.values, extents).map_err(failed)?)
                }
            };
            ChangeKind::LowRank(LowRank { rank, down, up: up.values })
        } else if let (Some((first, rank)), Some((second, _))) = (
            joined(ChangePart::HadamardA1, ChangePart::HadamardB1, ChangePart::HadamardCore1)?,
            joined(ChangePart::HadamardA2, ChangePart::HadamardB2, ChangePart::HadamardCore2)?,
        ) {
            let factor = scale(Some(rank));
            ChangeKind::Full(first.iter().zip(second).map(|(a, b)| a * b * factor).collect())
        } else if parts.contains_key(&ChangePart::Kronecker1) || parts.contains_key(&ChangePart::KroneckerA1) {
            let mut rank = None;
            let mut factor_of = |whole, a, b, core| -> Result<(Vec<f32>, usize), WeightsError> {
                if let Some(whole) = values(whole)? {
                    return Ok((whole.values.clone(), whole.rows()));
                }
                let rows = match (adapter.values(parts, core)?, values(a)?) {
                    (Some(_), Some(a)) => a.columns(),
                    (_, a) => a.map_or(1, |a| a.rows()),
                };
                let (made, found) = joined(a, b, core)?.unwrap_or_default();
                rank = Some(found);
                Ok((made, rows))
            };
            // The first is no kernel, so it has no core.
            let first =
                factor_of(ChangePart::Kronecker1, ChangePart::KroneckerA1, ChangePart::KroneckerB1, ChangePart::Mid)?;
            let second = factor_of(
                ChangePart::Kronecker2,
                ChangePart::KroneckerA2,
                ChangePart::KroneckerB2,
                ChangePart::KroneckerCore2,
            )?;
            let factor = scale(rank);
            ChangeKind::Full(kronecker(&first, &second, factor))
        } else if let Some(blocks) = values(ChangePart::Turns)? {
            let size = blocks.shape[2];
            let limit = alpha.unwrap_or(0.0) * outputs as f32;
            let rescale = values(ChangePart::Rescale)?.map(|rescale| rescale.values);
            ChangeKind::Outputs { blocks: turns(&blocks.values, size, limit), size, rescale }
        } else if let Some(blocks) = values(ChangePart::Rotations)? {
            let rescale = values(ChangePart::Rescale)?.map(|rescale| rescale.values);
            ChangeKind::Outputs { size: blocks.shape[2], blocks: blocks.values, rescale }
        } else if let Some(triangles) = values(ChangePart::InputTurns)? {
            let size = side_of(triangles.columns());
            let series = adapter.settings.series(network);
            let blocks = triangles.values.chunks_exact(triangles.columns().max(1));
            ChangeKind::Inputs {
                blocks: blocks.flat_map(|triangle| input_turn(triangle, size, series)).collect(),
                size,
            }
        } else if let Some(difference) = values(ChangePart::Difference)? {
            ChangeKind::Full(difference.values)
        } else {
            return Ok(None);
        };
        let magnitude = values(ChangePart::Magnitude)?.map(|magnitude| {
            let of_peft = parts[&ChangePart::Magnitude].contains("lora_magnitude_vector");
            let of_outputs = of_peft || magnitude.shape.first() == Some(&outputs);
            if of_outputs { Magnitude::Outputs(magnitude.values) } else { Magnitude::Inputs(magnitude.values) }
        });
        Ok(Some(Self { kind, magnitude }))
    }

    /// Whether a path beside the weights does the same.
    pub(super) fn is_low_rank(&self) -> bool {
        matches!(self, Self { kind: ChangeKind::LowRank(_), magnitude: None })
    }

    /// The path beside the weights that does the same, where there is one.
    pub(super) fn low_rank(self) -> Option<LowRank> {
        match self {
            Self { kind: ChangeKind::LowRank(path), magnitude: None } => Some(path),
            _ => None,
        }
    }

    /// The weights `w` with the change in them, `strength` times.
    pub(super) fn apply(
        self,
        engine: &Engine,
        mut w: Vec<f32>,
        extent: Extent,
        strength: f32,
    ) -> Result<Vec<f32>, WeightError> {
        let Extent { outputs, inputs, taps } = extent;
        let depth = extent.depth();
        let changed = match self.kind {
            ChangeKind::LowRank(LowRank { rank, down, mut up }) => {
                if self.magnitude.is_none() {
                    up.iter_mut().for_each(|value| *value *= strength);
                }
                let mut changed = product(engine, &up, &down, [outputs, rank, depth])?;
                changed.iter_mut().zip(&w).for_each(|(added, w)| *added += w);
                changed
            }
            ChangeKind::Full(added) => {
                let strength = if self.magnitude.is_none() { strength } else { 1.0 };
                w.iter().zip(&added).map(|(w, added)| w + strength * added).collect()
            }
            ChangeKind::Outputs { blocks, size, rescale } => {
                let mut turned_rows = turn_rows(engine, &w, &blocks, size, depth)?;
                if let Some(rescale) = rescale {
                    for (row, factor) in turned_rows.chunks_exact_mut(depth.max(1)).zip(rescale) {
                        row.iter_mut().for_each(|value| *value *= factor);
                    }
                }
                return Ok(between(&w, &turned_rows, strength));
            }
            ChangeKind::Inputs { blocks, size } => {
                // W rᵀ: turning the rows of Wᵀ by the transposed blocks.
                let across = transpose(&w, 1, outputs, depth);
                let blocks = transpose(&blocks, blocks.len() / (size * size).max(1), size, size);
                let blocks = blocks.repeat(if blocks.len() == size * size { depth / size.max(1) } else { 1 });
                let across = turn_rows(engine, &across, &blocks, size, outputs)?;
                return Ok(between(&w, &transpose(&across, 1, depth, outputs), strength));
            }
        };
        let Some(magnitude) = self.magnitude else { return Ok(changed) };
        let mut lengths = match &magnitude {
            Magnitude::Outputs(wanted) => vec![0.0_f64; wanted.len()],
            Magnitude::Inputs(wanted) => vec![0.0_f64; wanted.len()],
        };
        let along_outputs = matches!(magnitude, Magnitude::Outputs(_));
        let line = |at: usize| if along_outputs { at / depth } else { at / taps % inputs };
        for (at, value) in changed.iter().enumerate() {
            lengths[line(at)] += f64::from(*value) * f64::from(*value);
        }
        let (Magnitude::Outputs(wanted) | Magnitude::Inputs(wanted)) = magnitude;
        let factors: Vec<f32> = wanted
            .iter()
            .zip(lengths)
            .map(|(&wanted, squares)| if squares > 0.0 { (f64::from(wanted) / squares.sqrt()) as f32 } else { 0.0 })
            .collect();
        for (at, (w, changed)) in w.iter_mut().zip(changed).enumerate() {
            let decomposed = changed * factors[line(at)];
            *w = if strength == 1.0 { decomposed } else { *w + strength * (decomposed - *w) };
        }
        Ok(w)
    }
}

/// A layer's name as PEFT has it in its patterns.
fn bare(layer: &str) -> &str {
    let layer = layer.strip_prefix("base_model.model.").unwrap_or(layer);
    layer.strip_prefix("unet.").or_else(|| layer.strip_prefix("text_encoder.")).unwrap_or(layer)
}

/// The point `strength` of the way from `a` to `b`.
fn between(a: &[f32], b: &[f32], strength: f32) -> Vec<f32> {
    let at = |(&a, &b): (&f32, &f32)| if strength == 1.0 { b } else { a + strength * (b - a) };
    a.iter().zip(b).map(at).collect()
}

/// `factor · a ⊗ b`, each given with its number of rows.
fn kronecker((a, a_rows): &(Vec<f32>, usize), (b, b_rows): &(Vec<f32>, usize), factor: f32) -> Vec<f32> {
    let (a_columns, b_columns) = (a.len() / a_rows.max(&1), b.len() / b_rows.max(&1));
    let mut made = Vec::with_capacity(a.len() * b.len());
    for a in a.chunks_exact(a_columns.max(1)) {
        for b in b.chunks_exact(b_columns.max(1)) {
            for a in a {
                made.extend(b.iter().map(|b| factor * a * b));
            }
        }
    }
    made
}

/// The rotations that blocks of kohya's OFT stand for; `limit` is the longest that all of them together may be, 0 none.
fn turns(blocks: &[f32], size: usize, limit: f32) -> Vec<f32> {
    let area = (size * size).max(1);
    let mut skew: Vec<f32> = blocks
        .chunks_exact(area)
        .flat_map(|block| (0..area).map(|at| block[at] - block[at % size * size + at / size]))
        .collect();
    if limit > 0.0 {
        let length = skew.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32;
        let factor = (length.min(limit) + 1e-8) / (length + 1e-8);
        skew.iter_mut().for_each(|value| *value *= factor);
    }
    skew.chunks_exact(area).flat_map(|skew| rotation(skew, size)).collect()
}

/// The rotation of a block of PEFT's OFT, `(I - q)(I + q)⁻¹` of the skew `q` with this upper triangle, or its series
/// `I + 2q + 2q² + … + qⁿ⁻¹` of `series` terms (there with the other sign, and the last term once).
fn input_turn(triangle: &[f32], size: usize, series: Option<usize>) -> Vec<f32> {
    let mut skew = vec![0.0_f32; size * size];
    let places = (0..size).flat_map(|row| (row + 1..size).map(move |column| (row, column)));
    for ((row, column), &value) in places.zip(triangle) {
        (skew[row * size + column], skew[column * size + row]) = (value, -value);
    }
    let Some(terms) = series else {
        skew.iter_mut().for_each(|value| *value = -*value);
        return rotation(&skew, size);
    };
    let mut sum: Vec<f32> = (0..size * size).map(|at| f32::from(u8::from(at / size == at % size))).collect();
    let mut power = sum.clone();
    // There the fourth term comes with the third.
    let terms = if terms == 3 { 4 } else { terms };
    for term in 1..terms {
        let row_times =
            |at: usize| (0..size).map(|k| power[at / size * size + k] * skew[k * size + at % size]).sum::<f32>();
        power = (0..size * size).map(row_times).collect();
        let factor = if term > 2 && term + 1 == terms { 1.0 } else { 2.0 };
        sum.iter_mut().zip(&power).for_each(|(sum, power)| *sum += factor * power);
    }
    sum
}

/// Rows in groups of `size`: row m of a group becomes `Σₙ blockₙₘ · rowₙ`.
fn turn_rows(
    engine: &Engine,
    rows: &[f32],
    blocks: &[f32],
    size: usize,
    columns: usize,
) -> Result<Vec<f32>, WeightError> {
    let mut result = Vec::with_capacity(rows.len());
    let groups = rows.chunks_exact((size * columns).max(1));
    for (group, block) in groups.zip(blocks.chunks_exact((size * size).max(1))) {
        result.extend(product(engine, &transpose(block, 1, size, size), group, [size, size, columns])?);
    }
    Ok(result)
}
