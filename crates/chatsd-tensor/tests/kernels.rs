//! Every operation of the processor's back end against plain loops: for all instructions and weight formats.

// Too much for Miri, which goes over the same kernels in `small.rs`.
#![cfg(not(miri))]

mod common;

use chatsd_tensor::{
    Activation, AttentionMask, Convolution, Engine, Epilogue, Format, Layout, Linear, Norm, Shape, Tensor,
    UpsampleConvolution, Weight, testing::assert_close,
};
use common::{FORMATS, engines, tensor, values, weight};
use proptest::prelude::*;

/// Holds one operation of every engine against the reference.
fn check(label: &str, relative: f32, operation: impl Fn(&Engine) -> Tensor) {
    let expected = operation(&Engine::reference());
    for (instructions, engine) in engines() {
        let found = operation(&engine);
        assert_eq!(found.shape(), expected.shape(), "{label}");
        assert_close(&format!("{label}, {instructions}"), found.values(), expected.values(), relative);
    }
}

/// What a sum of `depth` products whose magnitudes sum to 1 may be off.
///
/// With `K` roundings, two a term without fused instructions and some for the epilogue, a sum is within `γ_K Σ|a||b|`,
/// `γ_K = K u / (1 - K u)`, `u = 2⁻²⁴` (Higham 2002, section 3.1), and but once in some millions within
/// `6 √K u Σ|a||b|` (Higham and Mary 2019, theorem 3.1 with λ = 6).
fn product_error(depth: usize) -> f32 {
    let (roundings, unit) = ((2 * depth + 8) as f32, 2.0_f32.powi(-24));
    (roundings * unit / (1.0 - roundings * unit)).min(6.0 * roundings.sqrt() * unit)
}

/// Steepest slope of an activation: those of SiLU and both GELUs are 1.10 to 1.13.
const SLOPE: f32 = 1.13;

/// What an activation itself may be off: the promise that `activations` holds them to.
fn activation_error(activation: Activation, result: f32) -> f32 {
    match activation {
        Activation::None | Activation::Relu | Activation::LeakyRelu => 0.0,
        _ => 1e-6 + 1e-6 * result.abs(),
    }
}

/// Holds each result of a product to what its own sum may be off; `magnitudes` are `Σ|a||b|` and what is added, of each.
fn check_product(
    label: &str,
    depth: usize,
    activation: Activation,
    magnitudes: &Tensor,
    operation: impl Fn(&Engine) -> Tensor,
) {
    let errors = magnitudes.values().iter().map(|magnitude| SLOPE * product_error(depth) * magnitude);
    let expected = operation(&Engine::reference());
    let errors: Vec<f32> =
        errors.zip(expected.values()).map(|(error, result)| error + activation_error(activation, *result)).collect();
    check_each(label, &errors, operation);
}

/// Holds each result of every engine against the reference, within what it may be off.
fn check_each(label: &str, errors: &[f32], operation: impl Fn(&Engine) -> Tensor) {
    let expected = operation(&Engine::reference());
    assert_eq!(errors.len(), expected.values().len(), "{label}");
    for (instructions, engine) in engines() {
        let found = operation(&engine);
        assert_eq!(found.shape(), expected.shape(), "{label}");
        for (index, (found, expected)) in found.values().iter().zip(expected.values()).enumerate() {
            let (off, allowed) = ((found - expected).abs(), errors[index]);
            assert!(
                off <= allowed,
                "{label}, {instructions}: value {index} is {found}, expected {expected}: off by {off:e}, allowed \
                 {allowed:e}"
            );
        }
    }
}

/// The same with all numbers positive.
fn magnitudes(x: &Tensor) -> Tensor {
    Tensor::new(x.shape(), x.values().iter().map(|value| value.abs()).collect())
}

/// The same with all numbers positive, as a kernel reads them.
fn weight_magnitudes(weight: &Weight<'_>) -> Weight<'static> {
    let values: Vec<f32> = weight.values().unwrap().iter().map(|value| value.abs()).collect();
    Weight::from_values(&weight.shape, &values)
}

const ACTIVATIONS: [Activation; 7] = [
    Activation::None,
    Activation::Relu,
    Activation::Silu,
    Activation::Gelu,
    Activation::QuickGelu,
    Activation::Tanh,
    Activation::LeakyRelu,
];

fn linear_case(rows: Shape, outputs: usize, format: Format, extras: [bool; 3], activation: Activation, seed: u64) {
    let inputs = rows.channels;
    let stored = weight(&[outputs, inputs], format, seed);
    let bias = weight(&[outputs, 1], Format::F32, seed + 1);
    let bias = Weight { shape: vec![outputs], ..bias };
    let layer = |stored: &Weight<'_>, bias: &Weight<'_>| {
        Linear::new(stored, extras[0].then_some(bias), inputs, outputs, None).unwrap()
    };
    let x = tensor(rows, seed + 2);
    let row = tensor(Shape::new(rows.batch, 1, 1, outputs), seed + 3);
    let residual = tensor(rows.with_channels(outputs), seed + 4);
    fn epilogue<'a>(extras: [bool; 3], row: &'a Tensor, residual: &'a Tensor) -> Epilogue<'a> {
        let epilogue = Epilogue::default();
        let epilogue = if extras[1] { epilogue.add_row(row) } else { epilogue };
        if extras[2] { epilogue.residual(residual) } else { epilogue }
    }
    let sums = Engine::reference().linear(
        &magnitudes(&x),
        &layer(&weight_magnitudes(&stored), &weight_magnitudes(&bias)),
        epilogue(extras, &magnitudes(&row), &magnitudes(&residual)),
    );
    let layer = layer(&stored, &bias);
    check_product(&format!("linear {rows} to {outputs}, {format:?}"), inputs, activation, &sums, |e| {
        e.linear(&x, &layer, epilogue(extras, &row, &residual).activation(activation))
    });
}

fn convolution_case(x: Shape, second: usize, outputs: usize, form: [usize; 4], format: Format, seed: u64) {
    let [kernel, stride, before, after] = form;
    let inputs = x.channels + second;
    let stored = weight(&[outputs, kernel, kernel, inputs], format, seed);
    let layer = |stored: &Weight<'_>| {
        let layer = Convolution::new(stored, None, [inputs, outputs, kernel], Layout::Ohwi, None).unwrap();
        layer.strided(stride, before, after)
    };
    let label = format!("convolution {x} + {second} to {outputs}, {form:?}, {format:?}");
    let (a, b) = (tensor(x, seed + 2), tensor(x.with_channels(second), seed + 3));
    let depth = kernel * kernel * inputs;
    let convolve = |e: &Engine, a: &Tensor, b: &Tensor, layer: &Convolution| match second {
        0 => e.convolution([a], layer, Epilogue::default()),
        _ => e.convolution([a, b], layer, Epilogue::default()),
    };
    let positive = layer(&weight_magnitudes(&stored));
    let sums = convolve(&Engine::reference(), &magnitudes(&a), &magnitudes(&b), &positive);
    let layer = layer(&stored);
    check_product(&label, depth, Activation::None, &sums, |e| convolve(e, &a, &b, &layer));
}

#[test]
fn linear_layers() {
    for format in FORMATS {
        for (rows, inputs, outputs) in [
            (1, 1, 1),
            (1, 192, 768),
            (2, 64, 33),
            (3, 7, 16),
            (5, 33, 31),
            (7, 320, 32),
            (13, 96, 48),
            (77, 64, 65),
            (100, 2080, 40),
        ] {
            linear_case(Shape::sequence(1, rows, inputs), outputs, format, [true, false, true], Activation::None, 1);
        }
    }
    // Several blocks of depth and of rows.
    linear_case(Shape::sequence(1, 3, 9000), 36, Format::F16, [true; 3], Activation::None, 2);
    linear_case(Shape::sequence(2, 500, 40), 36, Format::F32, [true; 3], Activation::Silu, 2);
}

#[test]
fn epilogues() {
    for activation in ACTIVATIONS {
        for extras in [[false; 3], [true, false, false], [false, true, false], [false, false, true], [true; 3]] {
            linear_case(Shape::new(3, 2, 2, 32), 37, Format::F32, extras, activation, 3);
        }
    }
}

#[test]
fn gated_layers() {
    for format in FORMATS {
        for (rows, inputs, outputs) in [(1_usize, 32, 32), (9, 64, 96), (40, 2080, 64), (65, 96, 256)] {
            let stored = weight(&[outputs, inputs], format, 5);
            let bias = Weight::from_values(&[outputs], &values(outputs, 6));
            let layer = Linear::gated(&stored, Some(&bias), inputs, outputs, None).unwrap();
            let x = tensor(Shape::sequence(1, rows, inputs), 7);
            // A product of two sums: the error of each times the size of the other.
            let plain = |stored: &Weight<'_>, bias: &Weight<'_>, x: &Tensor, activation| {
                let layer = Linear::new(stored, Some(bias), inputs, outputs, None).unwrap();
                Engine::reference().linear(x, &layer, Epilogue::default().activation(activation))
            };
            let sums = plain(&weight_magnitudes(&stored), &weight_magnitudes(&bias), &magnitudes(&x), Activation::None);
            let results = plain(&stored, &bias, &x, Activation::None);
            let gates = plain(&stored, &bias, &x, Activation::Gelu);
            let mut errors = Vec::new();
            for row in 0..rows {
                for output in 0..outputs / 2 {
                    let (at, gate) = (row * outputs + output, row * outputs + outputs / 2 + output);
                    let error = |at: usize| product_error(inputs) * sums.values()[at];
                    let (value, gelu) = (results.values()[at].abs(), gates.values()[gate]);
                    let gate_error = SLOPE * error(gate) + activation_error(Activation::Gelu, gelu);
                    errors.push(error(at) * gelu.abs() + (value + error(at)) * gate_error);
                }
            }
            check_each(&format!("gated {rows}×{inputs} to {outputs}"), &errors, |e| {
                e.linear(&x, &layer, Epilogue::default())
            });
        }
    }
}

#[test]
fn convolutions() {
    for format in FORMATS {
        convolution_case(Shape::new(1, 1, 1, 1), 0, 1, [3, 1, 1, 1], format, 1);
        convolution_case(Shape::new(2, 5, 7, 32), 0, 40, [3, 1, 1, 1], format, 2);
        convolution_case(Shape::new(1, 8, 8, 64), 32, 64, [3, 1, 1, 1], format, 3);
        convolution_case(Shape::new(2, 6, 5, 5), 3, 9, [3, 1, 1, 1], format, 4);
        convolution_case(Shape::new(1, 9, 8, 32), 0, 33, [3, 2, 1, 1], format, 5);
        convolution_case(Shape::new(1, 8, 8, 16), 0, 20, [3, 2, 0, 1], format, 6);
        convolution_case(Shape::new(1, 6, 6, 16), 16, 4, [1, 1, 0, 0], format, 7);
        convolution_case(Shape::new(1, 7, 6, 4), 0, 3, [5, 1, 2, 2], format, 8);
        convolution_case(Shape::new(1, 4, 4, 320), 0, 64, [3, 1, 1, 1], format, 9);
    }
    convolution_case(Shape::new(1, 24, 24, 12), 0, 36, [3, 1, 1, 1], Format::F32, 10);
}

#[test]
fn a_doubled_picture_convolved() {
    for (format, relative) in [(Format::F32, 3e-6), (Format::F16, 2e-3)] {
        for (shape, outputs) in
            [(Shape::new(1, 1, 1, 3), 5), (Shape::new(2, 5, 4, 32), 48), (Shape::new(1, 8, 8, 33), 32)]
        {
            let stored = weight(&[outputs, 3, 3, shape.channels], format, 3);
            let sizes = [shape.channels, outputs];
            let folded = UpsampleConvolution::new(&stored, None, sizes, Layout::Ohwi, None).unwrap();
            let plain = Convolution::new(&stored, None, [sizes[0], sizes[1], 3], Layout::Ohwi, None).unwrap();
            let x = tensor(shape, 4);
            let positive = weight_magnitudes(&stored);
            let positive = UpsampleConvolution::new(&positive, None, sizes, Layout::Ohwi, None).unwrap();
            let sums = Engine::reference().upsample_convolution(&magnitudes(&x), &positive, Epilogue::default());
            check_product(&format!("folded {shape}"), 4 * shape.channels, Activation::Silu, &sums, |e| {
                e.upsample_convolution(&x, &folded, Epilogue::default().activation(Activation::Silu))
            });
            for (instructions, engine) in engines() {
                let found = engine.upsample_convolution(&x, &folded, Epilogue::default());
                let expected = engine.convolution([&engine.upsample_nearest(&x)], &plain, Epilogue::default());
                // The sums of taps are stored in the weights' format, so they are rounded once more.
                assert_close(&format!("{shape}, {instructions}"), found.values(), expected.values(), relative);
            }
        }
    }
}

fn attention_case(batch: usize, heads: usize, head: usize, [queries, keys]: [usize; 2], mask: AttentionMask) {
    let q = tensor(Shape::sequence(batch, queries, heads * head), 1);
    let (k, v) =
        (tensor(Shape::sequence(batch, keys, heads * head), 2), tensor(Shape::sequence(batch, keys, heads * head), 3));
    check(&format!("attention {batch}×{heads}×{head}, {queries} of {keys}, {mask:?}"), 4e-6, |e| {
        e.attention(&q, &k, &v, heads, mask)
    });
}

#[test]
fn attentions() {
    for head in [1, 8, 13, 40, 64, 80, 112, 160, 512] {
        attention_case(1, 2, head, [21, 77], AttentionMask::None);
        attention_case(1, 1, head, [33, 33], AttentionMask::Causal);
    }
    for [queries, keys] in [[1, 1], [5, 3], [64, 32], [130, 300], [17, 513], [200, 1]] {
        attention_case(2, 3, 16, [queries, keys], AttentionMask::None);
    }
    for length in [1, 2, 77, 256, 257, 300] {
        attention_case(2, 2, 24, [length; 2], AttentionMask::Causal);
    }
}

#[test]
fn attention_reads_views_and_large_scores() {
    let stacked = {
        let mut x = tensor(Shape::new(2, 5, 8, 3 * 48), 9);
        x.values_mut().iter_mut().for_each(|value| *value *= 30.0);
        x
    };
    check("attention of views", 2e-5, |e| {
        let (q, k, v) = (stacked.channels(0..48), stacked.channels(48..96), stacked.channels(96..144));
        e.attention(q, k, v, 4, AttentionMask::None)
    });
}

#[test]
fn norms() {
    for (shape, second, groups) in [
        (Shape::new(1, 1, 1, 1), 0, 1),
        (Shape::new(2, 8, 8, 64), 0, 32),
        (Shape::new(1, 5, 3, 30), 10, 8),
        (Shape::new(1, 40, 40, 32), 64, 4),
        (Shape::new(2, 33, 9, 320), 0, 32),
    ] {
        for activation in [Activation::None, Activation::Silu] {
            let (mut a, b) = (tensor(shape, 1), tensor(shape.with_channels(second), 2));
            // Far from zero: the mean must be taken out before squares are summed.
            a.values_mut().iter_mut().for_each(|value| *value = *value * 0.5 + 20.0);
            let channels = shape.channels + second;
            let norm = norm(channels);
            check(&format!("group norm {shape} + {second} in {groups}"), 1e-5, |e| match second {
                0 => e.group_norm([&a], &norm, groups, activation),
                _ => e.group_norm([&a, &b], &norm, groups, activation),
            });
        }
    }
    for (rows, channels) in [(1, 1), (3, 5), (77, 768), (100, 320), (9, 33)] {
        let mut x = tensor(Shape::sequence(1, rows, channels + 3), 1);
        x.values_mut().iter_mut().for_each(|value| *value = *value * 0.5 + 20.0);
        let norm = norm(channels);
        check(&format!("layer norm {rows}×{channels}"), 1e-5, |e| e.layer_norm(x.channels(2..channels + 2), &norm));
    }
}

fn norm(channels: usize) -> Norm {
    let weight = |seed| Weight::from_values(&[channels], &values(channels, seed));
    Norm::new(&weight(7), &weight(8), channels, 1e-5).unwrap()
}

#[test]
fn activations() {
    let mut x: Vec<f32> = values(40_001, 5).iter().map(|value| 12.0 * value).collect();
    x.extend([0.0, -0.0, 1e-20, -1e-20, 50.0, -50.0, 88.0, -88.0, 1e4, -1e4]);
    let x = Tensor::new(Shape::sequence(1, x.len(), 1), x);
    for activation in ACTIVATIONS {
        let expected = Engine::reference().activate(x.clone(), activation);
        for (instructions, engine) in engines() {
            let found = engine.activate(x.clone(), activation);
            for ((x, found), expected) in x.values().iter().zip(found.values()).zip(expected.values()) {
                // Absolute near zero (1e-6 is the promise for the error function), relative elsewhere.
                let allowed = 1e-6 + 1e-6 * expected.abs();
                assert!(
                    (found - expected).abs() <= allowed,
                    "{activation:?} of {x} is {found}, expected {expected}; {instructions}"
                );
            }
        }
    }
}

#[test]
fn combinations() {
    let shape = Shape::new(1, 37, 41, 13);
    let terms: Vec<Tensor> = (0..4).map(|seed| tensor(shape, seed)).collect();
    for count in 1..=4 {
        check("combination", 1e-6, |e| {
            let terms: Vec<(f32, &Tensor)> = [0.3, -1.7, 2.5, 0.01].into_iter().zip(&terms).take(count).collect();
            e.combine(&terms)
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_linear_layer(
        rows in 1_usize..70, inputs in 1_usize..140, outputs in 1_usize..100, format in 0_usize..4, seed in 0_u64..1000,
    ) {
        let shape = Shape::sequence(1, rows, inputs);
        linear_case(shape, outputs, FORMATS[format], [seed % 2 == 0, false, seed % 3 == 0], Activation::None, seed);
    }

    #[test]
    fn any_convolution(
        (batch, height, width) in (1_usize..3, 1_usize..9, 1_usize..9),
        (first, second, outputs) in (1_usize..40, 0_usize..20, 1_usize..70),
        (kernel, stride, after) in (1_usize..4, 1_usize..3, 0_usize..2),
        format in 0_usize..4,
        seed in 0_u64..1000,
    ) {
        prop_assume!(height + kernel / 2 + after >= kernel && width + kernel / 2 + after >= kernel);
        let shape = Shape::new(batch, height, width, first);
        convolution_case(shape, second, outputs, [kernel, stride, kernel / 2, after], FORMATS[format], seed);
    }

    #[test]
    fn any_attention(
        (batch, heads, head) in (1_usize..3, 1_usize..4, 1_usize..70),
        queries in 1_usize..90, keys in 1_usize..300, causal in proptest::bool::ANY,
    ) {
        if causal {
            attention_case(batch, heads, head, [keys; 2], AttentionMask::Causal);
        } else {
            attention_case(batch, heads, head, [queries, keys], AttentionMask::None);
        }
    }

    #[test]
    fn any_group_norm(
        (batch, height, width) in (1_usize..3, 1_usize..12, 1_usize..12),
        (groups, size) in (1_usize..9, 1_usize..9),
        seed in 0_u64..1000,
    ) {
        let x = tensor(Shape::new(batch, height, width, groups * size), seed);
        let norm = norm(groups * size);
        check("group norm", 1e-5, |e| e.group_norm([&x], &norm, groups, Activation::None));
    }
}
