//! `chatsd models folders`: where models are looked for.

use anyhow::Result;
use serde_json::json;

use crate::{
    args::{cli, settings::Settings},
    failure::OK,
    model_names,
    terminal::output,
};

/// Lists the folders that were found, in the order in which they are looked through.
///
/// # Errors
/// When nobody reads.
pub fn run(arguments: cli::Folders, mut settings: Settings) -> Result<u8> {
    let cli::Folders { model_folders, json } = arguments;
    settings.model_folders = model_folders.or(settings.model_folders);
    let lang = settings.lang();
    let folders = model_names::folders(&settings);
    for shelf in folders.shelves() {
        if json {
            output::json(&json!({ "kind": shelf.kind, "program": shelf.program, "path": shelf.path }))?;
        } else {
            let kind = shelf.kind.map_or_else(|| lang.any_kind(), |kind| lang.of(kind.label()).to_owned());
            output::data(format!("{:<15} {kind:<20} {}", shelf.program.name(), shelf.path.display()))?;
        }
    }
    if folders.shelves().is_empty() && !settings.quiet() {
        output::talk(lang.no_model_folders(model_names::own_folder()?.display()));
    }
    Ok(OK)
}
