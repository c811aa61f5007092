//! Models written anew, as GGUF files of ChatSD and as checkpoints in the original's names.

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use chatsd_tensor::Format;
use chatsd_weights::{Array, GgufWriter, ModelFiles, Value, WeightFile, WeightsKind};
use common::checkpoints::{Golden, folder_with, golden, values, write};

/// A model that has words and nothing else.
fn words(folder: &Path) -> ModelFiles {
    let path = folder.join("words.gguf");
    let mut writer = GgufWriter::new();
    writer.metadata("chatsd.pipeline.config", "{}");
    writer.metadata("tokenizer.ggml.tokens", Value::Array(Array::texts(["a", "b", "ab"])));
    writer.metadata("tokenizer.ggml.merges", Value::Array(Array::texts(["a b"])));
    writer.write(&path).unwrap();
    ModelFiles::open(&path).unwrap()
}

/// A small checkpoint, with words from elsewhere.
fn checkpoint(golden: &Golden) -> (tempfile::TempDir, ModelFiles) {
    let (folder, path) = folder_with(golden, "", true);
    let files = ModelFiles::open(&path).unwrap().with_words_of(words(folder.path()));
    (folder, files)
}

fn convert(files: &ModelFiles, path: &Path, format: Option<Format>) -> ModelFiles {
    files.convert(path, format, &mut |_, _| {}).unwrap();
    ModelFiles::open(path).unwrap()
}

/// Fails where a tensor of one differs from the other's by more than `tolerance` of its largest value.
fn same(found: &ModelFiles, expected: &ModelFiles, golden: &Golden, tolerance: f32) {
    for name in golden.components.keys() {
        let (found, expected) = (found.component(name).unwrap(), expected.component(name).unwrap());
        assert_eq!(found.config, expected.config, "{name}");
        let names: Vec<&str> = expected.weights.names().collect();
        assert_eq!(found.weights.names().collect::<Vec<_>>(), names, "{name}");
        let last = found.weights.files()[0].layout() == chatsd_tensor::Layout::Ohwi;
        for tensor in names {
            let shape = expected.weights.shape(tensor).unwrap();
            let wanted = expected.weights.values(tensor, &shape).unwrap();
            let there = if let (true, &[out, input, height, width]) = (last, shape.as_slice()) {
                let stored = found.weights.values(tensor, &[out, height, width, input]).unwrap();
                let at = |index: usize| {
                    let (x, y) = (index % width, index / width % height);
                    let (channel, row) = (index / (width * height) % input, index / (width * height * input));
                    stored[((row * height + y) * width + x) * input + channel]
                };
                (0..stored.len()).map(at).collect()
            } else {
                found.weights.values(tensor, &shape).unwrap()
            };
            let largest = wanted.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            let near = |(found, wanted): (&f32, &f32)| (found - wanted).abs() <= tolerance * largest;
            assert!(there.iter().zip(&wanted).all(near), "{name}: {tensor}");
        }
    }
}

#[test]
fn a_checkpoint_becomes_a_file_of_ours_and_a_checkpoint_again() {
    for family in ["bk-sdm-tiny", "sd1-inpaint", "sd2", "ssd-1b", "sdxl-refiner", "vae", "control-sd1"] {
        let golden = golden(family);
        let (folder, files) = checkpoint(&golden);
        let ours = convert(&files, &folder.path().join("ours.gguf"), None);
        same(&ours, &files, &golden, 0.0);
        if golden.components.contains_key("unet") {
            assert_eq!(ours.pipeline_config().unwrap(), files.pipeline_config().unwrap(), "{family}");
            assert_eq!(ours.vocabulary().unwrap(), files.vocabulary().unwrap(), "{family}");
            assert_eq!(ours.description().unwrap().kind, WeightsKind::Checkpoint, "{family}");
        }
        let path = folder.path().join("theirs.safetensors");
        convert(&ours, &path, None);
        let file = WeightFile::open(&path).unwrap();
        let shapes: BTreeMap<_, _> =
            file.names().map(|name| (name.to_owned(), file.shape(name).unwrap().to_vec())).collect();
        let mut expected = golden.shapes(true);
        golden.others.iter().for_each(|(name, ..)| _ = expected.remove(name));
        // The small networks are read as the first family: their widths are not the published ones.
        let unplaced = |name: &str| match family {
            "sdxl-refiner" => name.starts_with("conditioner.embedders."),
            "sd2" => name.starts_with("cond_stage_model."),
            _ => false,
        };
        expected.retain(|name, _| !unplaced(name));
        let missing: Vec<_> = expected.keys().filter(|name| !shapes.contains_key(*name)).collect();
        assert!(missing.is_empty(), "{family}: {missing:?}");
        for (name, shape) in &expected {
            assert_eq!(&shapes[name], shape, "{family}: {name}");
            let found = file.get(name).unwrap().values().unwrap();
            assert!(found == values(name, shape.iter().product()), "{family}: {name}");
        }
        let more: Vec<_> = shapes.keys().filter(|name| !expected.contains_key(*name) && !unplaced(name)).collect();
        assert!(more.is_empty(), "{family}: {more:?}");
    }
}

#[test]
fn a_checkpoint_keeps_its_names_and_changes_its_format() {
    let golden = golden("bk-sdm-tiny");
    let (folder, files) = checkpoint(&golden);
    for (format, tolerance) in [(Format::F32, 0.0), (Format::F16, 5e-4), (Format::Bf16, 4e-3)] {
        let path = folder.path().join("other.safetensors");
        let other = convert(&files, &path, Some(format));
        same(&other, &files, &golden, tolerance);
        let file = WeightFile::open(&path).unwrap();
        assert!(file.names().all(|name| file.format(name).unwrap() == format));
        assert!(file.contains("model.diffusion_model.input_blocks.1.1.proj_in.weight"));
        assert_eq!(file.metadata("modelspec.prediction_type"), Some(Value::from("epsilon")));
    }
}

#[test]
fn blocks_are_for_what_is_large_and_not_delicate() {
    let golden = golden("bk-sdm-tiny");
    let (folder, files) = checkpoint(&golden);
    let whole = fs::metadata(folder.path().join("model.safetensors")).unwrap().len();
    for (format, smaller, tolerance) in [
        (Format::Q8_0, Format::Q8_0, 0.005),
        (Format::Q4_0, Format::Q4_0, 0.14),
        (Format::Q4K, Format::Q5_0, 0.07),
        (Format::Q6K, Format::Q8_0, 0.02),
    ] {
        let path = folder.path().join("ours.gguf");
        let ours = convert(&files, &path, Some(format));
        same(&ours, &files, &golden, tolerance);
        assert!(fs::metadata(&path).unwrap().len() < whole * 2 / 3, "{format}");
        let file = WeightFile::open(&path).unwrap();
        for (tensor, expected) in [
            ("unet.down_blocks.1.resnets.0.conv1.weight", smaller),
            ("unet.down_blocks.1.resnets.0.norm1.weight", Format::F32),
            ("unet.conv_in.weight", Format::F16),
            ("unet.time_embedding.linear_1.weight", Format::F16),
            ("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight", smaller),
            ("vae.decoder.conv_in.weight", Format::F16),
            ("text_encoder.text_model.embeddings.token_embedding.weight", Format::F16),
            ("text_encoder.text_model.encoder.layers.0.mlp.fc1.bias", Format::F32),
        ] {
            assert_eq!(file.format(tensor).unwrap(), expected, "{format}: {tensor}");
        }
    }
}

#[test]
fn nothing_half_written_is_left_behind() {
    let golden = golden("vae");
    let (folder, files) = checkpoint(&golden);
    let refused = |files: &ModelFiles, name: &str, format, expected: &str| {
        let path = folder.path().join(name);
        let before = fs::read(&path).ok();
        let message = files.convert(&path, format, &mut |_, _| {}).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\nshould contain {expected}");
        assert_eq!(fs::read(&path).ok(), before, "{name}");
    };
    refused(&files, "a.ckpt", None, "ends with neither .gguf nor .safetensors");
    refused(&files, "a.safetensors", Some(Format::Q8_0), "safetensors has no Q8_0; write a .gguf file");
    refused(&files, "a.gguf", Some(Format::Iq1S), "IQ1_S is read but not written");
    refused(&files, "nowhere/a.gguf", None, "nowhere");
    let path = folder.path().join("large.safetensors");
    let mut shapes = golden.shapes(true);
    write(&path, &shapes, "", true);
    let at = fs::metadata(&path).unwrap().len() as usize - 4;
    let mut bytes = fs::read(&path).unwrap();
    bytes[at..].copy_from_slice(&1e6_f32.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let large = ModelFiles::open(&path).unwrap();
    refused(&large, "a.gguf", Some(Format::F16), "its value 1000000 is beyond f16; choose bf16 or f32");
    refused(&large, "model.safetensors", Some(Format::F16), "beyond f16");
    shapes.clear();
    shapes.insert("anything".into(), vec![2, 3]);
    write(&path, &shapes, "", true);
    refused(&ModelFiles::open(&path).unwrap(), "a.gguf", None, "is a file of tensors of no known model");
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["large.safetensors", "model.safetensors", "words.gguf"]);
}
