//! `chatsd bench`: this machine's limits, and how near the engine comes to them.

use std::{hint::black_box, ops::ControlFlow, time::Instant};

use anyhow::Result;
use chatsd_messages::Lang;
use chatsd_studio::blank_request;
use chatsd_tensor::{Convolution, Engine, Epilogue, Layout, Shape, Tensor, Weight, peak};
use chatsd_types::{ImageModel, Source};
use serde_json::json;

use crate::{
    args::{cli, settings::Settings},
    failure::OK,
    terminal::output,
    wiring::House,
};

/// Measures.
///
/// # Errors
/// A model or an engine that cannot be had.
pub fn run(arguments: cli::Bench, mut settings: Settings) -> Result<u8> {
    arguments.loading.put_into(&mut settings);
    let lang = settings.lang();
    let say = |text: String| if arguments.json { Ok(()) } else { output::data(text) };
    let record = |value: serde_json::Value| if arguments.json { output::json(&value) } else { Ok(()) };
    if !settings.quiet() {
        output::talk(lang.bench_measuring());
    }
    let house = House::new(&settings);
    let engine = house.engine()?;
    let options = engine.options();
    let threads = options.threads.unwrap_or(1);
    let instructions = options.instructions.map(|set| set.to_string()).unwrap_or_default();
    let peak = peak::multiply_add(options)?;
    let bandwidth = peak::read_bandwidth(options)?;
    record(json!({ "measured": "peak", "instructions": instructions, "threads": threads, "flops": peak }))?;
    record(json!({ "measured": "bandwidth", "bytes_per_second": bandwidth }))?;
    say(lang.bench_peak(&instructions, threads, format!("{:.1}", peak / 1e9)))?;
    say(lang.bench_bandwidth(format!("{:.1}", bandwidth / 1e9)))?;
    for product in LARGEST {
        // A peak beside each product: the machine may be shared.
        let peak = peak::multiply_add(options)?;
        let rate = product.rate(&engine)?;
        let (name, share) = (product.name(), rate / peak);
        record(
            json!({ "measured": "product", "name": name, "flops": rate, "peak_flops": peak, "share_of_peak": share }),
        )?;
        say(format!("{name:<18} {:>6.1} of {:>6.1} GFLOP/s  {:>5.1} %", rate / 1e9, peak / 1e9, 100.0 * share))?;
    }
    picture(&house, lang, &say, &record)?;
    Ok(OK)
}

/// A convolution over 3×3 pixels, as a matrix product.
struct Product {
    /// Pixels of a side.
    side: usize,
    /// Channels that come out.
    outputs: usize,
    /// Channels that go in.
    inputs: usize,
}

/// The six products that take most of the time of Stable Diffusion 1.5 at 512×512 pixels.
const LARGEST: [Product; 6] = [
    Product { side: 64, outputs: 320, inputs: 320 },
    Product { side: 16, outputs: 1280, inputs: 1280 },
    Product { side: 32, outputs: 640, inputs: 640 },
    Product { side: 16, outputs: 1280, inputs: 2560 },
    Product { side: 32, outputs: 1280, inputs: 1280 },
    Product { side: 64, outputs: 640, inputs: 640 },
];
/// How often each is run; the fastest counts.
const ROUNDS: usize = 5;

impl Product {
    /// Rows × columns × depth.
    fn name(&self) -> String {
        format!("{}×{}×{}", self.side * self.side, self.outputs, 9 * self.inputs)
    }

    /// Operations a second, two for each multiply-add.
    fn rate(&self, engine: &Engine) -> Result<f64> {
        let Self { side, outputs, inputs } = *self;
        let values = |count: usize| (0..count).map(|at| (at % 17) as f32 / 8.5 - 1.0).collect::<Vec<f32>>();
        let weight = Weight::from_values(&[outputs, 3, 3, inputs], &values(outputs * 9 * inputs));
        let layer = Convolution::new(&weight, None, [inputs, outputs, 3], Layout::Ohwi, None)?;
        let shape = Shape::new(1, side, side, inputs);
        let x = Tensor::new(shape, values(shape.len()));
        let mut fastest = f64::INFINITY;
        for _ in 0..=ROUNDS {
            let begun = Instant::now();
            black_box(engine.convolution([&x], &layer, Epilogue::default()));
            fastest = fastest.min(begun.elapsed().as_secs_f64());
        }
        Ok(2.0 * (side * side * outputs * 9 * inputs) as f64 / fastest)
    }
}

/// Times the steps of one picture.
fn picture(
    house: &House,
    lang: Lang,
    say: &dyn Fn(String) -> Result<()>,
    record: &dyn Fn(serde_json::Value) -> Result<()>,
) -> Result<()> {
    let model = house.open(house.chosen_model())?.picture_model()?;
    let mut request = blank_request(model.card());
    request.prompt.positive = "logo of cat, cute, happy, smile".into();
    let paint = |steps: &mut Vec<f64>| {
        let mut before = Instant::now();
        model.paint(&request, &Source::default(), &mut |_| {
            steps.push(before.elapsed().as_secs_f64());
            before = Instant::now();
            ControlFlow::Continue(())
        })
    };
    // The first picture warms up: buffers are made, weights come from the disk.
    paint(&mut Vec::new())?;
    let (mut steps, begun) = (Vec::new(), Instant::now());
    paint(&mut steps)?;
    let seconds = begun.elapsed().as_secs_f64();
    steps.sort_by(f64::total_cmp);
    let step = steps.get(steps.len() / 2).copied().unwrap_or(0.0);
    record(
        json!({ "measured": "picture", "model": request.model, "size": request.size.to_string(), "steps": request.steps,
        "step_seconds": step, "seconds": seconds }),
    )?;
    say(lang.bench_step(format!("{:.1}", 1000.0 * step), request.size))?;
    say(lang.bench_picture(format!("{seconds:.2}"), request.steps))
}
