//! `chatsd vary`: variations of a picture that was picked.

use anyhow::Result;
use chatsd_types::Source;

use super::picked::Picked;
use crate::{cli, settings::Settings, sources};

/// Variations painted when nobody says how many.
const COUNT: usize = 4;

/// Paints variations.
///
/// # Errors
/// A picture that is not there, or that the model cannot paint.
pub fn run(arguments: cli::Vary, mut settings: Settings) -> Result<u8> {
    arguments.model.put_into(&mut settings);
    arguments.engine.put_into(&mut settings);
    arguments.show.put_into(&mut settings);
    arguments.sheet.put_into(&mut settings);
    arguments.drawing.put_into(&mut settings);
    let picked = Picked::find(&[arguments.id], &mut settings)?;
    let mut source = Source::default();
    for entry in &picked.entries {
        sources::fetch(&picked.gallery, &entry.request, &mut source)?;
    }
    let strength = arguments.strength.map(|portion| portion.0);
    let (seed, count) = (arguments.seed.unwrap_or_else(chatsd_studio::new_seed), arguments.count.unwrap_or(COUNT));
    let vary = |studio: &chatsd_studio::Studio<'_>, entry: &chatsd_gallery::Entry| {
        Ok(studio.variations(&entry.request, strength, seed, count)?)
    };
    picked.paint(&vary, &source, &settings, arguments.json)
}
