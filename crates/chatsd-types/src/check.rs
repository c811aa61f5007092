//! Requests that no model, or not this model, can paint: told from the request alone, before anything is calculated.

use crate::{Control, FileKind, ModelCard, PARAMETERS, PaintError, Preprocessor, Request, Size};

/// A LoRA, a ControlNet or an image prompt that counts more only burns colours.
const WEIGHT_LIMIT: f32 = 10.0;
/// No picture that is only made larger, and no picture whose noise is taken, has longer sides, in pixels.
const SIDE_LIMIT: u32 = 1 << 14;

impl ModelCard {
    /// Whether the model can paint a request, as far as the request and the card tell. What needs the networks or the
    /// pictures that it is painted from, the model tells when it paints.
    ///
    /// # Errors
    /// The first thing that is wrong: what was found, what was expected, the nearest to it.
    pub fn check(&self, request: &Request) -> Result<(), PaintError> {
        for parameter in PARAMETERS {
            parameter.check(request)?;
        }
        if request.paints() {
            self.check_size(request.size)?;
        }
        if let Some(from) = request.seed_resize {
            check_sides(from)?;
        }
        self.check_second_pass(request)?;
        check_weights(request)?;
        match (&request.init, &request.mask) {
            (None, Some(_)) => Err(PaintError::MaskAlone),
            (None, None) if request.strength != 1.0 => Err(PaintError::StrengthAlone { found: request.strength }),
            _ => Ok(()),
        }
    }

    fn check_size(&self, found: Size) -> Result<(), PaintError> {
        let nearest = self.nearest_size(found);
        if found == nearest {
            return Ok(());
        }
        let (model, step, limit) = (self.name.clone(), self.size_step, self.size_limit);
        Err(PaintError::Size { found, model, step, limit, nearest })
    }

    fn check_second_pass(&self, request: &Request) -> Result<(), PaintError> {
        match &request.second_pass {
            None => Ok(()),
            Some(_) if request.mask.is_some() => Err(PaintError::MaskedSecondPass),
            Some(second) if second.strength > 0.0 => self.check_size(second.size),
            Some(second) => check_sides(second.size),
        }
    }
}

/// Whether a picture that is not painted by a network may have this size.
///
/// # Errors
/// [`PaintError::Side`].
pub fn check_sides(found: Size) -> Result<(), PaintError> {
    let (shorter, longer) = (found.width.min(found.height), found.width.max(found.height));
    if shorter > 0 && longer <= SIDE_LIMIT {
        return Ok(());
    }
    Err(PaintError::Side { found, limit: SIDE_LIMIT })
}

/// What a request names beside the model: weights, and the steps in which it works.
fn check_weights(request: &Request) -> Result<(), PaintError> {
    let adapters = request.adapters.iter().flat_map(|adapter| {
        let weights = [Some(adapter.weight), adapter.text_weight].into_iter().flatten();
        weights.map(|weight| (FileKind::Adapter, &adapter.name, weight, -WEIGHT_LIMIT))
    });
    let controls = request.controls.iter().map(|control| (FileKind::Control, &control.name, control.weight, 0.0));
    let prompts = request.image_prompts.iter().map(|prompt| (FileKind::ImagePrompt, &prompt.name, prompt.weight, 0.0));
    for (kind, name, found, low) in adapters.chain(controls).chain(prompts) {
        let high = WEIGHT_LIMIT;
        if !(low..=high).contains(&found) {
            return Err(PaintError::Weight { kind, name: name.clone(), found, low, high });
        }
    }
    for Control { name, start, end, preprocessor, .. } in &request.controls {
        let is_share = |share: &f32| (0.0..=1.0).contains(share);
        if !is_share(start) || !is_share(end) || start > end {
            return Err(PaintError::StepRange { name: name.clone(), start: *start, end: *end });
        }
        if *preprocessor == Preprocessor::Inpaint && request.mask.is_none() {
            return Err(PaintError::UnmaskedControl { name: name.clone() });
        }
    }
    Ok(())
}
