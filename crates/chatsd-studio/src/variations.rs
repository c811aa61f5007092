//! Variations of a picture that was picked: the same words, the same steps, noise turned some way toward other noise.

use chatsd_types::{Request, Variation};

use crate::{
    Studio, StudioError,
    plan::{COUNT_LIMIT, check, within},
};

/// How far the noise is turned when nobody says.
const STRENGTH: f32 = 0.4;

impl Studio<'_> {
    /// `count` variations of a request, whose second seeds follow each other from `seed`. `strength` says how far the
    /// starting noise is turned toward that of the second seed, 0 to 1; at 0 it is the same picture, at 1 that of the
    /// second seed (the variation seed of stable-diffusion-webui).
    ///
    /// # Errors
    /// A strength out of range, or a picture that the model cannot paint.
    pub fn variations(
        &self,
        request: &Request,
        strength: Option<f32>,
        seed: u64,
        count: usize,
    ) -> Result<Vec<Request>, StudioError> {
        let card = self.model.card();
        within("the number of pictures", count as f64, 1.0, COUNT_LIMIT as f64)?;
        let strength = strength.unwrap_or(STRENGTH);
        let vary = |offset: u64| {
            let variation = Some(Variation { seed: seed.wrapping_add(offset), strength });
            let (model, model_hash) = (card.name.clone(), card.hash.clone());
            let model_licence = card.licence.clone();
            let varied = Request { variation, model, model_hash, model_licence, ..request.clone() };
            check(&varied, card).map(|()| varied)
        };
        (0..count as u64).map(vary).collect()
    }
}
