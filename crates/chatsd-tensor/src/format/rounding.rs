//! Values rounded to blocks, after ggml's reference quantisers (`quantize_row_…_ref` in `ggml-quants.c`).
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "codes are clamped to their bits first")]

use half::f16;

use super::superblocks::scale_and_least;

/// Scale = largest magnitude / 127; nearest, halves away from zero.
pub(super) fn q8_0(values: &[f32; 32], bytes: &mut Vec<u8>) {
    let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = largest / 127.0;
    let inverse = inverse(scale);
    push_half(bytes, scale);
    bytes.extend(values.map(|value| ((value * inverse).round() as i8).cast_unsigned()));
}

pub(super) fn q4_0(values: &[f32; 32], bytes: &mut Vec<u8>) {
    let (scale, codes) = around_zero(values, 8.0);
    push_half(bytes, scale);
    push_nibbles(bytes, &codes);
}

pub(super) fn q4_1(values: &[f32; 32], bytes: &mut Vec<u8>) {
    let (scale, least, codes) = above_least(values, 15.0);
    push_half(bytes, scale);
    push_half(bytes, least);
    push_nibbles(bytes, &codes);
}

pub(super) fn q5_0(values: &[f32; 32], bytes: &mut Vec<u8>) {
    let (scale, codes) = around_zero(values, 16.0);
    push_half(bytes, scale);
    push_fifth_bits(bytes, &codes);
    push_nibbles(bytes, &codes);
}

pub(super) fn q5_1(values: &[f32; 32], bytes: &mut Vec<u8>) {
    let (scale, least, codes) = above_least(values, 31.0);
    push_half(bytes, scale);
    push_half(bytes, least);
    push_fifth_bits(bytes, &codes);
    push_nibbles(bytes, &codes);
}

/// Codes `0 .. 2 · middle`; the value of largest magnitude gets code 0, which is one further from the middle.
fn around_zero(values: &[f32; 32], middle: f32) -> (f32, [u8; 32]) {
    let scale = extreme(values) / -middle;
    let inverse = inverse(scale);
    let codes = values.map(|value| (value * inverse + (middle + 0.5)).min(2.0 * middle - 1.0) as u8);
    (scale, codes)
}

/// Codes `0 ..= most` from the least value to the largest.
fn above_least(values: &[f32; 32], most: f32) -> (f32, f32, [u8; 32]) {
    let (least, largest) = bounds(values);
    let scale = (largest - least) / most;
    let inverse = inverse(scale);
    let codes = values.map(|value| ((value - least) * inverse + 0.5).min(most) as u8);
    (scale, least, codes)
}

pub(super) fn q4_k(values: &[f32; 256], bytes: &mut Vec<u8>) {
    let codes = scaled_groups(values, bytes, 15.0, (-1.0, 20));
    push_k_nibbles(bytes, &codes);
}

pub(super) fn q5_k(values: &[f32; 256], bytes: &mut Vec<u8>) {
    let codes = scaled_groups(values, bytes, 31.0, (-0.5, 15));
    bytes.extend((0..32).map(|at| (0..8).fold(0, |bits, group| bits | codes[32 * group + at] >> 4 << group)));
    push_k_nibbles(bytes, &codes);
}

/// Writes the head of `Q4_K` and `Q5_K` and gives the codes, `0 ..= most`, that go with it.
fn scaled_groups(values: &[f32; 256], bytes: &mut Vec<u8>, most: f32, search: (f32, i32)) -> [u8; 256] {
    let groups = values.as_chunks::<32>().0;
    let fits: [(f32, f32); 8] = std::array::from_fn(|group| fitted(&groups[group], most, search));
    let largest = fits.iter().fold((0.0_f32, 0.0_f32), |largest, fit| (largest.0.max(fit.0), largest.1.max(fit.1)));
    let sixth = |value: f32, largest: f32| {
        if largest > 0.0 { nearest(63.0 / largest * value).clamp(0.0, 63.0) as u8 } else { 0 }
    };
    let mut packed = [0; 12];
    for (group, (scale, depth)) in fits.into_iter().enumerate() {
        let (scale, depth) = (sixth(scale, largest.0), sixth(depth, largest.1));
        if group < 4 {
            packed[group] = scale;
            packed[group + 4] = depth;
        } else {
            packed[group + 4] = scale & 15 | depth << 4;
            packed[group - 4] |= scale >> 4 << 6;
            packed[group] |= depth >> 4 << 6;
        }
    }
    let (scale, depth) = (push_half(bytes, largest.0 / 63.0), push_half(bytes, largest.1 / 63.0));
    bytes.extend(packed);
    let mut codes = [0; 256];
    for (group, codes) in codes.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (group_scale, group_depth) = scale_and_least(&packed, group);
        let (scale, depth) = (scale * f32::from(group_scale), depth * f32::from(group_depth));
        if scale != 0.0 {
            *codes = groups[group].map(|value| nearest((value + depth) / scale).clamp(0.0, most) as u8);
        }
    }
    codes
}

/// Scale and depth (the least value, negated) with which codes `0 ..= most` come nearest to the values: the best, by
/// weighted squares, of the straight line between the extremes and of a least-squares line through the codes of each of
/// `steps + 1` scales from `(most + first) / range` on (`make_qkx2_quants`). Large values weigh more.
fn fitted(values: &[f32; 32], most: f32, (first, steps): (f32, i32)) -> (f32, f32) {
    let square_sum = values.iter().fold(0.0, |sum, value| sum + value * value);
    let usual = (square_sum / 32.0).sqrt();
    let weights = values.map(|value| usual + value.abs());
    let (least, largest) = bounds(values);
    let least = least.min(0.0);
    if least == largest {
        return (0.0, 0.0 - least);
    }
    let codes = |inverse: f32, least: f32| values.map(|value| nearest(inverse * (value - least)).clamp(0.0, most));
    let error = |codes: &[f32; 32], scale: f32, least: f32| {
        let terms = codes.iter().zip(values).zip(&weights);
        terms.fold(0.0, |sum, ((code, value), weight)| {
            let difference = scale * code + least - value;
            sum + weight * (difference * difference)
        })
    };
    let weight_sum: f32 = weights.iter().fold(0.0, |sum, weight| sum + weight);
    let value_sum: f32 = weights.iter().zip(values).fold(0.0, |sum, (weight, value)| sum + weight * value);
    let inverse = most / (largest - least);
    let mut best = (error(&codes(inverse, least), 1.0 / inverse, least), 1.0 / inverse, least);
    for step in 0..=steps {
        // From the best least value so far on, as ggml does: a good line makes the next candidates better.
        let codes = codes((first + 0.1 * step as f32 + most) / (largest - best.2), best.2);
        let (mut sum, mut squares, mut products) = (0.0_f32, 0.0_f32, 0.0_f32);
        for ((code, value), weight) in codes.iter().zip(values).zip(&weights) {
            sum += weight * code;
            squares += weight * code * code;
            products += weight * code * value;
        }
        let determinant = weight_sum * squares - sum * sum;
        if determinant > 0.0 {
            let mut scale = (weight_sum * products - value_sum * sum) / determinant;
            let mut least = (squares * value_sum - sum * products) / determinant;
            if least > 0.0 {
                (least, scale) = (0.0, products / squares);
            }
            let error = error(&codes, scale, least);
            if error < best.0 {
                best = (error, scale, least);
            }
        }
    }
    (best.1, 0.0 - best.2) // no negative zero
}

/// Below this, a group counts as zeros (`GROUP_MAX_EPS`).
const NOTHING: f32 = 1e-15;

pub(super) fn q6_k(values: &[f32; 256], bytes: &mut Vec<u8>) {
    let groups = values.as_chunks::<16>().0;
    let scales: [f32; 16] = std::array::from_fn(|group| fitted_around_zero(&groups[group]));
    let largest = extreme(&scales);
    if largest.abs() < NOTHING {
        bytes.extend([0; 210]);
        return;
    }
    let inverse = -128.0 / largest;
    let scales = scales.map(|scale| nearest(inverse * scale).clamp(-128.0, 127.0) as i8);
    let unit = f16::from_f32(1.0 / inverse);
    let mut codes = [0_u8; 256];
    for ((codes, values), scale) in codes.as_chunks_mut::<16>().0.iter_mut().zip(groups).zip(scales) {
        let scale = unit.to_f32() * f32::from(scale);
        *codes = values.map(|value| match scale {
            0.0 => 0,
            _ => (nearest(value / scale).clamp(-32.0, 31.0) + 32.0) as u8,
        });
    }
    for codes in codes.as_chunks::<128>().0 {
        bytes.extend((0..64).map(|at| codes[at] & 15 | codes[at + 64] << 4));
    }
    for codes in codes.as_chunks::<128>().0 {
        bytes.extend((0..32).map(|at| (0..4).fold(0, |bits, part| bits | codes[32 * part + at] >> 4 << (2 * part))));
    }
    bytes.extend(scales.map(i8::cast_unsigned));
    bytes.extend(unit.to_le_bytes());
}

/// The scale with which codes `-32 ..= 31` come nearest to the values, weighted by their squares: the best of 19 near
/// the one that gives the extreme its last code (`make_qx_quants`).
fn fitted_around_zero(values: &[f32; 16]) -> f32 {
    let extreme = extreme(values);
    if extreme.abs() < NOTHING {
        return 0.0;
    }
    let sums = |inverse: f32| {
        values.iter().fold((0.0_f32, 0.0_f32), |(products, squares), value| {
            let code = nearest(inverse * value).clamp(-32.0, 31.0);
            let weight = value * value;
            (products + weight * value * code, squares + weight * code * code)
        })
    };
    let (products, squares) = sums(-32.0 / extreme);
    let mut scale = if squares == 0.0 { 0.0 } else { products / squares };
    let mut best = scale * products;
    for step in (-9_i8..=9).filter(|&step| step != 0) {
        let (products, squares) = sums(-(32.0 + 0.1 * f32::from(step)) / extreme);
        if squares > 0.0 && products * products > best * squares {
            scale = products / squares;
            best = scale * products;
        }
    }
    scale
}

/// The first value of largest magnitude.
fn extreme(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |extreme: f32, &value| if value.abs() > extreme.abs() { value } else { extreme })
}

fn bounds(values: &[f32]) -> (f32, f32) {
    values
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, largest), &value| (least.min(value), largest.max(value)))
}

fn inverse(scale: f32) -> f32 {
    if scale == 0.0 { 0.0 } else { 1.0 / scale }
}

/// The nearest whole number, halves to even (`nearest_int`).
const fn nearest(value: f32) -> f32 {
    value.round_ties_even()
}

/// Writes a number as f16 and gives what a reader will find.
fn push_half(bytes: &mut Vec<u8>, value: f32) -> f32 {
    let half = f16::from_f32(value);
    bytes.extend(half.to_le_bytes());
    half.to_f32()
}

fn push_nibbles(bytes: &mut Vec<u8>, codes: &[u8; 32]) {
    bytes.extend((0..16).map(|at| codes[at] & 15 | codes[at + 16] << 4));
}

fn push_fifth_bits(bytes: &mut Vec<u8>, codes: &[u8; 32]) {
    let bits = codes.iter().enumerate().fold(0_u32, |bits, (at, code)| bits | u32::from(code >> 4) << at);
    bytes.extend(bits.to_le_bytes());
}

/// Each 64 values in 32 bytes: the first half in the lower bits.
fn push_k_nibbles(bytes: &mut Vec<u8>, codes: &[u8; 256]) {
    for codes in codes.as_chunks::<64>().0 {
        bytes.extend((0..32).map(|at| codes[at] & 15 | codes[at + 32] << 4));
    }
}
