//! `chatsd gallery`: the pictures that were kept.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};
use chatsd_gallery::{Entry, Gallery, read_image};
use chatsd_messages::Lang;

use crate::{
    args::{cli, settings::Settings, values::Show},
    failure::{OK, ProgramError},
    terminal::{self, output, progress},
};

/// Lists, shows, finds, opens, exports or removes entries.
///
/// # Errors
/// No gallery, an unknown entry, a file that cannot be read or written.
pub fn run(arguments: cli::Gallery, mut settings: Settings) -> Result<u8> {
    let lang = settings.lang();
    let folder = settings.out();
    if !folder.is_dir() {
        return Err(ProgramError::NoGallery(folder).into());
    }
    let gallery = Gallery::open(&folder)?;
    let adopted = gallery.recovered().adopted.len();
    if adopted > 0 && !settings.quiet() {
        output::talk(lang.recovered(adopted, folder.display()));
    }
    match arguments {
        cli::Gallery::List { limit, json } => {
            let entries = gallery.list(limit as usize)?;
            if entries.is_empty() && !settings.quiet() {
                output::talk(lang.empty_gallery(folder.display()));
            }
            entries.iter().try_for_each(|entry| line(entry, json))?;
        }
        cli::Gallery::Search { words, limit, json } => {
            let words = words.join(" ");
            let entries = gallery.search(&words, limit as usize)?;
            if entries.is_empty() && !settings.quiet() {
                output::talk(lang.nothing_found(output::tame(&words)));
            }
            entries.iter().try_for_each(|entry| line(entry, json))?;
        }
        cli::Gallery::Show { id, show, json } => {
            show.put_into(&mut settings);
            let entry = gallery.find(&id)?;
            if json {
                output::json(&entry)?;
            } else {
                output::data(serde_json::to_string_pretty(&entry)?)?;
                show_picture(&gallery.path(&entry), &settings)?;
            }
        }
        cli::Gallery::Open { id } => {
            let path = gallery.path(&gallery.find(&id)?);
            open_with_viewer(&path, lang)?;
            if !settings.quiet() {
                output::talk(lang.opened(path.display()));
            }
        }
        cli::Gallery::Export { ids, to, strip } => {
            for id in found(&gallery, &ids)? {
                output::data(gallery.export(&id, &to, strip)?.display())?;
            }
        }
        cli::Gallery::Remove { ids, yes } => {
            let ids = found(&gallery, &ids)?;
            if yes {
                ids.iter().try_for_each(|id| gallery.remove(id))?;
            }
            if !settings.quiet() {
                output::talk(if yes { lang.removed(ids.len()) } else { lang.would_remove(ids.len()) });
            }
        }
    }
    Ok(OK)
}

/// The whole ids of what was named in short; all are found before anything is done with one of them.
fn found(gallery: &Gallery, names: &[String]) -> Result<Vec<String>> {
    Ok(names.iter().map(|name| Ok(gallery.find(name)?.id)).collect::<Result<_, chatsd_gallery::GalleryError>>()?)
}

fn line(entry: &Entry, json: bool) -> Result<()> {
    if json {
        return output::json(entry);
    }
    let Entry { id, created, path, request, missing, .. } = entry;
    let mark = if *missing { "  (!)" } else { "" };
    output::data(format!(
        "{id}  {created}  {:<14}  {}  {}{mark}",
        request.prompt.style,
        output::tame(&request.prompt.own),
        path.display()
    ))
}

fn show_picture(path: &Path, settings: &Settings) -> Result<()> {
    let way = progress::way_to_show(settings);
    if way != Show::None {
        terminal::show(way, &read_image(path)?, &std::fs::read(path)?, progress::PICTURE_COLUMNS)?;
    }
    Ok(())
}

/// Hands a file to the program that the system opens pictures with.
fn open_with_viewer(path: &Path, lang: Lang) -> Result<()> {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        Command::new("explorer")
    } else {
        Command::new("xdg-open")
    };
    let name = command.get_program().to_string_lossy().into_owned();
    command.arg(path).spawn().with_context(|| lang.cannot_start(name, path.display()))?;
    Ok(())
}
