//! Logarithm, sine and cosine in single precision as the Cephes library calculates them (Moshier 1992: `logf`,
//! `sinf`, `cosf`), in the order of operations that PyTorch's vector code has (`avx_mathfun.h`), with the fused
//! multiply-adds that its compiler makes of it: no bit differs in a million values. Used for noise alone, where the last
//! bits must be PyTorch's, not the best ones.

/// The polynomials of Cephes, highest power first.
const LOG: [f32; 9] = [
    7.037_683_6e-2,
    -1.151_461e-1,
    1.167_699_87e-1,
    -1.242_014_1e-1,
    1.424_932_3e-1,
    -1.666_805_7e-1,
    2.000_071_4e-1,
    -2.499_999_4e-1,
    3.333_333e-1,
];
/// `ln 2` in two parts, the first of few bits.
const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
const FOUR_OVER_PI: f32 = 1.273_239_5;
/// `π/4` in three parts, the first two of few bits.
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
    let y = polynomial(&LOG, mantissa) * mantissa;
    let y = y.mul_add(square, exponent * LN2[1]);
    let y = square.mul_add(-0.5, y);
    exponent.mul_add(LN2[0], mantissa + y)
}

/// Sine and cosine of a number from 0 to 8192.
pub(super) fn sin_cos(x: f32) -> (f32, f32) {
    let octant = ((x * FOUR_OVER_PI) as u32 + 1) & !1;
    let turns = octant as f32;
    let x = QUARTER_PI.iter().fold(x, |x, part| turns.mul_add(-part, x));
    let square = x * x;
    let cosine = (polynomial(&COSINE, square) * square).mul_add(square, -0.5 * square) + 1.0;
    let sine = (polynomial(&SINE, square) * square).mul_add(x, x);
    let (sine, cosine) = if octant & 2 == 0 { (sine, cosine) } else { (cosine, sine) };
    let sine = if octant & 4 == 0 { sine } else { -sine };
    let cosine = if octant.wrapping_sub(2) & 4 == 0 { -cosine } else { cosine };
    (sine, cosine)
}

/// Horner's rule, the factor of the highest power first.
fn polynomial<const N: usize>(factors: &[f32; N], x: f32) -> f32 {
    factors[1..].iter().fold(factors[0], |y, factor| y.mul_add(x, *factor))
}
