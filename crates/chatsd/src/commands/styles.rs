//! `chatsd styles`: what pictures are painted in.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use chatsd_prompt::{Style, StyleLibrary};

use crate::{cli::Styles, failure::OK, output, settings::Settings, wiring};

/// Lists, shows, imports or exports styles.
///
/// # Errors
/// An unknown style, or a file that cannot be read or written.
pub fn run(arguments: Styles, mut settings: Settings) -> Result<u8> {
    let library = wiring::library()?;
    match arguments {
        Styles::List { all, model, json } => {
            model.put_into(&mut settings);
            let family = if all { String::new() } else { wiring::reader(&settings)?.family().to_owned() };
            for style in library.styles().iter().filter(|style| all || style.needs.met_by(&family)) {
                if json { output::json(style) } else { output::data(line(style)) }?;
            }
        }
        Styles::Show { name, json } => {
            let style = library.get(&name)?;
            if json { output::json(style) } else { output::data(serde_json::to_string_pretty(style)?) }?;
        }
        Styles::Import { file } => import(&file, &settings)?,
        Styles::Export { file: None } => output::data(library.export_csv()?.trim_end())?,
        Styles::Export { file: Some(file) } => write_whole(&file, &library.export_csv()?)?,
    }
    Ok(OK)
}

fn line(style: &Style) -> String {
    let Style { id, family, name, name_zh, positive, .. } = style;
    format!("{id:<20} {family:<10} {name} · {name_zh}  {}", output::dim(positive))
}

/// Adds the file's styles to the user's own.
fn import(file: &Path, settings: &Settings) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let own = wiring::own_styles()?;
    let mut library = StyleLibrary::new(Vec::new());
    if let Some(known) = wiring::read_if_there(&own)? {
        library.import_csv(&known).with_context(|| format!("in {}", own.display()))?;
    }
    let count = library.import_csv(&text).with_context(|| format!("in {}", file.display()))?;
    if let Some(folder) = own.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    write_whole(&own, &library.export_csv()?)?;
    output::talk(settings.lang().styles_imported(count, own.display()));
    Ok(())
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(path: &Path, text: &str) -> Result<()> {
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}
