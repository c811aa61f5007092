//! `chatsd models convert`: a model in another format, or its parts in one file.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{
    cli::Convert,
    failure::{OK, Usage},
    output,
    settings::Settings,
    wiring,
};

/// Writes the model, whole or not at all.
///
/// # Errors
/// A model that cannot be read, a name that is taken or of no format known, or what writing may fail with.
pub fn run(arguments: Convert, mut settings: Settings) -> Result<u8> {
    let Convert { input, output: path, format, model, json } = arguments;
    model.put_into(&mut settings);
    settings.model = Some(input);
    let lang = settings.lang();
    if path.exists() {
        return Err(Usage(lang.already_there(path.display())).into());
    }
    let files = wiring::model_files(&settings)?;
    let bar = if settings.quiet() || json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent}%  {eta}").context("the bar's template")?);
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
