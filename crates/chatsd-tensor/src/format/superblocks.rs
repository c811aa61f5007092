//! Blocks of 256 values: the K formats, with scales that are themselves scaled, and the ternary ones.

use super::half_at;

/// Where 2 bits of a value lie that are stored four to a byte: byte and shift. Each 32 bytes hold 128 values, the first
/// 32 of them in the lowest bits.
const fn quarter(at: usize) -> (usize, usize) {
    (at / 128 * 32 + at % 32, at % 128 / 32 * 2)
}

pub(super) fn q2_k(block: &[u8; 84], values: &mut [f32; 256]) {
    let (scales, codes) = block.split_at(16);
    let (scale, least) = (half_at(block, 80), half_at(block, 82));
    for (at, value) in values.iter_mut().enumerate() {
        let (byte, shift) = quarter(at);
        let group = scales[at / 16];
        let (scale, least) = (scale * f32::from(group & 15), least * f32::from(group >> 4));
        *value = scale * f32::from(codes[byte] >> shift & 3) - least;
    }
}

pub(super) fn q3_k(block: &[u8; 110], values: &mut [f32; 256]) {
    let (high, rest) = block.split_at(32);
    let (codes, scales) = rest.split_at(64);
    let scale = half_at(block, 108);
    for (at, value) in values.iter_mut().enumerate() {
        let (byte, shift) = quarter(at);
        let group = at / 16;
        let low = scales[group % 8] >> (group / 8 * 4) & 15;
        let group = low | (scales[8 + group % 4] >> (group / 4 * 2) & 3) << 4;
        // The offset is left out where the high bit is set.
        let offset = if high[at % 32] >> (at / 32) & 1 == 0 { 4.0 } else { 0.0 };
        *value = scale * (f32::from(group) - 32.0) * (f32::from(codes[byte] >> shift & 3) - offset);
    }
}

/// The 6-bit scale and minimum of one of the 8 groups of `Q4_K` and `Q5_K`, packed in 12 bytes.
pub(super) fn scale_and_least(packed: &[u8], group: usize) -> (u8, u8) {
    if group < 4 {
        return (packed[group] & 63, packed[group + 4] & 63);
    }
    let low = packed[group + 4];
    (low & 15 | packed[group - 4] >> 6 << 4, low >> 4 | packed[group] >> 6 << 4)
}

pub(super) fn q4_k(block: &[u8; 144], values: &mut [f32; 256]) {
    let (scale, least, codes) = (half_at(block, 0), half_at(block, 2), &block[16..]);
    for (group, values) in values.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (group_scale, group_least) = scale_and_least(&block[4..16], group);
        let (scale, least) = (scale * f32::from(group_scale), least * f32::from(group_least));
        for (value, byte) in values.iter_mut().zip(&codes[group / 2 * 32..]) {
            *value = scale * f32::from(byte >> (group % 2 * 4) & 15) - least;
        }
    }
}

pub(super) fn q5_k(block: &[u8; 176], values: &mut [f32; 256]) {
    let (scale, least, high, codes) = (half_at(block, 0), half_at(block, 2), &block[16..48], &block[48..]);
    for (group, values) in values.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (group_scale, group_least) = scale_and_least(&block[4..16], group);
        let (scale, least) = (scale * f32::from(group_scale), least * f32::from(group_least));
        for ((value, byte), high) in values.iter_mut().zip(&codes[group / 2 * 32..]).zip(high) {
            let code = byte >> (group % 2 * 4) & 15 | (high >> group & 1) << 4;
            *value = scale * f32::from(code) - least;
        }
    }
}

pub(super) fn q6_k(block: &[u8; 210], values: &mut [f32; 256]) {
    let (low, rest) = block.split_at(128);
    let (high, scales) = rest.split_at(64);
    let scale = half_at(block, 208);
    for (at, value) in values.iter_mut().enumerate() {
        let low = low[at / 128 * 64 + at % 64] >> (at % 128 / 64 * 4) & 15;
        let (byte, shift) = quarter(at);
        let code = low | (high[byte] >> shift & 3) << 4;
        *value = scale * f32::from(scales[at / 16].cast_signed()) * (f32::from(code) - 32.0);
    }
}

/// An f32 scale, 256 signed bytes, 16 sums (for integer products).
pub(super) fn q8_k(block: &[u8; 292], values: &mut [f32; 256]) {
    let scale = f32::from_le_bytes([block[0], block[1], block[2], block[3]]);
    for (value, byte) in values.iter_mut().zip(&block[4..]) {
        *value = scale * f32::from(byte.cast_signed());
    }
}

pub(super) fn tq1_0(block: &[u8; 54], values: &mut [f32; 256]) {
    const POWERS: [u8; 5] = [1, 3, 9, 27, 81];
    let scale = half_at(block, 52);
    let parts = [(&block[..32], 5), (&block[32..48], 5), (&block[48..52], 4)];
    let codes = parts.into_iter().flat_map(|(bytes, digits)| {
        // A byte is a fraction of 256 in base 3; its first digit is the whole part of three times it.
        POWERS[..digits].iter().flat_map(move |&power| bytes.iter().map(move |byte| byte.wrapping_mul(power)))
    });
    for (value, code) in values.iter_mut().zip(codes) {
        *value = scale * (f32::from((u16::from(code) * 3) >> 8) - 1.0);
    }
}

pub(super) fn tq2_0(block: &[u8; 66], values: &mut [f32; 256]) {
    let scale = half_at(block, 64);
    for (at, value) in values.iter_mut().enumerate() {
        let (byte, shift) = quarter(at);
        *value = scale * (f32::from(block[byte] >> shift & 3) - 1.0);
    }
}
