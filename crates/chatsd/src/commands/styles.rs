//! `chatsd styles`: what pictures are painted in.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use chatsd_gallery::write_whole;
use chatsd_prompt::{Style, StyleLibrary};

use crate::{
    args::{cli::Styles, settings::Settings},
    failure::OK,
    terminal::output,
    wiring::{self, House},
};

/// Lists, shows, imports or exports styles.
///
/// # Errors
/// An unknown style, or a file that cannot be read or written.
pub fn run(arguments: Styles, mut settings: Settings) -> Result<u8> {
    let library = wiring::library(settings.lang())?;
    match arguments {
        Styles::List { all, files, json } => {
            files.put_into(&mut settings);
            let house = House::new(&settings);
            let family =
                if all { String::new() } else { house.open(house.chosen_model())?.reader()?.family().to_owned() };
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
        Styles::Export { file: Some(file) } => write_whole(&file, library.export_csv()?.as_bytes())?,
    }
    Ok(OK)
}

fn line(style: &Style) -> String {
    let Style { id, family, name, name_zh, positive, .. } = style;
    format!("{id:<20} {family:<10} {name} · {name_zh}  {}", output::dim(positive))
}

/// Adds the file's styles to the user's own.
fn import(file: &Path, settings: &Settings) -> Result<()> {
    let lang = settings.lang();
    let text = fs::read_to_string(file).with_context(|| lang.cannot_read(file.display()))?;
    let own = wiring::own_styles()?;
    let mut library = StyleLibrary::new(Vec::new());
    if let Some(known) = wiring::read_if_there(&own, lang)? {
        library.import_csv(&known).with_context(|| lang.in_file(own.display()))?;
    }
    let count = library.import_csv(&text).with_context(|| lang.in_file(file.display()))?;
    if let Some(folder) = own.parent() {
        fs::create_dir_all(folder).with_context(|| lang.cannot_make_folder(folder.display()))?;
    }
    write_whole(&own, library.export_csv()?.as_bytes())?;
    if !settings.quiet() {
        output::talk(lang.styles_imported(count, own.display()));
    }
    Ok(())
}
