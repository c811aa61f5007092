//! Elementwise functions on registers.

use super::lane::{Isa, Lane};
use crate::backend::Activation;

/// `eˣ`, within 2 units in the last place; below e⁻⁸⁷ and above e⁸⁸ it stays there.
#[inline(always)]
pub(crate) fn exp<L: Lane>(isa: Isa<L>, x: L) -> L {
    // Not a number stays what it is: `min` and `max` give their argument then.
    let x = isa.splat(88.0).min(isa.splat(-87.0).max(x));
    let n = x.mul(isa.splat(std::f32::consts::LOG2_E)).round();
    // ln 2 in two parts, the first with few enough bits for an exact product (Cody and Waite 1980).
    let r = n.mul_add(isa.splat(-0.693_359_4), x);
    let r = n.mul_add(isa.splat(2.121_944_4e-4), r);
    // Taylor's series to the seventh power: what is cut off is below 2⁻²⁷ for |r| ≤ ln 2 / 2.
    let mut sum = isa.splat(1.0 / 5040.0);
    sum = sum.mul_add(r, isa.splat(1.0 / 720.0));
    sum = sum.mul_add(r, isa.splat(1.0 / 120.0));
    sum = sum.mul_add(r, isa.splat(1.0 / 24.0));
    sum = sum.mul_add(r, isa.splat(1.0 / 6.0));
    sum = sum.mul_add(r, isa.splat(0.5));
    sum = sum.mul_add(r, isa.splat(1.0));
    sum = sum.mul_add(r, isa.splat(1.0));
    sum.scale(n)
}

/// `2ˣ` for `x ≤ 0`, within 2⁻²² and what rounding `x` itself costs; below 2⁻¹²⁶ it stays there.
#[inline(always)]
pub(crate) fn exp2<L: Lane>(isa: Isa<L>, x: L) -> L {
    let x = isa.splat(-126.0).max(x);
    let n = x.round();
    let r = x.sub(n);
    // (ln 2)ⁿ / n! to the sixth power: what is cut off is below 2⁻²² for |r| ≤ 1/2.
    let mut sum = isa.splat(1.540_353e-4);
    sum = sum.mul_add(r, isa.splat(1.333_355_8e-3));
    sum = sum.mul_add(r, isa.splat(9.618_129e-3));
    sum = sum.mul_add(r, isa.splat(5.550_411e-2));
    sum = sum.mul_add(r, isa.splat(2.402_265e-1));
    sum = sum.mul_add(r, isa.splat(std::f32::consts::LN_2));
    sum = sum.mul_add(r, isa.splat(1.0));
    sum.scale(n)
}

/// `x · sigmoid(factor · x)`.
#[inline(always)]
fn swish<L: Lane>(isa: Isa<L>, x: L, factor: f32) -> L {
    x.div(isa.splat(1.0).add(exp(isa, x.mul(isa.splat(-factor)))))
}

/// `x · Φ(x)` as `max(x, 0) - |x| / 2 · erfc(|x| / √2)`, which cancels nowhere. The absolute error is below 1e-6.
#[inline(always)]
pub(crate) fn gelu<L: Lane>(isa: Isa<L>, x: L) -> L {
    let zero = isa.splat(0.0);
    // `x` second, so that not a number comes through.
    let positive = zero.max(x);
    let magnitude = zero.sub(x).max(x);
    let z = magnitude.mul(isa.splat(std::f32::consts::FRAC_1_SQRT_2));
    // erfc z = (a₁t + … + a₅t⁵) e^(-z²) + ε, |ε| ≤ 1.5e-7: Abramowitz and Stegun, 7.1.26.
    let t = isa.splat(1.0).div(z.mul_add(isa.splat(0.327_591_1), isa.splat(1.0)));
    let mut sum = isa.splat(1.061_405_4);
    sum = sum.mul_add(t, isa.splat(-1.453_152));
    sum = sum.mul_add(t, isa.splat(1.421_413_7));
    sum = sum.mul_add(t, isa.splat(-0.284_496_74));
    sum = sum.mul_add(t, isa.splat(0.254_829_6));
    let erfc = sum.mul(t).mul(exp(isa, zero.sub(z.mul(z))));
    magnitude.mul(isa.splat(-0.5)).mul_add(erfc, positive)
}

/// `(e²ˣ - 1) / (e²ˣ + 1)`.
#[inline(always)]
fn tanh<L: Lane>(isa: Isa<L>, x: L) -> L {
    // Beyond ±10 it is ±1 to the last bit.
    let x = isa.splat(10.0).min(isa.splat(-10.0).max(x));
    let power = exp(isa, x.add(x));
    power.sub(isa.splat(1.0)).div(power.add(isa.splat(1.0)))
}

/// `activation(x)`.
#[inline(always)]
pub(crate) fn activated<L: Lane>(isa: Isa<L>, activation: Activation, x: L) -> L {
    match activation {
        Activation::None => x,
        Activation::Relu => isa.splat(0.0).max(x),
        Activation::Silu => swish(isa, x, 1.0),
        Activation::Gelu => gelu(isa, x),
        Activation::QuickGelu => swish(isa, x, 1.702),
        Activation::Tanh => tanh(isa, x),
        Activation::LeakyRelu => x.mul(isa.splat(0.2)).max(x),
    }
}
