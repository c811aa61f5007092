//! Values that are stored each for itself.

use half::f16;

/// Every value of `F8_E4M3` (OCP 8-bit floating point specification 1.0: bias 7, all ones are no number).
pub(super) static E4M3: [f32; 256] = {
    let mut values = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = e4m3(code as u32);
        code += 1;
    }
    values
};

const fn e4m3(code: u32) -> f32 {
    let (exponent, fraction) = (code >> 3 & 15, code & 7);
    let value = match (exponent, fraction) {
        (15, 7) => f32::NAN,
        (0, _) => fraction as f32 / 512.0,
        _ => f32::from_bits((exponent + 127 - 7) << 23 | fraction << 20),
    };
    if code & 0x80 == 0 { value } else { -value }
}

/// A value of `F8_E5M2`: the upper half of an f16.
pub(super) fn e5m2(code: u8) -> f32 {
    f16::from_le_bytes([0, code]).to_f32()
}

/// The nearest single.
pub(super) const fn single(value: f64) -> f32 {
    value as f32
}

/// The nearest single.
pub(super) const fn rounded(value: i64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bits_have_the_values_of_the_specification() {
        let values = [(0x00, 0.0), (0x01, 2_f32.powi(-9)), (0x07, 0.875 * 2_f32.powi(-6)), (0x08, 2_f32.powi(-6))];
        for (code, value) in values.into_iter().chain([(0x38, 1.0), (0x7e, 448.0), (0xb8, -1.0), (0xfe, -448.0)]) {
            assert_eq!(E4M3[code], value, "{code:#x}");
        }
        assert!(E4M3[0x7f].is_nan() && E4M3[0xff].is_nan());
        for (code, value) in [(0x01, 2_f32.powi(-16)), (0x04, 2_f32.powi(-14)), (0x3c, 1.0), (0xfb, -57344.0)] {
            assert_eq!(e5m2(code), value, "{code:#x}");
        }
        assert!(e5m2(0x7c) == f32::INFINITY && e5m2(0x7f).is_nan());
    }
}
