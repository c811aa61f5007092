//! Every kernel at sizes just below, at and above a register, a tile and a panel, few enough values for Miri:
//! `cargo +nightly miri test -p chatsd-tensor --test small`. Results are held against the plain loops.

mod common;

use chatsd_tensor::{
    Activation, AttentionMask, Convolution, Embedding, Engine, Epilogue, Format, Layout, Linear, LowRank, Norm, Shape,
    Tensor, UpsampleConvolution, Weight, testing::assert_close,
};
use common::{FORMATS, engines, tensor, values, weight};

/// Holds one operation of every engine against the reference.
fn check(label: &str, operation: impl Fn(&Engine) -> Tensor) {
    let expected = operation(&Engine::reference());
    for (instructions, engine) in engines() {
        let found = operation(&engine);
        assert_close(&format!("{label}, {instructions}"), found.values(), expected.values(), 1e-5);
    }
}

fn flat(len: usize, seed: u64) -> Weight<'static> {
    Weight::from_values(&[len], &values(len, seed))
}

#[test]
fn linear_layers() {
    for format in FORMATS {
        for (rows, inputs, outputs) in [(1, 1, 1), (3, 32, 17), (7, 5, 33)] {
            let stored = weight(&[outputs, inputs], format, 1);
            let layer = Linear::new(&stored, Some(&flat(outputs, 2)), inputs, outputs, None).unwrap();
            let x = tensor(Shape::sequence(1, rows, inputs + 3), 3);
            let (row, residual) =
                (tensor(Shape::new(1, 1, 1, outputs), 4), tensor(Shape::sequence(1, rows, outputs), 5));
            let epilogue = Epilogue::default().add_row(&row).residual(&residual).activation(Activation::Silu);
            check(&format!("linear {rows}×{inputs} to {outputs}, {format}"), |e| {
                e.linear(x.channels(2..inputs + 2), &layer, epilogue)
            });
        }
    }
}

#[test]
fn gated_and_low_rank_layers() {
    let layer = Linear::gated(&weight(&[64, 32], Format::Q8_0, 1), Some(&flat(64, 2)), 32, 64, None).unwrap();
    let x = tensor(Shape::sequence(2, 3, 32), 3);
    check("gated", |e| e.linear(&x, &layer, Epilogue::default()));
    let layer = layer.with_low_rank(&LowRank { rank: 2, down: values(2 * 32, 4), up: values(64 * 2, 5) }).unwrap();
    check("gated, with a low rank", |e| e.linear(&x, &layer, Epilogue::default()));
}

#[test]
fn convolutions() {
    let layer = |layout, shape: &[usize]| {
        Convolution::new(&weight(shape, Format::F16, 1), None, [3, 17, 3], layout, None).unwrap()
    };
    let (a, b) = (tensor(Shape::new(1, 2, 3, 2), 2), tensor(Shape::new(1, 2, 3, 1), 3));
    let by_channel = layer(Layout::Oihw, &[17, 3, 3, 3]);
    check("convolution", |e| e.convolution([&a, &b], &by_channel, Epilogue::default()));
    let strided = layer(Layout::Ohwi, &[17, 3, 3, 3]).strided(2, 0, 1);
    check("strided convolution", |e| e.convolution([&a, &b], &strided, Epilogue::default()));
}

#[test]
fn a_doubled_picture_convolved() {
    let stored = weight(&[17, 3, 3, 2], Format::F32, 4);
    let layer = UpsampleConvolution::new(&stored, None, [2, 17], Layout::Ohwi, None).unwrap();
    let x = tensor(Shape::new(1, 1, 2, 2), 5);
    check("upsampling", |e| e.upsample_convolution(&x, &layer, Epilogue::default()));
}

#[test]
fn attentions() {
    // Enough for two blocks of keys, and for both threads.
    for (heads, head, queries, keys) in [(1, 1, 1, 1), (2, 5, 3, 33), (1, 33, 13, 31), (1, 2, 2, 513)] {
        let q = tensor(Shape::sequence(1, queries, heads * head), 1);
        let (k, v) =
            (tensor(Shape::sequence(1, keys, heads * head), 2), tensor(Shape::sequence(1, keys, heads * head), 3));
        check(&format!("attention of {queries} to {keys}"), |e| e.attention(&q, &k, &v, heads, AttentionMask::None));
    }
    let x = tensor(Shape::sequence(1, 9, 3 * 6), 4);
    check("causal attention of views", |e| {
        e.attention(x.channels(0..6), x.channels(6..12), x.channels(12..18), 2, AttentionMask::Causal)
    });
}

#[test]
fn norms() {
    // More rows than are summed at a time, and two segments whose rows lie apart.
    let (a, b) = (tensor(Shape::new(2, 7, 6, 6), 1), tensor(Shape::new(2, 7, 6, 2), 2));
    let norm = Norm::new(&flat(8, 3), &flat(8, 4), 8, 1e-5).unwrap();
    check("group norm", |e| e.group_norm([&a, &b], &norm, 4, Activation::Gelu));
    let norm = Norm::new(&flat(5, 3), &flat(5, 4), 5, 1e-5).unwrap();
    check("layer norm of a view", |e| e.layer_norm(a.channels(1..6), &norm));
}

#[test]
fn single_values() {
    let (a, b) = (tensor(Shape::sequence(1, 9, 15), 1), tensor(Shape::sequence(1, 9, 15), 2));
    check("combination", |e| e.combine(&[(0.5, &a), (-2.0, &b)]));
    for activation in [Activation::Relu, Activation::QuickGelu, Activation::Tanh, Activation::LeakyRelu] {
        check("activation", |e| e.activate(a.clone(), activation));
    }
    let table = Embedding::new(&weight(&[5, 32], Format::Q8_0, 3), 5, 32).unwrap();
    check("embedding", |e| e.embed(&[4, 0, 9], &table));
}

#[test]
fn two_callers_of_one_engine() {
    let layer = &Linear::new(&weight(&[96, 64], Format::F32, 1), None, 64, 96, None).unwrap();
    let x = &tensor(Shape::sequence(1, 8, 64), 2);
    for (_, engine) in engines() {
        let engine = &engine;
        let expected = &engine.linear(x, layer, Epilogue::default());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(move || {
                    let found = engine.linear(x, layer, Epilogue::default());
                    assert!(found.values() == expected.values());
                });
            }
        });
    }
}
