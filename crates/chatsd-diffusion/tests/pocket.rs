//! The built-in model from words to pixels, against PyTorch (`reference/pocket.py`), and what it must refuse or keep.

mod common;

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{Arc, LazyLock},
    thread,
};

use chatsd_diffusion::PictureModel;
use chatsd_tensor::{Engine, Options, Shape};
use chatsd_types::{
    Fill, Image, ImageModel, Kernel, Mask, Masking, PaintError, Progress, Request, Sampler, SamplerOptions, Schedule,
    SecondPass, Size, Source,
};
use chatsd_weights::ModelFiles;
use common::{Goldens, request};

const PROMPT: &str = "logo of cat, cute, happy, smile, flat style";

fn load(threads: usize) -> PictureModel {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf");
    let files = ModelFiles::open(&path).unwrap();
    let engine = Engine::cpu(Options { threads: Some(threads), ..Options::default() }).unwrap();
    PictureModel::load(&files, "pocket", engine).unwrap()
}

static MODEL: LazyLock<PictureModel> = LazyLock::new(|| load(2));

fn paint(model: &PictureModel, request: &Request, source: &Source) -> Result<Image, PaintError> {
    model.paint(request, source, &mut |_| ControlFlow::Continue(()))
}

fn refusal(request: &Request, source: &Source) -> String {
    paint(&MODEL, request, source).expect_err("a refusal").to_string()
}

/// 20 log10 of the range over the root of the mean square, in decibels.
fn psnr(found: &[f32], expected: &[f32], range: f64) -> f64 {
    assert_eq!(found.len(), expected.len());
    let square: f64 = found.iter().zip(expected).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    10.0 * (range * range * found.len() as f64 / square).log10()
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure is wanted, also where it is high enough")]
fn the_picture_is_pytorchs() {
    let goldens = Goldens::open("pocket.safetensors");
    let mut request = request(PROMPT, 128);
    request.steps = 12;
    let latent = MODEL.latent(&request, &Source::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    let found = MODEL.decode(&latent);
    let expected = common::channels_last(&goldens.values("picture"), Shape::new(1, 128, 128, 3));
    let decibels = psnr(found.values(), expected.values(), 2.0);
    println!("twelve steps against PyTorch: {decibels:.1} dB");
    // 91 dB where it was measured.
    assert!(decibels >= 68.0, "PSNR {decibels:.1} dB, expected 68 or more");
}

#[test]
fn the_card_is_the_recipe() {
    let card = MODEL.card();
    assert_eq!((card.family.as_str(), card.size.to_string().as_str()), ("pocket", "128x128"));
    assert_eq!((card.size_step, card.size_limit, card.steps), (32, 512, 24));
    assert_eq!((card.schedule, card.sampler), (Schedule::Flow, Sampler::Euler));
    assert_eq!(card.hash.len(), 10);
    let count = MODEL.count_tokens("(cute:1.2) cat");
    assert_eq!((count.tokens, count.chunk), (2, 30));
}

#[test]
fn the_same_request_gives_the_same_bytes_on_any_number_of_threads_in_any_order() {
    let mut requests: Vec<Request> = (0..3).map(|seed| Request { seed, ..request(PROMPT, 64) }).collect();
    requests[1].sampler = Sampler::EulerAncestral;
    requests[2].prompt.positive = "rocket".into();
    let images = |model: &PictureModel, backwards: bool| {
        let paint = |request| paint(model, request, &Source::default()).unwrap();
        if backwards {
            let mut images: Vec<Image> = requests.iter().rev().map(paint).collect();
            images.reverse();
            return images;
        }
        requests.iter().map(paint).collect()
    };
    let expected = images(&load(1), false);
    assert_ne!(expected[0], expected[1]);
    assert_eq!(images(&MODEL, true), expected);
    assert_eq!(images(&load(4), false), expected);
}

/// Each schedule at least once; all pairs are in `tests/sampling.rs`.
#[test]
fn every_sampler_and_every_schedule_paints_and_the_seed_decides() {
    for (index, &sampler) in Sampler::ALL.iter().enumerate() {
        let schedule = Schedule::ALL[index % Schedule::ALL.len()];
        let asked = Request { sampler, schedule, steps: 3, ..request(PROMPT, 32) };
        let first = paint(&MODEL, &asked, &Source::default()).unwrap();
        let other = paint(&MODEL, &Request { seed: 2, ..asked.clone() }, &Source::default()).unwrap();
        assert_ne!(first, other, "{sampler}, {schedule}");
        assert_eq!(first.rgb.len(), 3 * 32 * 32);
    }
}

/// Without fresh noise every sampler leads to the same picture, the finer the steps the nearer.
#[test]
fn samplers_without_fresh_noise_lead_to_one_picture() {
    let latent = |sampler, schedule, steps| {
        let asked = Request { sampler, schedule, steps, ..request(PROMPT, 64) };
        MODEL.latent(&asked, &Source::default(), &mut |_, _| ControlFlow::Continue(())).unwrap()
    };
    let fine = latent(Sampler::Euler, Schedule::Flow, 200);
    use Sampler::{Ddim, Dpm2, DpmPlusPlus2M, Euler, Heun, Lms, Plms, Restart, UniPc};
    for sampler in [Euler, Lms, Heun, Dpm2, DpmPlusPlus2M, Restart, Ddim, Plms, UniPc] {
        // The factors of PLMS are those of even steps.
        let schedules = [Schedule::Flow, Schedule::Karras];
        for schedule in schedules.into_iter().take(if sampler == Plms { 1 } else { 2 }) {
            let decibels = psnr(latent(sampler, schedule, 24).values(), fine.values(), 2.0);
            // 26 to 33 dB where it was measured.
            assert!(decibels > 23.0, "{sampler}, {schedule}: {decibels:.1} dB");
        }
    }
    let sampling = SamplerOptions { eta: Some(0.0), ..SamplerOptions::default() };
    // 27 and 35.6 dB where it was measured.
    for (sampler, least) in [(Sampler::DpmFast, 23.5), (Sampler::DpmAdaptive, 28.0)] {
        let asked = Request { sampler, schedule: Schedule::Karras, steps: 24, sampling, ..request(PROMPT, 64) };
        let found = MODEL.latent(&asked, &Source::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
        let decibels = psnr(found.values(), fine.values(), 2.0);
        assert!(decibels > least, "{sampler}: {decibels:.1} dB");
    }
}

#[test]
fn a_step_allocates_nothing_after_the_first() {
    let engine = Engine::cpu(Options { threads: Some(1), ..Options::default() }).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf");
    let model = PictureModel::load(&ModelFiles::open(&path).unwrap(), "pocket", engine.clone()).unwrap();
    for &sampler in Sampler::ALL {
        let mut made = vec![];
        let asked = Request { sampler, steps: 12, guidance_rescale: 0.5, ..request(PROMPT, 32) };
        paint_counting(&model, &asked, &engine, &mut made);
        // Samplers with memory hold a buffer more from the second step on, some until the fifth.
        assert_eq!(made.get(made.len() / 2), made.last(), "{sampler}: {made:?}");
    }
}

fn paint_counting(model: &PictureModel, request: &Request, engine: &Engine, made: &mut Vec<usize>) {
    let observer = &mut |_: Progress| {
        made.push(engine.allocations());
        ControlFlow::Continue(())
    };
    model.paint(request, &Source::default(), observer).unwrap();
}

#[test]
fn other_sizes_are_painted_and_impossible_ones_refused_with_the_nearest() {
    let with = |width, height| Request { size: Size { width, height }, steps: 1, ..request(PROMPT, 128) };
    let wide = paint(&MODEL, &with(96, 32), &Source::default()).unwrap();
    assert_eq!(wide.size.to_string(), "96x32");
    // As much wider and higher than what it was trained at as a quarter of a sheet needs.
    for (width, height) in [(256, 256), (128, 64), (64, 128)] {
        let asked = Request { steps: 2, ..with(width, height) };
        let latent = MODEL.latent(&asked, &Source::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
        let pixels = MODEL.decode(&latent);
        assert_eq!(pixels.shape(), Shape::new(1, height as usize, width as usize, 3));
        assert!(pixels.values().iter().all(|value| value.is_finite() && value.abs() < 10.0), "{width}x{height}");
        let image = paint(&MODEL, &asked, &Source::default()).unwrap();
        assert!(image.rgb.iter().any(|value| *value != image.rgb[0]), "{width}x{height} is one colour");
    }
    for (width, height, nearest) in
        [(0, 0, "32x32"), (513, 128, "512x128"), (100_000, 130, "512x128"), (120, 7, "128x32")]
    {
        let message = refusal(&with(width, height), &Source::default());
        assert!(message.contains(nearest) && message.contains(&format!("{width}x{height}")), "{message}");
    }
    refusal(&with(u32::MAX, u32::MAX), &Source::default());
}

#[test]
fn impossible_numbers_are_refused() {
    let good = request(PROMPT, 32);
    let with = |change: fn(&mut Request)| {
        let mut request = good.clone();
        change(&mut request);
        refusal(&request, &Source::default())
    };
    assert!(with(|r| r.steps = 0).contains("1 to 1000"));
    assert!(with(|r| r.steps = 1001).contains("1001"));
    assert!(with(|r| r.guidance = f32::NAN).contains("NaN"));
    assert!(with(|r| r.guidance = -1.0).contains("-1"));
    assert!(with(|r| r.guidance = 1e9).contains("0 to 100"));
    assert!(with(|r| r.guidance_rescale = 1.5).contains("rescale"));
    assert!(with(|r| r.strength = f32::INFINITY).contains("strength"));
    assert!(with(|r| r.strength = 0.5).contains("starting picture"));
    assert!(with(|r| r.init = Some("00".into())).contains("not given"));
    assert!(with(|r| r.mask = Some("00".into())).contains("picture to keep"));
    assert!(with(|r| r.prompt.positive = "(cat:1.2.3)".into()).contains("column"));
    let source = Source { init: Some(Image::filled(Size { width: 64, height: 32 }, [0; 3])), ..Source::default() };
    assert!(refusal(&good, &source).contains("64x32"));
    let mask = Some(Mask { size: good.size, coverage: vec![255; 32 * 32] });
    assert!(refusal(&good, &Source { init: None, mask, ..Source::default() }).contains("picture to keep"));
}

#[test]
fn an_observer_stops_the_work_and_the_last_step_finishes_it() {
    let asked = Request { steps: 3, ..request(PROMPT, 32) };
    let stop_at = |at: u32| {
        MODEL.paint(&asked, &Source::default(), &mut |progress| {
            assert_eq!(progress.steps, 3);
            if progress.step == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    assert!(matches!(stop_at(2), Err(PaintError::Stopped { step: 2, steps: 3 })));
    assert!(stop_at(3).is_ok());
}

/// Four colours in the corners, and all values of red along the way.
fn picture(side: u32) -> Image {
    let pixel = |index: u32| [(index % side * 255 / side) as u8, (index / side * 255 / side) as u8, 60];
    Image { size: Size { width: side, height: side }, rgb: (0..side * side).flat_map(pixel).collect() }
}

#[test]
fn strength_says_how_far_a_picture_is_painted_anew() {
    let source = Source { init: Some(picture(64)), ..Source::default() };
    let distance = |strength| {
        let mut steps = 0;
        let asked = Request { init: Some(String::new()), steps: 8, strength, ..request(PROMPT, 64) };
        let image = MODEL.paint(&asked, &source, &mut |_| {
            steps += 1;
            ControlFlow::Continue(())
        });
        let pairs = image.unwrap().rgb.into_iter().zip(&source.init.as_ref().unwrap().rgb);
        (steps, pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>())
    };
    assert_eq!(distance(0.0), (0, 0), "nothing is painted, and squares of pixels lose nothing");
    let (few, half) = (distance(0.25), distance(0.5));
    assert_eq!((few.0, half.0), (2, 4));
    assert!(0 < few.1 && few.1 < half.1 && half.1 < distance(1.0).1, "{few:?} {half:?}");
}

#[test]
fn a_mask_keeps_what_it_does_not_cover_to_the_byte() {
    let (init, side) = (picture(64), 64_u32);
    // The right half but for a soft edge; not on the border of a latent pixel.
    let coverage = (0..side * side).map(|index| ((index % side).saturating_sub(35) * 64).min(255) as u8);
    let mask = Mask { size: init.size, coverage: coverage.collect() };
    for sampler in [Sampler::Euler, Sampler::EulerAncestral, Sampler::DpmPlusPlus2M] {
        let source = Source { init: Some(init.clone()), mask: Some(mask.clone()), ..Source::default() };
        let asked = Request { steps: 4, sampler, ..request(PROMPT, 64) };
        let image = paint(&MODEL, &asked, &source).unwrap();
        let mut changed = 0;
        for y in 0..side {
            for x in 0..side {
                if x <= 35 {
                    assert_eq!(image.pixel(x, y), init.pixel(x, y), "{sampler}: {x}, {y}");
                } else if image.pixel(x, y) != init.pixel(x, y) {
                    changed += 1;
                }
            }
        }
        assert!(changed > 64 * 20, "{sampler}: {changed} pixels changed");
    }
}

#[test]
fn guidance_one_asks_once_and_ignores_the_negative_prompt() {
    let mut asked = Request { guidance: 1.0, ..request(PROMPT, 32) };
    let plain = paint(&MODEL, &asked, &Source::default()).unwrap();
    asked.prompt.negative = "rocket".into();
    assert_eq!(paint(&MODEL, &asked, &Source::default()).unwrap(), plain);
    asked.guidance = 3.0;
    let negative = paint(&MODEL, &asked, &Source::default()).unwrap();
    asked.prompt.negative = String::new();
    assert_ne!(paint(&MODEL, &asked, &Source::default()).unwrap(), negative);
}

#[test]
fn long_prompts_of_unequal_length_are_painted() {
    let mut asked = Request { steps: 1, ..request(&"a very long prompt, ".repeat(40), 32) };
    paint(&MODEL, &asked, &Source::default()).unwrap();
    asked.prompt.negative = "x, ".repeat(200);
    asked.prompt.positive = String::new();
    paint(&MODEL, &asked, &Source::default()).unwrap();
}

#[test]
fn what_stands_under_the_mask_changes_what_is_painted_there_alone() {
    let kept = picture(64);
    let mask = Mask { size: kept.size, coverage: (0..64 * 64).map(|index| u8::from(index % 64 >= 32) * 255).collect() };
    let source = Source { init: Some(kept.clone()), mask: Some(mask), ..Source::default() };
    let mut made: Vec<Image> = Vec::new();
    for &fill in Fill::ALL {
        let masking = Masking { fill, ..Masking::default() };
        let init = Some(String::new());
        let asked = Request { init, steps: 4, strength: 0.5, masking, ..request(PROMPT, 64) };
        let image = paint(&MODEL, &asked, &source).unwrap();
        assert!((0..64).all(|y| (0..32).all(|x| image.pixel(x, y) == kept.pixel(x, y))), "{fill}");
        assert!(!made.contains(&image), "{fill}");
        made.push(image);
    }
}

#[test]
fn a_second_pass_paints_the_larger_picture() {
    let pass = |strength, steps, upscaler: &str| {
        let size = Size { width: 96, height: 64 };
        Some(SecondPass { size, steps, strength, upscaler: upscaler.into() })
    };
    let plain = paint(&MODEL, &Request { steps: 3, ..request(PROMPT, 32) }, &Source::default()).unwrap();
    let mut steps = Vec::new();
    for (second_pass, expected) in
        [(pass(0.5, 2, "latent"), 5), (pass(0.7, 0, "lanczos"), 6), (pass(0.0, 2, "lanczos"), 3)]
    {
        let asked = Request { steps: 3, second_pass, ..request(PROMPT, 32) };
        steps.clear();
        let image = MODEL.paint(&asked, &Source::default(), &mut |progress| {
            steps.push((progress.step, progress.steps));
            ControlFlow::Continue(())
        });
        let image = image.unwrap();
        assert_eq!(image.size, Size { width: 96, height: 64 });
        assert_eq!(steps, (1..=expected).map(|step| (step, expected)).collect::<Vec<_>>());
        if asked.second_pass.as_ref().is_some_and(|second| second.strength == 0.0) {
            assert_eq!(image, plain.resized(image.size, Kernel::Lanczos), "nothing is painted anew");
        }
    }
    for (second_pass, complaint) in [
        (pass(1.5, 2, "latent"), "\"1.5\": expected a number from 0 to 1"),
        (pass(0.5, 9999, "latent"), "\"9999\": expected a whole number from 0 to 1000"),
        (Some(SecondPass { size: Size { width: 33, height: 32 }, ..pass(0.5, 2, "latent").unwrap() }), "33x32"),
    ] {
        let asked = Request { second_pass, ..request(PROMPT, 32) };
        let refusal = paint(&MODEL, &asked, &Source::default()).unwrap_err().to_string();
        assert!(refusal.contains(complaint), "{refusal}");
    }
}

/// "Denoising strength" of stable-diffusion-webui's hires fix: all steps are taken, of `steps / strength` in all.
#[test]
fn a_second_pass_of_little_strength_takes_its_steps_and_changes_little() {
    let paint = |strength, schedule| {
        let size = Size { width: 64, height: 64 };
        let second_pass = Some(SecondPass { size, steps: 3, strength, upscaler: "latent".into() });
        let mut steps = 0;
        let asked = Request { steps: 2, schedule, second_pass, ..request(PROMPT, 32) };
        let image = MODEL.paint(&asked, &Source::default(), &mut |_| {
            steps += 1;
            ControlFlow::Continue(())
        });
        (image.unwrap(), steps)
    };
    for &schedule in Schedule::ALL {
        let apart = |strength| {
            let (image, steps) = paint(strength, schedule);
            assert!(schedule == Schedule::Ddim || schedule == Schedule::BetaSteps || steps == 5, "{schedule}: {steps}");
            let nearly_none = paint(0.000_1, schedule).0;
            image.rgb.iter().zip(&nearly_none.rgb).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>()
        };
        let (least, little) = (apart(0.001), apart(0.02));
        assert!(least <= little && little < 64 * 64 * 3 * 16, "{schedule}: {least}, {little}");
    }
}

#[test]
fn a_preview_is_the_picture_that_is_expected_and_made_only_when_asked_for() {
    let request = Request { steps: 4, ..request(PROMPT, 64) };
    let mut last = None;
    let image = MODEL
        .paint(&request, &Source::default(), &mut |progress: Progress| {
            last = progress.preview.and_then(|preview| preview.image());
            ControlFlow::Continue(())
        })
        .unwrap();
    // Latents are pixels here, and Euler's last step goes to what is expected.
    assert_eq!(last, Some(image));
}

#[test]
fn two_requests_at_once_on_one_model_paint_what_each_paints_alone() {
    let requests = [
        Request { steps: 4, ..request(PROMPT, 64) },
        Request { steps: 6, sampler: Sampler::EulerAncestral, seed: 7, ..request("rocket", 96) },
    ];
    let alone = requests.each_ref().map(|request| paint(&MODEL, request, &Source::default()).unwrap());
    let model = Arc::new(load(2));
    let at_once = requests.map(|request| {
        let model = Arc::clone(&model);
        thread::spawn(move || [(); 3].map(|()| paint(&model, &request, &Source::default()).unwrap()))
    });
    for (thread, alone) in at_once.into_iter().zip(alone) {
        assert!(thread.join().unwrap().iter().all(|image| *image == alone));
    }
}
