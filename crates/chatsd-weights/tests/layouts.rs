//! Checkpoints of every family, in the original's names and diffusers', against `reference/layouts.py`.

mod common;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    path::Path,
};

use chatsd_weights::{ForeignNetwork, ModelFamily, ModelFiles, WeightsError, WeightsKind};
use common::checkpoints::{Tensor, folder_with, golden, values, write};
use serde_json::{Value, json};

const FAMILIES: [(&str, WeightsKind, Option<ModelFamily>); 23] = {
    use ModelFamily::{Sd1, Sd2, Sdxl, SdxlRefiner};
    use WeightsKind::{Autoencoder, Checkpoint, ControlNet, PictureNetwork, TextEncoder};
    [
        ("sd1", Checkpoint, Some(Sd1)),
        ("sd1-inpaint", Checkpoint, Some(Sd1)),
        ("sd1-pix2pix", Checkpoint, Some(Sd1)),
        ("sd1-lcm", PictureNetwork, Some(Sd1)),
        ("bk-sdm-base", Checkpoint, Some(Sd1)),
        ("bk-sdm-small", Checkpoint, Some(Sd1)),
        ("bk-sdm-tiny", Checkpoint, Some(Sd1)),
        ("sd2", Checkpoint, Some(Sd2)),
        ("sdxs", PictureNetwork, Some(Sd2)),
        ("sdxl", Checkpoint, Some(Sdxl)),
        ("sdxl-inpaint", Checkpoint, Some(Sdxl)),
        ("sdxl-unet", PictureNetwork, Some(Sdxl)),
        ("ssd-1b", Checkpoint, Some(Sdxl)),
        ("segmind-vega", Checkpoint, Some(Sdxl)),
        ("sdxl-refiner", Checkpoint, Some(SdxlRefiner)),
        ("vae", Autoencoder, None),
        ("vae-diffusers", Autoencoder, None),
        ("taesd", Autoencoder, None),
        ("taesd-diffusers", Autoencoder, None),
        ("control-sd1", ControlNet, Some(Sd1)),
        ("control-sd2", ControlNet, Some(Sd2)),
        ("control-sdxl", ControlNet, Some(Sdxl)),
        ("clip-g", TextEncoder, None),
    ]
};

/// A setting for each block, whichever way it is written.
fn per_block(config: &Value, key: &str, blocks: usize) -> Vec<Value> {
    match config.get(key) {
        Some(Value::Array(values)) => values.clone(),
        other => vec![other.cloned().unwrap_or(json!(1)); blocks],
    }
}

/// A list of equal numbers is the number.
fn merged(value: &Value) -> Value {
    match value {
        Value::Array(values) if values.iter().all(|each| *each == values[0]) => values[0].clone(),
        other => other.clone(),
    }
}

/// How deep the transformers of each block are, where there are any.
fn depths(config: &Value) -> Vec<Value> {
    let kinds = |key: &str| config[key].as_array().cloned().unwrap_or_default();
    let (downs, ups) = (kinds("down_block_types"), kinds("up_block_types"));
    let down = per_block(config, "transformer_layers_per_block", downs.len());
    let up = match config.get("reverse_transformer_layers_per_block") {
        None => down.iter().rev().take(ups.len()).cloned().collect(),
        Some(_) => per_block(config, "reverse_transformer_layers_per_block", ups.len()),
    };
    let attends = |kind: &Value| kind.as_str().is_some_and(|kind| kind.starts_with("Cross"));
    let blocks = downs.iter().chain(&ups).zip(down.iter().chain(&up));
    blocks.filter(|(kind, _)| attends(kind)).map(|(_, depth)| merged(depth)).collect()
}

fn same_config(family: &str, found: &Value, published: &Value) {
    assert_eq!(depths(found), depths(published), "{family}: transformers");
    for (key, expected) in published.as_object().unwrap() {
        if !key.ends_with("transformer_layers_per_block") {
            assert_eq!(merged(&found[key]), merged(expected), "{family}: {key}");
        }
    }
}

#[test]
fn every_published_layout_is_found_whole() {
    for (family, kind, of) in FAMILIES {
        let golden = golden(family);
        let (_folder, path) = folder_with(&golden, "", false);
        let files = ModelFiles::open(&path).unwrap();
        let told = files.description().unwrap();
        assert_eq!((told.kind, told.family), (kind, of), "{family}");
        let files = ModelFiles::open(&path).unwrap();
        for (name, expected) in &golden.components {
            let component = files.component(name).unwrap();
            same_config(family, &component.config, &expected.config);
            let scope = &component.weights;
            let found: BTreeMap<_, _> = scope.names().map(|name| (name, scope.shape(name).unwrap())).collect();
            let wanted: BTreeMap<_, _> =
                expected.tensors.iter().map(|tensor| (tensor.0.as_str(), tensor.wanted(false))).collect();
            let missing: Vec<_> = wanted.keys().filter(|name| !found.contains_key(*name)).collect();
            assert!(missing.is_empty(), "{family}: {name} lacks {missing:?}");
            let other: Vec<_> = found.iter().filter(|(name, shape)| wanted.get(*name) != Some(shape)).collect();
            assert!(other.is_empty(), "{family}: {name} has {other:?}");
            let mut unused: Vec<&str> = expected.tensors.iter().map(|tensor| tensor.1.as_str()).collect();
            unused.sort_unstable();
            unused.dedup();
            assert!(scope.unused() == unused, "{family}: {name}: nobody has asked yet");
        }
        let there = ["unet", "text_encoder", "text_encoder_2", "vae", "controlnet"];
        let there: Vec<&str> = there.into_iter().filter(|name| files.has(name)).collect();
        assert_eq!(there.len(), golden.components.len(), "{family}: {there:?}");
    }
}

#[test]
fn every_tensor_is_the_one_that_was_written() {
    // A small encoder alone could be either.
    for (family, ..) in FAMILIES.into_iter().filter(|(family, ..)| *family != "clip-g") {
        let golden = golden(family);
        let (_folder, path) = folder_with(&golden, "", true);
        let files = ModelFiles::open(&path).unwrap();
        for (name, expected) in &golden.components {
            let scope = files.component(name).unwrap().weights;
            for tensor in &expected.tensors {
                let Tensor(ours, theirs, view, _, shape) = tensor;
                let stored = values(theirs, shape.iter().product());
                let wanted = match view.as_str() {
                    "transposed" => {
                        let (rows, columns) = (shape[0], shape[1]);
                        (0..stored.len()).map(|at| stored[at % rows * columns + at / rows]).collect()
                    }
                    "whole" | "matrix" => stored,
                    third => {
                        let part: usize = third.strip_prefix("third ").unwrap().parse().unwrap();
                        let len = stored.len() / 3;
                        stored[part * len..(part + 1) * len].to_vec()
                    }
                };
                let found = scope.values(ours, &tensor.wanted(true)).unwrap();
                assert!(found == wanted, "{family}: {ours} is not {view} of {theirs}");
            }
            assert_eq!(scope.unused(), Vec::<&str>::new(), "{family}: {name}: all was asked for");
        }
    }
}

#[test]
fn wrappers_around_a_model_do_not_matter() {
    let golden = golden("bk-sdm-tiny");
    for prefix in ["state_dict.", "module.", "model.module."] {
        let (_folder, path) = folder_with(&golden, prefix, true);
        let files = ModelFiles::open(&path).unwrap();
        assert_eq!(files.description().unwrap().kind, WeightsKind::Checkpoint, "{prefix}");
        for (name, component) in &golden.components {
            let scope = files.component(name).unwrap().weights;
            let Tensor(ours, theirs, _, _, shape) = &component.tensors[0];
            let wanted = values(theirs, shape.iter().product());
            assert_eq!(scope.values(ours, shape).unwrap(), wanted, "{prefix}");
        }
    }
}

#[test]
fn what_is_missing_is_told_by_the_names_of_the_file() {
    let golden = golden("bk-sdm-tiny");
    let mut shapes = golden.shapes(true);
    shapes.remove("model.diffusion_model.output_blocks.2.0.in_layers.2.weight");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write(&path, &shapes, "", true);
    let files = ModelFiles::open(&path).unwrap();
    let scope = files.component("unet").unwrap().weights;
    let message = scope.at("up_blocks.1.resnets.0").convolution("conv1", [160, 64, 3]).err().unwrap().to_string();
    assert!(message.contains("no tensor model.diffusion_model.output_blocks.2.0.in_layers.2.weight"), "{message}");
    let message = scope.linear("time_embedding.linear_1", 1, 1).err().unwrap().to_string();
    assert!(
        message.contains("tensor model.diffusion_model.time_embed.0.bias has shape [128], expected [1]"),
        "{message}"
    );

    shapes.retain(|name, _| name.starts_with("model.diffusion_model."));
    shapes.insert("model.diffusion_model.something_else".into(), vec![1]);
    write(&path, &shapes, "", true);
    let files = ModelFiles::open(&path).unwrap();
    assert!(files.component("unet").unwrap().weights.unused().contains(&"model.diffusion_model.something_else"));
    let error = files.component("vae").unwrap_err();
    assert!(matches!(error, WeightsError::WithoutPart { kind: WeightsKind::PictureNetwork, .. }), "{error}");
    let message = error.to_string();
    assert!(message.ends_with("has no autoencoder; give the file of one with --vae"), "{message}");

    shapes.remove("model.diffusion_model.input_blocks.0.0.weight");
    shapes.insert("time_embedding.linear_1.weight".into(), vec![1, 1]);
    shapes.insert("conv_out.weight".into(), vec![1, 1, 3, 3]);
    write(&path, &shapes, "", true);
    let message = ModelFiles::open(&path).unwrap_err().to_string();
    assert!(message.contains("has no tensor conv_in.weight"), "{message}");
}

#[test]
fn other_kinds_of_files_are_told_apart() {
    type Case<'a> = (&'a [(&'a str, &'a [usize])], WeightsKind, Option<ModelFamily>);
    let cases: [Case<'_>; 16] = [
        (
            &[
                ("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", &[4, 768]),
                ("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight", &[320, 4]),
            ],
            WeightsKind::Lora,
            Some(ModelFamily::Sd1),
        ),
        (
            &[("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight", &[4, 2048])],
            WeightsKind::Lora,
            Some(ModelFamily::Sdxl),
        ),
        (&[("lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a", &[4, 4])], WeightsKind::Lora, None),
        (
            &[(
                "unet.up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_linear_layer.down.weight",
                &[4, 768],
            )],
            WeightsKind::Lora,
            Some(ModelFamily::Sd1),
        ),
        (&[("base_model.model.down_blocks.0.attn1.to_q.oft_R.weight", &[8, 6])], WeightsKind::Lora, None),
        (
            &[
                ("lycoris_down_blocks_0_attentions_0_proj_in.lokr_w1_a", &[4, 1]),
                ("lycoris_down_blocks_0_attentions_0_proj_in.lokr_w1_b", &[1, 4]),
                ("lycoris_down_blocks_0_attentions_0_proj_in.lokr_w2_a", &[80, 1]),
                ("lycoris_down_blocks_0_attentions_0_proj_in.lokr_w2_b", &[1, 80]),
            ],
            WeightsKind::Lora,
            None,
        ),
        (&[("decoder.1.snake.alpha", &[64])], WeightsKind::Unknown, None),
        (&[("emb_params", &[2, 768])], WeightsKind::Embedding, Some(ModelFamily::Sd1)),
        (&[("<a-word>", &[1024])], WeightsKind::Embedding, Some(ModelFamily::Sd2)),
        (&[("clip_g", &[3, 1280]), ("clip_l", &[3, 768])], WeightsKind::Embedding, Some(ModelFamily::Sdxl)),
        (
            &[("model.0.weight", &[64, 3, 3, 3]), ("model.1.sub.0.RDB1.conv1.0.weight", &[1])],
            WeightsKind::Upscaler,
            None,
        ),
        (&[("conv_first.weight", &[64, 3, 3, 3]), ("body.0.rdb1.conv1.weight", &[1])], WeightsKind::Upscaler, None),
        (&[("params.body.0.weight", &[64, 3, 3, 3]), ("params.body.1.weight", &[64])], WeightsKind::Upscaler, None),
        (
            &[("image_proj.proj.weight", &[1, 1]), ("ip_adapter.1.to_k_ip.weight", &[1, 1])],
            WeightsKind::IpAdapter,
            None,
        ),
        (
            &[("model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale", &[1])],
            WeightsKind::Other(ForeignNetwork::Flux),
            None,
        ),
        (&[("anything", &[2, 3])], WeightsKind::Unknown, None),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.safetensors");
    for (tensors, kind, family) in cases {
        let shapes = tensors.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect();
        write(&path, &shapes, "", true);
        let files = ModelFiles::open(&path).unwrap();
        let told = files.description().unwrap();
        assert_eq!((told.kind, told.family), (kind, family), "{tensors:?}");
        let message = files.component("unet").unwrap_err().to_string();
        assert!(message.contains(&kind.to_string()) && message.contains(&kind.advice().to_string()), "{message}");
    }
}

#[test]
fn halves_of_taesd_in_two_files_are_one() {
    let golden = golden("taesd");
    let shapes = golden.shapes(true);
    let folder = tempfile::tempdir().unwrap();
    for half in ["encoder", "decoder"] {
        let half_of = |(name, shape): (&String, &Vec<usize>)| {
            Some((name.strip_prefix(&format!("{half}."))?.to_owned(), shape.clone()))
        };
        let shapes = shapes.iter().filter_map(half_of).collect();
        write(&folder.path().join(format!("taesd_{half}.safetensors")), &shapes, "", true);
    }
    let files = ModelFiles::open(&folder.path().join("taesd_decoder.safetensors")).unwrap();
    let scope = files.component("vae").unwrap().weights;
    for Tensor(ours, theirs, _, _, shape) in &golden.components["vae"].tensors {
        let (_, name) = theirs.split_once('.').unwrap();
        assert_eq!(scope.values(ours, shape).unwrap(), values(name, shape.iter().product()), "{ours}");
    }
    fs::remove_file(folder.path().join("taesd_encoder.safetensors")).unwrap();
    let message = ModelFiles::open(&folder.path().join("taesd_decoder.safetensors")).unwrap_err().to_string();
    assert!(message.contains("encoder"), "{message}");
}

#[test]
fn a_network_predicts_what_its_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut shapes = golden("sdxl-unet").shapes(true);
    let prediction = |path: &Path| {
        ModelFiles::open(path).unwrap().pipeline_config().unwrap().unwrap()["prediction_type"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    write(&path, &shapes, "", true);
    assert_eq!(prediction(&path), "epsilon");
    shapes.insert("v_pred".into(), vec![0]);
    write(&path, &shapes, "", true);
    assert_eq!(prediction(&path), "v_prediction");
    let settings = ModelFiles::open(&path).unwrap().pipeline_config().unwrap().unwrap();
    assert!(settings.get("rescale_betas_zero_snr").is_none());
    shapes.insert("ztsnr".into(), vec![0]);
    write(&path, &shapes, "", true);
    let files = ModelFiles::open(&path).unwrap();
    let settings = files.pipeline_config().unwrap().unwrap();
    assert_eq!(settings["rescale_betas_zero_snr"], true);
    let forced = files.predicting(Some(chatsd_weights::Predicts::Epsilon));
    assert_eq!(forced.pipeline_config().unwrap().unwrap()["prediction_type"], "epsilon");
    shapes.insert("edm_mean".into(), vec![4]);
    write(&path, &shapes, "", true);
    let message = ModelFiles::open(&path).unwrap().pipeline_config().unwrap_err().to_string();
    assert!(message.contains("EDM"), "{message}");

    // A yaml beside the file, as AUTOMATIC1111 reads it; else the spread of a norm's shifts.
    let shapes = golden("sd2").shapes(false);
    write(&path, &shapes, "", false);
    assert_eq!(prediction(&path), "epsilon", "no spread at all");
    fs::write(path.with_extension("yaml"), "model:\n  params:\n    parameterization: \"v\"\n").unwrap();
    assert_eq!(prediction(&path), "v_prediction");
    fs::remove_file(path.with_extension("yaml")).unwrap();
    let name = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias";
    let (before, after): (Vec<_>, Vec<_>) = shapes.iter().partition(|(other, _)| other.as_str() < name);
    let size =
        |part: &[(&String, &Vec<usize>)]| part.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>();
    let header = fs::metadata(&path).unwrap().len() as usize - 4 * (size(&before) + size(&after));
    let bytes: Vec<u8> = (0..320).flat_map(|at| (if at % 2 == 0 { 0.1_f32 } else { -0.1 }).to_le_bytes()).collect();
    let mut file = File::options().write(true).open(&path).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start((header + 4 * size(&before)) as u64)).unwrap();
    file.write_all(&bytes).unwrap();
    drop(file);
    assert_eq!(prediction(&path), "v_prediction", "as 768-v-ema.ckpt");
}

#[test]
fn an_autoencoder_from_elsewhere_takes_the_scale_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let [model, vae] = ["model.safetensors", "vae.safetensors"].map(|name| folder.path().join(name));
    write(&vae, &golden("vae").shapes(true), "", true);
    for (family, scale) in [("sd1", 0.182_15), ("sdxl", 0.130_25), ("sdxl-unet", 0.130_25)] {
        write(&model, &golden(family).shapes(true), "", true);
        let open = |path: &Path| ModelFiles::open(path).unwrap();
        let files = open(&model).with_component("vae", open(&vae)).unwrap();
        let component = files.component("vae").unwrap();
        assert_eq!(component.config["scaling_factor"], scale, "{family}");
        let name = "decoder.conv_in.weight";
        let shape = component.weights.shape(name).unwrap();
        let found = component.weights.values(name, &shape).unwrap();
        assert_eq!(found, values(name, found.len()), "{family}: not the model's own");
        let message = open(&vae).with_component("vae", open(&model)).err().map(|error| error.to_string());
        assert_eq!(message.is_some(), family == "sdxl-unet", "{message:?}");
    }
}

#[test]
fn opening_reads_the_header_alone() {
    let golden = golden("sdxl");
    let (_folder, path) = folder_with(&golden, "", false);
    let size = fs::metadata(&path).unwrap().len();
    assert!(size > 13_000_000_000, "XL in f32: {size} bytes");
    let start = std::time::Instant::now();
    let files = ModelFiles::open(&path).unwrap();
    assert_eq!(files.component("unet").unwrap().weights.names().count(), 1680);
    let seconds = start.elapsed().as_secs_f32();
    assert!(seconds < 5.0, "{seconds} s, unoptimised");
}
