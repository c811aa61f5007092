//! Variations of a picture that was picked: the same words, the same steps, noise turned some way toward other noise.

use std::sync::atomic::AtomicBool;

use chatsd_types::{ImageModel, ModelCard, Request, Variation};

use crate::{
    Events, Outcome, Studio, StudioError,
    plan::{check_count, new_seed},
};

/// Variations painted when nobody says how many.
const COUNT: usize = 4;
/// How far the noise is turned when nobody says.
const STRENGTH: f32 = 0.4;

/// Variations of a picture that was picked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VaryJob {
    /// The picture: a number on the last sheet, an id, or the first digits of one.
    pub id: String,
    /// How many; else four.
    pub count: Option<usize>,
    /// How far the starting noise is turned toward that of the second seed, 0 to 1: at 0 it is the same picture, at 1
    /// that of the second seed (the variation seed of stable-diffusion-webui). Else 0.4.
    pub strength: Option<f32>,
    /// The second seed of the first variation, which the others' follow; else a new one.
    pub seed: Option<u64>,
    /// The model, by name or path; else that of the picture.
    pub model: Option<String>,
    /// Columns of the sheet; 0 are as many as make it square.
    pub columns: u32,
}

impl Studio {
    /// Paints variations.
    ///
    /// # Errors
    /// A picture that is not there, a strength out of range, or a picture that the model cannot paint; and as
    /// [`Studio::paint`].
    pub fn vary(&self, job: &VaryJob, events: &mut Events<'_>, cancel: &AtomicBool) -> Result<Outcome, StudioError> {
        let count = job.count.unwrap_or(COUNT);
        check_count(count)?;
        let (seed, strength) = (job.seed.unwrap_or_else(new_seed), job.strength.unwrap_or(STRENGTH));
        let picked = self.pick(std::slice::from_ref(&job.id), events)?;
        let vary = |_: &dyn ImageModel, card: &ModelCard, entry: &chatsd_gallery::Entry| {
            let varied = (0..count as u64).map(|offset| {
                let variation = Some(Variation { seed: seed.wrapping_add(offset), strength });
                let varied = Request { variation, ..entry.request.clone() }.for_model(card);
                card.check(&varied)?;
                Ok(varied)
            });
            varied.collect()
        };
        self.paint_picked(&picked, job.model.as_deref(), job.columns, &vary, events, cancel)
    }
}
