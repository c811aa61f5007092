//! `chatsd upscale`: a picture made larger.

use anyhow::Result;
use chatsd_studio::{Target, UpscaleJob};

use crate::{
    args::{cli, settings::Settings},
    run_job,
};

/// Makes a picture larger.
///
/// # Errors
/// A picture or an upscaler that is not there or cannot be used, a size out of range.
pub fn run(arguments: cli::Upscale, mut settings: Settings) -> Result<u8> {
    arguments.engine.put_into(&mut settings);
    let target = Target::typed(&arguments.target);
    let job = UpscaleJob { target, upscaler: arguments.upscaler, size: arguments.scale };
    let json = arguments.json;
    run_job::run(&settings, json, Box::new(move |studio, events, cancel| studio.upscale(&job, events, cancel)))
}
