use std::{fs, path::Path};

use proptest::prelude::*;

use super::*;

/// A home folder with files of these names, each of one byte.
fn home(files: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for file in files {
        let path = home.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    home
}

fn folders(home: &Path) -> ModelFolders {
    ModelFolders::new(&Environment {
        own: Some(home.join("data")),
        named: vec![home.join("named")],
        hugging_face: Some(home.join("hf")),
        home: Some(home.to_owned()),
    })
}

#[test]
fn the_folders_of_each_program_are_found_in_their_usual_places() {
    let home = home(&[
        "stable-diffusion-webui/models/Stable-diffusion/sub/Anything-V3.ckpt",
        "stable-diffusion-webui/models/Lora/detail.safetensors",
        "stable-diffusion-webui/embeddings/EasyNegative.pt",
        "Documents/ComfyUI/models/checkpoints/dreamshaper_8.safetensors",
        "Documents/ComfyUI/models/controlnet/canny.pth",
        "Fooocus/fooocus_version.py",
        "Fooocus/models/checkpoints/juggernaut.safetensors",
        "SwarmUI/Models/Stable-Diffusion/swarm.safetensors",
        ".local/share/StabilityMatrix/Models/StableDiffusion/matrix.safetensors",
        "data/upscale_models/RealESRGAN_x4plus.pth",
        "named/one.gguf",
    ]);
    let folders = folders(home.path());
    let check = |kind, name: &str, program: Program, path: &str| {
        assert_eq!(folders.find(kind, name), Some(home.path().join(path)), "{name}");
        assert!(folders.list(kind).iter().any(|found| found.program == program && found.bytes == 1), "{program:?}");
    };
    use FileKind::*;
    let webui = "stable-diffusion-webui/models";
    check(Model, "anything-v3", Program::Automatic1111, &format!("{webui}/Stable-diffusion/sub/Anything-V3.ckpt"));
    check(Adapter, "Detail", Program::Automatic1111, &format!("{webui}/Lora/detail.safetensors"));
    check(Embedding, "easynegative", Program::Automatic1111, "stable-diffusion-webui/embeddings/EasyNegative.pt");
    check(Control, "canny.pth", Program::ComfyUI, "Documents/ComfyUI/models/controlnet/canny.pth");
    check(Model, "juggernaut", Program::Fooocus, "Fooocus/models/checkpoints/juggernaut.safetensors");
    check(Model, "swarm", Program::SwarmUI, "SwarmUI/Models/Stable-Diffusion/swarm.safetensors");
    let matrix = ".local/share/StabilityMatrix/Models/StableDiffusion/matrix.safetensors";
    check(Model, "matrix", Program::StabilityMatrix, matrix);
    check(Upscaler, "realesrgan_x4plus", Program::ChatSd, "data/upscale_models/RealESRGAN_x4plus.pth");
    check(Model, "one", Program::Named, "named/one.gguf");
    assert_eq!(folders.find(Adapter, "anything-v3"), None);
    assert_eq!(folders.find(Adapter, "one"), Some(home.path().join("named/one.gguf")), "a plain folder holds anything");
}

#[test]
fn exact_names_and_safetensors_come_first() {
    let home = home(&[
        "data/checkpoints/a.ckpt",
        "data/checkpoints/a.safetensors",
        "data/checkpoints/x/A.ckpt",
        "data/checkpoints/v1.5.safetensors",
        "data/checkpoints/x/b.ckpt",
        "data/checkpoints/y/b.ckpt",
    ]);
    let folders = folders(home.path());
    let find = |name: &str| {
        folders
            .find(FileKind::Model, name)
            .map(|path| path.strip_prefix(home.path().join("data/checkpoints")).unwrap().to_string_lossy().into_owned())
    };
    assert_eq!(find("a").as_deref(), Some("a.safetensors"));
    assert_eq!(find("A").as_deref(), Some("x/A.ckpt"));
    assert_eq!(find("a.ckpt").as_deref(), Some("a.ckpt"));
    assert_eq!(find("v1.5").as_deref(), Some("v1.5.safetensors"));
    assert_eq!(find("Y\\B").as_deref(), Some("y/b.ckpt"));
    assert_eq!(find("nothing"), None);
    assert_eq!(find(""), None);
}

#[test]
fn a_model_that_is_a_folder_is_one() {
    let home = home(&[
        "data/checkpoints/sd/model_index.json",
        "data/checkpoints/sd/unet/diffusion_pytorch_model.safetensors",
        "hf/models--me--drawing/snapshots/abc/model_index.json",
        "hf/models--me--drawing/snapshots/abc/unet/model.safetensors",
        "hf/models--me--parts/snapshots/abc/lora/fine.safetensors",
        "hf/models--me--empty/refs/main",
    ]);
    fs::create_dir_all(home.path().join("data/controlnet/canny")).unwrap();
    let config = home.path().join("data/controlnet/canny/config.json");
    fs::write(config, r#"{"_class_name": "ControlNetModel"}"#).unwrap();
    let folders = folders(home.path());
    let names = |kind| folders.list(kind).into_iter().map(|found| (found.name, found.bytes)).collect::<Vec<_>>();
    assert_eq!(names(FileKind::Model), [("sd".to_owned(), 2), ("me/drawing".to_owned(), 2)]);
    assert_eq!(names(FileKind::Control), [("canny".to_owned(), 34)]);
    let snapshot = home.path().join("hf/models--me--drawing/snapshots/abc");
    assert_eq!(folders.find(FileKind::Model, "ME/Drawing"), Some(snapshot.clone()));
    assert_eq!(folders.find(FileKind::Model, "drawing"), Some(snapshot));
    assert_eq!(folders.find(FileKind::Adapter, "drawing"), None);
    let fine = home.path().join("hf/models--me--parts/snapshots/abc/lora/fine.safetensors");
    assert_eq!(folders.find(FileKind::Adapter, "fine"), Some(fine));
}

#[test]
fn settings_of_other_programs_lead_to_further_folders() {
    let home = home(&[
        "ComfyUI/models/checkpoints/a.ckpt",
        "disk/loras/b.safetensors",
        "Fooocus/fooocus_version.py",
        "other/c.safetensors",
    ]);
    let yaml = "mine:\n  base_path: ~/disk\n  loras: loras\n";
    fs::write(home.path().join("ComfyUI/extra_model_paths.yaml"), yaml).unwrap();
    fs::write(home.path().join("Fooocus/config.txt"), r#"{"path_checkpoints": ["../other", 3], "x": {}}"#).unwrap();
    let folders = folders(home.path());
    assert_eq!(folders.find(FileKind::Adapter, "b"), Some(home.path().join("disk/loras/b.safetensors")));
    let found = folders.find(FileKind::Model, "c").unwrap();
    assert_eq!(found.canonicalize().unwrap(), home.path().join("other/c.safetensors").canonicalize().unwrap());
}

#[cfg(unix)]
#[test]
fn loops_and_closed_folders_do_no_harm() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let home = home(&["data/checkpoints/deep/a.ckpt", "data/loras/b.ckpt", "data/checkpoints/closed/c.ckpt"]);
    let checkpoints = home.path().join("data/checkpoints");
    symlink(&checkpoints, checkpoints.join("deep/again")).unwrap();
    symlink(checkpoints.join("nowhere"), checkpoints.join("gone.ckpt")).unwrap();
    symlink("self", checkpoints.join("self")).unwrap();
    symlink(checkpoints.join("deep/a.ckpt"), checkpoints.join("twin.ckpt")).unwrap();
    fs::set_permissions(checkpoints.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let found = folders(home.path()).list(FileKind::Model);
    // Who may read everything, such as root, also sees what lies in the closed folder.
    let names: Vec<&str> =
        found.iter().map(|found| found.name.as_str()).filter(|name| !name.starts_with("closed")).collect();
    assert_eq!(names, ["deep/a"]);
    fs::set_permissions(checkpoints.join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
}

proptest! {
    #[test]
    fn no_name_makes_it_panic(name in "(?s).{0,20}|[a./\\\\]{0,9}") {
        let home = home(&["data/checkpoints/a.ckpt"]);
        let found = folders(home.path()).find(FileKind::Model, &name);
        prop_assert!(found.is_none_or(|path| path.ends_with("a.ckpt")));
    }
}
