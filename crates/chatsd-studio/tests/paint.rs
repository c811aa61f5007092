//! A sheet from a sentence, with a model that paints plain colours.

mod common;
#[path = "paint/drafts.rs"]
mod drafts;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chatsd_gallery::{read_image, read_request, source_name};
use chatsd_studio::{
    ControlChoice, Event, ImagePromptChoice, Margins, Outcome, PaintJob, Plan, Region, Remedy, StudioError,
};
use chatsd_types::{
    Adapted, Adapter, Decoder, FakeImageModel, Fill, Image, ImageModel, LearnedWord, Mask, ModelCard, Note, PaintError,
    ParameterError, Preprocessor,
};
use common::{FakeModels, Place, job, picture, size};

/// Paints, and stops after so many steps. Gives also the names of the events.
fn paint_until(place: &Place, job: &PaintJob, stop_at: usize) -> (Outcome, Vec<String>) {
    let cancel = AtomicBool::new(false);
    let (mut steps, mut told) = (0, Vec::new());
    let mut tell = |event: Event| {
        steps += usize::from(matches!(event, Event::Step { .. }));
        cancel.store(steps >= stop_at, Ordering::SeqCst);
        told.push(serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned());
    };
    let outcome = place.studio.paint(job, &mut tell, &cancel).unwrap();
    (outcome, told)
}

fn plan(job: &PaintJob) -> Plan {
    Place::new().studio.dry_run(job).unwrap().plan
}

fn refusal(job: &PaintJob) -> StudioError {
    Place::new().studio.dry_run(job).unwrap_err()
}

#[test]
fn a_plan_leaves_to_the_model_what_nobody_chose() {
    let open = PaintJob { sentence: "a cat".into(), ..PaintJob::default() };
    let plan_of = |sentence: &str| plan(&PaintJob { sentence: sentence.into(), ..PaintJob::default() });
    let plan = plan(&open);
    assert_eq!((plan.requests.len(), plan.idea.sentence.as_str()), (9, "a cat"));
    let first = &plan.requests[0];
    let model = FakeImageModel::default();
    let card = model.card();
    assert_eq!(
        (first.size, first.steps, first.guidance, first.sampler, first.schedule),
        (card.size, card.steps, card.guidance, card.sampler, card.schedule)
    );
    assert_eq!((first.model.as_str(), first.model_hash.as_str(), first.strength), ("fake", "0123456789", 1.0));
    for (offset, request) in (0..).zip(&plan.requests) {
        assert_eq!(request.seed, first.seed + offset);
    }
    assert_eq!(plan_of("three pictures of a cat").requests.len(), 3);
    assert_eq!(plan_of("a cat, 32x24").requests[0].size, size(32, 24));
}

#[test]
fn the_same_seed_plans_the_same_and_none_plans_anew() {
    assert_eq!(plan(&job(9, &[])), plan(&job(9, &[])));
    let anew = || plan(&PaintJob { sentence: "a cat".into(), ..PaintJob::default() }).requests[0].seed;
    assert_ne!(anew(), anew());
    assert!(anew() <= u64::from(u32::MAX), "other programs read 32 bits");
}

#[test]
fn what_the_model_cannot_paint_is_refused_with_the_nearest_it_can() {
    for (found, near) in
        [("0x0", size(8, 8)), ("13x16", size(16, 16)), ("100000x9", size(64, 8)), ("4294967295x1", size(64, 8))]
    {
        match refusal(&job(1, &[("size", found)])) {
            StudioError::Request(PaintError::Size { nearest, .. }) => assert_eq!(nearest, near, "{found}"),
            other => panic!("{found}: {other:?}"),
        }
    }
    for count in [0, 1000] {
        assert!(matches!(refusal(&job(count, &[])), StudioError::Count { found, .. } if found == count));
    }
    for (key, value) in [("steps", "0"), ("guidance", "nan"), ("guidance_rescale", "1.5")] {
        let error = picture(&[]).parameters.choose(key, value).unwrap_err();
        assert!(matches!(error, ParameterError::Value { parameter, .. } if parameter.key == key), "{error}");
    }
}

#[test]
fn every_choice_reaches_the_requests() {
    let all = &[
        ("size", "32x16"),
        ("steps", "7"),
        ("sampler", "dpm++ 2m karras"),
        ("guidance", "2.5"),
        ("eta", "0.5"),
        ("noise", "gpu"),
        ("hires", "1.6"),
        ("hires_strength", "0.25"),
        ("decoder", "tiny"),
        ("variation_strength", "0.5"),
        ("mask_blur", "9"),
    ];
    let plan = plan(&job(2, all));
    for (offset, request) in (0..).zip(&plan.requests) {
        assert_eq!((request.size, request.steps, request.guidance), (size(32, 16), 7, 2.5));
        assert_eq!((request.sampler.name(), request.schedule.name()), ("dpm++ 2m", "karras"));
        assert_eq!((request.sampling.eta, request.noise.name(), request.decoder), (Some(0.5), "gpu", Decoder::Tiny));
        let second = request.second_pass.as_ref().unwrap();
        assert_eq!((second.size, second.strength), (size(48, 24), 0.25), "brought to the nearest size");
        let variation = request.variation.unwrap();
        assert_eq!((request.seed, variation.seed, variation.strength), (7, 8 + offset, 0.5));
        assert_eq!(request.masking.blur, 4, "there is no mask");
    }
}

#[test]
fn a_second_seed_counts_where_its_strength_is_chosen() {
    let seeds = |parameters: &[(&str, &str)]| -> Vec<_> {
        let requests = plan(&job(2, parameters)).requests;
        requests.iter().map(|request| (request.seed, request.variation.map(|second| second.seed))).collect()
    };
    let (seed, half) = (("variation_seed", "99"), ("variation_strength", "0.5"));
    assert_eq!(seeds(&[seed, half]), [(7, Some(99)), (7, Some(100))]);
    for nothing in [seed, ("variation_strength", "0")] {
        assert_eq!(seeds(&[nothing]), [(7, None), (8, None)], "{nothing:?} turns nothing");
    }
}

#[test]
fn a_second_pass_that_paints_nothing_has_any_size() {
    let larger = plan(&job(1, &[("size", "32x16"), ("hires", "1.6"), ("hires_strength", "0")]));
    assert_eq!(larger.requests[0].second_pass.as_ref().unwrap().size, size(51, 26));
}

#[test]
fn adapters_and_learned_words_reach_the_requests_each_once_and_are_noted() {
    let fake = FakeImageModel::default();
    let adapted = Adapted {
        card: ModelCard { steps: 2, ..fake.card.clone() },
        few_steps: Some("few".into()),
        unmatched: vec![("odd".into(), vec!["x.weight".into()])],
    };
    let words = vec![LearnedWord { name: "zwx".into(), hash: "00".into() }];
    let model = Arc::new(FakeImageModel { adapted: Some(adapted), words: words.clone(), ..fake });
    let place = Place::with(FakeModels { model, ..FakeModels::default() });
    let mut job = PaintJob { sentence: "a zwx <lora:few:0.5> <lora:odd:2>".into(), ..job(2, &[]) };
    job.picture.adapters = vec![Adapter { name: "odd".into(), hash: String::new(), weight: 0.25, text_weight: None }];
    let plan = place.studio.dry_run(&job).unwrap().plan;
    for request in &plan.requests {
        let named: Vec<_> = request.adapters.iter().map(|adapter| (adapter.name.as_str(), adapter.weight)).collect();
        assert_eq!((named.as_slice(), request.steps), ([("odd", 0.25), ("few", 0.5)].as_slice(), 2));
        assert_eq!(request.learned_words, words);
    }
    let few = |note: &Note| matches!(note, Note::FewSteps { adapter, steps: 2, .. } if adapter == "few");
    assert_eq!(plan.notes.iter().filter(|note| few(note)).count(), 1, "{:?}", plan.notes);
    assert!(plan.notes.contains(&Note::Unmatched { adapter: "odd".into(), parts: vec!["x.weight".into()] }));
}

#[test]
fn what_is_noted_of_every_prompt_is_said_once() {
    let untranslated = Note::Untranslated { words: vec!["犇骉".into()] };
    let notes = plan(&PaintJob { sentence: "犇骉 cat".into(), ..job(3, &[]) }).notes;
    assert_eq!(notes.iter().filter(|note| **note == untranslated).count(), 1, "{notes:?}");
}

#[test]
fn pictures_are_painted_kept_and_told_of_in_order() {
    let place = Place::new();
    let (outcome, told) = paint_until(&place, &job(3, &[]), usize::MAX);
    assert!(!outcome.stopped && outcome.count == 3);
    let mut expected = vec!["planned"];
    for _ in 0..3 {
        expected.extend(["started", "step", "step", "step", "step", "painted", "kept"]);
    }
    expected.push("sheet_done");
    assert_eq!(told, expected);
    let gallery = place.gallery();
    for (request, entry) in plan(&job(3, &[])).requests.iter().zip(&outcome.entries) {
        assert_eq!(read_request(&gallery.path(entry)).unwrap(), *request);
    }
    // Small pictures are shown at twice their size, with 8 pixels between them.
    assert_eq!(read_image(&outcome.sheet_path.unwrap()).unwrap().size, size(2 * 32 + 3 * 8, 2 * 32 + 3 * 8));
    assert_eq!(gallery.list(9).unwrap().len(), 3);
}

#[test]
fn stopping_keeps_the_finished_and_makes_their_sheet() {
    for (stop_at, finished) in [(1, 0), (6, 1), (11, 2)] {
        let place = Place::new();
        let (outcome, told) = paint_until(&place, &job(5, &[]), stop_at);
        let steps = told.iter().filter(|name| *name == "step").count();
        assert!(outcome.stopped && steps == stop_at && told.last().unwrap() == "stopped");
        assert_eq!(outcome.entries.len(), finished);
        assert_eq!(outcome.sheet_path.is_some_and(|path| path.is_file()), finished > 0);
        assert_eq!(place.gallery().list(9).unwrap().len(), finished);
    }
}

#[test]
fn a_sheet_that_cannot_be_written_is_an_error_and_what_was_kept_stays() {
    let place = Place::new();
    let taken = place.folder.path().join("taken");
    let mut kept = 0;
    let mut tell = |event: Event| {
        if let Event::Kept { path, .. } = event {
            assert!(path.is_file(), "kept means written");
            kept += 1;
            if kept == 2 {
                // Somebody takes the folder away and puts a file in its place.
                let sheet = path.parent().unwrap();
                std::fs::rename(sheet, &taken).unwrap();
                std::fs::write(sheet, "").unwrap();
            }
        }
    };
    let result = place.studio.paint(&job(3, &[]), &mut tell, &AtomicBool::new(false));
    assert!(matches!(result, Err(StudioError::Gallery(_))), "{result:?}");
    assert_eq!(std::fs::read_dir(taken).unwrap().count(), 2);
}

#[test]
fn nothing_is_written_before_it_is_known_that_it_can_be_painted() {
    let place = Place::with(FakeModels { room: Some(1), ..FakeModels::default() });
    for job in [job(1, &[]), job(1, &[("size", "13x16")]), PaintJob { model: Some("missing".into()), ..job(1, &[]) }] {
        assert!(place.paint(&job).is_err());
        assert!(!place.studio.folder().exists());
    }
}

#[test]
fn what_there_is_no_memory_for_is_refused_with_what_there_would_be_room_for() {
    // 64 × 64 takes 50,152 bytes, three quarters of the sides 28,648.
    let place = Place::with(FakeModels { room: Some(30_000), ..FakeModels::default() });
    match place.paint(&job(1, &[("size", "64x64")])) {
        Err(StudioError::TooLarge { needed, room, remedies }) => {
            assert_eq!((needed, room, remedies), (50_152, 30_000, vec![Remedy::Size(size(48, 48))]));
        }
        other => panic!("{other:?}"),
    }
    place.paint(&job(1, &[("size", "48x48")])).unwrap();
    let exact = FakeModels { room: Some(50_152), ..FakeModels::default() };
    Place::with(exact).paint(&job(1, &[("size", "64x64")])).unwrap();
}

#[test]
fn what_acts_otherwise_than_expected_is_noted() {
    let notes = |sentence: &str, guidance: &str| {
        plan(&PaintJob { sentence: sentence.into(), ..job(1, &[("guidance", guidance)]) }).notes
    };
    assert!(notes("a cat, no dog", "1").contains(&Note::NegativeUnheard));
    assert!(!notes("a cat, no dog", "2").contains(&Note::NegativeUnheard));
    assert!(!notes("a cat", "1").contains(&Note::NegativeUnheard));
    assert!(notes("a cat, 32x32", "2").contains(&Note::OtherSize { found: size(32, 32), trained: size(16, 16) }));
    assert!(notes("a cat", "2").iter().all(|note| !matches!(note, Note::OtherSize { .. })));
}

#[test]
fn a_starting_picture_is_named_made_to_fit_and_kept() {
    let place = Place::new();
    let init = Image::filled(size(50, 30), [1, 2, 3]);
    let job = PaintJob { init: Some(init.clone()), ..job(1, &[]) };
    // The fake refuses a picture of another size than the request's.
    let entry = place.paint(&job).unwrap().entries.remove(0);
    assert_eq!((entry.request.strength, entry.request.init.as_deref()), (0.6, Some(source_name(&init).as_str())));
    assert_eq!(place.gallery().source(&source_name(&init)).unwrap(), init);
}

#[test]
fn a_canvas_is_extended_masked_and_filled() {
    let place = Place::new();
    let margins = Some(Region::Margins(Margins { right: 16, ..Margins::default() }));
    let init = Some(Image::filled(size(16, 16), [9; 3]));
    let request = place.paint(&PaintJob { init: init.clone(), region: margins.clone(), ..job(1, &[]) }).unwrap();
    let request = &request.entries[0].request;
    assert_eq!((request.size, request.strength, request.masking.fill), (size(32, 16), 0.8, Fill::Blur));
    let mask = Mask::from_image(&place.gallery().source(request.mask.as_ref().unwrap()).unwrap());
    let seam = 16 - 2 * 4;
    assert_eq!((mask.coverage[seam - 1], mask.coverage[seam]), (0, 255), "twice the blur into the picture");
    let chosen = &[("strength", "0.5"), ("mask_fill", "latent noise"), ("size", "16x16")];
    let chosen = plan(&PaintJob { init, region: margins.clone(), ..job(1, chosen) }).requests.remove(0);
    assert_eq!((chosen.size, chosen.strength, chosen.masking.fill), (size(16, 16), 0.5, Fill::Noise));
    let nothing = refusal(&PaintJob { region: margins, ..job(1, &[]) });
    assert!(matches!(nothing, StudioError::Request(PaintError::MaskAlone)), "{nothing}");
    let (init, huge) = (Some(Image::filled(size(16, 16), [9; 3])), Margins { left: u32::MAX, ..Margins::default() });
    let huge = refusal(&PaintJob { init, region: Some(Region::Margins(huge)), ..job(1, &[]) });
    assert!(matches!(huge, StudioError::Request(PaintError::Side { .. })), "{huge}");
}

#[test]
fn control_images_are_named_hashed_and_kept() {
    let place = Place::new();
    let image = Image::filled(size(8, 8), [7; 3]);
    let mut job = job(2, &[]);
    job.picture.controls = vec![ControlChoice {
        name: "a/control_canny.safetensors".into(),
        image: image.clone(),
        preprocessor: None,
        weight: 0.5,
        start: 0.0,
        end: 0.75,
    }];
    let outcome = place.paint(&job).unwrap();
    for entry in &outcome.entries {
        let control = &entry.request.controls[0];
        assert_eq!(
            (control.name.as_str(), control.hash.as_str()),
            ("control_canny", "0011223344"),
            "no folder is told"
        );
        assert_eq!((control.preprocessor, control.weight, control.end), (Preprocessor::Canny, 0.5, 0.75));
        assert_eq!(place.gallery().source(&control.image).unwrap(), image);
    }
    job.picture.controls[0].weight = 11.0;
    assert!(matches!(refusal(&job), StudioError::Request(PaintError::Weight { found: 11.0, .. })));
}

#[test]
fn a_plan_is_predicted_from_what_its_requests_take() {
    let place = Place::new();
    // A step takes 16 × 16 units, words and decoding as much as another.
    let expected = 1e-6 * 3.0 * 256.0 * 5.0;
    let prediction = place.studio.dry_run(&job(3, &[])).unwrap().prediction;
    assert!(prediction.seconds.is_some_and(|seconds| (seconds - expected).abs() < 1e-9));
    assert_eq!(prediction.bytes, Some(1000 + 12 * 256));
    let mut left = Vec::new();
    let mut tell = |event: Event| match event {
        Event::Planned { expected_seconds, expected_bytes, fits, .. } => {
            assert!(expected_seconds.is_some_and(|seconds| (seconds - expected).abs() < 1e-9));
            assert_eq!((expected_bytes, fits), (Some(1000 + 12 * 256), None));
        }
        Event::Step { left_seconds, .. } => left.push(left_seconds.unwrap()),
        _ => {}
    };
    place.studio.paint(&job(3, &[]), &mut tell, &AtomicBool::new(false)).unwrap();
    assert!(left.len() == 12 && left.iter().all(|left| *left > 0.0), "decoding is left after the last step: {left:?}");
}

#[test]
fn image_prompts_are_named_hashed_and_kept() {
    let place = Place::new();
    let image = Image::filled(size(8, 8), [7; 3]);
    let mut job = job(1, &[]);
    job.picture.image_prompts = vec![ImagePromptChoice { name: "plus".into(), image: image.clone(), weight: 0.5 }];
    let entry = place.paint(&job).unwrap().entries.remove(0);
    let [prompt] = entry.request.image_prompts.as_slice() else { panic!("{:?}", entry.request.image_prompts) };
    assert_eq!((prompt.name.as_str(), prompt.hash.as_str(), prompt.weight), ("plus", "0011223344", 0.5));
    assert_eq!(place.gallery().source(&prompt.image).unwrap(), image);
}

#[test]
fn what_does_not_fit_the_time_is_left_out_and_said() {
    let place = Place::new();
    // The probe says 1.28 ms a picture.
    let job = PaintJob { budget: Some(Duration::from_millis(3)), ..job(4, &[]) };
    let (mut fitted, mut left) = (None, None);
    let mut tell = |event: Event| match event {
        Event::Planned { fits, .. } => fitted = fits,
        Event::Painted { .. } => std::thread::sleep(Duration::from_millis(5)),
        Event::LeftOut { finished, count, styles } => left = Some((finished, count, styles.len())),
        _ => {}
    };
    let outcome = place.studio.paint(&job, &mut tell, &AtomicBool::new(false)).unwrap();
    assert_eq!((fitted, left), (Some(2), Some((1, 4, 3))), "painting took longer than was thought");
    assert_eq!((outcome.left_out, outcome.entries.len(), outcome.stopped), (3, 1, false));
    assert!(outcome.sheet_path.is_some_and(|path| path.is_file()));
}

#[test]
fn one_picture_is_painted_however_short_the_time() {
    let job = PaintJob { budget: Some(Duration::ZERO), ..job(3, &[]) };
    let outcome = Place::new().paint(&job).unwrap();
    assert_eq!((outcome.entries.len(), outcome.left_out), (1, 2));
}

#[test]
fn a_sheet_is_painted_to_its_end_where_there_is_time() {
    let job = PaintJob { budget: Some(Duration::from_secs(3600)), ..job(3, &[]) };
    let outcome = Place::new().paint(&job).unwrap();
    assert_eq!((outcome.entries.len(), outcome.left_out), (3, 0));
}

#[test]
fn a_picture_that_would_not_be_finished_in_time_is_not_begun() {
    let job = PaintJob { budget: Some(Duration::from_millis(60)), ..job(3, &[]) };
    // A picture takes 40 ms or more: the second would be finished after 80.
    let mut tell = |event: Event| {
        if matches!(event, Event::Step { step: 1, .. }) {
            std::thread::sleep(Duration::from_millis(40));
        }
    };
    let outcome = Place::new().studio.paint(&job, &mut tell, &AtomicBool::new(false)).unwrap();
    assert_eq!((outcome.entries.len(), outcome.left_out), (1, 2));
}

/// As much as was measured for what is done, for what is left: a step is a pass, and so are words and decoding together.
#[test]
fn the_time_that_is_left_follows_what_was_measured() {
    let (mut mark, mut spent) = (Instant::now(), 0.0);
    let mut tell = |event: Event| match event {
        Event::Started { .. } => mark = Instant::now(),
        Event::Step { number, step, left_seconds, .. } => {
            spent += mark.elapsed().as_secs_f64();
            mark = Instant::now();
            let done = 5.0 * f64::from(number - 1) + f64::from(step) + 0.5;
            let (found, expected) = (left_seconds.unwrap(), spent / done * (15.0 - done));
            // The first step of all comes before anything took time.
            let near = found < 1.5 * expected && expected < 1.5 * found;
            assert!((number, step) == (1, 1) || near, "{number}, {step}: {found}, expected {expected}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Event::Painted { .. } => spent += mark.elapsed().as_secs_f64(),
        _ => {}
    };
    Place::new().studio.paint(&job(3, &[]), &mut tell, &AtomicBool::new(false)).unwrap();
}
