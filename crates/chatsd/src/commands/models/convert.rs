//! `chatsd models convert`: a model in another format, or its parts in one file.

use std::{fs, path::Path};

use anyhow::Result;
use serde_json::json;

use crate::{
    args::{cli::Convert, settings::Settings},
    failure::{OK, ProgramError},
    terminal::{bar::bar, output},
    wiring::House,
};

/// Writes the model, whole or not at all.
///
/// # Errors
/// A model that cannot be read, a name that is taken or of no format known, or what writing may fail with.
pub fn run(arguments: Convert, mut settings: Settings) -> Result<u8> {
    let Convert { input, output: path, format, parts, json } = arguments;
    parts.put_into(&mut settings);
    let lang = settings.lang();
    if path.exists() {
        return Err(ProgramError::AlreadyThere(path).into());
    }
    let files = House::new(&settings).files(&input)?;
    let bar = bar(!settings.quiet() && !json, Some(0));
    files.convert(&path, format, &mut |done, count| {
        bar.set_length(count as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    let size = size(&path);
    if json {
        output::json(&json!({ "path": path, "bytes": size }))?;
    } else {
        output::data(lang.converted(path.display(), size.div_ceil(1 << 20)))?;
    }
    Ok(OK)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
