//! The same picture from its own metadata, or a variation of it.

use std::{path::Path, sync::atomic::AtomicBool};

use chatsd_gallery::{Gallery, Metadata, Origin, read_image, read_metadata, source_name};
use chatsd_types::{Image, Mask, Note, Request, Source};

use crate::{
    Event, Events, Outcome, Studio, StudioError, Target, blank_request, card_of,
    change::change,
    memory,
    plan::plan_again,
    sheet::{paint_plan, sheet_layout},
    sources,
    target::read_bytes,
};

/// The same picture from its own metadata, or a variation of it.
#[derive(Clone, Debug, PartialEq)]
pub struct AgainJob {
    /// The picture.
    pub target: Target,
    /// The model, by name or path; else the usual one.
    pub model: Option<String>,
    /// Parameters that shall be others, with their values, in order.
    pub changes: Vec<(String, String)>,
    /// The starting picture, where the gallery does not have it or another is wanted.
    pub init: Option<Image>,
    /// The mask, likewise.
    pub mask: Option<Mask>,
}

impl Studio {
    /// Paints a picture again. What is to come out equal is compared with the picture that is there.
    ///
    /// # Errors
    /// A picture that is not there or tells nothing, a change that makes no sense, a source that is gone; and as
    /// [`Studio::paint`].
    pub fn again(&self, job: &AgainJob, events: &mut Events<'_>, cancel: &AtomicBool) -> Result<Outcome, StudioError> {
        let target = self.find(&job.target, events)?;
        let metadata = read_metadata(&target.path)?;
        let opened = self.open(job.model.as_deref())?;
        let meta = self.meta(&*opened)?;
        let card = card_of(&*opened, &*meta)?;
        let mut notes = Vec::new();
        let is_own = matches!(metadata, Metadata::Own(_));
        let Origin { request, mut parents } = match metadata {
            Metadata::Own(origin) => *origin,
            Metadata::Foreign(infotext) => {
                let mut request = blank_request(&card);
                let applied = infotext.apply(&mut request);
                notes.push(Note::Foreign { taken: applied.taken });
                if !applied.left.is_empty() {
                    notes.push(Note::NotUsed { left: applied.left });
                }
                if request.strength < 1.0 && job.init.is_none() {
                    request.strength = 1.0;
                    notes.push(Note::WithoutInit);
                }
                Origin { request, parents: Vec::new() }
            }
        };
        let other_model = request.model_hash != card.hash;
        if is_own && other_model {
            let with_hash = |name: &str, hash: &str| format!("{name} [{hash}]");
            notes.push(Note::OtherModel {
                found: with_hash(&request.model, &request.model_hash),
                used: with_hash(&card.name, &card.hash),
                name: request.model.clone(),
            });
        }
        let source = Source { init: job.init.clone(), mask: job.mask.clone(), ..Source::default() };
        let (init, mask) = (request.init.clone(), request.mask.clone());
        let mut request = with_sources(request, &source).for_model(&card);
        // A picture that is given back is the one that it was.
        let same_sources = (&init, &mask) == (&request.init, &request.mask);
        for (key, value) in &job.changes {
            change(&mut request, key, value, &self.library, &card)?;
        }
        let same = is_own && !other_model && job.changes.is_empty() && same_sources;
        if !same {
            parents = vec![target.parent()?];
        }
        let mut plan = plan_again(&*meta, &card, request, parents)?;
        plan.notes = notes;
        let gallery = self.gallery(events)?;
        let source = sources::of_request(&plan.requests[0], &source, &gallery)?;
        memory::check(&*self.models, &*opened, &*meta, &plan, &source, None)?;
        let model = self.load(&*opened)?;
        sources::keep(&gallery, &source)?;
        let layout = sheet_layout(&card, 0);
        let outcome = paint_plan(&*model, plan, &source, &gallery, &layout, events, cancel)?;
        if same {
            compare(&outcome, &gallery, &target.path, events)?;
        }
        Ok(outcome)
    }
}

/// The request with the pictures that were given in place of its own.
fn with_sources(request: Request, source: &Source) -> Request {
    let init = source.init.as_ref().map(source_name);
    let mask = source.mask.as_ref().map(|mask| source_name(&mask.to_image()));
    Request { init: init.or(request.init), mask: mask.or(request.mask), ..request }
}

/// Tells whether the new picture is the old one.
fn compare(outcome: &Outcome, gallery: &Gallery, old: &Path, events: &mut Events<'_>) -> Result<(), StudioError> {
    let Some(entry) = outcome.entries.first() else { return Ok(()) };
    let new = gallery.path(entry);
    let (old_image, new_image) = (read_image(old)?, read_image(&new)?);
    let differing_pixels = if old_image.size == new_image.size {
        old_image.rgb.chunks_exact(3).zip(new_image.rgb.chunks_exact(3)).filter(|(a, b)| a != b).count()
    } else {
        old_image.rgb.len() / 3
    };
    let same_bytes = read_bytes(old)? == read_bytes(&new)?;
    events(Event::Compared { same_bytes, differing_pixels, path: old.to_owned() });
    Ok(())
}
