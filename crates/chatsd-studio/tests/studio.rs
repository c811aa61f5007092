//! The use cases with a model that paints plain colours.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering},
};

use chatsd_gallery::{Enlarge, Gallery, SheetLayout, read_image, read_request};
use chatsd_prompt::StyleLibrary;
use chatsd_studio::{Event, Pace, PictureChoices, Plan, PromptChoices, Studio, StudioError, vary};
use chatsd_types::{FakeImageModel, Image, Request, Size, Source};
use tempfile::TempDir;

const LAYOUT: SheetLayout = SheetLayout { columns: 0, enlarge: Enlarge::Nearest(1), gap: 0, background: [255; 3] };

fn with_studio<T>(work: impl FnOnce(&Studio<'_>) -> T) -> T {
    let model = FakeImageModel::default();
    work(&Studio { model: &model, library: StyleLibrary::builtin(), wildcards: &|_| None })
}

fn plan(studio: &Studio<'_>, sentence: &str, count: usize) -> Plan {
    let choices = PromptChoices { count: Some(count), seed: Some(7), ..PromptChoices::default() };
    studio.plan(sentence, &choices, &PictureChoices::default()).unwrap()
}

fn gallery() -> (TempDir, Gallery) {
    let folder = tempfile::tempdir().unwrap();
    let gallery = Gallery::open(folder.path().join("images")).unwrap();
    (folder, gallery)
}

#[test]
fn a_plan_leaves_to_the_model_what_nobody_chose() {
    with_studio(|studio| {
        let plan = studio.plan("a cat", &PromptChoices::default(), &PictureChoices::default()).unwrap();
        assert_eq!(plan.requests.len(), 9);
        let first = &plan.requests[0];
        let card = chatsd_types::ImageModel::card(studio.model);
        assert_eq!(
            (first.size, first.steps, first.sampler, first.schedule),
            (card.size, card.steps, card.sampler, card.schedule)
        );
        assert_eq!((first.model.as_str(), first.model_hash.as_str(), first.strength), ("fake", "0123456789", 1.0));
        for (offset, request) in (0..).zip(&plan.requests) {
            assert_eq!(request.seed, first.seed + offset);
        }
        assert_eq!(
            studio
                .plan("three pictures of a cat", &PromptChoices::default(), &PictureChoices::default())
                .unwrap()
                .requests
                .len(),
            3
        );
        let size = studio.plan("a cat, 32x24", &PromptChoices::default(), &PictureChoices::default()).unwrap().requests
            [0]
        .size;
        assert_eq!(size, Size { width: 32, height: 24 });
    });
}

#[test]
fn the_same_seed_plans_the_same_and_none_plans_anew() {
    with_studio(|studio| {
        assert_eq!(plan(studio, "a cat", 9), plan(studio, "a cat", 9));
        let anew =
            || studio.plan("a cat", &PromptChoices::default(), &PictureChoices::default()).unwrap().requests[0].seed;
        assert_ne!(anew(), anew());
        assert!(anew() <= u64::from(u32::MAX), "other programs read 32 bits");
    });
}

#[test]
fn what_the_model_cannot_paint_is_refused_with_the_nearest_it_can() {
    with_studio(|studio| {
        for (found, near) in [((0, 0), (8, 8)), ((13, 16), (16, 16)), ((100_000, 9), (64, 8)), ((u32::MAX, 1), (64, 8))]
        {
            let size = |(width, height)| Size { width, height };
            let choices = PictureChoices { size: Some(size(found)), ..PictureChoices::default() };
            match studio.plan("a cat", &PromptChoices::default(), &choices) {
                Err(StudioError::Size { near: offered, .. }) => assert_eq!(offered, size(near), "{found:?}"),
                other => panic!("{found:?}: {other:?}"),
            }
        }
        for choices in [
            PictureChoices { steps: Some(0), ..PictureChoices::default() },
            PictureChoices { guidance: Some(f32::NAN), ..PictureChoices::default() },
            PictureChoices { guidance_rescale: Some(1.5), ..PictureChoices::default() },
        ] {
            let error = studio.plan("a cat", &PromptChoices::default(), &choices).unwrap_err();
            assert!(matches!(error, StudioError::Range { .. }) && error.is_usage(), "{error}");
        }
    });
}

#[test]
fn pictures_are_painted_kept_and_told_of_in_order() {
    let (_folder, gallery) = gallery();
    with_studio(|studio| {
        let plan = plan(studio, "a cat", 3);
        let told = RefCell::new(Vec::new());
        let mut tell = |event: Event<'_>| {
            let text = serde_json::to_value(&event).unwrap();
            if let Event::Kept { path, .. } = &event {
                assert!(path.is_file(), "kept means written");
            }
            told.borrow_mut().push(text["event"].as_str().unwrap().to_owned());
        };
        let outcome =
            studio.paint(&plan, &Source::default(), &gallery, &LAYOUT, &mut tell, &AtomicBool::new(false)).unwrap();
        assert!(!outcome.stopped);
        let mut expected = vec!["planned"];
        for _ in 0..3 {
            expected.extend(["started", "step", "step", "step", "step", "painted", "kept"]);
        }
        expected.push("sheet_done");
        assert_eq!(*told.borrow(), expected);
        for (request, entry) in plan.requests.iter().zip(&outcome.entries) {
            assert_eq!(read_request(&gallery.path(entry)).unwrap(), *request);
        }
        assert_eq!(read_image(&outcome.sheet_path.unwrap()).unwrap().size, Size { width: 32, height: 32 });
        assert_eq!(gallery.list(9).unwrap().len(), 3);
    });
}

#[test]
fn stopping_keeps_the_finished_and_makes_their_sheet() {
    for (stop_at, finished) in [(1, 0), (6, 1), (11, 2)] {
        let (_folder, gallery) = gallery();
        with_studio(|studio| {
            let plan = plan(studio, "a cat", 5);
            let cancel = AtomicBool::new(false);
            let mut steps = 0;
            let mut last = String::new();
            let mut tell = |event: Event<'_>| {
                if let Event::Step { .. } = event {
                    steps += 1;
                    cancel.store(steps == stop_at || cancel.load(Ordering::SeqCst), Ordering::SeqCst);
                }
                last = serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned();
            };
            let outcome = studio.paint(&plan, &Source::default(), &gallery, &LAYOUT, &mut tell, &cancel).unwrap();
            assert!(outcome.stopped && steps == stop_at && last == "stopped");
            assert_eq!(outcome.entries.len(), finished);
            assert_eq!(outcome.sheet_path.is_some_and(|path| path.is_file()), finished > 0);
            assert_eq!(gallery.list(9).unwrap().len(), finished);
        });
    }
}

#[test]
fn a_sheet_that_cannot_be_written_is_an_error_and_what_was_kept_stays() {
    let (folder, gallery) = gallery();
    with_studio(|studio| {
        let plan = plan(studio, "a cat", 3);
        let mut kept = 0;
        let mut tell = |event: Event<'_>| {
            if let Event::Kept { path, .. } = event {
                kept += 1;
                if kept == 2 {
                    // Somebody takes the folder away and puts a file in its place.
                    let sheet = path.parent().unwrap();
                    std::fs::rename(sheet, folder.path().join("taken")).unwrap();
                    std::fs::write(sheet, "").unwrap();
                }
            }
        };
        let result = studio.paint(&plan, &Source::default(), &gallery, &LAYOUT, &mut tell, &AtomicBool::new(false));
        assert!(matches!(result, Err(StudioError::Gallery(_))), "{result:?}");
    });
    assert_eq!(std::fs::read_dir(folder.path().join("taken")).unwrap().count(), 2);
}

#[test]
fn a_sheet_on_which_nothing_could_be_kept_is_taken_back() {
    let (folder, gallery) = gallery();
    with_studio(|studio| {
        let mut plan = plan(studio, "a cat", 2);
        // Would not read back, so the gallery refuses it.
        plan.requests[0].guidance = f32::NAN;
        let result = studio.paint(&plan, &Source::default(), &gallery, &LAYOUT, &mut |_| {}, &AtomicBool::new(false));
        assert!(matches!(result, Err(StudioError::Gallery(_))), "{result:?}");
    });
    let left = std::fs::read_dir(folder.path().join("images")).unwrap().flatten();
    assert_eq!(left.filter(|left| left.path().is_dir()).count(), 0);
}

#[test]
fn what_acts_otherwise_than_expected_is_noted() {
    use chatsd_prompt::Note;
    with_studio(|studio| {
        let notes = |sentence: &str, guidance: f32| {
            let choices = PictureChoices { guidance: Some(guidance), ..PictureChoices::default() };
            studio.plan(sentence, &PromptChoices::default(), &choices).unwrap().notes
        };
        assert!(notes("a cat, no dog", 1.0).contains(&Note::NegativeUnheard));
        assert!(!notes("a cat, no dog", 2.0).contains(&Note::NegativeUnheard));
        assert!(!notes("a cat", 1.0).contains(&Note::NegativeUnheard));
        let (found, trained) = (Size { width: 32, height: 32 }, Size { width: 16, height: 16 });
        assert!(notes("a cat, 32x32", 2.0).contains(&Note::OtherSize { found, trained }));
        assert!(notes("a cat", 2.0).iter().all(|note| !matches!(note, Note::OtherSize { .. })));
    });
}

#[test]
fn one_request_is_planned_again_and_varied() {
    with_studio(|studio| {
        let request = plan(studio, "a cat", 1).requests.remove(0);
        let again = studio.plan_again(request.clone(), vec!["0123".into()]).unwrap();
        assert_eq!((again.requests.as_slice(), again.idea.sentence.as_str()), (&[request.clone()][..], "a cat"));
        let varied = |key: &str, value: &str| {
            let mut request = request.clone();
            vary(&mut request, key, value, studio.library).map(|()| request)
        };
        assert_eq!(varied("seed", "9").unwrap().seed, 9);
        assert_eq!(varied("guidance-rescale", "0.5").unwrap().guidance_rescale, 0.5);
        assert_eq!(varied("prompt", "a dog").unwrap().prompt.positive, "a dog");
        let styled = varied("style", "扁平").unwrap().prompt;
        assert_eq!((styled.style.as_str(), styled.positive.as_str()), ("flat", "a cat, flat style"));
        assert!(matches!(varied("colour", "red"), Err(StudioError::UnknownPart { .. })));
        assert!(matches!(varied("strength", "0.5"), Err(StudioError::BadPart { .. })));
        for key in chatsd_studio::VARIABLE.iter().filter(|key| !["prompt", "negative", "hires_upscaler"].contains(key))
        {
            assert!(varied(key, "???").is_err(), "{key}");
        }
    });
}

#[test]
fn a_starting_picture_is_made_to_fit() {
    let (_folder, gallery) = gallery();
    with_studio(|studio| {
        let picture = PictureChoices { init: Some("ab".repeat(32)), ..PictureChoices::default() };
        let choices = PromptChoices { count: Some(1), ..PromptChoices::default() };
        let plan = studio.plan("a cat", &choices, &picture).unwrap();
        assert_eq!(plan.requests[0].strength, 0.6);
        let init = Some(Image::filled(Size { width: 50, height: 30 }, [1, 2, 3]));
        let source = Source { init, ..Source::default() };
        studio.paint(&plan, &source, &gallery, &LAYOUT, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    });
}

#[test]
fn a_plan_is_predicted_from_what_its_requests_take() {
    let (_folder, gallery) = gallery();
    with_studio(|studio| {
        let plan = plan(studio, "a cat", 3);
        // A step takes 16 × 16 units, words and decoding as much as another.
        let work = 3.0 * 256.0 * 5.0;
        let prediction = studio.predict(&plan, &Source::default(), None, Pace::of(Some(1e-3)));
        assert!((prediction.seconds.unwrap() - 1e-3 * work).abs() < 1e-9);
        assert_eq!(prediction.bytes, Some(1000 + 12 * 256));
        assert_eq!(studio.predict(&plan, &Source::default(), None, Pace::default()).seconds, None);
        let mut left = Vec::new();
        let mut tell = |event: Event<'_>| match event {
            Event::Planned { expected_seconds, expected_bytes, fits, .. } => {
                assert!(expected_seconds.is_some_and(|seconds| (seconds - 1e-6 * work).abs() < 1e-9));
                assert_eq!((expected_bytes, fits), (Some(1000 + 12 * 256), None));
            }
            Event::Step { left_seconds, .. } => left.push(left_seconds.unwrap()),
            _ => {}
        };
        studio.paint(&plan, &Source::default(), &gallery, &LAYOUT, &mut tell, &AtomicBool::new(false)).unwrap();
        assert!(
            left.len() == 12 && left.iter().all(|left| *left > 0.0),
            "decoding is left after the last step: {left:?}"
        );
    });
}

#[test]
fn drafts_are_smaller_and_quicker_and_leave_what_was_chosen() {
    use chatsd_studio::Draft;
    with_studio(|studio| {
        let drafts = |choices: PictureChoices| {
            let prompt = PromptChoices { count: Some(2), ..PromptChoices::default() };
            studio.plan("a cat", &prompt, &choices).unwrap()
        };
        assert_eq!(drafts(PictureChoices::default()).drafts, None, "the built-in family is fast as it is");
        let large = Size { width: 64, height: 32 };
        let asked = PictureChoices { draft: Draft::On, ..PictureChoices::default() };
        let plan = drafts(asked.clone());
        let drafted = plan.drafts.unwrap();
        assert_eq!((drafted.size, drafted.full_size), (Size { width: 16, height: 16 }, Size { width: 16, height: 16 }));
        assert_eq!((plan.requests[0].steps, drafted.full_steps), (4, 4));
        let plan = drafts(PictureChoices { steps: Some(30), ..asked.clone() });
        assert_eq!(plan.requests[0].steps, 30);
        assert_eq!(drafts(PictureChoices { size: Some(large), ..asked }).requests[0].size, large);
        assert_eq!(drafts(PictureChoices { draft: Draft::Off, ..PictureChoices::default() }).drafts, None);
    });
}

#[test]
fn a_picked_picture_is_refined_from_itself() {
    use chatsd_studio::RefineChoices;
    with_studio(|studio| {
        let request = plan(studio, "a cat", 1).requests.remove(0);
        let small = Request { size: Size { width: 8, height: 8 }, steps: 2, ..request.clone() };
        let refined = studio.refined(&small, "ab".repeat(32), RefineChoices::default()).unwrap();
        assert_eq!((refined.size, refined.steps), (Size { width: 16, height: 16 }, 4));
        assert_eq!((refined.seed, &refined.prompt, refined.strength), (request.seed, &request.prompt, 0.55));
        assert_eq!(refined.init, Some("ab".repeat(32)));
        let larger = studio.refined(&request, String::new(), RefineChoices::default()).unwrap();
        assert_eq!(
            larger.size,
            Size { width: 24, height: 24 },
            "what has its size already becomes half as large again"
        );
        let choices = RefineChoices { size: Some(Size { width: 13, height: 9 }), ..RefineChoices::default() };
        assert!(matches!(studio.refined(&request, String::new(), choices), Err(StudioError::Size { .. })));
        let choices = RefineChoices { strength: Some(2.0), ..RefineChoices::default() };
        assert!(matches!(studio.refined(&request, String::new(), choices), Err(StudioError::Range { .. })));
    });
}

#[test]
fn variations_turn_the_noise_and_keep_the_rest() {
    with_studio(|studio| {
        let request = plan(studio, "a cat", 1).requests.remove(0);
        let varied = studio.variations(&request, Some(0.3), 100, 3).unwrap();
        let seeds: Vec<_> = varied.iter().map(|varied| varied.variation.unwrap().seed).collect();
        assert_eq!(seeds, [100, 101, 102]);
        assert!(varied.iter().all(|varied| varied.seed == request.seed && varied.prompt == request.prompt));
        assert!(studio.variations(&request, Some(1.5), 0, 1).is_err());
    });
}

#[test]
fn what_does_not_fit_the_time_is_left_out_and_said() {
    let (_folder, gallery) = gallery();
    with_studio(|studio| {
        let mut plan = plan(studio, "a cat", 4);
        // The probe says 1.28 ms a picture.
        plan.budget_seconds = Some(3e-3);
        let (mut fitted, mut left) = (None, None);
        let mut tell = |event: Event<'_>| match event {
            Event::Planned { fits, .. } => fitted = fits,
            Event::Painted { .. } => std::thread::sleep(std::time::Duration::from_millis(5)),
            Event::LeftOut { finished, count, styles } => left = Some((finished, count, styles.len())),
            _ => {}
        };
        let outcome =
            studio.paint(&plan, &Source::default(), &gallery, &LAYOUT, &mut tell, &AtomicBool::new(false)).unwrap();
        assert_eq!((fitted, left), (Some(2), Some((1, 4, 3))), "painting took longer than was thought");
        assert_eq!((outcome.left_out, outcome.entries.len(), outcome.stopped), (3, 1, false));
        assert!(outcome.sheet_path.is_some_and(|path| path.is_file()));
    });
}
