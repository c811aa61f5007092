//! Names of models: the folders in which files are looked for, and what is known of a model beside its files.

use std::path::{Path, PathBuf};

use anyhow::Result;
use chatsd_hub::{Advice, Catalog, Environment, ModelFolders, PullRecord};
use chatsd_types::ModelCard;

use crate::args::{config, settings::Settings};

/// Our own folder of models: `models` in the data folder.
///
/// # Errors
/// Where there is no home.
pub fn own_folder() -> Result<PathBuf> {
    Ok(config::data_folder()?.join("models"))
}

/// Every folder with model files on this machine, as the settings and the usual places say.
pub fn folders(settings: &Settings) -> ModelFolders {
    ModelFolders::new(&Environment {
        own: own_folder().ok(),
        named: settings.model_folders.clone().unwrap_or_default().0,
        hugging_face: config::hugging_face_cache(),
        home: config::home(),
    })
}

/// What to call a model that was chosen by name or path: its last part, without the ending of a file.
pub fn name(wanted: &str) -> String {
    let last = Path::new(wanted).file_name().map(|name| name.to_string_lossy().into_owned());
    chatsd_hub::stem(last.as_deref().unwrap_or(wanted)).to_owned()
}

/// Puts what is known of a model that was pulled, or that is one of the catalog, into its card. Its hash is asked for
/// only where the file has the size of one of the catalog: it may have to be read whole.
pub fn advise(path: &Path, card: &mut ModelCard, hash: impl FnOnce() -> Option<String>) {
    let record = own_folder().ok().and_then(|own| PullRecord::of_path(&own, path));
    let catalog = Catalog::builtin();
    let entry = record.as_ref().and_then(|record| catalog.find(record.catalog.as_deref()?));
    let size = path.metadata().ok().filter(|data| data.is_file()).map(|data| data.len());
    let entry = entry.or_else(|| {
        let hash = size.filter(|bytes| catalog.has_size(*bytes)).and_then(|_| hash());
        catalog.of_hash(&hash?)
    });
    let licence = record.and_then(|record| record.licence).or_else(|| entry.map(|entry| entry.licence.clone()));
    card.licence = licence.unwrap_or_else(|| std::mem::take(&mut card.licence));
    let Some(entry) = entry else { return };
    let Advice { size, steps, guidance, sampler, schedule, words: _ } = &entry.advice;
    card.size = size.map_or(card.size, |size| card.nearest_size(size));
    card.steps = steps.unwrap_or(card.steps);
    card.guidance = guidance.unwrap_or(card.guidance);
    card.sampler = sampler.unwrap_or(card.sampler);
    card.schedule = schedule.unwrap_or(card.schedule);
}
