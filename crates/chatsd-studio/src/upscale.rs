//! A picture made larger, kept as a new entry with the old one as its parent.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use chatsd_gallery::{Enlarge, Gallery, GalleryError, Metadata, NewEntry, SheetLayout, read_image, read_metadata};
use chatsd_types::{Idea, Image, Request, SecondPass, Size, UpscaleTarget, check_sides};

use crate::{Event, Events, Outcome, Studio, StudioError, Target, sheet::finish_sheet};

/// What makes pictures larger when nobody says.
const UPSCALER: &str = "lanczos";

/// A picture made larger.
#[derive(Clone, Debug, PartialEq)]
pub struct UpscaleJob {
    /// The picture.
    pub target: Target,
    /// What makes it larger: `lanczos`, or an upscaler's file. Else Lanczos.
    pub upscaler: Option<String>,
    /// How large it becomes; else as the upscaler was made for.
    pub size: Option<UpscaleTarget>,
}

impl Studio {
    /// Makes a picture larger.
    ///
    /// # Errors
    /// A picture or an upscaler that is not there or cannot be used, a size out of range.
    pub fn upscale(
        &self,
        job: &UpscaleJob,
        events: &mut Events<'_>,
        cancel: &AtomicBool,
    ) -> Result<Outcome, StudioError> {
        let begun = Instant::now();
        let target = self.find(&job.target, events)?;
        let image = read_image(&target.path)?;
        let name = job.upscaler.as_deref().unwrap_or(UPSCALER);
        let upscaler = self.models.upscaler(name)?;
        let size = job.size.unwrap_or(UpscaleTarget::Times(upscaler.scale() as f32)).of(image.size);
        check_sides(size)?;
        let mut tell = |done, all| {
            let (from, to, upscaler) = (image.size, size, name.to_owned());
            events(Event::Upscaling { from, to, upscaler, done, all });
        };
        tell(0, 0);
        let larger = upscaler.upscale(&image, size, &mut |done, all| {
            tell(done, all);
            if cancel.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let mut outcome = Outcome::of(1);
        let Some(larger) = larger else {
            events(Event::Stopped { finished: 0, count: 1 });
            outcome.stopped = true;
            return Ok(outcome);
        };
        let gallery = self.gallery(events)?;
        let request = request(&target.path, &image, &gallery, size, name)?.without_paths();
        let sheet = gallery.begin_sheet(&idea(&request, &target.path))?;
        let (duration, parents) = (begun.elapsed(), vec![target.parent()?]);
        let entry = gallery.add(&sheet.id, NewEntry { number: 1, request, image: larger, duration, parents })?;
        let entry = Arc::new(entry);
        events(Event::Kept { entry: Arc::clone(&entry), path: gallery.path(&entry) });
        outcome.entries.push(entry);
        outcome.sheet = Some(Arc::new(sheet));
        let layout = SheetLayout { columns: 1, enlarge: Enlarge::Nearest(1), gap: 0, background: [255; 3] };
        finish_sheet(&gallery, &layout, &mut outcome, begun, events)?;
        Ok(outcome)
    }
}

/// What makes the larger picture again: the old one is a starting picture of which nothing is painted anew.
fn request(path: &Path, image: &Image, gallery: &Gallery, size: Size, upscaler: &str) -> Result<Request, GalleryError> {
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
