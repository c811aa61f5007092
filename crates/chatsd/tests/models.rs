//! Models by name: found in other programs' folders, listed, and what is said of a name that nothing has.

mod common;

use std::{fs, path::Path};

use common::Home;

/// The built-in model as a file.
fn pocket() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf")
}

#[test]
fn a_model_of_another_program_is_used_by_name() {
    let home = Home::new();
    let folder = home.path().join("stable-diffusion-webui/models/Stable-diffusion/mine");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(pocket(), folder.join("Sticker.v1.gguf")).unwrap();
    let shown = home.run(&["models", "show", "--json", "--model", "sticker.v1"]).ok().events();
    assert_eq!(shown[0]["name"], "sticker.v1");
    assert!(shown[0]["path"].as_str().unwrap().ends_with("Sticker.v1.gguf"), "{}", shown[0]);

    let wrong = home.run(&["models", "show", "--model", "stickers"]);
    assert_eq!(wrong.code, Some(1));
    assert!(wrong.stderr.contains("nearest are mine/Sticker.v1"), "{}", wrong.stderr);
    let wrong = home.run(&["--lang", "zh", "models", "show", "--model", "stickers"]);
    assert!(wrong.stderr.contains("最接近的是 mine/Sticker.v1"), "{}", wrong.stderr);
}

#[test]
fn further_folders_are_named_in_the_settings() {
    let home = Home::new();
    fs::create_dir_all(home.path().join("disk")).unwrap();
    fs::copy(pocket(), home.path().join("disk/a.gguf")).unwrap();
    let show = ["models", "show", "--json", "--model", "a", "--model-folders", "none,disk"];
    assert_eq!(home.run(&show).ok().events()[0]["name"], "a");
    fs::create_dir_all(home.path().join("config/chatsd")).unwrap();
    fs::write(home.path().join("config/chatsd/config.toml"), "model_folders = [\"disk\"]\nmodel = \"a\"").unwrap();
    assert_eq!(home.run(&["models", "show", "--json"]).ok().events()[0]["name"], "a");
}

/// A safetensors file of f32 zeros.
fn zeros(path: &Path, shapes: &[(&str, &[usize])]) {
    let mut header = serde_json::Map::new();
    let mut at = 0;
    for (name, shape) in shapes {
        let end = at + 4 * shape.iter().product::<usize>();
        let entry = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [at, end]});
        header.insert((*name).to_owned(), entry);
        at = end;
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.resize(bytes.len() + at, 0);
    fs::write(path, bytes).unwrap();
}

#[test]
fn any_file_of_weights_is_told_by_its_tensors() {
    let home = Home::new();
    let path = home.path().join("named.like.a.model.safetensors");
    zeros(
        &path,
        &[("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", &[4, 768])],
    );
    let file = path.to_str().unwrap();
    let told = &home.run(&["models", "show", "--json", file]).ok().events()[0];
    assert_eq!((told["kind"].as_str(), told["family"].as_str()), (Some("lora"), Some("sd1")));
    let shown = home.run(&["models", "show", file]).ok().stdout;
    assert!(shown.contains("a LoRA") && shown.contains("Stable Diffusion 1"), "{shown}");
    assert!(shown.contains("give it with --lora, beside a --model"), "{shown}");
    let shown = home.run(&["--lang", "zh", "models", "show", file]).ok().stdout;
    assert!(shown.contains("与 --model 一起，用 --lora 给出"), "{shown}");

    let refused = home.run(&["a cat", "--model", file]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("is a LoRA of Stable Diffusion 1 and has no picture network"),
        "{}",
        refused.stderr
    );
    let refused = home.run(&["--lang", "zh", "a cat", "--model", file]);
    assert!(refused.stderr.contains("是LoRA（Stable Diffusion 1），没有图片网络"), "{}", refused.stderr);

    let told = &home.run(&["models", "show", "--json", pocket().to_str().unwrap()]).ok().events()[0];
    assert_eq!((told["kind"].as_str(), told["predicts"].as_str()), (Some("checkpoint"), Some("sample")));
    assert_eq!(told["missing"].as_array().map(Vec::len), Some(0), "{told}");
    assert_eq!(told["components"][1]["name"], "unet");
}

#[test]
fn a_model_is_written_in_another_format_and_paints() {
    let home = Home::new();
    let convert = |more: &[&str]| home.run(&[&["models", "convert", "pocket", "small.gguf"], more].concat());
    let written = &convert(&["--format", "q4_0", "--json"]).ok().events()[0];
    let size = fs::metadata(home.path().join("small.gguf")).unwrap().len();
    assert_eq!(written["bytes"], size);
    assert!(size < fs::metadata(pocket()).unwrap().len());
    let shown = home.run(&["models", "show", "small.gguf"]).ok().stdout;
    assert!(shown.contains("Q4_0"), "{shown}");
    let paint = ["a cat", "-n", "1", "--steps", "1", "--size", "32x32", "--model", "small.gguf", "--show", "none"];
    home.run(&paint).ok();

    let taken = convert(&[]);
    assert_eq!(taken.code, Some(2), "{}", taken.stderr);
    assert!(taken.stderr.contains("small.gguf is there already"), "{}", taken.stderr);
    assert_eq!(fs::metadata(home.path().join("small.gguf")).unwrap().len(), size);
    let wrong = home.run(&["models", "convert", "pocket", "b.gguf", "--format", "q9"]);
    assert!(wrong.stderr.contains("expected one of f32, f16, bf16, q8_0"), "{}", wrong.stderr);
    let wrong = home.run(&["models", "convert", "pocket", "b.zip"]);
    assert!(wrong.stderr.contains("its name ends with neither .gguf nor .safetensors"), "{}", wrong.stderr);
    assert!(!home.path().join("b.zip").exists());
}
