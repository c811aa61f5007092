//! Models as folders and as single files.

use std::{fs, path::Path};

use chatsd_files::sha256;
use chatsd_tensor::Weight;
use chatsd_weights::{Array, GgufWriter, ModelFiles, Value, WeightFile};
use safetensors::{Dtype, tensor::TensorView};

/// A safetensors file of one value a tensor.
fn weights(path: &Path, tensors: &[(&str, f32)]) {
    let bytes: Vec<_> = tensors.iter().map(|(_, value)| value.to_le_bytes()).collect();
    let views = tensors.iter().zip(&bytes);
    let views = views.map(|((name, _), bytes)| (*name, TensorView::new(Dtype::F32, vec![1], bytes).unwrap()));
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

/// A folder with `name/config.json`.
fn component(model: &Path, name: &str) -> std::path::PathBuf {
    let path = model.join(name);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("config.json"), format!(r#"{{"_class_name": "{name}"}}"#)).unwrap();
    path
}

fn value(model: &ModelFiles, component: &str, name: &str) -> f32 {
    model.component(component).unwrap().weights.values(name, &[1]).unwrap()[0]
}

#[test]
fn a_folder_is_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let unet = component(path, "unet");
    weights(&unet.join("diffusion_pytorch_model.fp16.safetensors"), &[("a", 16.0)]);
    weights(&unet.join("diffusion_pytorch_model.safetensors"), &[("a", 32.0)]);
    weights(&component(path, "text_encoder").join("model.safetensors"), &[("a", 1.0)]);
    weights(&component(path, "text_encoder_2").join("model.fp16.safetensors"), &[("a", 2.0)]);
    component(path, "safety_checker");
    fs::create_dir(path.join("scheduler")).unwrap();
    fs::write(path.join("scheduler/scheduler_config.json"), r#"{"prediction_type": "epsilon"}"#).unwrap();
    fs::create_dir(path.join("tokenizer")).unwrap();
    fs::write(path.join("tokenizer/vocab.json"), r#"{"b": 1, "a": 0, "\u56fe\"": 2}"#).unwrap();
    fs::write(path.join("tokenizer/merges.txt"), "#version: 0.2\na b\n# c\n\n").unwrap();

    let model = ModelFiles::open(path).unwrap();
    assert_eq!(model.path(), path);
    assert!(model.file().is_none());
    assert!(["unet", "text_encoder", "text_encoder_2"].iter().all(|name| model.has(name)));
    assert!(!model.has("vae") && !model.has("safety_checker") && !model.has("tokenizer"));
    assert_eq!(model.component("unet").unwrap().config["_class_name"], "unet");
    assert_eq!(value(&model, "unet", "a"), 32.0);
    assert_eq!(value(&model, "text_encoder", "a"), 1.0);
    assert_eq!(value(&model, "text_encoder_2", "a"), 2.0);
    assert_eq!(model.pipeline_config().unwrap().unwrap()["prediction_type"], "epsilon");
    let vocabulary = model.vocabulary().unwrap();
    assert_eq!(vocabulary.tokens, ["a", "b", "图\""]);
    assert_eq!(vocabulary.merges, [("a", "b"), ("#", "c")]);
    let message = model.component("vae").unwrap_err().to_string();
    assert!(message.contains("has no vae/config.json"), "{message}");
    let message = model.component("safety_checker").unwrap_err().to_string();
    assert!(message.contains("has no diffusion_pytorch_model.safetensors or model.safetensors"), "{message}");
}

#[test]
fn a_model_has_a_short_hash() {
    let folder = tempfile::tempdir().unwrap();
    let unet = component(folder.path(), "unet");
    let encoder = component(folder.path(), "text_encoder").join("model.safetensors");
    let shards = [unet.join("1.safetensors"), unet.join("2.safetensors")];
    weights(&shards[0], &[("a", 1.0)]);
    weights(&shards[1], &[("b", 2.0)]);
    weights(&encoder, &[("a", 3.0)]);
    let map = r#"{"weight_map": {"b": "2.safetensors", "a": "1.safetensors"}}"#;
    fs::write(unet.join("diffusion_pytorch_model.safetensors.index.json"), map).unwrap();
    let hash = |components: &[&str]| ModelFiles::open(folder.path()).unwrap().short_hash(components).unwrap();
    let expected = |files: &[&Path]| {
        let lines: String = files.iter().map(|path| sha256(&fs::read(path).unwrap()) + "\n").collect();
        sha256(lines.as_bytes())[..10].to_owned()
    };
    let all = ["text_encoder", "text_encoder_2", "unet"];
    let before = hash(&all);
    assert_eq!(before, expected(&[&encoder, &shards[0], &shards[1]]));
    assert_eq!(hash(&["unet"]), expected(&[&shards[0], &shards[1]]));
    weights(&encoder, &[("a", 4.0)]);
    assert_ne!(hash(&all), before, "other weights are another model");
    let single = ModelFiles::open(&encoder).unwrap().short_hash(&all).unwrap();
    assert_eq!(single, sha256(&fs::read(&encoder).unwrap())[..10]);
    fs::write(&encoder, "").unwrap();
    assert!(ModelFiles::open(folder.path()).unwrap().short_hash(&all).is_err());
}

#[test]
fn weights_in_several_files_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let unet = component(folder.path(), "unet");
    let index = unet.join("diffusion_pytorch_model.safetensors.index.json");
    weights(&unet.join("1.safetensors"), &[("a.x", 1.0), ("b", 2.0)]);
    weights(&unet.join("2.safetensors"), &[("a.y", 3.0)]);
    let open = |map: &str| {
        fs::write(&index, format!(r#"{{"metadata": {{}}, "weight_map": {map}}}"#)).unwrap();
        ModelFiles::open(folder.path()).unwrap()
    };
    let refused = |map: &str, expected: &str| {
        let message = open(map).component("unet").unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\nshould contain {expected}");
    };

    let model = open(r#"{"a.x": "1.safetensors", "b": "1.safetensors", "a.y": "2.safetensors"}"#);
    assert!(model.has("unet"));
    assert_eq!(["a.x", "b", "a.y"].map(|name| value(&model, "unet", name)), [1.0, 2.0, 3.0]);
    let scope = model.component("unet").unwrap().weights;
    assert_eq!(scope.at("a").names().collect::<Vec<_>>(), ["x", "y"]);
    let message = scope.values("a.z", &[1]).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{} has no tensor a.z", unet.display())), "{message}");
    assert!(message.contains("the nearest name is a.x"), "{message}");

    refused(r#"{"c": "1.safetensors"}"#, r#"tensor "c" should be in 1.safetensors"#);
    refused(r#"{"b": "3.safetensors"}"#, "3.safetensors");
    refused(r#"{"b": "../unet/1.safetensors"}"#, "expected the name of a file beside it");
    refused(r#"{"b": "/etc/passwd"}"#, "expected the name of a file beside it");
    refused(r#"{"b": ".."}"#, "expected the name of a file beside it");
    refused("[]", "is not the JSON expected");
    weights(&unet.join("2.safetensors"), &[("a.y", 3.0), ("b", 2.0)]);
    refused(r#"{"b": "1.safetensors", "a.y": "2.safetensors"}"#, "tensor b is in two of its files");
}

#[test]
fn what_is_no_model_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| ModelFiles::open(path).unwrap_err().to_string();
    assert!(message(folder.path()).contains("has no component folder with a config.json"));
    assert!(message(&folder.path().join("nowhere")).contains("nowhere"));
    let unet = component(folder.path(), "unet");
    let model = ModelFiles::open(folder.path()).unwrap();
    let refused = |expected: &str| {
        let message = model.component("unet").unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\nshould contain {expected}");
    };
    refused("get the whole model again");
    let checkpoint = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoint-zip-2.pt");
    fs::copy(checkpoint, unet.join("diffusion_pytorch_model.bin")).unwrap();
    let old = ModelFiles::open(folder.path()).unwrap();
    assert!(old.has("unet") && old.component("unet").unwrap().weights.has("state_dict.float"));
    fs::write(unet.join("diffusion_pytorch_model.safetensors"), "version https://git-lfs.github.com/spec/v1").unwrap();
    refused("a Git LFS pointer");
    fs::write(unet.join("config.json"), "{").unwrap();
    refused("config.json: the file is not the JSON expected: EOF");
}

#[test]
fn a_broken_vocabulary_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    component(folder.path(), "unet");
    let tokenizer = folder.path().join("tokenizer");
    fs::create_dir(&tokenizer).unwrap();
    for (tokens, merges, expected) in [
        (r#"{"a": 0, "b": 2}"#, "", r#"token "b" has number 2, expected each of 0 to 2 once"#),
        (r#"{"a": 0, "b": 0}"#, "", "has number 0, expected each of 0 to 2 once"),
        (r#"{"a": -1}"#, "", "vocab.json"),
        (r#"{"a": 0}"#, "a b\nab", r#"the merge "ab" is not two texts"#),
        (r#"{"a": 0}"#, " a", r#"the merge " a" is not two texts"#),
    ] {
        fs::write(tokenizer.join("vocab.json"), tokens).unwrap();
        fs::write(tokenizer.join("merges.txt"), merges).unwrap();
        let message = ModelFiles::open(folder.path()).unwrap().vocabulary().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\nshould contain {expected}");
    }
}

#[test]
fn one_file_is_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gguf");
    let mut writer = GgufWriter::new();
    writer.metadata("chatsd.unet.config", r#"{"in_channels": 4}"#);
    writer.metadata("chatsd.vae.config", "{");
    writer.metadata("chatsd.pipeline.config", r#"{"schedule": "flow"}"#);
    writer.metadata("tokenizer.ggml.tokens", Value::Array(Array::texts(["a", "b"])));
    writer.metadata("tokenizer.ggml.merges", Value::Array(Array::texts(["ab"])));
    writer.tensor("unet.a", Weight::from_values(&[1], &[7.0]));
    writer.write(&path).unwrap();
    let model = ModelFiles::open(&path).unwrap();
    assert_eq!(model.file().map(WeightFile::path), Some(path.as_path()));
    assert!(model.has("unet") && !model.has("text_encoder"));
    assert_eq!(value(&model, "unet", "a"), 7.0);
    assert_eq!(model.component("unet").unwrap().config["in_channels"], 4);
    assert_eq!(model.pipeline_config().unwrap().unwrap()["schedule"], "flow");
    let refused = |message: String, expected: &str| assert!(message.contains(expected), "{message}");
    refused(model.component("text_encoder").unwrap_err().to_string(), "has no chatsd.text_encoder.config");
    refused(model.component("vae").unwrap_err().to_string(), "chatsd.vae.config is not the JSON expected");
    refused(model.vocabulary().unwrap_err().to_string(), r#"the merge "ab" is not two texts"#);

    let embedded = ModelFiles::from_static(Vec::leak(fs::read(&path).unwrap())).unwrap();
    assert_eq!(value(&embedded, "unet", "a"), 7.0);
    refused(embedded.component("clip").unwrap_err().to_string(), "the built-in model has no chatsd.clip.config");

    let other = folder.path().join("checkpoint.safetensors");
    weights(&other, &[("model.diffusion_model.a", 1.0)]);
    let other = ModelFiles::open(&other).unwrap();
    refused(other.component("unet").unwrap_err().to_string(), "is a file of tensors of no known model");
    refused(other.vocabulary().unwrap_err().to_string(), "tokenizer.ggml.tokens");
}
