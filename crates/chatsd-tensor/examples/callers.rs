//! Two callers of one engine against the same work one after the other:
//! `cargo run --release -p chatsd-tensor --example callers [-- rounds [threads]]`.
//!
//! Each caller goes through a chain of convolutions, attentions and normalisations. For each round: both times, their
//! ratio, and when the first of the two was done. Fails unless each caller gets the bytes that it gets alone.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::{sync::Barrier, thread, time::Instant};

use chatsd_tensor::{
    Activation, AttentionMask, Convolution, Engine, Epilogue, Format, Layout, Norm, Options, Shape, Tensor, Weight,
};

const CHANNELS: usize = 160;
const SIDE: usize = 32;
/// Links of a chain.
const LENGTH: usize = 12;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(9), |rounds| rounds.parse())?;
    let threads = std::env::args().nth(2).map(|threads| threads.parse()).transpose()?;
    let engine = &Engine::cpu(Options { threads, instructions: None })?;
    let stored = |shape: &[usize], format: Format| {
        let values = values(shape.iter().product());
        let bytes = format.encode(&values)?.into();
        Ok::<_, Box<dyn std::error::Error>>(Weight { shape: shape.to_vec(), format, bytes })
    };
    let weight = stored(&[CHANNELS, 3, 3, CHANNELS], Format::F16)?;
    let convolution = Convolution::new(&weight, None, [CHANNELS, CHANNELS, 3], Layout::Ohwi, None)?;
    let ones = Weight::from_values(&[CHANNELS], &[1.0; CHANNELS]);
    let norm = Norm::new(&ones, &ones, CHANNELS, 1e-5)?;
    let chain = &|x: &Tensor| {
        let mut x = x.clone();
        for _ in 0..LENGTH {
            let normal = engine.group_norm([&x], &norm, 32, Activation::Silu);
            let y = engine.convolution([&normal], &convolution, Epilogue::default());
            let y = engine.layer_norm(&y, &norm);
            x = engine.attention(&y, &y, &y, 4, AttentionMask::None);
        }
        x
    };
    let shape = Shape::new(1, SIDE, SIDE, CHANNELS);
    let inputs =
        [1.0, -0.5].map(|factor| Tensor::new(shape, values(shape.len()).iter().map(|value| factor * value).collect()));
    let expected: Vec<Tensor> = inputs.iter().map(chain).collect();
    println!("{} threads", engine.options().threads.unwrap_or(1));
    println!("{:>12} {:>12} {:>8} {:>14}", "in turn, ms", "at once, ms", "ratio", "first done, ms");
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        inputs.iter().for_each(|x| drop(chain(x)));
        let in_turn = begun.elapsed().as_secs_f64();
        let both = &Barrier::new(2);
        let begun = Instant::now();
        let done: Vec<f64> = thread::scope(|scope| {
            let callers: Vec<_> = inputs
                .iter()
                .zip(&expected)
                .map(|(x, expected)| {
                    scope.spawn(move || {
                        both.wait();
                        assert!(chain(x).values() == expected.values(), "a caller got other bytes than alone");
                        begun.elapsed().as_secs_f64()
                    })
                })
                .collect();
            callers.into_iter().map(|caller| caller.join().expect("a caller that ended well")).collect()
        });
        let (first, last) = (done[0].min(done[1]), done[0].max(done[1]));
        println!("{:12.1} {:12.1} {:8.3} {:14.1}", 1e3 * in_turn, 1e3 * last, last / in_turn, 1e3 * first);
        ratios.push(last / in_turn);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.3}", ratios[rounds / 2]);
    Ok(())
}

fn values(len: usize) -> Vec<f32> {
    (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}
