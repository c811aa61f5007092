//! The same bytes for any number of threads, whatever else is in the batch, and no allocation after the first pass.

// Too much for Miri, which goes over the same kernels in `small.rs`.
#![cfg(not(miri))]

mod common;

use chatsd_tensor::{
    Activation, AttentionMask, Convolution, Engine, Epilogue, Format, Instructions, Layout, Linear, Norm, Options,
    Shape, Tensor, UpsampleConvolution, Weight,
};
use common::{FORMATS, engines, tensor, values, weight};

const CHANNELS: usize = 96;

/// A little network that uses every operation, wide enough for its parts to be shared among threads.
struct Network {
    first: Convolution,
    down: Convolution,
    joined: Convolution,
    up: UpsampleConvolution,
    time: Linear,
    qkv: Linear,
    out: Linear,
    gated: Linear,
    narrow: Linear,
    norm: Norm,
    joined_norm: Norm,
}

impl Network {
    fn new(format: Format) -> Self {
        let c = CHANNELS;
        let scaled = |shape: &[usize], seed| {
            let depth: usize = shape[1..].iter().product();
            let values: Vec<f32> =
                values(shape.iter().product(), seed).iter().map(|value| value / (depth as f32).sqrt()).collect();
            let format = if depth.is_multiple_of(format.block()) { format } else { Format::F16 };
            Weight { shape: shape.to_vec(), format, bytes: format.encode(&values).unwrap().into() }
        };
        let convolution = |inputs, seed| {
            Convolution::new(&scaled(&[c, 3, 3, inputs], seed), None, [inputs, c, 3], Layout::Ohwi, None).unwrap()
        };
        let linear = |outputs, seed| Linear::new(&scaled(&[outputs, c], seed), None, c, outputs, None).unwrap();
        let norm = |channels| {
            let weight = |seed| weight(&[channels, 1], Format::F32, seed);
            let flat = |seed| Weight { shape: vec![channels], ..weight(seed) };
            Norm::new(&flat(20), &flat(21), channels, 1e-5).unwrap()
        };
        Self {
            first: convolution(4, 1),
            down: convolution(c, 2).strided(2, 1, 1),
            joined: convolution(2 * c, 3),
            up: UpsampleConvolution::new(&scaled(&[c, 3, 3, c], 4), None, [c, c], Layout::Ohwi, None).unwrap(),
            time: linear(c, 5),
            qkv: linear(3 * c, 6),
            out: linear(c, 7),
            gated: Linear::gated(&scaled(&[2 * c, c], 8), None, c, 2 * c, None).unwrap(),
            narrow: linear(5, 9),
            norm: norm(c),
            joined_norm: norm(2 * c),
        }
    }

    /// The results of all operations, last first.
    fn run(&self, e: &Engine, x: &Tensor, time: &Tensor) -> Vec<Tensor> {
        let plain = Epilogue::default();
        let time = e.linear(time, &self.time, plain.activation(Activation::Silu));
        let first = e.convolution([x], &self.first, plain.add_row(&time));
        let down = e.convolution([&first], &self.down, plain);
        let normal = e.group_norm([&down], &self.norm, 16, Activation::Silu);
        let qkv = e.linear(&e.layer_norm(&normal, &self.norm), &self.qkv, plain);
        let [q, k, v] = [0, 1, 2].map(|i| qkv.channels(i * CHANNELS..(i + 1) * CHANNELS));
        let seen = e.attention(q, k, v, 4, AttentionMask::None);
        let causal = e.attention(q, k, v, 2, AttentionMask::Causal);
        let both = e.combine(&[(0.5, &seen), (0.25, &causal)]);
        let out = e.linear(&both, &self.out, plain.residual(&normal));
        let gated = e.linear(&out, &self.gated, plain);
        let up = e.upsample_convolution(&gated, &self.up, plain.activation(Activation::Relu));
        let joined = e.group_norm([&up, &first], &self.joined_norm, 16, Activation::Gelu);
        let parts = [joined.channels(0..CHANNELS), joined.channels(CHANNELS..2 * CHANNELS)];
        let [a, b] = parts.map(|part| e.layer_norm(part, &self.norm));
        let joined = e.convolution([&a, &b], &self.joined, plain.residual(&first));
        let end = e.activate(e.linear(&joined, &self.narrow, plain), Activation::Tanh);
        vec![end, joined, up, gated, out, causal, seen, normal, down, first]
    }
}

fn inputs(pictures: std::ops::Range<u64>) -> (Tensor, Tensor) {
    let [x, time] = [Shape::new(1, 26, 22, 4), Shape::new(1, 1, 1, CHANNELS)].map(|shape| {
        let all: Vec<f32> = pictures.clone().flat_map(|seed| values(shape.len(), 50 + seed)).collect();
        Tensor::new(shape.with_batch(all.len() / shape.len()), all)
    });
    (x, time)
}

/// Bits, so that zeros of both signs differ too.
fn bits(tensor: &Tensor) -> Vec<u32> {
    tensor.values().iter().map(|value| value.to_bits()).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for format in FORMATS {
        let network = Network::new(format);
        let (x, time) = inputs(0..2);
        for (instructions, _) in engines() {
            let run = |threads| {
                let options = Options { threads: Some(threads), instructions: Some(instructions) };
                network.run(&Engine::cpu(options).unwrap(), &x, &time)
            };
            let expected = run(1);
            for threads in [2, 3, 4] {
                for (index, (found, expected)) in run(threads).iter().zip(&expected).enumerate() {
                    assert!(bits(found) == bits(expected), "{instructions}, {threads} threads, result {index}");
                }
            }
        }
    }
}

#[test]
fn a_batch_gives_the_bytes_of_its_pictures() {
    let network = Network::new(Format::F16);
    for (instructions, engine) in engines() {
        let (x, time) = inputs(0..3);
        let together = network.run(&engine, &x, &time);
        for picture in 0..3 {
            let (x, time) = inputs(picture..picture + 1);
            for (index, (alone, together)) in network.run(&engine, &x, &time).iter().zip(&together).enumerate() {
                let together = engine.picture(together, picture as usize);
                assert!(bits(alone) == bits(&together), "{instructions}, picture {picture}, result {index}");
            }
        }
    }
}

#[test]
fn the_second_pass_allocates_nothing() {
    let network = Network::new(Format::F32);
    let (x, time) = inputs(0..1);
    for (_, engine) in engines() {
        let first = bits(&network.run(&engine, &x, &time)[0]);
        let allocations = engine.allocations();
        for _ in 0..3 {
            assert_eq!(bits(&network.run(&engine, &x, &time)[0]), first);
        }
        assert_eq!(engine.allocations(), allocations);
    }
}

#[test]
fn callers_of_one_engine_get_what_each_gets_alone() {
    let network = &Network::new(Format::F32);
    let engine = &Engine::cpu(Options { threads: Some(3), instructions: None }).unwrap();
    // Fewer callers than threads, and more.
    for callers in [2, 4] {
        let alone = (0..callers).map(|picture| {
            let (x, time) = inputs(picture..picture + 1);
            let expected = bits(&network.run(engine, &x, &time)[0]);
            (x, time, expected)
        });
        let alone: Vec<_> = alone.collect();
        let together = &std::sync::Barrier::new(alone.len());
        std::thread::scope(|scope| {
            for (x, time, expected) in &alone {
                scope.spawn(move || {
                    together.wait();
                    for _ in 0..5 {
                        assert!(bits(&network.run(engine, x, time)[0]) == *expected);
                    }
                });
            }
        });
    }
}

#[test]
fn the_network_is_near_the_reference() {
    let network = Network::new(Format::F32);
    let (x, time) = inputs(0..1);
    let expected = network.run(&Engine::reference(), &x, &time);
    for (instructions, engine) in engines() {
        for (index, (found, expected)) in network.run(&engine, &x, &time).iter().zip(&expected).enumerate() {
            let label = format!("{instructions}, result {index}");
            // Some twenty operations, each within a few 1e-6.
            chatsd_tensor::testing::assert_close(&label, found.values(), expected.values(), 1e-4);
        }
    }
}

#[test]
fn forced_instructions_are_used() {
    for (instructions, engine) in engines() {
        assert_eq!(engine.options().instructions, Some(instructions));
        assert_eq!(engine.options().threads, Some(2));
    }
    let widest = engines().last().map(|(instructions, _)| *instructions);
    let engine = Engine::cpu(Options::default()).unwrap();
    assert_eq!(engine.options().instructions, widest, "the widest unless told otherwise");
    assert!(widest >= Some(Instructions::Portable));
    let picture = tensor(Shape::new(1, 2, 2, 3), 1);
    assert_eq!(engine.combine(&[(1.0, &picture)]).values(), picture.values());
}
