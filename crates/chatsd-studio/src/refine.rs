//! Pictures that were picked, painted well: a draft is the start of the finished picture.
//!
//! The picture itself is enlarged and painted anew in part: that keeps the composition that was picked, whichever model
//! painted it. Noise of another size is another picture.

use std::sync::atomic::AtomicBool;

use chatsd_gallery::read_image;
use chatsd_types::{ImageModel, Masking, ModelCard, Request, Size};

use crate::{Events, Outcome, Studio, StudioError};

/// How much of a picked picture is painted anew when nobody says: details are new, shapes stay.
const STRENGTH: f32 = 0.55;
/// Sides of a picture that has its full size already, in those it had.
const LARGER: (u32, u32) = (3, 2);

/// Choices about how a picture is refined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RefineChoices {
    /// Pixels; else the size the model was trained at in the shape of the picture, or half as large again where the
    /// picture has that already.
    pub size: Option<Size>,
    /// Steps; else as many as look right, and no fewer than the picture had.
    pub steps: Option<u32>,
    /// How much is painted anew, 0 to 1; else 0.55.
    pub strength: Option<f32>,
}

/// Pictures that were picked, painted well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RefineJob {
    /// The pictures: numbers on the last sheet, ids, or first digits of ids.
    pub ids: Vec<String>,
    /// How.
    pub choices: RefineChoices,
    /// The model, by name or path; else that of the first picture.
    pub model: Option<String>,
    /// Columns of the sheet; 0 are as many as make it square.
    pub columns: u32,
}

impl Studio {
    /// Paints pictures that were picked well, each from itself.
    ///
    /// # Errors
    /// A picture that is not there, or that the model cannot paint; and as [`Studio::paint`].
    pub fn refine(
        &self,
        job: &RefineJob,
        events: &mut Events<'_>,
        cancel: &AtomicBool,
    ) -> Result<Outcome, StudioError> {
        let picked = self.pick(&job.ids, events)?;
        let refine = |model: &dyn ImageModel, card: &ModelCard, entry: &chatsd_gallery::Entry| {
            // An adapter for few steps brings its own steps, guidance and sampler.
            let adapted = model.adapted(&mut entry.request.adapters.clone())?.card;
            let card = &ModelCard { hash: card.hash.clone(), ..adapted };
            let init = picked.gallery.keep_source(&read_image(&picked.gallery.path(entry))?)?;
            Ok(vec![refined(card, &entry.request, init, job.choices)?])
        };
        self.paint_picked(&picked, job.model.as_deref(), job.columns, &refine, events, cancel)
    }
}

/// The request that refines a picture of `request`, starting from the picture itself, which the gallery keeps as `init`.
fn refined(card: &ModelCard, request: &Request, init: String, choices: RefineChoices) -> Result<Request, StudioError> {
    let other_model = request.model_hash != card.hash;
    let refined = Request {
        size: choices.size.unwrap_or_else(|| full_size(card, request.size)),
        steps: choices.steps.unwrap_or(request.steps.max(card.steps)),
        guidance: if other_model { card.guidance } else { request.guidance },
        sampler: card.sampler,
        schedule: card.schedule,
        init: Some(init),
        strength: choices.strength.unwrap_or(STRENGTH),
        mask: None,
        masking: Masking::default(),
        decoder: Default::default(),
        second_pass: None,
        ..request.clone()
    };
    let refined = refined.for_model(card);
    card.check(&refined)?;
    Ok(refined)
}

/// The size a picture is refined to when nobody says.
fn full_size(card: &ModelCard, size: Size) -> Size {
    let pixels = |size: Size| f64::from(size.width) * f64::from(size.height);
    let factor = (pixels(card.size) / pixels(size).max(1.0)).sqrt();
    let scaled = |side: u32, factor: f64| (f64::from(side) * factor).round() as u32;
    let full = card.nearest_size(Size { width: scaled(size.width, factor), height: scaled(size.height, factor) });
    if full.width > size.width && full.height > size.height {
        return full;
    }
    let larger = f64::from(LARGER.0) / f64::from(LARGER.1);
    card.nearest_size(Size { width: scaled(size.width, larger), height: scaled(size.height, larger) })
}
