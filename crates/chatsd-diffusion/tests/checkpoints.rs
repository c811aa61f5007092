//! One file in the original's names paints as the folder of the same model: to the byte.

mod common;

use std::{collections::BTreeMap, fs, fs::File, ops::ControlFlow, path::Path};

use chatsd_diffusion::PictureModel;
use chatsd_tensor::{Engine, Options};
use chatsd_types::{Image, ImageModel, Source};
use chatsd_weights::{ModelFiles, WeightsError};
use common::{request, safetensors, weight};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

/// A component of `reference/layouts.py`: its small config; network name, file name, what of it, shapes.
type Tensor = (String, String, String, Vec<usize>, Vec<usize>);

fn components(family: &str) -> BTreeMap<String, (Value, Vec<Tensor>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chatsd-weights/tests/layouts");
    let file = File::open(path.join(format!("{family}.json.gz"))).unwrap();
    let mut golden: Value = serde_json::from_reader(GzDecoder::new(file)).unwrap();
    let components = golden["components"].as_object_mut().unwrap();
    let read = |(name, component): (&String, &mut Value)| {
        (name.clone(), (component["small"].take(), serde_json::from_value(component["tensors"].take()).unwrap()))
    };
    components.iter_mut().map(read).collect()
}

/// What a network finds in a tensor of the file.
fn seen(tensor: &Tensor) -> (Vec<usize>, Vec<f32>) {
    let (_, theirs, view, _, shape) = tensor;
    let stored = weight(theirs, shape);
    match view.as_str() {
        "transposed" => {
            let (rows, columns) = (shape[0], shape[1]);
            (vec![columns, rows], (0..stored.len()).map(|at| stored[at % rows * columns + at / rows]).collect())
        }
        "matrix" => (shape[..2].to_vec(), stored),
        "whole" => (shape.clone(), stored),
        third => {
            let part: usize = third.strip_prefix("third ").unwrap().parse().unwrap();
            let len = stored.len() / 3;
            ([&[shape[0] / 3], &shape[1..]].concat(), stored[part * len..(part + 1) * len].to_vec())
        }
    }
}

/// Writes a model twice: as a folder and as one file.
fn write(family: &str, latent_scale: f64, folder: &Path, file: &Path) {
    let mut shapes = BTreeMap::new();
    for (name, (mut config, tensors)) in components(family) {
        let path = folder.join(&name);
        fs::create_dir_all(&path).unwrap();
        if name == "vae" {
            config["_class_name"] = json!("AutoencoderKL");
            config["scaling_factor"] = json!(latent_scale);
        }
        fs::write(path.join("config.json"), config.to_string()).unwrap();
        let seen: BTreeMap<String, (Vec<usize>, Vec<f32>)> =
            tensors.iter().map(|tensor| (tensor.0.clone(), seen(tensor))).collect();
        let ours = seen.iter().map(|(name, (shape, _))| (name.clone(), shape.clone())).collect();
        fs::write(path.join("model.safetensors"), safetensors(&ours, |name, _| seen[name].1.clone())).unwrap();
        shapes.extend(tensors.into_iter().map(|(_, theirs, _, _, shape)| (theirs, shape)));
    }
    fs::create_dir(folder.join("scheduler")).unwrap();
    let settings = json!({"prediction_type": "epsilon", "steps_offset": 1});
    fs::write(folder.join("scheduler/scheduler_config.json"), settings.to_string()).unwrap();
    fs::write(file, safetensors(&shapes, |name, shape| weight(name, shape))).unwrap();
}

fn open(path: &Path) -> ModelFiles {
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf");
    ModelFiles::open(path).unwrap().with_words_of(ModelFiles::open(&words).unwrap())
}

fn paint(files: &ModelFiles) -> Image {
    let engine = Engine::cpu(Options { threads: Some(2), ..Options::default() }).unwrap();
    let model = PictureModel::load(files, "small", engine).unwrap();
    model.paint(&request("a cat, (red:1.2)", 64), &Source::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn one_file_paints_as_its_folder() {
    for (family, latent_scale) in [("bk-sdm-small", 0.182_15), ("segmind-vega", 0.130_25)] {
        let temporary = tempfile::tempdir().unwrap();
        let (folder, file) = (temporary.path().join("folder"), temporary.path().join("model.safetensors"));
        write(family, latent_scale, &folder, &file);
        let expected = paint(&open(&folder));
        assert!(expected.rgb.iter().any(|value| *value != expected.rgb[0]), "{family}: one colour");
        assert!(paint(&open(&file)) == expected, "{family}: the file");
        let ours = temporary.path().join("ours.gguf");
        open(&file).convert(&ours, None, &mut |_, _| {}).unwrap();
        assert!(paint(&ModelFiles::open(&ours).unwrap()) == expected, "{family}: converted");
        let again = temporary.path().join("again.safetensors");
        open(&folder).convert(&again, None, &mut |_, _| {}).unwrap();
        assert!(paint(&open(&again)) == expected, "{family}: the folder as one file");
    }
}

#[test]
fn what_a_file_lacks_is_given_beside_it() {
    let temporary = tempfile::tempdir().unwrap();
    let (folder, file) = (temporary.path().join("folder"), temporary.path().join("model.safetensors"));
    write("bk-sdm-tiny", 0.182_15, &folder, &file);
    let expected = paint(&open(&file));
    let bare = temporary.path().join("unet.safetensors");
    fs::copy(folder.join("unet/model.safetensors"), &bare).unwrap();
    let engine = Engine::cpu(Options { threads: Some(1), ..Options::default() }).unwrap();
    let error = PictureModel::load(&open(&bare), "bare", engine.clone()).err().unwrap().to_string();
    assert!(error.ends_with("has no text encoder; give the file of one with --text-encoder"), "{error}");
    let part = |name: &str| {
        let path = temporary.path().join(format!("{name}.safetensors"));
        fs::copy(folder.join(name).join("model.safetensors"), &path).unwrap();
        ModelFiles::open(&path).unwrap()
    };
    let with_text = open(&bare).with_component("text_encoder", part("text_encoder")).unwrap();
    let error = PictureModel::load(&with_text, "bare", engine).err().unwrap().to_string();
    assert!(error.ends_with("has no autoencoder; give the file of one with --vae"), "{error}");
    let whole = with_text.with_component("vae", part("vae")).unwrap();
    assert!(paint(&whole) == expected, "put together again");
    let error = open(&bare).with_component("vae", part("text_encoder")).unwrap_err();
    assert!(matches!(error, WeightsError::WithoutPart { .. }), "{error}");
}
