//! `chatsd upscale`: a picture made larger, kept as a new entry with the old one as its parent.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use anyhow::Result;
use chatsd_diffusion::Enlarger;
use chatsd_files::sha256;
use chatsd_gallery::{Enlarge, Gallery, Metadata, NewEntry, SheetLayout, read_image, read_metadata};
use chatsd_studio::{Event, Larger, Outcome};
use chatsd_tensor::Engine;
use chatsd_types::{Idea, Image, Request, SecondPass, Size};
use indicatif::{ProgressBar, ProgressDrawTarget};

use super::{
    again::find,
    paint::{finish, open_gallery},
};
use crate::{
    cli,
    failure::{STOPPED, Usage},
    output,
    settings::Settings,
    stop, wiring,
};

/// No side becomes longer, in pixels.
const SIDE_LIMIT: u32 = 1 << 14;
/// What makes pictures larger when nobody says.
const UPSCALER: &str = "lanczos";

/// Makes a picture larger.
///
/// # Errors
/// A picture or an upscaler that is not there or cannot be used, a size out of range.
pub fn run(arguments: cli::Upscale, mut settings: Settings) -> Result<u8> {
    arguments.engine.put_into(&mut settings);
    let lang = settings.lang();
    let (path, id) = find(&arguments.target, &settings)?;
    let image = read_image(&path)?;
    let name = arguments.upscaler.as_deref().unwrap_or(UPSCALER);
    let enlarger = Enlarger::find(&wiring::finder(&settings), name)?;
    let size = arguments.scale.unwrap_or(Larger::Times(enlarger.scale() as f32)).of(image.size);
    if size.width.min(size.height) == 0 || size.width.max(size.height) > SIDE_LIMIT {
        return Err(Usage(lang.too_large(size, SIDE_LIMIT)).into());
    }
    let (engine, cancel) = (wiring::engine(&settings)?, stop::listen(lang)?);
    let talks = !settings.quiet();
    if talks {
        output::talk(lang.enlarging(image.size, size, name));
    }
    let begun = Instant::now();
    let bar = talks && !arguments.json;
    let Some(larger) = enlarge(&enlarger, &engine, &image, size, bar, cancel) else {
        if talks {
            output::talk(lang.stopped_early());
        }
        return Ok(STOPPED);
    };
    let gallery = open_gallery(&settings)?;
    let request = request(&path, &image, &gallery, size, name)?;
    let parent = match id {
        Some(id) => id,
        None => sha256(&std::fs::read(&path)?),
    };
    let sheet = gallery.begin_sheet(&idea(&request, &path))?;
    let request = request.told();
    let new = NewEntry { number: 1, request, image: larger, duration: begun.elapsed(), parents: vec![parent] };
    let entry = gallery.add(&sheet.id, new)?;
    if arguments.json {
        output::json(&Event::Kept { entry: &entry, path: &gallery.path(&entry) })?;
    }
    let layout = SheetLayout { columns: 1, enlarge: Enlarge::Nearest(1), gap: 0, background: [255; 3] };
    let sheet_path = Some(gallery.finish_sheet(&sheet.id, &layout)?);
    let outcome = Outcome { sheet: Some(sheet), entries: vec![entry], sheet_path, stopped: false, left_out: 0 };
    finish(&outcome, 1, &gallery, &settings, arguments.json)
}

/// The larger picture; nothing when it was stopped.
fn enlarge(
    enlarger: &Enlarger,
    engine: &Engine,
    image: &Image,
    size: Size,
    shown: bool,
    cancel: &AtomicBool,
) -> Option<Image> {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    let larger = enlarger.enlarge(engine, image, size, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        if cancel.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish_and_clear();
    larger.continue_value()
}

/// What makes the larger picture again: the old one is a starting picture of which nothing is painted anew.
fn request(path: &Path, image: &Image, gallery: &Gallery, size: Size, upscaler: &str) -> Result<Request> {
    let known = match read_metadata(path) {
        Ok(Metadata::Own(origin)) => origin.request,
        Ok(Metadata::Foreign(infotext)) => {
            let mut request = Request::default();
            let _ = infotext.apply(&mut request);
            request
        }
        // A picture without words is a picture all the same.
        Err(_) => Request::default(),
    };
    Ok(Request {
        size: image.size,
        init: Some(gallery.keep_source(image)?),
        strength: 0.0,
        mask: None,
        controls: Vec::new(),
        image_prompts: Vec::new(),
        second_pass: Some(SecondPass { size, steps: 0, strength: 0.0, upscaler: upscaler.to_owned() }),
        ..known
    })
}

/// What the picture shows: its words, else the name of its file.
fn idea(request: &Request, path: &Path) -> Idea {
    let words = [&request.prompt.own, &request.prompt.positive].into_iter().find(|words| !words.is_empty());
    let stem = || path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let sentence = words.cloned().unwrap_or_else(stem);
    Idea { subject: sentence.clone(), subject_english: sentence.clone(), sentence, ..Idea::default() }
}
