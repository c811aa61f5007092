//! `chatsd bench`: this machine's limits, and how near the engine comes to them.

use std::{ops::ControlFlow, time::Instant};

use anyhow::Result;
use chatsd_prompt::StyleLibrary;
use chatsd_studio::Studio;
use chatsd_tensor::{Engine, peak};
use chatsd_types::{ImageModel, Source};
use serde_json::json;

use crate::{cli, failure::OK, output, settings::Settings, wiring};

/// Measures.
///
/// # Errors
/// A model or an engine that cannot be had.
pub fn run(arguments: cli::Bench, mut settings: Settings) -> Result<u8> {
    arguments.model.put_into(&mut settings);
    arguments.engine.put_into(&mut settings);
    let lang = settings.lang();
    let say = |text: String| if arguments.json { Ok(()) } else { output::data(text) };
    let record = |value: serde_json::Value| if arguments.json { output::json(&value) } else { Ok(()) };
    if !settings.quiet() {
        output::talk(lang.bench_measuring());
    }
    let engine = wiring::engine(&settings)?;
    let options = engine.options();
    let threads = options.threads.unwrap_or(1);
    let instructions = options.instructions.map(|set| set.to_string()).unwrap_or_default();
    let peak = peak::multiply_add(options)?;
    let bandwidth = peak::read_bandwidth(options)?;
    record(json!({ "measured": "peak", "instructions": instructions, "threads": threads, "flops": peak }))?;
    record(json!({ "measured": "bandwidth", "bytes_per_second": bandwidth }))?;
    say(lang.bench_peak(&instructions, threads, format!("{:.1}", peak / 1e9)))?;
    say(lang.bench_bandwidth(format!("{:.1}", bandwidth / 1e9)))?;
    for shape in shapes() {
        let rate = shape.measure(&engine);
        let share = 100.0 * rate / peak;
        record(json!({ "measured": "shape", "name": shape.name(), "flops": rate, "share_of_peak": rate / peak }))?;
        say(format!("{:<46} {:>8.1} GFLOP/s  {share:>5.1} %", shape.name(), rate / 1e9))?;
    }
    picture(&settings, &say, &record)?;
    Ok(OK)
}

/// Times the steps of one picture.
fn picture(
    settings: &Settings,
    say: &dyn Fn(String) -> Result<()>,
    record: &dyn Fn(serde_json::Value) -> Result<()>,
) -> Result<()> {
    let lang = settings.lang();
    let model = wiring::picture_model(settings)?;
    let studio = Studio { model: &model, library: StyleLibrary::builtin(), wildcards: &|_| None };
    let mut request = studio.blank();
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
    record(json!({ "measured": "picture", "model": request.model, "size": request.size.to_string(), "steps": request.steps,
        "step_seconds": step, "seconds": seconds }))?;
    say(lang.bench_step(format!("{:.1}", 1000.0 * step), request.size))?;
    say(lang.bench_picture(format!("{seconds:.2}"), request.steps))
}
