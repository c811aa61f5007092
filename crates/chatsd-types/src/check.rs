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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Adapter, ImagePrompt, Sampler, Schedule, SecondPass};

    fn size(width: u32, height: u32) -> Size {
        Size { width, height }
    }

    /// Why a request for a picture of 16 × 16 is refused once it is changed so, by a model of multiples of 8 up to 64.
    fn refusal(change: impl FnOnce(&mut Request)) -> Option<PaintError> {
        let mut request = Request { size: size(16, 16), ..Request::default() };
        change(&mut request);
        let card = ModelCard {
            name: "model".into(),
            family: "sd1".into(),
            hash: String::new(),
            licence: String::new(),
            size: size(16, 16),
            size_step: 8,
            size_limit: 64,
            steps: 4,
            guidance: 3.0,
            sampler: Sampler::Euler,
            schedule: Schedule::Automatic,
        };
        card.check(&request).err()
    }

    #[test]
    fn what_is_painted_has_a_size_of_the_model() {
        assert!(refusal(|_| {}).is_none());
        let error = refusal(|request| request.size = size(13, 100)).unwrap();
        assert!(matches!(error, PaintError::Size { step: 8, limit: 64, nearest, .. } if nearest == size(16, 64)));
        let only_made_larger = |request: &mut Request| {
            (request.size, request.init, request.strength) = (size(13, 100), Some(String::new()), 0.0);
        };
        assert!(refusal(only_made_larger).is_none());
        let wrong = refusal(|request| request.guidance = -1.0);
        assert!(matches!(wrong, Some(PaintError::Parameter(_))), "{wrong:?}");
    }

    #[test]
    fn what_is_not_painted_has_sides_of_some_pixels() {
        let noise = |from| refusal(|request| request.seed_resize = Some(from));
        let second = |size, strength| {
            refusal(|request| {
                request.second_pass = Some(SecondPass { size, steps: 0, strength, upscaler: "lanczos".into() });
            })
        };
        for sides in [size(1, 16_384), size(16_384, 1), size(13, 9)] {
            assert!(noise(sides).is_none() && second(sides, 0.0).is_none(), "{sides}");
            assert!(matches!(second(sides, 0.5), Some(PaintError::Size { found, .. }) if found == sides));
        }
        for sides in [size(0, 5), size(5, 0), size(0, 0), size(16_385, 5), size(5, 16_385)] {
            for error in [noise(sides), second(sides, 0.0)] {
                assert!(matches!(error, Some(PaintError::Side { found, limit: 16_384 }) if found == sides));
            }
        }
        assert!(second(size(32, 32), 0.5).is_none());
        let masked = refusal(|request| {
            let (size, upscaler) = (request.size, "lanczos".into());
            request.second_pass = Some(SecondPass { size, steps: 0, strength: 0.5, upscaler });
            (request.init, request.mask) = (Some(String::new()), Some(String::new()));
        });
        assert!(matches!(masked, Some(PaintError::MaskedSecondPass)), "{masked:?}");
    }

    #[test]
    fn a_mask_and_a_strength_need_a_starting_picture() {
        let refused = |init: bool, mask: bool, strength| {
            refusal(|request| {
                (request.init, request.mask) = (init.then(String::new), mask.then(String::new));
                request.strength = strength;
            })
        };
        assert!(matches!(refused(false, true, 1.0), Some(PaintError::MaskAlone)));
        assert!(matches!(refused(false, false, 0.5), Some(PaintError::StrengthAlone { found: 0.5 })));
        assert!(refused(true, true, 0.5).is_none() && refused(true, false, 0.5).is_none());
    }

    #[test]
    fn weights_stay_where_they_do_not_burn() {
        type Put = fn(&mut Request, f32);
        let puts: [(FileKind, f32, Put); 4] = [
            (FileKind::Adapter, -10.0, |request, weight| {
                request.adapters.push(Adapter { name: "x".into(), hash: String::new(), weight, text_weight: None });
            }),
            (FileKind::Adapter, -10.0, |request, weight| {
                let text_weight = Some(weight);
                request.adapters.push(Adapter { name: "x".into(), hash: String::new(), weight: 1.0, text_weight });
            }),
            (FileKind::Control, 0.0, |request, weight| request.controls.push(Control { weight, ..control() })),
            (FileKind::ImagePrompt, 0.0, |request, weight| {
                let (name, hash, image) = ("x".into(), String::new(), String::new());
                request.image_prompts.push(ImagePrompt { name, hash, image, weight });
            }),
        ];
        for (expected, least, put) in puts {
            for weight in [least, 10.0] {
                assert!(refusal(|request| put(request, weight)).is_none(), "{expected}: {weight}");
            }
            for weight in [least - 0.5, 10.5, f32::NAN] {
                match refusal(|request| put(request, weight)) {
                    Some(PaintError::Weight { kind, low, high, .. }) => {
                        assert_eq!((kind, low, high), (expected, least, 10.0));
                    }
                    other => panic!("{expected}: {weight}: {other:?}"),
                }
            }
        }
    }

    fn control() -> Control {
        let (name, hash, image) = ("x".into(), String::new(), String::new());
        Control { name, hash, image, preprocessor: Preprocessor::None, weight: 1.0, start: 0.0, end: 1.0 }
    }

    #[test]
    fn a_control_works_in_a_part_of_the_steps() {
        let refused = |start, end| refusal(|request| request.controls.push(Control { start, end, ..control() }));
        for (start, end) in [(0.0, 1.0), (0.5, 0.5)] {
            assert!(refused(start, end).is_none(), "{start} to {end}");
        }
        for (start, end) in [(-0.1, 1.0), (0.0, 1.1), (0.6, 0.5), (f32::NAN, 1.0), (0.0, f32::NAN)] {
            let error = refused(start, end);
            assert!(matches!(error, Some(PaintError::StepRange { .. })), "{start} to {end}: {error:?}");
        }
    }

    #[test]
    fn a_control_that_follows_the_mask_needs_one() {
        let inpaint = Control { preprocessor: Preprocessor::Inpaint, ..control() };
        let refused = |control: Control, masked: bool| {
            refusal(|request| {
                request.controls.push(control);
                (request.init, request.mask) = (Some(String::new()), masked.then(String::new));
            })
        };
        assert!(matches!(refused(inpaint.clone(), false), Some(PaintError::UnmaskedControl { .. })));
        assert!(refused(inpaint, true).is_none() && refused(control(), false).is_none());
    }
}
