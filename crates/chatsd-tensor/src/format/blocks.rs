//! Blocks of 32 values with one scale.

use super::half_at;

/// The 32 values of 4 bits in 16 bytes: first the lower halves, then the upper.
pub(super) fn nibbles(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.iter().map(|byte| byte & 15).chain(bytes.iter().map(|byte| byte >> 4))
}

pub(super) fn q8_0(block: &[u8; 34], values: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (value, &byte) in values.iter_mut().zip(&block[2..]) {
        *value = scale * f32::from(byte.cast_signed());
    }
}

/// The scale, the sum of the block (for integer products), 32 signed bytes.
pub(super) fn q8_1(block: &[u8; 36], values: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (value, &byte) in values.iter_mut().zip(&block[4..]) {
        *value = scale * f32::from(byte.cast_signed());
    }
}

pub(super) fn q4_0(block: &[u8; 18], values: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (value, code) in values.iter_mut().zip(nibbles(&block[2..])) {
        *value = scale * (f32::from(code) - 8.0);
    }
}

pub(super) fn q4_1(block: &[u8; 20], values: &mut [f32; 32]) {
    let (scale, least) = (half_at(block, 0), half_at(block, 2));
    for (value, code) in values.iter_mut().zip(nibbles(&block[4..])) {
        *value = scale * f32::from(code) + least;
    }
}

/// Fifth bits, one for each value, then the lower four.
fn fives(bits: &[u8], bytes: &[u8]) -> impl Iterator<Item = u8> {
    nibbles(bytes).enumerate().map(|(at, low)| low | (bits[at / 8] >> (at % 8) & 1) << 4)
}

pub(super) fn q5_0(block: &[u8; 22], values: &mut [f32; 32]) {
    let scale = half_at(block, 0);
    for (value, code) in values.iter_mut().zip(fives(&block[2..6], &block[6..])) {
        *value = scale * (f32::from(code) - 16.0);
    }
}

pub(super) fn q5_1(block: &[u8; 24], values: &mut [f32; 32]) {
    let (scale, least) = (half_at(block, 0), half_at(block, 2));
    for (value, code) in values.iter_mut().zip(fives(&block[4..8], &block[8..])) {
        *value = scale * f32::from(code) + least;
    }
}

/// The values of E2M1, doubled (OCP Microscaling Formats 1.0, section 5.3.3).
const E2M1: [i8; 16] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

pub(super) fn mxfp4(block: &[u8; 17], values: &mut [f32; 32]) {
    // Half of 2^(exponent - 127), because the values are doubled; the two smallest are denormal.
    let exponent = u32::from(block[0]);
    let half = f32::from_bits(if exponent < 2 { 0x0020_0000 << exponent } else { (exponent - 1) << 23 });
    for (value, code) in values.iter_mut().zip(nibbles(&block[1..])) {
        *value = half * f32::from(E2M1[usize::from(code)]);
    }
}
