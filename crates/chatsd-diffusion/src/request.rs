//! Requests a model cannot paint, told before anything is calculated.

use chatsd_types::{
    Control, GUIDANCE_LIMIT, ImagePrompt, PaintError, Preprocessor, Request, STEPS_LIMIT, Size, Source,
};

use crate::{PictureModel, model_card::SIDE_LIMIT, network::TextEncoder};

/// Pictures of one seed before this one: their noise is drawn and thrown away.
const BATCH_LIMIT: u32 = 1000;

/// A ControlNet or an image prompt that counts more only burns colours.
const CONTROL_LIMIT: f32 = 10.0;

impl PictureModel {
    /// # Errors
    /// [`PaintError::Unsupported`] says what was asked for, what is possible, and the nearest to it.
    pub(crate) fn check(&self, request: &Request, source: &Source) -> Result<(), PaintError> {
        if request.paints() {
            self.check_size(request.size)?;
        }
        self.check_second_pass(request)?;
        let refuse = |what: String| Err(PaintError::Unsupported(what));
        if !(1..=STEPS_LIMIT).contains(&request.steps) {
            return refuse(format!("{} steps: expected 1 to {STEPS_LIMIT}", request.steps));
        }
        let numbers = [
            ("guidance", request.guidance, GUIDANCE_LIMIT),
            ("guidance rescale", request.guidance_rescale, 1.0),
            ("image guidance", request.image_guidance.unwrap_or(1.0), GUIDANCE_LIMIT),
            ("strength", request.strength, 1.0),
            ("the variation's strength", request.variation.map_or(0.0, |variation| variation.strength), 1.0),
        ];
        for (name, value, limit) in numbers.into_iter().chain(request.sampling.limits()) {
            if !(0.0..=limit).contains(&value) {
                return refuse(format!("{name} {value}: expected a number from 0 to {limit}"));
            }
        }
        if request.batch_index > BATCH_LIMIT {
            return refuse(format!("picture {} of a batch: expected at most {BATCH_LIMIT}", request.batch_index));
        }
        if let Some(from) = request.seed_resize.filter(|from| from.width.max(from.height) > SIDE_LIMIT) {
            return refuse(format!("starting noise of size {from}: expected sides up to {SIDE_LIMIT}"));
        }
        self.check_controls(request, source)?;
        let layers = self.text_encoders.iter().map(TextEncoder::layers).min().unwrap_or(0);
        let layers = (layers + self.reader.family.layers_lacking) as u32;
        if let Some(clip_skip) = request.clip_skip.filter(|clip_skip| !(1..=layers).contains(clip_skip)) {
            return refuse(format!("clip skip {clip_skip}: expected 1 to {layers}, the layers of the text encoder"));
        }
        match (&request.init, &source.init) {
            (Some(_), None) => return refuse("the request starts from a picture, which was not given".into()),
            (None, None) if request.strength < 1.0 => {
                let strength = request.strength;
                return refuse(format!("strength {strength} without a starting picture: give one, or leave it at 1"));
            }
            (_, Some(init)) => {
                same_size("the starting picture", init.size, init.rgb.len() / 3, request.size)?;
            }
            (None, None) => {}
        }
        match (&source.mask, &source.init) {
            (None, _) if request.mask.is_some() => refuse("the request has a mask, which was not given".into()),
            (Some(_), None) => refuse("a mask without a starting picture: give the picture to keep".into()),
            (Some(mask), Some(_)) => same_size("the mask", mask.size, mask.coverage.len(), request.size),
            (None, _) => Ok(()),
        }
    }

    fn check_controls(&self, request: &Request, source: &Source) -> Result<(), PaintError> {
        let refuse = |what: String| Err(PaintError::Unsupported(what));
        let (asked, given) = (request.image_prompts.len(), source.image_prompts.len());
        if asked != given {
            return refuse(format!("the request has {asked} image prompts and {given} pictures: expected as many"));
        }
        for ImagePrompt { name, weight, .. } in &request.image_prompts {
            if !(0.0..=CONTROL_LIMIT).contains(weight) {
                return refuse(format!("weight {weight} of {name}: expected a number from 0 to {CONTROL_LIMIT}"));
            }
        }
        let (asked, given) = (request.controls.len(), source.controls.len());
        if asked != given {
            return refuse(format!(
                "the request has {asked} ControlNets and {given} pictures for them: expected as many"
            ));
        }
        for Control { name, weight, start, end, preprocessor, .. } in &request.controls {
            if !(0.0..=CONTROL_LIMIT).contains(weight) {
                return refuse(format!("weight {weight} of {name}: expected a number from 0 to {CONTROL_LIMIT}"));
            }
            if !(0.0..=1.0).contains(start) || !(0.0..=1.0).contains(end) || start > end {
                return refuse(format!("{name} works from {start} to {end}: expected shares of the steps, 0 to 1"));
            }
            if *preprocessor == Preprocessor::Inpaint && source.mask.is_none() {
                return refuse(format!("{name} follows a mask, and there is none: give one, or another preprocessor"));
            }
        }
        if source.controls.iter().chain(&source.image_prompts).any(|image| image.rgb.is_empty()) {
            return refuse("a picture to follow has no pixels".into());
        }
        Ok(())
    }

    fn check_second_pass(&self, request: &Request) -> Result<(), PaintError> {
        let Some(second) = &request.second_pass else { return Ok(()) };
        let refuse = |what: String| Err(PaintError::Unsupported(what));
        let Size { width, height } = second.size;
        if second.strength > 0.0 {
            self.check_size(second.size)?;
        } else if width.min(height) == 0 || width.max(height) > SIDE_LIMIT {
            return refuse(format!("a larger picture of {}: expected sides of 1 to {SIDE_LIMIT} pixels", second.size));
        }
        if second.steps > STEPS_LIMIT {
            return refuse(format!("{} steps of the second pass: expected 1 to {STEPS_LIMIT}", second.steps));
        }
        if !(0.0..=1.0).contains(&second.strength) {
            return refuse(format!("strength {} of the second pass: expected a number from 0 to 1", second.strength));
        }
        if request.mask.is_some() {
            return refuse("a second pass over masked painting: leave out the mask, or the second pass".into());
        }
        Ok(())
    }

    fn check_size(&self, size: Size) -> Result<(), PaintError> {
        let (step, limit) = (self.card.size_step, self.card.size_limit);
        let offered = self.card.nearest_size(size);
        if size == offered {
            return Ok(());
        }
        Err(PaintError::Unsupported(format!(
            "size {size}: this model paints multiples of {step} pixels up to {limit}; the nearest is {offered}"
        )))
    }
}

fn same_size(what: &str, found: Size, pixels: usize, expected: Size) -> Result<(), PaintError> {
    if found == expected && pixels as u64 == u64::from(found.width) * u64::from(found.height) {
        return Ok(());
    }
    Err(PaintError::Unsupported(format!(
        "{what} is {found} ({pixels} pixels), the request {expected}: make them equal"
    )))
}
