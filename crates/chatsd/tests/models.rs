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
