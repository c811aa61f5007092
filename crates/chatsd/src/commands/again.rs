//! `chatsd again`: the same picture from its own metadata, or a variation of it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use chatsd_files::sha256;
use chatsd_gallery::{Gallery, Metadata, Origin, read_image, read_metadata};
use chatsd_studio::{Outcome, Studio, vary};
use chatsd_types::ImageModel;

use super::paint::{finish, open_gallery, paint};
use crate::{cli, output, settings::Settings, sources, wiring};

/// Paints a picture again.
///
/// # Errors
/// A picture that is not there or tells nothing, a change that makes no sense, a source that is gone.
pub fn run(arguments: cli::Again, mut settings: Settings) -> Result<u8> {
    arguments.model.put_into(&mut settings);
    arguments.engine.put_into(&mut settings);
    arguments.show.put_into(&mut settings);
    arguments.drawing.put_into(&mut settings);
    let lang = settings.lang();
    let (path, id) = find(&arguments.target, &settings)?;
    let metadata = read_metadata(&path)?;
    let (library, wildcards) = (wiring::library(lang)?, wiring::wildcards(&settings)?);
    let model = wiring::Chosen::open(&settings)?.picture_model()?;
    let studio = Studio { model: &model, library: &library, wildcards: &wildcards };
    let mut talk = Vec::new();
    let is_own = matches!(metadata, Metadata::Own(_));
    let Origin { mut request, mut parents } = match metadata {
        Metadata::Own(origin) => *origin,
        Metadata::Foreign(infotext) => {
            let mut request = studio.blank();
            let applied = infotext.apply(&mut request);
            talk.push(lang.again_foreign(applied.taken.join(", ")));
            if !applied.left.is_empty() {
                let left: Vec<String> = applied.left.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                talk.push(lang.again_left(left.join(", ")));
            }
            if request.strength < 1.0 && arguments.init.is_none() {
                request.strength = 1.0;
                talk.push(lang.again_without_start());
            }
            Origin { request, parents: Vec::new() }
        }
    };
    let card = model.card();
    if is_own && request.model_hash != card.hash {
        let name = |name: &str, hash: &str| format!("{name} [{hash}]");
        let (found, expected) = (name(&request.model, &request.model_hash), name(&card.name, &card.hash));
        talk.push(lang.again_other_model(found, expected, &request.model));
    }
    let mut changed = !is_own || request.model_hash != card.hash;
    (request.model, request.model_hash) = (card.name.clone(), card.hash.clone());
    request.model_licence.clone_from(&card.licence);
    for (key, value) in &arguments.set {
        vary(&mut request, key, value, &library)?;
        changed = true;
    }
    let mut source = sources::read(arguments.init.as_deref(), arguments.mask.as_deref(), lang)?;
    changed |= source.init.is_some() || source.mask.is_some();
    if changed {
        // A path would tell others about this machine; the file's hash finds it as well.
        parents = vec![match id {
            Some(id) => id,
            None => sha256(&std::fs::read(&path)?),
        }];
    }
    let mut plan = studio.plan_again(request, parents)?;
    let gallery = open_gallery(&settings)?;
    for request in &plan.requests {
        sources::fetch(&gallery, request, &mut source)?;
    }
    sources::keep(&gallery, &source, &mut plan.requests)?;
    if !settings.quiet() {
        talk.iter().for_each(|line| output::talk(output::tame(line)));
    }
    let outcome = paint(&studio, &plan, &source, &gallery, &settings, arguments.json)?;
    if !changed {
        compare(&outcome, &gallery, &path, &settings, arguments.json)?;
    }
    finish(&outcome, 1, &gallery, &settings, arguments.json)
}

/// The picture's file, and its id where it is an entry.
pub(super) fn find(target: &str, settings: &Settings) -> Result<(PathBuf, Option<String>)> {
    let path = Path::new(target);
    if path.is_file() {
        return Ok((path.to_owned(), None));
    }
    let out = settings.out();
    if !out.is_dir() {
        anyhow::bail!("{}", settings.lang().neither_file_nor_gallery(target, out.display()));
    }
    let gallery = Gallery::open(&out)?;
    let entry = gallery.find(target)?;
    Ok((gallery.path(&entry), Some(entry.id)))
}

/// Says whether the new picture is the old one.
fn compare(outcome: &Outcome, gallery: &Gallery, old: &Path, settings: &Settings, json: bool) -> Result<()> {
    let Some(entry) = outcome.entries.first() else { return Ok(()) };
    let new = gallery.path(entry);
    let (old_image, new_image) = (read_image(old)?, read_image(&new)?);
    let differing = if old_image.size == new_image.size {
        old_image.rgb.chunks_exact(3).zip(new_image.rgb.chunks_exact(3)).filter(|(a, b)| a != b).count()
    } else {
        old_image.rgb.len() / 3
    };
    let same_bytes = std::fs::read(old)? == std::fs::read(&new)?;
    if json {
        let same = serde_json::json!({ "event": "compared", "same_bytes": same_bytes, "differing_pixels": differing });
        output::json(&same)?;
    } else if !settings.quiet() {
        let (lang, old) = (settings.lang(), old.display());
        output::talk(match (same_bytes, differing) {
            (true, _) => lang.again_same(old),
            (false, 0) => lang.again_same_pixels(old),
            (false, pixels) => lang.again_differs(old, pixels),
        });
    }
    Ok(())
}
