//! `chatsd again`: the same picture from its own metadata, or a variation of it.

use std::path::PathBuf;

use anyhow::Result;
use chatsd_studio::{AgainJob, Target, read_source};
use chatsd_types::{Mask, SourceRole};

use crate::{
    args::{cli, settings::Settings},
    run_job,
};

/// Paints a picture again.
///
/// # Errors
/// A picture that is not there or tells nothing, a change that makes no sense, a source that is gone.
pub fn run(arguments: cli::Again, mut settings: Settings) -> Result<u8> {
    let json = arguments.painting.put_into(&mut settings);
    let read = |role, path: Option<PathBuf>| path.map(|path| read_source(role, &path)).transpose();
    let job = AgainJob {
        target: Target::typed(&arguments.target),
        model: settings.model.clone(),
        changes: arguments.set,
        init: read(SourceRole::Init, arguments.init)?,
        mask: read(SourceRole::Mask, arguments.mask)?.as_ref().map(Mask::from_image),
    };
    run_job::run(&settings, json, Box::new(move |studio, events, cancel| studio.again(&job, events, cancel)))
}
