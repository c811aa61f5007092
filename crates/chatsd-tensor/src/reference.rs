//! Plain loops in f32 (sums in f64): the oracle of every test. Slow on purpose, one idea a function.

use crate::{
    backend::{Activation, Attention, AttentionMask, Backend, GroupNorm, Product},
    tensor::Rows,
};

pub(crate) struct Reference;

/// `activation(x)`.
pub(crate) fn activated(activation: Activation, x: f32) -> f32 {
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Gelu => (f64::from(x) * 0.5 * (1.0 + erf(f64::from(x) * std::f64::consts::FRAC_1_SQRT_2))) as f32,
        Activation::QuickGelu => x / (1.0 + (-1.702 * x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::LeakyRelu => x.max(0.2 * x),
    }
}

/// The error function, by its series where that converges fast and by the continued fraction of `erfc` beyond.
fn erf(x: f64) -> f64 {
    if x.abs() < 3.0 {
        // erf x = 2/√π Σ (-1)ⁿ x²ⁿ⁺¹ / (n! (2n+1)); DLMF 7.6.1.
        let (mut power, mut sum) = (x, x);
        for n in 1..80 {
            power *= -x * x / f64::from(n);
            sum += power / f64::from(2 * n + 1);
        }
        return sum * std::f64::consts::FRAC_2_SQRT_PI;
    }
    // erfc x = e^(-x²) / √π / (x + 1/2/(x + 1/(x + 3/2/(x + …)))); DLMF 7.9.1.
    let z = x.abs();
    let fraction = (1..60).rev().fold(z, |tail, n| z + f64::from(n) / 2.0 / tail);
    let erfc = (-z * z).exp() / std::f64::consts::PI.sqrt() / fraction;
    (1.0 - erfc).copysign(x)
}

impl Backend for Reference {
    fn product(&self, product: &Product<'_>, output: &mut [f32]) {
        let Product { segments, geometry, weights, .. } = *product;
        let outputs = weights.outputs;
        for column in 0..outputs {
            let weight = weights.column(column);
            for index in 0..geometry.len() {
                let place = geometry.place(index);
                let (mut sum, mut depth) = (0.0_f64, 0);
                for tap_row in 0..geometry.kernel {
                    for tap_column in 0..geometry.kernel {
                        let source = geometry.source(place, [tap_row, tap_column]);
                        for segment in segments {
                            if let Some(source) = source {
                                for (x, w) in segment.row(source).iter().zip(&weight[depth..]) {
                                    sum += f64::from(*x) * f64::from(*w);
                                }
                            }
                            depth += segment.channels;
                        }
                    }
                }
                let target = geometry.target(place) * outputs + column;
                let mut value = sum as f32;
                value += product.bias.map_or(0.0, |bias| bias[column]);
                value += product.add_row.map_or(0.0, |row| row[place[0] * outputs + column]);
                value += product.residual.map_or(0.0, |residual| residual[target]);
                let value = activated(product.activation, value);
                if !product.gated {
                    output[target] = value;
                    continue;
                }
                // Columns come in order: of each 32 the values first, then the gates that multiply them.
                let target = geometry.target(place) * outputs / 2 + column / 32 * 16 + column % 16;
                if column % 32 < 16 {
                    output[target] = value;
                } else {
                    output[target] *= activated(Activation::Gelu, value);
                }
            }
        }
    }

    fn attention(&self, attention: &Attention<'_>, output: &mut [f32]) {
        let Attention { batch, heads, head, queries, keys, q, k, v, mask } = *attention;
        let scale = 1.0 / (head as f64).sqrt();
        for picture in 0..batch {
            for h in 0..heads {
                let part = h * head..(h + 1) * head;
                for query in 0..queries {
                    let seen = if mask == AttentionMask::Causal { (query + 1).min(keys) } else { keys };
                    let q = &q.row(picture * queries + query)[part.clone()];
                    let scores: Vec<f64> = (0..seen)
                        .map(|key| {
                            let k = &k.row(picture * keys + key)[part.clone()];
                            scale * q.iter().zip(k).map(|(q, k)| f64::from(*q) * f64::from(*k)).sum::<f64>()
                        })
                        .collect();
                    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
                    for channel in 0..head {
                        let mut sum = 0.0;
                        for (key, score) in scores.iter().enumerate() {
                            sum += (score - largest).exp() * f64::from(v.row(picture * keys + key)[h * head + channel]);
                        }
                        output[((picture * queries + query) * heads + h) * head + channel] = (sum / total) as f32;
                    }
                }
            }
        }
    }

    fn group_norm(&self, norm: &GroupNorm<'_>, output: &mut [f32]) {
        let channels: usize = norm.segments.iter().map(|segment| segment.channels).sum();
        let size = channels / norm.groups;
        for picture in 0..norm.batch {
            let rows = picture * norm.pixels..(picture + 1) * norm.pixels;
            // Channels of all segments one after another: the output first holds the input.
            for row in rows.clone() {
                let mut first = row * channels;
                for segment in norm.segments {
                    output[first..first + segment.channels].copy_from_slice(segment.row(row));
                    first += segment.channels;
                }
            }
            for group in 0..norm.groups {
                let places = || rows.clone().flat_map(|row| (0..size).map(move |c| row * channels + group * size + c));
                let count = (norm.pixels * size) as f64;
                let mean = places().map(|place| f64::from(output[place])).sum::<f64>() / count;
                let variance = places().map(|place| (f64::from(output[place]) - mean).powi(2)).sum::<f64>() / count;
                let [mean, variance] = norm.moments(group, count, [mean, variance]);
                let factor = 1.0 / (variance + f64::from(norm.epsilon)).sqrt();
                for place in places() {
                    let (scale, shift) = (norm.scale[place % channels], norm.shift[place % channels]);
                    let value = (f64::from(output[place]) - mean) * factor * f64::from(scale) + f64::from(shift);
                    output[place] = activated(norm.activation, value as f32);
                }
            }
        }
    }

    fn layer_norm(&self, input: Rows<'_>, scale: &[f32], shift: &[f32], epsilon: f32, output: &mut [f32]) {
        for (index, output) in output.chunks_exact_mut(input.channels).enumerate() {
            let row = input.row(index);
            let count = row.len() as f64;
            let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
            let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count;
            let factor = 1.0 / (variance + f64::from(epsilon)).sqrt();
            for ((y, &x), (scale, shift)) in output.iter_mut().zip(row).zip(scale.iter().zip(shift)) {
                *y = ((f64::from(x) - mean) * factor) as f32 * scale + shift;
            }
        }
    }

    fn activate(&self, activation: Activation, values: &mut [f32]) {
        values.iter_mut().for_each(|value| *value = activated(activation, *value));
    }

    fn combine(&self, terms: &[(f32, &[f32])], output: &mut [f32]) {
        for (index, output) in output.iter_mut().enumerate() {
            *output = terms.iter().fold(0.0, |sum, (factor, values)| factor.mul_add(values[index], sum));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_has_its_known_values() {
        // Abramowitz and Stegun, table 7.1.
        for (x, expected) in
            [(0.0, 0.0), (0.5, 0.520_499_877_8), (1.0, 0.842_700_792_9), (2.0, 0.995_322_265_0), (3.5, 0.999_999_256_9)]
        {
            assert!((erf(x) - expected).abs() < 1e-10, "erf {x} = {}", erf(x));
            assert!((erf(-x) + expected).abs() < 1e-10);
        }
    }
}
