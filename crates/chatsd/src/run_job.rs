//! Does a job for the person in front: what happens is shown, Ctrl-C is heard, and at the end the paths stand on stdout.

use std::{path::Path, sync::atomic::AtomicBool};

use anyhow::Result;
use chatsd_studio::{Event, Events, Outcome, Studio, StudioError};

use crate::{
    args::settings::Settings,
    failure::{OK, STOPPED},
    stop,
    terminal::{output, progress::Progress},
    trace,
    wiring::House,
};

/// What a job is for the studio.
pub type Job<'a> = dyn FnOnce(&Studio, &mut Events<'_>, &AtomicBool) -> Result<Outcome, StudioError> + 'a;

/// Does a job. Returns the exit code.
///
/// # Errors
/// What the job fails with; what was finished is kept, and its paths are told.
pub fn run(settings: &Settings, json: bool, job: Box<Job<'_>>) -> Result<u8> {
    let studio = House::new(settings).studio()?;
    let cancel = stop::listen(settings.lang())?;
    let mut progress = Progress::new(settings, json, &studio.library);
    let wants_svg = settings.svg.unwrap_or(false);
    let (mut traced, mut kept) = (Ok(()), Vec::new());
    let mut follow = |event: Event| {
        progress.follow(&event);
        // Beside each picture as soon as that is kept, so that an early end leaves whole pairs.
        if let Event::Kept { path, .. } = event {
            if wants_svg && traced.is_ok() {
                traced = trace::beside(&path);
            }
            kept.push(path);
        }
    };
    let outcome = job(&studio, &mut follow, cancel).map_err(anyhow::Error::from);
    drop(progress);
    let outcome = outcome.and_then(|outcome| Ok(traced.map(|()| outcome)?));
    if outcome.is_err() && !json {
        // What was kept before it failed is there all the same.
        kept.iter().try_for_each(|path| output::data(path.display()))?;
    }
    let outcome = outcome?;
    if !json {
        kept.extend(outcome.sheet_path.clone());
        kept.iter().try_for_each(|path| output::data(path.display()))?;
    }
    if !settings.quiet() {
        tell_end(&outcome, settings);
    }
    Ok(if outcome.stopped { STOPPED } else { OK })
}

/// Says how many pictures are finished, and where they are.
fn tell_end(outcome: &Outcome, settings: &Settings) {
    let (lang, finished) = (settings.lang(), outcome.entries.len());
    let folder = outcome.sheet_path.as_deref().and_then(Path::parent).map(|folder| folder.display().to_string());
    output::talk(match (&folder, outcome.stopped) {
        (None, _) => lang.stopped_early(),
        (Some(folder), true) => lang.stopped(finished, outcome.count, folder),
        (Some(folder), false) => lang.done_in(finished, folder),
    });
}
