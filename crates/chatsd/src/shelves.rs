//! Names of model files: which file a name means, and what there is instead when it means none.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chatsd_hub::{Advice, Catalog, Folders, Record, Surroundings, in_words};
use chatsd_types::{FileKind, ModelCard};

use crate::{config, messages::Lang, output, settings::Settings};

/// Names offered when one is not known.
const OFFERED: usize = 3;

/// Our own folder of models: `models` in the data folder.
///
/// # Errors
/// Where there is no home.
pub fn own_folder(lang: Lang) -> Result<PathBuf> {
    Ok(config::data_folder(lang)?.join("models"))
}

/// Every folder with model files on this machine, as the settings and the usual places say.
pub fn folders(settings: &Settings) -> Folders {
    Folders::new(&Surroundings {
        own: own_folder(settings.lang()).ok(),
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

/// The file of a kind that a name or a path means. A path that exists is meant before a name.
///
/// # Errors
/// When there is none: says the nearest names there are.
pub fn find(settings: &Settings, kind: FileKind, name: &str) -> Result<PathBuf> {
    find_in(&folders(settings), settings.lang(), kind, name)
}

/// As [`find`], in folders that were looked for before.
///
/// # Errors
/// As [`find`].
pub fn find_in(folders: &Folders, lang: Lang, kind: FileKind, name: &str) -> Result<PathBuf> {
    if Path::new(name).exists() {
        return Ok(name.into());
    }
    let own = own_folder(lang).ok();
    let pulled = own.and_then(|own| Record::find(&own, Some(kind), name)).filter(Record::is_here);
    if let Some(path) = pulled.map(|record| record.whole_path()).or_else(|| folders.find(kind, name)) {
        return Ok(path);
    }
    let of_kind = lang.kind_of_file(kind);
    if let Some(entry) = Catalog::builtin().find(name).filter(|entry| entry.kind == kind) {
        bail!("{}", lang.in_catalog(of_kind, &entry.id, in_words(entry.bytes)));
    }
    let catalog = Catalog::builtin().entries().iter().filter(|entry| entry.kind == kind).map(|entry| entry.id.clone());
    let names = folders.list(kind).into_iter().map(|found| found.name).chain(catalog);
    let near = nearest(name, names);
    if near.is_empty() {
        bail!("{}", lang.no_such_file(of_kind, name));
    }
    bail!("{}", lang.no_such_file_but(of_kind, name, near.join(", ")));
}

/// A name to pull, when it can mean something: one word alone is one of the catalog.
///
/// # Errors
/// A word that the catalog does not have: says the nearest.
pub fn known_source(wanted: &str, lang: Lang) -> Result<String> {
    let catalog = Catalog::builtin();
    if wanted.contains(['/', ':']) || catalog.find(wanted).is_some() {
        return Ok(wanted.to_owned());
    }
    let near = nearest(wanted, catalog.entries().iter().map(|entry| entry.id.clone()));
    bail!("{}", lang.not_in_catalog(output::tame(wanted), near.join(", ")));
}

/// Puts what is known of a model that was pulled, or that is one of the catalog, into its card. Its hash is asked for
/// only where the file has the size of one of the catalog: it may have to be read whole.
pub fn advise(path: &Path, card: &mut ModelCard, lang: Lang, hash: impl FnOnce() -> Option<String>) {
    let record = own_folder(lang).ok().and_then(|own| Record::of_path(&own, path));
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

/// The names most like `name`, best first: by the whole or by the last part.
pub fn nearest(name: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    chatsd_files::nearest(name, OFFERED, names.map(|known| (known.clone(), known)))
}
