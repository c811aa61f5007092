//! What a request takes, counted before it is painted, against what it took.

mod common;

use std::{path::Path, sync::LazyLock};

use chatsd_diffusion::{Finder, PictureModel};
use chatsd_tensor::{Engine, Options};
use chatsd_types::{Control, Image, ImageModel, Preprocessor, Request, Sampler, Schedule, SecondPass, Size, Source};
use chatsd_weights::ModelFiles;
use common::request;

const PROMPT: &str = "logo of cat, cute, happy, smile, flat style";

fn files() -> ModelFiles {
    ModelFiles::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf")).unwrap()
}

static DRY_RUN: LazyLock<PictureModel> = LazyLock::new(|| PictureModel::meta(&files(), "pocket").unwrap());

fn work(request: &Request) -> f64 {
    DRY_RUN.cost(request, &Source::default()).unwrap().work
}

#[test]
fn a_dry_run_has_the_model_without_its_weights() {
    let engine = Engine::cpu(Options { threads: Some(1), ..Options::default() }).unwrap();
    let model = PictureModel::load(&files(), "pocket", engine).unwrap();
    let (mut card, dry) = (model.card().clone(), DRY_RUN.card());
    card.hash.clear();
    assert_eq!(card, *dry);
    assert_eq!(model.count_tokens(PROMPT), DRY_RUN.count_tokens(PROMPT));
    let request = request(PROMPT, 64);
    assert_eq!(model.cost(&request, &Source::default()).unwrap(), DRY_RUN.cost(&request, &Source::default()).unwrap());
    assert!(DRY_RUN.pace().is_none());
}

#[test]
fn steps_passes_and_pixels_are_counted_as_they_are_made() {
    let plain = request(PROMPT, 128);
    let one = Request { guidance: 1.0, ..plain.clone() };
    let cost = DRY_RUN.cost(&plain, &Source::default()).unwrap();
    assert_eq!(cost.after_steps.len(), plain.steps as usize);
    assert!(cost.after_steps.is_sorted() && cost.work >= *cost.after_steps.last().unwrap());
    let step = |request: &Request| {
        let after = DRY_RUN.cost(request, &Source::default()).unwrap().after_steps;
        after[1] - after[0]
    };
    let twice = step(&plain) / step(&one);
    assert!((1.95..2.05).contains(&twice), "guidance asks twice: {twice}");
    let long = work(&Request { steps: 12, ..plain.clone() }) - work(&Request { steps: 2, ..plain.clone() });
    assert!((long / (10.0 * step(&plain)) - 1.0).abs() < 0.01);
    let heun = step(&Request { sampler: Sampler::Heun, steps: 3, ..plain.clone() }) / step(&plain);
    assert!((1.95..2.05).contains(&heun), "Heun asks twice a step: {heun}");
    // Attention grows faster than the picture.
    let large = step(&Request { size: Size { width: 256, height: 256 }, ..plain.clone() }) / step(&plain);
    assert!((4.0..8.0).contains(&large), "{large}");
    let image = Image::filled(Size { width: 128, height: 128 }, [9; 3]);
    let half = Request { init: Some(String::new()), strength: 0.5, steps: 12, ..plain };
    let from = Source { init: Some(image), ..Source::default() };
    assert_eq!(DRY_RUN.cost(&half, &from).unwrap().after_steps.len(), 6);
    assert!(DRY_RUN.cost(&half, &Source::default()).is_err(), "what cannot be painted is not counted");
}

/// With guidance a large picture's branches go through the networks one after another, ControlNets too.
#[test]
#[expect(clippy::print_stdout, reason = "the figures are wanted, also where they are low enough")]
fn guidance_of_a_large_picture_takes_the_memory_of_one_branch_with_a_controlnet_too() {
    let open = |name: &str| ModelFiles::open(&common::goldens_folder().join("sampling").join(name)).unwrap();
    let finder = Finder::new(|_, _| ModelFiles::open(&common::goldens_folder().join("sampling/tiny-control")));
    let model = PictureModel::meta(&open("tiny"), "tiny").unwrap().with_finder(finder);
    let bytes = |side: u32, guidance: f32, controlled: bool| {
        let mut asked = Request { guidance, ..request("fox", side) };
        let mut source = Source::default();
        if controlled {
            let (name, image, hash) = ("control".to_owned(), String::new(), String::new());
            let preprocessor = Preprocessor::None;
            asked.controls = vec![Control { name, hash, image, preprocessor, weight: 1.0, start: 0.0, end: 1.0 }];
            source.controls = vec![Image::filled(Size { width: side, height: side }, [9; 3])];
        }
        model.cost(&asked, &source).unwrap().bytes
    };
    // 100 × 100 pixels of the latent.
    let most = [false, true].map(|controlled| [1.0, 5.0].map(|guidance| bytes(200, guidance, controlled)));
    println!("without and with a ControlNet, without and with guidance: {most:?} bytes");
    for [one, two] in most {
        assert!(two - one < 1 << 20, "{one} and {two} bytes");
    }
}

/// The most steps there may be, of a second pass that asks for a longer schedule than there are training time steps.
#[test]
fn a_thousand_steps_of_a_second_pass_are_counted() {
    for schedule in [Schedule::Flow, Schedule::Karras, Schedule::Simple, Schedule::Ddim] {
        let size = Size { width: 32, height: 32 };
        let second_pass = Some(SecondPass { size, steps: 1000, strength: 0.9, upscaler: "latent".into() });
        let asked = Request { schedule, second_pass, guidance: 1.0, ..request(PROMPT, 32) };
        let steps = DRY_RUN.cost(&asked, &Source::default()).unwrap().after_steps.len();
        let (first, second) = if schedule == Schedule::Ddim { (2, 999) } else { (2, 1000) };
        assert_eq!(steps, first + second, "{schedule}");
    }
}

/// Counted, not timed: the network's work, which is nearly all, grows with its calls.
#[test]
fn the_work_of_one_request_tells_that_of_another() {
    let known = Request { steps: 6, ..request(PROMPT, 128) };
    for (name, other, calls) in [
        ("more steps", Request { steps: 12, ..known.clone() }, 2.0),
        ("without guidance", Request { guidance: 1.0, ..known.clone() }, 0.5),
        // Two calls a step; pure noise at the first and no noise at the last take one.
        ("heun", Request { sampler: Sampler::Heun, ..known.clone() }, 10.0 / 6.0),
    ] {
        let ratio = work(&other) / work(&known);
        assert!((ratio / calls - 1.0).abs() < 0.02, "{name}: {ratio} times the work for {calls} times the calls");
    }
    // Attention's share grows with the square of the pixels, all else with them but the words.
    let larger = work(&Request { size: Size { width: 192, height: 192 }, ..known.clone() }) / work(&known);
    assert!((2.2..2.6).contains(&larger), "{larger}");
}
