//! `chatsd models remove`: models of our own folder, and no others.

use std::path::PathBuf;

use anyhow::Result;
use chatsd_hub::{FoundModel, Program, PullRecord, in_words};
use chatsd_types::FileKind;
use serde_json::json;

use crate::{
    args::{cli, settings::Settings},
    failure::{OK, ProgramError},
    model_names,
    terminal::output,
};

/// What will be removed.
enum Removal {
    Pulled(PullRecord),
    /// Put into our folder by the user.
    File(FoundModel),
}

impl Removal {
    fn path(&self) -> PathBuf {
        match self {
            Self::Pulled(record) => record.whole_path(),
            Self::File(found) => found.path.clone(),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Pulled(record) if record.is_own() => record.bytes(),
            // What lies in the cache of Hugging Face stays there.
            Self::Pulled(_) => 0,
            Self::File(found) => found.bytes,
        }
    }
}

/// Removes models; all names are looked up before anything is removed.
///
/// # Errors
/// A name that nothing in our own folder has.
pub fn run(arguments: cli::Remove, settings: Settings) -> Result<u8> {
    let cli::Remove { names, yes, json } = arguments;
    let lang = settings.lang();
    let removals = names.iter().map(|name| look_up(name, &settings)).collect::<Result<Vec<_>>>()?;
    for one in &removals {
        if yes {
            match one {
                Removal::Pulled(record) => record.remove()?,
                Removal::File(found) => chatsd_hub::remove(&found.path)?,
            }
        }
        let (path, bytes) = (one.path(), one.bytes());
        if json {
            output::json(&json!({ "path": path, "bytes": bytes, "removed": yes }))?;
        } else if !settings.quiet() {
            let stays = matches!(one, Removal::Pulled(record) if !record.is_own());
            output::talk(match (stays, yes) {
                (true, _) => lang.model_forgotten(path.display()),
                (false, true) => lang.model_removed(path.display(), in_words(bytes)),
                (false, false) => lang.would_remove_model(path.display(), in_words(bytes)),
            });
        }
    }
    Ok(OK)
}

fn look_up(name: &str, settings: &Settings) -> Result<Removal> {
    let own = model_names::own_folder()?;
    if let Some(record) = PullRecord::find(&own, None, name) {
        return Ok(Removal::Pulled(record));
    }
    let folders = model_names::folders(settings);
    let all = || FileKind::ALL.iter().flat_map(|kind| folders.list(*kind));
    let called = |found: &FoundModel| {
        let last = found.name.rsplit('/').next().unwrap_or_default();
        found.name.eq_ignore_ascii_case(name) || last.eq_ignore_ascii_case(name)
    };
    let (ours, others): (Vec<FoundModel>, Vec<FoundModel>) =
        all().filter(|found| called(found)).partition(|found| found.program == Program::ChatSd);
    if let Some(found) = ours.into_iter().next() {
        return Ok(Removal::File(found));
    }
    if let Some(found) = others.first() {
        return Err(ProgramError::NotOurs { path: found.path.clone(), program: found.program.name() }.into());
    }
    let nearest = chatsd_hub::like(name, PullRecord::all(&own).into_iter().map(|record| record.name));
    Err(ProgramError::NotPulled { name: name.to_owned(), nearest }.into())
}
