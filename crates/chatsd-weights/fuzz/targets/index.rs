//! The list of a component's weights in several files, and its config, divided by a zero byte.
#![no_main]

use std::{fs, sync::OnceLock};

use chatsd_weights_fuzz::{checkpoint, read_folder};

static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let unet = folder.path().join("unet");
        fs::create_dir(&unet).expect("a folder");
        for name in ["a", "b"] {
            let pickle = checkpoint::program(&checkpoint::dict(&[(name, checkpoint::tensor(0, &[1], &[1]))]));
            fs::write(unet.join(name), checkpoint::zipped(&pickle)).expect("a file");
        }
        folder
    });
    let mut parts = data.splitn(2, |&byte| byte == 0);
    let unet = folder.path().join("unet");
    let index = unet.join("diffusion_pytorch_model.safetensors.index.json");
    fs::write(index, parts.next().unwrap_or_default()).expect("a file");
    fs::write(unet.join("config.json"), parts.next().unwrap_or(b"{}")).expect("a file");
    read_folder(folder.path());
});
