//! Changes to a request that is painted again.

use std::str::FromStr;

use chatsd_prompt::{StyleLibrary, restyle};
use chatsd_types::{NamedSampler, Request, SecondPass, Variation};

use crate::{Larger, StudioError, plan::SECOND_STRENGTH};

/// The parts of a request that can be changed.
pub const VARIABLE: &[&str] = &[
    "seed",
    "steps",
    "size",
    "guidance",
    "guidance_rescale",
    "image_guidance",
    "sampler",
    "schedule",
    "noise",
    "variation_seed",
    "variation_strength",
    "seed_resize",
    "noise_seed_delta",
    "eta",
    "s_churn",
    "s_tmin",
    "s_tmax",
    "s_noise",
    "discard_penultimate",
    "strength",
    "clip_skip",
    "prompt",
    "negative",
    "style",
    "mask_blur",
    "mask_fill",
    "only_masked",
    "mask_padding",
    "hires",
    "hires_steps",
    "hires_strength",
    "hires_upscaler",
];

/// A variation that was not there, with strength where only its seed is given.
const WEAK: Variation = Variation { seed: 1, strength: 0.1 };

/// Gives one part of a request another value.
///
/// # Errors
/// An unknown part, or a value that it cannot have.
pub fn vary(request: &mut Request, key: &str, value: &str, library: &StyleLibrary) -> Result<(), StudioError> {
    match key.replace('-', "_").as_str() {
        "seed" => request.seed = read(key, value)?,
        "steps" => request.steps = read(key, value)?,
        "size" => request.size = read(key, value)?,
        "guidance" => request.guidance = read(key, value)?,
        "guidance_rescale" => request.guidance_rescale = read(key, value)?,
        "image_guidance" => request.image_guidance = Some(read(key, value)?),
        "sampler" => {
            let NamedSampler { sampler, schedule } = read(key, value)?;
            (request.sampler, request.schedule) = (sampler, schedule.unwrap_or(request.schedule));
        }
        "schedule" => request.schedule = read(key, value)?,
        "noise" => request.noise = read(key, value)?,
        "variation_seed" => request.variation.get_or_insert(WEAK).seed = read(key, value)?,
        "variation_strength" => request.variation.get_or_insert(WEAK).strength = read(key, value)?,
        "seed_resize" => request.seed_resize = Some(read(key, value)?),
        "noise_seed_delta" => request.noise_seed_delta = read(key, value)?,
        "eta" => request.sampling.eta = Some(read(key, value)?),
        "s_churn" => request.sampling.s_churn = read(key, value)?,
        "s_tmin" => request.sampling.s_tmin = read(key, value)?,
        "s_tmax" => request.sampling.s_tmax = Some(read(key, value)?),
        "s_noise" => request.sampling.s_noise = read(key, value)?,
        "discard_penultimate" => request.sampling.discard_penultimate = read(key, value)?,
        "strength" if request.init.is_some() => request.strength = read(key, value)?,
        "strength" => {
            let reason = "the picture was painted without a starting picture".to_owned();
            return Err(StudioError::BadPart { key: key.to_owned(), value: value.to_owned(), reason });
        }
        "clip_skip" => request.clip_skip = Some(read::<std::num::NonZeroU32>(key, value)?.get()),
        "prompt" => {
            let prompt = &mut request.prompt;
            for text in [&mut prompt.own, &mut prompt.subject, &mut prompt.positive] {
                value.clone_into(text);
            }
            prompt.added.clear();
            prompt.style.clear();
        }
        "negative" => value.clone_into(&mut request.prompt.negative),
        "style" => request.prompt = restyle(&request.prompt, library.get(value)?, library),
        "mask_blur" => request.masking.blur = read(key, value)?,
        "mask_fill" => request.masking.fill = read(key, value)?,
        "only_masked" => request.masking.only_masked = read(key, value)?,
        "mask_padding" => request.masking.padding = read(key, value)?,
        part @ ("hires" | "hires_steps" | "hires_strength" | "hires_upscaler") => {
            vary_second_pass(request, part, key, value)?;
        }
        _ => return Err(StudioError::UnknownPart { key: key.to_owned(), expected: VARIABLE.join(", ") }),
    }
    Ok(())
}

/// Changes the second pass, or asks for one.
fn vary_second_pass(request: &mut Request, part: &str, key: &str, value: &str) -> Result<(), StudioError> {
    let none = || SecondPass { size: request.size, steps: 0, strength: SECOND_STRENGTH, upscaler: "latent".into() };
    let mut second = request.second_pass.clone().unwrap_or_else(none);
    match part {
        "hires" => second.size = read::<Larger>(key, value)?.of(request.size),
        "hires_steps" => second.steps = read(key, value)?,
        "hires_strength" => second.strength = read(key, value)?,
        _ => value.clone_into(&mut second.upscaler),
    }
    request.second_pass = Some(second);
    Ok(())
}

fn read<T: FromStr<Err: std::fmt::Display>>(key: &str, value: &str) -> Result<T, StudioError> {
    value.trim().parse().map_err(|error: T::Err| StudioError::BadPart {
        key: key.to_owned(),
        value: value.to_owned(),
        reason: error.to_string(),
    })
}
