//! What the tests of the gallery share.
#![allow(dead_code, reason = "each test program uses a part")]

use std::{fs, path::Path, time::Duration};

use chatsd_files::sha256;
use chatsd_gallery::{Gallery, NewEntry, read_image};
use chatsd_types::{Idea, Image, Prompt, Request, Sampler, Schedule, Size};

pub fn idea(sentence: &str) -> Idea {
    Idea { sentence: sentence.into(), subject: sentence.into(), ..Idea::default() }
}

pub fn request(positive: &str, style: &str) -> Request {
    Request {
        prompt: Prompt { own: positive.into(), positive: positive.into(), style: style.into(), ..Prompt::default() },
        model: "pocket".into(),
        model_hash: "0123456789".into(),
        size: Size { width: 16, height: 8 },
        steps: 12,
        guidance: 3.5,
        sampler: Sampler::Euler,
        schedule: Schedule::Flow,
        seed: 7,
        ..Request::default()
    }
}

/// Pixels that do not pack.
pub fn noise(size: Size, mut state: u32) -> Image {
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    Image { size, rgb: (0..3 * size.width * size.height).map(|_| next()).collect() }
}

pub fn new_entry(number: u32, positive: &str) -> NewEntry {
    NewEntry {
        number,
        request: request(positive, "flat icon"),
        image: noise(Size { width: 16, height: 8 }, number),
        duration: Duration::from_millis(1234),
        parents: vec!["00ff".into()],
    }
}

/// Checks that records and files are the same whole pictures and that nothing else lies about. Gives how many.
pub fn assert_whole(gallery: &Gallery) -> usize {
    let entries = gallery.list(usize::MAX).unwrap();
    for entry in &entries {
        let path = gallery.path(entry);
        assert!(!entry.missing, "{}", path.display());
        let bytes = fs::read(&path).unwrap();
        let hash = sha256(&bytes);
        assert_eq!((hash, bytes.len() as u64), (entry.sha256.clone(), entry.bytes));
        read_image(&path).unwrap();
    }
    let files = pictures(gallery.folder());
    assert_eq!(files, entries.len(), "pictures without a record");
    entries.len()
}

/// Pictures of entries in all sheets; fails on any half-written file.
fn pictures(folder: &Path) -> usize {
    let sheets = fs::read_dir(folder).unwrap().map(|found| found.unwrap().path()).filter(|path| path.is_dir());
    let names = sheets.flat_map(|sheet| fs::read_dir(sheet).unwrap()).map(|file| file.unwrap().file_name());
    let names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".part")), "half-written: {names:?}");
    names.iter().filter(|name| name.ends_with(".png") && *name != "sheet.png").count()
}
