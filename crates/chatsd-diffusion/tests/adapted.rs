//! Models that paint with adapters and learned words, against their pipelines of diffusers: see `reference/adapted.py`.

mod common;

use std::ops::ControlFlow;

use chatsd_diffusion::{Finder, PictureModel};
use chatsd_tensor::{Engine, Options, Shape, testing::assert_close};
use chatsd_types::{Adapter, FileKind, ImageModel, LearnedWord, PaintError, Request, Sampler, Schedule, Size, Source};
use chatsd_weights::{ModelFiles, WeightFile};
use common::{channels_last, goldens_folder};
use tempfile::TempDir;

/// What four steps at guidance 5 make of rounding.
const RELATIVE: f32 = 1e-4;
const LATENT: Shape = Shape { batch: 1, height: 8, width: 16, channels: 4 };

/// A tiny model that finds the goldens by name, `lora` and `lynx-7`; and its folder.
fn model(family: &str, word: &str) -> (TempDir, PictureModel) {
    let folder = common::saved::saved(family);
    let files = ModelFiles::open(folder.path()).unwrap();
    let model = PictureModel::load(&files, family, Engine::cpu(Options::default()).unwrap()).unwrap();
    let (family, word) = (family.to_owned(), word.to_owned());
    let find = move |kind, name: &str| {
        let file = match (kind, name) {
            (FileKind::Adapter, name) => format!("{family}-{name}.safetensors"),
            (_, "lynx-7") => word.clone(),
            (_, name) => format!("nothing-called-{name}"),
        };
        ModelFiles::open(&goldens_folder().join("adapted").join(file))
    };
    let names = |kind| if kind == FileKind::Embedding { vec!["lynx-7".to_owned(), "lynx".to_owned()] } else { vec![] };
    (folder, model.with_finder(Finder::new(find).listing(names)))
}

fn request(model: &PictureModel, word: &str, lora: bool) -> Request {
    let mut request = common::request(&format!("a red fox, {word} smile"), 16);
    request.prompt.negative = format!("{word}, blue");
    (request.size, request.seed, request.steps, request.guidance) = (Size { width: 32, height: 16 }, 7, 4, 5.0);
    request.schedule = Schedule::Leading;
    request.learned_words = model.learned_words(&request.prompt.positive);
    if lora {
        let adapter = Adapter { name: "lora".into(), hash: String::new(), weight: 0.8, text_weight: Some(0.5) };
        request.adapters = vec![adapter];
    }
    request
}

fn latent(model: &PictureModel, request: &Request) -> Vec<f32> {
    let latent = model.latent(request, &Source::default(), &mut |_, _| ControlFlow::Continue(()));
    latent.unwrap().values().to_vec()
}

fn expected(family: &str, name: &str) -> Vec<f32> {
    let file = WeightFile::open(&goldens_folder().join(format!("adapted/{family}.safetensors"))).unwrap();
    channels_last(&file.get(name).unwrap().values().unwrap(), LATENT).values().to_vec()
}

#[test]
fn adapters_and_learned_words_paint_as_in_diffusers() {
    for family in ["sd1", "sdxl"] {
        let (_folder, model) = model(family, &format!("{family}-word.safetensors"));
        let base = latent(&model, &request(&model, "wolf", false));
        assert_close("base", &base, &expected(family, "base"), RELATIVE);
        for (name, word, lora) in [("lora", "wolf", true), ("both", "lynx-7", true), ("word", "lynx-7", false)] {
            let found = latent(&model, &request(&model, word, lora));
            assert_close(&format!("{family} {name}"), &found, &expected(family, name), RELATIVE);
        }
        let again = latent(&model, &request(&model, "wolf", false));
        assert!(base.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits()), "{family}: nothing stays behind");
    }
}

#[test]
fn old_files_of_learned_words_are_read() {
    for ending in ["pt", "bin"] {
        let (_folder, model) = model("sd1", &format!("sd1-word.{ending}"));
        let found = latent(&model, &request(&model, "embedding:Lynx-7", false));
        assert_close(ending, &found, &expected("sd1", "word"), RELATIVE);
    }
}

#[test]
fn learned_words_count_and_are_named() {
    let (_folder, model) = model("sd1", "sd1-word.safetensors");
    assert_eq!(model.count_tokens("(lynx-7:1.3)").tokens, 2);
    let words = model.learned_words("LYNX-7, lynx-7 and lynxes");
    assert_eq!(words.len(), 1);
    assert_eq!((words[0].name.as_str(), words[0].hash.len()), ("lynx-7", 12));
    let mut request = request(&model, "wolf", false);
    request.learned_words = vec![LearnedWord { name: "gone".into(), hash: String::new() }];
    let error = model.paint(&request, &Source::default(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    let PaintError::Unusable { kind: FileKind::Embedding, name, .. } = &error else { panic!("{error}") };
    assert_eq!(name, "gone");
    // The cost of a request counts the vectors: 75 of them fill a chunk.
    let long = |words: usize| format!("{} lynx-7", "a ".repeat(words));
    let cost = |text: &str, request: &Request| {
        let mut request = request.clone();
        request.prompt.positive = text.into();
        request.learned_words = model.learned_words(text);
        model.cost(&request, &Source::default()).unwrap().work
    };
    assert!(cost(&long(74), &request) > 1.1 * cost(&long(73), &request));
}

#[test]
fn adapters_are_looked_up_before_anything_is_painted() {
    let (_folder, model) = model("sd1", "sd1-word.safetensors");
    let adapter = |name: &str| Adapter { name: name.into(), hash: String::new(), weight: 1.0, text_weight: None };
    let mut adapters = [adapter("lora")];
    let adapted = model.adapted(&mut adapters).unwrap();
    assert_eq!((&adapted.card, adapted.few_steps, adapted.unmatched), (model.card(), None, vec![]));
    assert_eq!(adapters[0].hash.len(), 12);
    assert!(model.adapted(&mut [adapter("nothing")]).is_err());
    let folder = common::saved::saved("sdxl");
    let xl = PictureModel::load(&ModelFiles::open(folder.path()).unwrap(), "xl", Engine::reference()).unwrap();
    let xl = xl.with_finder(Finder::new(|_, name| {
        let file = if name == "lcm-lora" { "sdxl-lora" } else { "sd1-lora" };
        ModelFiles::open(&goldens_folder().join(format!("adapted/{file}.safetensors")))
    }));
    let adapted = xl.adapted(&mut [adapter("lcm-lora")]).unwrap();
    assert_eq!(adapted.few_steps.as_deref(), Some("lcm-lora"));
    assert_eq!((adapted.card.steps, adapted.card.sampler), (4, Sampler::Lcm));
    // Of an adapter for another family only what fits by chance is used, and the rest is told.
    if let Ok(adapted) = xl.adapted(&mut [adapter("other")]) {
        assert!(!adapted.unmatched.is_empty());
    }
}
