//! A tokenizer's tokens and merges, divided by a zero byte.
#![no_main]

use std::{fs, sync::OnceLock};

use chatsd_weights_fuzz::read_folder;

static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["unet", "tokenizer"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        fs::write(folder.path().join("unet/config.json"), "{}").expect("a file");
        folder
    });
    let mut parts = data.splitn(2, |&byte| byte == 0);
    let tokenizer = folder.path().join("tokenizer");
    fs::write(tokenizer.join("vocab.json"), parts.next().unwrap_or_default()).expect("a file");
    fs::write(tokenizer.join("merges.txt"), parts.next().unwrap_or_default()).expect("a file");
    read_folder(folder.path());
});
