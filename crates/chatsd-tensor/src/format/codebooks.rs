//! Formats that name the points of a codebook: the IQ formats.
//!
//! The codebooks are ggml's (`ggml-common.h`: `iq2xxs_grid` and its like), written into `codebooks.bin` by
//! `reference/codebooks.py`, a byte a value.

use super::{blocks::nibbles, half_at};

static CODEBOOKS: &[u8; 33_792] = include_bytes!("codebooks.bin");

/// Points of a codebook, each of `SIDE` values.
struct Codebook<const SIDE: usize> {
    first: usize,
}

const IQ2_XXS: Codebook<8> = Codebook { first: 0 };
const IQ2_XS: Codebook<8> = Codebook { first: IQ2_XXS.first + 256 * 8 };
const IQ2_S: Codebook<8> = Codebook { first: IQ2_XS.first + 512 * 8 };
const IQ3_XXS: Codebook<4> = Codebook { first: IQ2_S.first + 1024 * 8 };
const IQ3_S: Codebook<4> = Codebook { first: IQ3_XXS.first + 256 * 4 };
const IQ1: Codebook<8> = Codebook { first: IQ3_S.first + 512 * 4 };

impl<const SIDE: usize> Codebook<SIDE> {
    fn point(&self, index: usize) -> impl Iterator<Item = f32> {
        CODEBOOKS[self.first + SIDE * index..][..SIDE].iter().map(|value| f32::from(value.cast_signed()))
    }
}

/// The signs of eight values from seven bits: an even number of them is negative.
const fn even_signs(bits: u32) -> u8 {
    let bits = bits & 127;
    (bits | (bits.count_ones() & 1) << 7) as u8
}

/// `scale` times the values of a point, negative where a bit of `signs` is set.
fn put(values: &mut [f32], scale: f32, point: impl Iterator<Item = f32>, signs: u8) {
    for (at, (value, coordinate)) in values.iter_mut().zip(point).enumerate() {
        *value = scale * if signs >> at & 1 == 0 { coordinate } else { -coordinate };
    }
}

fn u16_at(block: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([block[at], block[at + 1]])
}

fn u32_at(block: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

/// Eight times 32 values: four points, then 4 × 7 bits of signs and 4 of scale.
pub(super) fn iq2_xxs(block: &[u8; 66], values: &mut [f32; 256]) {
    let scale = half_at(block, 0);
    for (values, part) in values.as_chunks_mut::<32>().0.iter_mut().zip(block[2..].as_chunks::<8>().0) {
        let bits = u32_at(part, 4);
        let scale = scale * (0.5 + (bits >> 28) as f32) * 0.25;
        for (at, values) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            put(values, scale, IQ2_XXS.point(part[at].into()), even_signs(bits >> (7 * at)));
        }
    }
}

/// 32 points of 9 bits with 7 of signs, then 16 scales of 4 bits.
pub(super) fn iq2_xs(block: &[u8; 74], values: &mut [f32; 256]) {
    let scale = half_at(block, 0);
    for (at, values) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let bits = u16_at(block, 2 + 2 * at);
        let scale = scale * (0.5 + f32::from(block[66 + at / 4] >> (at / 2 % 2 * 4) & 15)) * 0.25;
        put(values, scale, IQ2_XS.point((bits & 511).into()), even_signs((bits >> 9).into()));
    }
}

/// 32 points of 8 bits, 32 bytes of signs, 2 more bits for each point, 16 scales of 4 bits.
pub(super) fn iq2_s(block: &[u8; 82], values: &mut [f32; 256]) {
    let scale = half_at(block, 0);
    for (at, values) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let high = usize::from(block[66 + at / 4] >> (at % 4 * 2) & 3);
        let scale = scale * (0.5 + f32::from(block[74 + at / 4] >> (at / 2 % 2 * 4) & 15)) * 0.25;
        put(values, scale, IQ2_S.point(usize::from(block[2 + at]) | high << 8), block[34 + at]);
    }
}

/// 64 points, then for each 32 values 4 × 7 bits of signs and 4 of scale.
pub(super) fn iq3_xxs(block: &[u8; 98], values: &mut [f32; 256]) {
    let scale = half_at(block, 0);
    for (at, values) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let bits = u32_at(block, 66 + at / 4 * 4);
        let scale = scale * (0.5 + (bits >> 28) as f32) * 0.5;
        let points = IQ3_XXS.point(block[2 + 2 * at].into()).chain(IQ3_XXS.point(block[3 + 2 * at].into()));
        put(values, scale, points, even_signs(bits >> (at % 4 * 7)));
    }
}

/// 64 points of 8 bits, a ninth bit for each, 32 bytes of signs, 8 scales of 4 bits.
pub(super) fn iq3_s(block: &[u8; 110], values: &mut [f32; 256]) {
    let scale = half_at(block, 0);
    for (at, values) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let scale = scale * f32::from(1 + 2 * (block[106 + at / 8] >> (at / 4 % 2 * 4) & 15));
        let point = |at: usize| {
            let high = usize::from(block[66 + at / 8] >> (at % 8) & 1);
            IQ3_S.point(usize::from(block[2 + at]) | high << 8)
        };
        put(values, scale, point(2 * at).chain(point(2 * at + 1)), block[74 + at]);
    }
}

/// What is added to every value of an IQ1 point, or taken away.
const DELTA: f32 = 0.125;

/// 32 points of 8 bits; for each 32 values 4 × 3 more bits, 3 of scale and the sign of the shift.
pub(super) fn iq1_s(block: &[u8; 50], values: &mut [f32; 256]) {
    let scale = half_at(block, 0);
    for (at, values) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let bits = u16_at(block, 34 + at / 4 * 2);
        let scale = scale * f32::from(2 * (bits >> 12 & 7) + 1);
        let delta = if bits & 0x8000 == 0 { DELTA } else { -DELTA };
        let index = usize::from(block[2 + at]) | usize::from(bits >> (at % 4 * 3) & 7) << 8;
        put(values, scale, IQ1.point(index).map(|value| value + delta), 0);
    }
}

/// 32 points of 8 bits; for each 3 more and the sign of the shift; 16 scales of 3 bits, whose upper four bits each
/// hold a quarter of the f16 scale.
pub(super) fn iq1_m(block: &[u8; 56], values: &mut [f32; 256]) {
    let scales: [u16; 4] = std::array::from_fn(|at| u16_at(block, 48 + 2 * at));
    let quarters = scales.iter().enumerate().map(|(at, bits)| bits >> 12 << (4 * at));
    let scale = half::f16::from_bits(quarters.sum()).to_f32();
    for (at, values) in values.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let scale = scale * f32::from(2 * (scales[at / 8] >> (at / 2 % 4 * 3) & 7) + 1);
        let bits = block[32 + at / 2] >> (at % 2 * 4);
        let delta = if bits & 8 == 0 { DELTA } else { -DELTA };
        let index = usize::from(block[at]) | usize::from(bits & 7) << 8;
        put(values, scale, IQ1.point(index).map(|value| value + delta), 0);
    }
}

/// The values of the four-bit formats (`kvalues_iq4nl`).
const IQ4: [i8; 16] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

pub(super) fn iq4_nl(block: &[u8; 18], values: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (value, code) in values.iter_mut().zip(nibbles(&block[2..])) {
        *value = scale * f32::from(IQ4[usize::from(code)]);
    }
}

/// Two upper bits of 8 scales, their four lower bits, then 128 bytes of codes.
pub(super) fn iq4_xs(block: &[u8; 136], values: &mut [f32; 256]) {
    let (scale, high) = (half_at(block, 0), u16_at(block, 2));
    let groups = values.as_chunks_mut::<32>().0.iter_mut().zip(block[8..].as_chunks::<16>().0);
    for (at, (values, codes)) in groups.enumerate() {
        let low = u16::from(block[4 + at / 2] >> (at % 2 * 4) & 15);
        let scale = scale * (f32::from(low | (high >> (2 * at) & 3) << 4) - 32.0);
        for (value, code) in values.iter_mut().zip(nibbles(codes)) {
            *value = scale * f32::from(IQ4[usize::from(code)]);
        }
    }
}
