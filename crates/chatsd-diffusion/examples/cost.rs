//! How near the prediction of time and memory comes to what painting takes, for a model on this machine:
//! `cargo run --release -p chatsd-diffusion --example cost -- MODEL WxH [WxH …]`.
//!
//! Paints two steps at each size with what the model's card asks for, after a probe as the program makes it. Run it
//! once for each size to see the memory of each alone. `reference/full_size.py` writes models of the published shapes.

#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::{error::Error, fs, ops::ControlFlow, path::Path, time::Instant};

use chatsd_diffusion::PictureModel;
use chatsd_tensor::{Engine, Options, peak};
use chatsd_types::{ImageModel, Prompt, Request, Size, Source};
use chatsd_weights::ModelFiles;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let path = words.next().ok_or("give a model and sizes")?;
    let files = ModelFiles::open(Path::new(&path))?;
    let begun = Instant::now();
    let dry = PictureModel::meta(&files, "dry run")?;
    println!("dry run ready in {:.3} s", begun.elapsed().as_secs_f64());
    let model = PictureModel::load(&files, "model", Engine::cpu(Options::default())?)?;
    println!("loaded after {:.1} s, {} MB at the most", begun.elapsed().as_secs_f64(), most_memory() >> 20);
    let pace = model.pace().ok_or("no pace")?;
    for size in words {
        let size: Size = size.parse()?;
        let card = model.card();
        let prompt = Prompt { positive: "a castle in the clouds".into(), ..Prompt::default() };
        let (sampler, schedule, guidance) = (card.sampler, card.schedule, card.guidance);
        let request = Request { prompt, size, steps: 2, guidance, sampler, schedule, ..Request::default() };
        let begun = Instant::now();
        let cost = dry.cost(&request, &Source::default())?;
        let counted = begun.elapsed().as_secs_f64();
        let (mut after_steps, begun) = (Vec::new(), Instant::now());
        model.paint(&request, &Source::default(), &mut |_| {
            after_steps.push(begun.elapsed().as_secs_f64());
            ControlFlow::Continue(())
        })?;
        let took = begun.elapsed().as_secs_f64();
        let tell = |what: &str, expected: f64, took: f64| {
            println!(
                "{size} {what}: expected {expected:.2} s, took {took:.2} s, {:+.1} %",
                100.0 * (expected / took - 1.0)
            );
        };
        let (work, took_step) = (cost.after_steps[1] - cost.after_steps[0], after_steps[1] - after_steps[0]);
        tell("step", pace * work, took_step);
        let share = 2.0 * work / took_step / peak::multiply_add(Options::default())?;
        println!("{size} step: {:.0} % of this machine's multiply-adds in registers", 100.0 * share);
        tell("after the steps", pace * (cost.work - cost.after_steps[1]), took - after_steps[1]);
        tell("in all", pace * cost.work, took);
        let (expected, most) = ((cost.bytes >> 20) as f64, (most_memory() >> 20) as f64);
        println!("{size} counted in {counted:.3} s; memory: expected {expected:.0} MB, took {most:.0} MB");
    }
    Ok(())
}

/// The most memory that this process ever held, in bytes; 0 where the system does not tell.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}
