//! `chatsd vary`: variations of a picture that was picked.

use anyhow::Result;
use chatsd_studio::VaryJob;

use crate::{
    args::{cli, settings::Settings},
    run_job,
};

/// Paints variations.
///
/// # Errors
/// A picture that is not there, or that the model cannot paint.
pub fn run(arguments: cli::Vary, mut settings: Settings) -> Result<u8> {
    arguments.sheet.put_into(&mut settings);
    let json = arguments.painting.put_into(&mut settings);
    let job = VaryJob {
        id: arguments.id,
        count: arguments.count,
        strength: arguments.strength.map(|fraction| fraction.0),
        seed: arguments.seed,
        model: settings.model.clone(),
        columns: settings.sheet_columns()?,
    };
    run_job::run(&settings, json, Box::new(move |studio, events, cancel| studio.vary(&job, events, cancel)))
}
