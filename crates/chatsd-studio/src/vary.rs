//! Changes to a request that is painted again.

use std::str::FromStr;

use chatsd_prompt::{StyleLibrary, restyle};
use chatsd_types::Request;

use crate::StudioError;

/// The parts of a request that can be changed.
pub const VARIABLE: &[&str] = &[
    "seed",
    "steps",
    "size",
    "guidance",
    "guidance_rescale",
    "sampler",
    "schedule",
    "noise",
    "strength",
    "prompt",
    "negative",
    "style",
];

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
        "sampler" => request.sampler = read(key, value)?,
        "schedule" => request.schedule = read(key, value)?,
        "noise" => request.noise = read(key, value)?,
        "strength" if request.init.is_some() => request.strength = read(key, value)?,
        "strength" => {
            let reason = "the picture was painted without a starting picture".to_owned();
            return Err(StudioError::BadPart { key: key.to_owned(), value: value.to_owned(), reason });
        }
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
        _ => return Err(StudioError::UnknownPart { key: key.to_owned(), expected: VARIABLE.join(", ") }),
    }
    Ok(())
}

fn read<T: FromStr<Err: std::fmt::Display>>(key: &str, value: &str) -> Result<T, StudioError> {
    value.trim().parse().map_err(|error: T::Err| StudioError::BadPart {
        key: key.to_owned(),
        value: value.to_owned(),
        reason: error.to_string(),
    })
}
