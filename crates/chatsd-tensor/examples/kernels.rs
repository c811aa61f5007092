//! How near the kernels come to this machine's limits:
//! `cargo run --release -p chatsd-tensor --example kernels [-- rounds [part of a name [portable|avx2]]]`.
//!
//! For each shape, thread count and round: its speed, and its share of the peak that was measured just before.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::{hint::black_box, time::Instant};

use chatsd_tensor::{
    Activation, AttentionMask, Convolution, Engine, Epilogue, Format, Instructions, Layout, Linear, Norm, Options,
    Shape, Tensor, Weight, peak,
};

/// Something to be measured: its name, its operations (two a multiply-add) and what to run.
type Case = (String, f64, Box<dyn Fn(&Engine)>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(15), |rounds| rounds.parse())?;
    let wanted = std::env::args().nth(2).unwrap_or_default();
    let instructions = match std::env::args().nth(3).as_deref() {
        None => None,
        Some("portable") => Some(Instructions::Portable),
        Some("avx2") => Some(Instructions::Avx2),
        Some(other) => return Err(format!("{other}: expected portable or avx2").into()),
    };
    let mut cases = cases()?;
    cases.retain(|(name, ..)| name.contains(&wanted));
    for threads in [1, 2] {
        let options = Options { threads: Some(threads), instructions };
        let engine = Engine::cpu(options)?;
        let instructions = engine.options().instructions.expect("a processor's engine has instructions");
        let limit = peak::multiply_add(options)?;
        println!("{threads} threads, {instructions}: {:.0} GFLOP/s in registers", limit / 1e9);
        println!("  {:.1} GB/s read", peak::read_bandwidth(options)? / 1e9);
        println!("  {:44} {:>8} {:>8} {:>8} {:>6} {:>6}", "", "min ms", "median", "GFLOP/s", "best", "median");
        for (name, operations, run) in &cases {
            run(&engine);
            // A peak beside each shape: the machine may be shared.
            let limit = peak::multiply_add(options)?;
            let mut seconds: Vec<f64> = (0..rounds)
                .map(|_| {
                    let start = Instant::now();
                    run(&engine);
                    start.elapsed().as_secs_f64()
                })
                .collect();
            seconds.sort_by(f64::total_cmp);
            let (least, median) = (seconds[0], seconds[rounds / 2]);
            println!(
                "  {name:44} {:8.3} {:8.3} {:8.0} {:5.0}% {:5.0}%",
                least * 1e3,
                median * 1e3,
                operations / least / 1e9,
                100.0 * operations / least / limit,
                100.0 * operations / median / limit,
            );
        }
    }
    Ok(())
}

fn cases() -> Result<Vec<Case>, Box<dyn std::error::Error>> {
    let mut cases = Vec::new();
    // The largest of Stable Diffusion 1.5 at 512×512: pixels × outputs × depth.
    for (side, outputs, inputs) in
        [(64, 320, 320), (16, 1280, 1280), (32, 640, 640), (16, 1280, 2560), (32, 1280, 1280), (64, 640, 640)]
    {
        cases.push(convolution([1, side], inputs, outputs, Format::F32)?);
    }
    cases.push(convolution([1, 32], 640, 640, Format::F16)?);
    cases.push(convolution([1, 16], 1280, 1280, Format::Q8_0)?);
    cases.push(convolution([1, 8], 1280, 1280, Format::F32)?);
    for (rows, outputs, inputs) in [(4096, 320, 320), (1024, 640, 640)] {
        cases.push(linear(rows, inputs, outputs, false)?);
    }
    cases.push(linear(256, 1280, 10240, true)?);
    cases.push(linear(1, 1280, 1280, false)?);
    for (tokens, heads, head) in [(4096, 8, 40), (1024, 8, 80), (4096, 1, 512), (512, 2, 40), (64, 4, 48)] {
        let channels = heads * head;
        let x = tensor(Shape::sequence(1, tokens, channels));
        cases.push((
            format!("attention {tokens} tokens, {heads} heads of {head}"),
            4.0 * (tokens * tokens * channels) as f64,
            Box::new(move |engine| {
                black_box(engine.attention(&x, &x, &x, heads, AttentionMask::None));
            }),
        ));
    }
    // Small networks: two pictures side by side.
    for (side, outputs, inputs) in [(16, 64, 64), (8, 128, 128)] {
        cases.push(convolution([2, side], inputs, outputs, Format::F16)?);
    }
    cases.push(convolution([2, 4], 224, 224, Format::F16)?);
    cases.push(linear(32, 192, 192, false)?);
    cases.push(linear(128, 192, 768, false)?);
    for (side, channels) in [(64, 320), (16, 64)] {
        let x = tensor(Shape::new(1, side, side, channels));
        let ones = Weight::from_values(&[channels], &vec![1.0; channels]);
        let norm = Norm::new(&ones, &ones, channels, 1e-5)?;
        // Counted as reading twice and writing once, at a value an operation.
        cases.push((
            format!("group norm and silu {side}×{side}×{channels}"),
            3.0 * (side * side * channels) as f64,
            Box::new(move |engine| {
                black_box(engine.group_norm([&x], &norm, 32, Activation::Silu));
            }),
        ));
    }
    Ok(cases)
}

fn convolution(
    [batch, side]: [usize; 2],
    inputs: usize,
    outputs: usize,
    format: Format,
) -> Result<Case, Box<dyn std::error::Error>> {
    let weight = stored(&[outputs, 3, 3, inputs], format)?;
    let layer = Convolution::new(&weight, None, [inputs, outputs, 3], Layout::Ohwi, None)?;
    let x = tensor(Shape::new(batch, side, side, inputs));
    let rows = batch * side * side;
    Ok((
        format!("convolution {rows}×{outputs}×{}, {format:?}", 9 * inputs),
        2.0 * (rows * outputs * 9 * inputs) as f64,
        Box::new(move |engine| {
            black_box(engine.convolution([&x], &layer, Epilogue::default()));
        }),
    ))
}

fn linear(rows: usize, inputs: usize, outputs: usize, gated: bool) -> Result<Case, Box<dyn std::error::Error>> {
    let weight = stored(&[outputs, inputs], Format::F32)?;
    let new = if gated { Linear::gated } else { Linear::new };
    let layer = new(&weight, None, inputs, outputs, None)?;
    let x = tensor(Shape::sequence(1, rows, inputs));
    Ok((
        format!("{} {rows}×{outputs}×{inputs}", if gated { "gated" } else { "linear" }),
        2.0 * (rows * outputs * inputs) as f64,
        Box::new(move |engine| {
            black_box(engine.linear(&x, &layer, Epilogue::default()));
        }),
    ))
}

fn values(len: usize) -> Vec<f32> {
    (0..len as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}

fn tensor(shape: Shape) -> Tensor {
    Tensor::new(shape, values(shape.len()))
}

fn stored(shape: &[usize], format: Format) -> Result<Weight<'static>, Box<dyn std::error::Error>> {
    let bytes = format.encode(&values(shape.iter().product()))?;
    Ok(Weight { shape: shape.to_vec(), format, bytes: bytes.into() })
}
