//! Logarithm, sine and cosine in single precision as the Cephes library calculates them (Moshier 1992: `logf`,
//! `sinf`, `cosf`), in the order of operations that PyTorch's vector code has (`avx_mathfun.h`). Used for noise alone:
//! the last bits must be PyTorch's, not the best ones.

/// `-ln` polynomial of Cephes' `logf`, highest power first.
const LOG: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461_03e-1,
    1.167_699_87e-1,
    -1.242_014_08e-1,
    1.424_932_28e-1,
    -1.666_805_77e-1,
    2.000_071_48e-1,
    -2.499_999_4e-1,
    3.333_333_1e-1,
];
/// `ln 2` in two parts, the first of few bits.
const LN2: [f32; 2] = [0.693_359_375, -2.121_944_4e-4];
const FOUR_OVER_PI: f32 = 1.273_239_5;
/// `π/4` in three parts, the first two of few bits.
const QUARTER_PI: [f32; 3] = [0.785_156_25, 2.418_756_5e-4, 3.774_895e-8];
const SINE: [f32; 3] = [-1.951_529_6e-4, 8.332_161e-3, -1.666_665_5e-1];
const COSINE: [f32; 3] = [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2];

/// The natural logarithm of a normal positive number.
pub(super) fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 23) as i32 - 126) as f32;
    let mut mantissa = f32::from_bits(bits & 0x007f_ffff | 0x3f00_0000);
    if mantissa < std::f32::consts::FRAC_1_SQRT_2 {
        exponent -= 1.0;
        mantissa += mantissa - 1.0;
    } else {
        mantissa -= 1.0;
    }
    let square = mantissa * mantissa;
    let y = LOG.iter().skip(1).fold(LOG[0], |y, factor| multiply_add(y, mantissa, *factor));
    let y = multiply_add(exponent, LN2[1], y * mantissa * square);
    let y = multiply_add(-square, 0.5, y);
    multiply_add(exponent, LN2[0], mantissa + y)
}

/// Sine and cosine of a number from 0 to 8192.
pub(super) fn sin_cos(x: f32) -> (f32, f32) {
    let octant = ((x * FOUR_OVER_PI) as u32 + 1) & !1;
    let turns = octant as f32;
    let x = QUARTER_PI.iter().fold(x, |x, part| multiply_add(-turns, *part, x));
    let square = x * x;
    let y = COSINE.iter().skip(1).fold(COSINE[0], |y, factor| multiply_add(y, square, *factor));
    let cosine = multiply_add(-square, 0.5, y * square * square) + 1.0;
    let y = SINE.iter().skip(1).fold(SINE[0], |y, factor| multiply_add(y, square, *factor));
    let sine = multiply_add(y * square, x, x);
    let (sine, cosine) = if octant & 2 == 0 { (sine, cosine) } else { (cosine, sine) };
    let sine = if octant & 4 == 0 { sine } else { -sine };
    let cosine = if octant.wrapping_sub(2) & 4 == 0 { -cosine } else { cosine };
    (sine, cosine)
}

/// `a · b + c`.
fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
    a * b + c
}
