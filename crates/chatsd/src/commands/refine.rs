//! `chatsd refine`: pictures that were picked are painted well, each from itself.

use anyhow::Result;
use chatsd_studio::{RefineChoices, RefineJob};

use crate::{
    args::{cli, settings::Settings},
    run_job,
};

/// Refines pictures.
///
/// # Errors
/// A picture that is not there, or that the model cannot paint.
pub fn run(arguments: cli::Refine, mut settings: Settings) -> Result<u8> {
    arguments.sheet.put_into(&mut settings);
    let json = arguments.painting.put_into(&mut settings);
    let strength = arguments.strength.map(|fraction| fraction.0);
    let job = RefineJob {
        ids: arguments.ids,
        choices: RefineChoices { size: arguments.size, steps: arguments.steps, strength },
        model: settings.model.clone(),
        columns: settings.sheet_columns()?,
    };
    run_job::run(&settings, json, Box::new(move |studio, events, cancel| studio.refine(&job, events, cancel)))
}
