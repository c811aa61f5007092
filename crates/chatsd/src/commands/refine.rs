//! `chatsd refine`: pictures that were picked are painted well, each from itself.

use anyhow::Result;
use chatsd_gallery::read_image;
use chatsd_studio::RefineChoices;
use chatsd_types::Source;

use super::picked::Picked;
use crate::{cli, settings::Settings};

/// Refines pictures.
///
/// # Errors
/// A picture that is not there, or that the model cannot paint.
pub fn run(arguments: cli::Refine, mut settings: Settings) -> Result<u8> {
    arguments.model.put_into(&mut settings);
    arguments.engine.put_into(&mut settings);
    arguments.show.put_into(&mut settings);
    arguments.sheet.put_into(&mut settings);
    arguments.drawing.put_into(&mut settings);
    let picked = Picked::find(&arguments.ids, &mut settings)?;
    let strength = arguments.strength.map(|portion| portion.0);
    let choices = RefineChoices { size: arguments.size, steps: arguments.steps, strength };
    let refine = |studio: &chatsd_studio::Studio<'_>, entry: &chatsd_gallery::Entry| {
        let start = picked.gallery.keep_source(&read_image(&picked.gallery.path(entry))?)?;
        Ok(vec![studio.refined(&entry.request, start, choices)?])
    };
    picked.paint(&refine, &Source::default(), &settings, arguments.json)
}
