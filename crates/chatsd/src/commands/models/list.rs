//! `chatsd models list`: the models that are here, and those of the catalog.

use anyhow::Result;
use chatsd_hub::{Catalog, CatalogEntry, FoundModel, PullRecord, in_words};
use chatsd_messages::Lang;
use chatsd_types::FileKind;
use serde_json::json;

use super::show::facts;
use crate::{
    args::{cli, settings::Settings},
    failure::OK,
    memory, model_names,
    terminal::output::{self, padded},
    wiring::{BUILT_IN, House},
};

/// Lists models, one a line.
///
/// # Errors
/// A model that cannot be read.
pub fn run(arguments: cli::ListModels, mut settings: Settings) -> Result<u8> {
    let cli::ListModels { files, kind, catalog, json } = arguments;
    files.put_into(&mut settings);
    let records = model_names::own_folder().map(|own| PullRecord::all(&own)).unwrap_or_default();
    if catalog {
        let mut fitting =
            Catalog::builtin().entries().iter().filter(|entry| kind.is_none_or(|kind| entry.kind == kind));
        let memory = memory::memory().map(|memory| memory.total);
        let here = |entry: &CatalogEntry| {
            records.iter().find(|record| record.is_called(Some(entry.kind), &entry.id)).is_some_and(PullRecord::is_here)
        };
        fitting.try_for_each(|entry| offered(entry, here(entry), memory, json, settings.lang()))?;
        return Ok(OK);
    }
    if kind.is_none_or(|kind| kind == FileKind::Model) {
        let house = House::new(&settings);
        loaded(&house, BUILT_IN, json, settings.lang())?;
        if let Some(path) = settings.model.as_deref().filter(|model| std::path::Path::new(model).exists()) {
            loaded(&house, path, json, settings.lang())?;
        }
    }
    let folders = model_names::folders(&settings);
    for kind in FileKind::ALL.iter().filter(|one| kind.is_none_or(|kind| kind == **one)) {
        let of_kind = || records.iter().filter(|record| record.kind == *kind);
        of_kind().try_for_each(|record| pulled(record, json, settings.lang()))?;
        let recorded: Vec<_> = of_kind().filter_map(|record| record.whole_path().canonicalize().ok()).collect();
        for found in folders.list(*kind) {
            let real = found.path.canonicalize().unwrap_or_else(|_| found.path.clone());
            if !recorded.contains(&real) {
                shared(&found, json, settings.lang())?;
            }
        }
    }
    Ok(OK)
}

/// One line: name, kind, size, whose it is, where.
fn line(name: &str, kind: &str, bytes: Option<u64>, whose: &str, path: &str) -> Result<()> {
    let size = bytes.map(in_words).unwrap_or_default();
    let (name, kind, whose) = (padded(name, 32), padded(kind, 17), padded(whose, 14));
    output::data(output::tame(&format!("{name}  {kind}  {size:>7}  {whose}  {path}")))
}

/// A model that can be loaded to see what it is: the built-in one, or the one that was given.
fn loaded(house: &House, name: &str, json: bool, lang: Lang) -> Result<()> {
    let facts = facts(house, name, lang)?;
    if json {
        return output::json(&facts);
    }
    let text = |key: &str| facts[key].as_str().unwrap_or_default().to_owned();
    let bytes = house.model_path(name)?.and_then(|path| path.metadata().ok()).map(|data| data.len());
    line(&text("name"), lang.of(FileKind::Model.label()), bytes, &text("family"), &text("path"))
}

/// A model that was pulled.
fn pulled(record: &PullRecord, json: bool, lang: Lang) -> Result<()> {
    let PullRecord { name, kind, source, licence, page, catalog, .. } = record;
    let (path, here) = (record.whole_path(), record.is_here());
    if json {
        return output::json(&json!({
            "name": name, "kind": kind, "path": path, "program": "ChatSD", "bytes": record.bytes(), "whole": here,
            "source": source, "licence": licence, "page": page, "catalog": catalog,
        }));
    }
    let licence = if here { licence.clone().unwrap_or_default() } else { lang.not_whole(name) };
    let path = format!("{}  {licence}", path.display());
    line(name, lang.of(kind.label()), Some(record.bytes()), "ChatSD", &path)
}

/// A file of another program, or one that the user put into our folder.
fn shared(found: &FoundModel, json: bool, lang: Lang) -> Result<()> {
    if json {
        return output::json(found);
    }
    let FoundModel { name, kind, path, program, bytes } = found;
    line(name, lang.of(kind.label()), Some(*bytes), program.name(), &path.display().to_string())
}

/// A model of the catalog, whether it is here, and whether it fits this machine's `memory`.
fn offered(entry: &CatalogEntry, here: bool, memory: Option<u64>, json: bool, lang: Lang) -> Result<()> {
    let fits = entry.memory.zip(memory).map(|(needed, all)| needed < all);
    if json {
        let mut value = serde_json::to_value(entry)?;
        (value["here"], value["fits"]) = (json!(here), json!(fits));
        return output::json(&value);
    }
    let mark = match (here, fits) {
        (true, _) => "✓",
        (_, Some(false)) => "✗",
        _ => " ",
    };
    let family = entry.family.clone().unwrap_or_default();
    let needs = entry.memory.map(|memory| lang.takes_memory(in_words(memory))).unwrap_or_default();
    output::data(format!(
        "{mark} {:<24}  {}  {family:<5} {:>7}  {}  {} {needs}",
        entry.id,
        padded(lang.of(entry.kind.label()), 17),
        in_words(entry.bytes),
        padded(lang.badge(entry.badge), 14),
        lang.pick(&entry.about, &entry.about_zh),
    ))
}
