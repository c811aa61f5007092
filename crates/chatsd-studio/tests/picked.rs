//! Pictures that are there already: painted again, refined, varied, made larger.

mod common;

use std::sync::{Arc, atomic::AtomicBool};

use chatsd_gallery::{Entry, read_image};
use chatsd_studio::{
    AgainJob, Event, Outcome, PaintJob, RefineChoices, RefineJob, StudioError, Target, UpscaleJob, VaryJob,
};
use chatsd_types::{FakeImageModel, Image, LearnedWord, Note, PaintError, ParameterError, UpscaleTarget};
use common::{FakeModels, Place, job, size};

static NEVER: AtomicBool = AtomicBool::new(false);

/// A gallery with one picture, number 1 on the last sheet.
fn place_with_picture(parameters: &[(&str, &str)]) -> (Place, Entry) {
    let place = Place::new();
    let entry = place.paint(&job(1, parameters)).unwrap().entries.remove(0);
    (place, (*entry).clone())
}

fn again(changes: &[(&str, &str)]) -> AgainJob {
    let changes = changes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    AgainJob { target: Target::Entry("1".into()), model: None, changes, init: None, mask: None }
}

fn only(outcome: Result<Outcome, StudioError>) -> Entry {
    let mut entries = outcome.unwrap().entries;
    assert_eq!(entries.len(), 1);
    (*entries.remove(0)).clone()
}

#[test]
fn again_is_the_same_to_the_byte_and_says_so() {
    let (place, entry) = place_with_picture(&[]);
    let mut compared = None;
    let mut tell = |event: Event| {
        if let Event::Compared { same_bytes, differing_pixels, .. } = event {
            compared = Some((same_bytes, differing_pixels));
        }
    };
    let same = only(place.studio.again(&again(&[]), &mut tell, &NEVER));
    assert_eq!(compared, Some((true, 0)));
    assert_eq!((same.request, same.parents), (entry.request, entry.parents));
}

#[test]
fn a_change_makes_another_picture_with_the_first_as_parent() {
    let (place, entry) = place_with_picture(&[]);
    let changed = |key: &str, value: &str| {
        let changed = only(place.studio.again(
            &AgainJob { target: Target::Entry(entry.id.clone()), ..again(&[(key, value)]) },
            &mut |event| assert!(!matches!(event, Event::Compared { .. })),
            &NEVER,
        ));
        assert_eq!(changed.parents, std::slice::from_ref(&entry.id));
        changed.request
    };
    assert_eq!(changed("seed", "9").seed, 9);
    assert_eq!(changed("guidance-rescale", "0.5").guidance_rescale, 0.5);
    assert_eq!(changed("prompt", "a dog").prompt.positive, "a dog");
    assert_eq!(changed("hires", "1.6").second_pass.unwrap().size, size(24, 24), "the nearest size");
    assert_eq!(changed("hires_steps", "7").second_pass.unwrap().steps, 7);
    let styled = changed("style", "扁平").prompt;
    assert_eq!((styled.style.as_str(), styled.positive.as_str()), ("flat", "a cat, flat style"));
}

#[test]
fn what_is_painted_again_keeps_its_words() {
    let words = vec![LearnedWord { name: "zwx".into(), hash: "00".into() }];
    let model = FakeImageModel { words: words.clone(), ..FakeImageModel::default() };
    let mut place = Place::with(FakeModels { model: Arc::new(model), ..FakeModels::default() });
    let entry = place.paint(&PaintJob { sentence: "zwx 猫".into(), ..job(1, &[]) }).unwrap().entries.remove(0);
    assert_eq!(entry.request.learned_words, words);
    // The learned word is gone: another picture is painted without it.
    place.studio.models = Arc::new(FakeModels::default());
    for (changes, expected) in [(again(&[]), words), (again(&[("seed", "9")]), Vec::new())] {
        let outcome = place.studio.again(&changes, &mut |_| {}, &NEVER).unwrap();
        assert_eq!(outcome.entries[0].request.learned_words, expected);
        let (idea, prompt) = (&outcome.sheet.unwrap().idea, &entry.request.prompt);
        assert_ne!(prompt.own, prompt.subject);
        assert_eq!((&idea.sentence, &idea.subject, &idea.subject_english), (&prompt.own, &prompt.own, &prompt.subject));
    }
}

#[test]
fn a_change_that_makes_no_sense_is_refused_before_anything_is_painted() {
    let (place, _) = place_with_picture(&[]);
    let refused =
        |key: &str, value: &str| place.studio.again(&again(&[(key, value)]), &mut |_| {}, &NEVER).unwrap_err();
    assert!(matches!(refused("colour", "red"), StudioError::Parameter(ParameterError::Unknown { .. })));
    for key in ["strength", "mask_blur"] {
        assert!(matches!(refused(key, "0.5"), StudioError::Parameter(ParameterError::Needs { .. })), "{key}");
    }
    for parameter in chatsd_types::PARAMETERS {
        if !["prompt", "negative", "hires_upscaler"].contains(&parameter.key) {
            refused(parameter.key, "???");
        }
    }
    let gone = AgainJob { target: Target::Entry("77".into()), ..again(&[]) };
    assert!(matches!(place.studio.again(&gone, &mut |_| {}, &NEVER), Err(StudioError::Gallery(_))));
    assert_eq!(place.gallery().list(9).unwrap().len(), 1);
    let nowhere = Place::new().studio.again(&again(&[]), &mut |_| {}, &NEVER);
    assert!(matches!(nowhere, Err(StudioError::NoTarget { .. })));
}

#[test]
fn a_starting_picture_is_found_in_the_gallery_or_replaced() {
    let place = Place::new();
    let first = Image::filled(size(16, 16), [1, 2, 3]);
    place.paint(&PaintJob { init: Some(first), ..job(1, &[]) }).unwrap();
    let same = only(place.studio.again(&again(&[]), &mut |_| {}, &NEVER));
    // Given back, it is the one that it was.
    let given = AgainJob { init: Some(Image::filled(size(16, 16), [1, 2, 3])), ..again(&[]) };
    let given = only(place.studio.again(&given, &mut |_| {}, &NEVER));
    assert_eq!((&given.request, &given.parents), (&same.request, &same.parents));
    let second = Image::filled(size(16, 16), [4, 5, 6]);
    let other = AgainJob { init: Some(second.clone()), ..again(&[("strength", "0.3")]) };
    let other = only(place.studio.again(&other, &mut |_| {}, &NEVER));
    assert_ne!(other.request.init, same.request.init);
    assert_eq!(place.gallery().source(other.request.init.as_ref().unwrap()).unwrap(), second);
    assert_eq!((other.request.strength, other.parents.len()), (0.3, 1));
}

#[test]
fn a_picture_of_another_program_says_what_was_used_of_it() {
    let place = Place::new();
    let file = place.folder.path().join("foreign.png");
    let image = Image::filled(size(16, 16), [0; 3]);
    let text = "a dog\nSteps: 3, Sampler: Euler, CFG scale: 2, Seed: 5, Size: 16x16, Denoising strength: 0.4, Foo: bar";
    common_png(&file, &image, text);
    let mut notes = Vec::new();
    let mut tell = |event: Event| {
        if let Event::Planned { plan, .. } = event {
            notes.clone_from(&plan.notes);
        }
    };
    let target = Target::typed(file.to_str().unwrap());
    let entry = only(place.studio.again(&AgainJob { target, ..again(&[]) }, &mut tell, &NEVER));
    assert_eq!((entry.request.prompt.own.as_str(), entry.request.steps, entry.request.seed), ("a dog", 3, 5));
    assert_eq!(entry.request.strength, 1.0);
    assert!(matches!(&notes[0], Note::Foreign { taken } if taken.contains(&"Steps".to_owned())), "{notes:?}");
    assert_eq!(notes[1], Note::NotUsed { left: vec![("Foo".into(), "bar".into())] });
    assert_eq!(notes[2], Note::WithoutInit);
    assert_eq!(entry.parents.iter().map(String::len).collect::<Vec<_>>(), [64], "the hash of the file");
}

#[test]
fn what_another_program_does_not_say_is_the_models() {
    let place = Place::new();
    let file = place.folder.path().join("foreign.png");
    common_png(&file, &Image::filled(size(16, 16), [0; 3]), "a dog\nSteps: 3, Seed: 5, Clip skip: 2");
    let request =
        only(place.studio.again(&AgainJob { target: Target::File(file), ..again(&[]) }, &mut |_| {}, &NEVER)).request;
    let card = FakeImageModel::default().card;
    assert_eq!((request.size, request.guidance), (card.size, card.guidance));
    assert_eq!((request.steps, request.sampler, request.schedule), (3, card.sampler, card.schedule));
}

/// A PNG file as other programs write one: the text under `parameters`.
fn common_png(path: &std::path::Path, image: &Image, text: &str) {
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = png::Encoder::new(file, image.size.width, image.size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.add_text_chunk("parameters".into(), text.into()).unwrap();
    encoder.write_header().unwrap().write_image_data(&image.rgb).unwrap();
}

#[test]
fn a_picked_picture_is_refined_from_itself() {
    let (place, small) = place_with_picture(&[("size", "8x8"), ("steps", "2")]);
    let refine = |choices: RefineChoices, id: &str| {
        let job = RefineJob { ids: vec![id.to_owned()], choices, ..RefineJob::default() };
        place.studio.refine(&job, &mut |_| {}, &NEVER)
    };
    let refined = only(refine(RefineChoices::default(), "1"));
    assert_eq!((refined.request.size, refined.request.steps), (size(16, 16), 4));
    assert_eq!((refined.request.seed, refined.request.strength), (small.request.seed, 0.55));
    assert_eq!((&refined.request.prompt, refined.parents), (&small.request.prompt, vec![small.id.clone()]));
    let init = place.gallery().source(refined.request.init.as_ref().unwrap()).unwrap();
    assert_eq!(init, read_image(&place.gallery().path(&small)).unwrap());
    let larger = only(refine(RefineChoices::default(), &refined.id));
    assert_eq!(larger.request.size, size(24, 24), "what has its size already becomes half as large again");
    let odd = RefineChoices { size: Some(size(13, 9)), ..RefineChoices::default() };
    assert!(matches!(refine(odd, &small.id), Err(StudioError::Request(PaintError::Size { .. }))));
    let strong = RefineChoices { strength: Some(2.0), ..RefineChoices::default() };
    assert!(matches!(refine(strong, &small.id), Err(StudioError::Request(PaintError::Parameter(_)))));
}

#[test]
fn variations_turn_the_noise_and_keep_the_rest() {
    let (place, entry) = place_with_picture(&[]);
    let vary = |strength, count| {
        let job = VaryJob { id: "1".into(), count, strength, seed: Some(100), ..VaryJob::default() };
        place.studio.vary(&job, &mut |_| {}, &NEVER)
    };
    for (strength, count) in [(Some(1.5), None), (Some(f32::NAN), None), (None, Some(0)), (None, Some(1000))] {
        assert!(vary(strength, count).is_err());
    }
    let varied = vary(Some(0.3), Some(3)).unwrap().entries;
    let seeds: Vec<_> = varied.iter().map(|varied| varied.request.variation.unwrap().seed).collect();
    assert_eq!(seeds, [100, 101, 102]);
    for varied in &varied {
        assert_eq!((varied.request.seed, &varied.request.prompt), (entry.request.seed, &entry.request.prompt));
        assert_eq!(varied.parents, std::slice::from_ref(&entry.id));
    }
    assert!(matches!(
        Place::new().studio.vary(&VaryJob::default(), &mut |_| {}, &NEVER),
        Err(StudioError::NoGallery { .. })
    ));
}

#[test]
fn a_picture_is_made_larger_with_the_old_one_as_parent() {
    let (place, entry) = place_with_picture(&[]);
    let upscale = |size: Option<UpscaleTarget>, upscaler: Option<&str>, cancel: &AtomicBool| {
        let job = UpscaleJob { target: Target::Entry(entry.id.clone()), upscaler: upscaler.map(str::to_owned), size };
        place.studio.upscale(&job, &mut |_| {}, cancel)
    };
    let larger = only(upscale(None, None, &NEVER));
    assert_eq!(read_image(&place.gallery().path(&larger)).unwrap().size, size(32, 32));
    assert_eq!((larger.parents, larger.request.strength), (vec![entry.id.clone()], 0.0));
    let to = |width, height| Some(UpscaleTarget::Size(size(width, height)));
    assert!(matches!(
        upscale(to(0, 5), None, &NEVER),
        Err(StudioError::Request(PaintError::Side { limit: 16_384, .. }))
    ));
    assert!(upscale(to(20_000, 5), None, &NEVER).is_err());
    assert!(matches!(upscale(None, Some("magic"), &NEVER), Err(StudioError::Request(PaintError::Unusable { .. }))));
    let before = place.gallery().list(9).unwrap().len();
    assert!(upscale(None, None, &AtomicBool::new(true)).unwrap().stopped);
    assert_eq!(place.gallery().list(9).unwrap().len(), before);
}
