//! Whether there is room for a plan on this machine, and what there would be room for.

use anyhow::{Result, bail};
use chatsd_gallery::Gallery;
use chatsd_prompt::StyleLibrary;
use chatsd_studio::{Pace, Plan, Prediction, Studio};
use chatsd_types::{Decoder, ImageModel, ModelCard, Request, Size, Source};

use crate::{memory, settings::Settings, values::Store, wiring};

/// Bytes of a megabyte, as programs count memory.
const MEGABYTE: u64 = 1 << 20;

/// Refuses a plan that needs more memory than there is, before a model is loaded for it. `studio` has the outline of the
/// model; what the pictures are painted from is given or kept in a gallery.
///
/// # Errors
/// When it does not fit: says what would.
pub fn check(studio: &Studio<'_>, plan: &Plan, from: (&Source, Option<&Gallery>), settings: &Settings) -> Result<()> {
    let limit = settings.memory_limit.map(|megabytes| megabytes.saturating_mul(MEGABYTE));
    let Some(room) = limit.or_else(|| memory::memory().map(|memory| memory.available)) else { return Ok(()) };
    let Some(needed) = needs(studio.model, plan, from) else { return Ok(()) };
    if needed <= room {
        return Ok(());
    }
    let lang = settings.lang();
    let (needed, megabytes) = (needed.div_ceil(MEGABYTE), room / MEGABYTE);
    let ways = ways(studio.model, plan, from, settings, room);
    if ways.is_empty() {
        bail!("{}", lang.too_little_memory(needed, megabytes));
    }
    bail!("{}", lang.too_little_memory_but(needed, megabytes, ways.join(lang.pick(" or ", "或"))));
}

/// What one picture takes of the chosen model as it likes it best, told without its weights.
pub struct OnePicture {
    pub size: Size,
    pub steps: u32,
    pub prediction: Prediction,
}

/// Predicts one picture of the chosen model.
///
/// # Errors
/// A model that cannot paint.
pub fn one_picture(settings: &Settings) -> Result<OnePicture> {
    let outline = wiring::Chosen::open(settings)?.outline()?;
    let studio = Studio { model: &outline, library: StyleLibrary::builtin(), wildcards: &|_| None };
    let request = studio.blank();
    let (size, steps) = (request.size, request.steps);
    let plan = Plan { requests: vec![request], ..Plan::default() };
    let pace = wiring::pace(settings)?;
    Ok(OnePicture { size, steps, prediction: studio.predict(&plan, &Source::default(), None, pace) })
}

/// Changes that would make a plan fit, as flags.
fn ways(
    model: &dyn ImageModel,
    plan: &Plan,
    from: (&Source, Option<&Gallery>),
    settings: &Settings,
    room: u64,
) -> Vec<String> {
    let fits = |model: &dyn ImageModel, change: &dyn Fn(&mut Request)| {
        let mut plan = plan.clone();
        plan.requests.iter_mut().for_each(change);
        needs(model, &plan, from).is_some_and(|needed| needed <= room)
    };
    let mut ways = Vec::new();
    if fits(model, &|request| request.decoder = Decoder::Tiny) {
        ways.push("--decoder tiny".to_owned());
    }
    if let Some(size) = plan.requests.first().map(|request| request.size) {
        let size = smaller(model.card(), size).find(|&size| fits(model, &|request| request.size = size));
        ways.extend(size.map(|size| format!("--size {size}")));
    }
    if settings.store != Some(Store::Q8_0) {
        let mut settings = settings.clone();
        settings.store = Some(Store::Q8_0);
        if let Ok(model) = wiring::Chosen::open(&settings).and_then(|chosen| chosen.outline())
            && fits(&model, &|_| {})
        {
            ways.push("--store q8_0".to_owned());
        }
    }
    ways
}

fn needs(model: &dyn ImageModel, plan: &Plan, (source, gallery): (&Source, Option<&Gallery>)) -> Option<u64> {
    let studio = Studio { model, library: StyleLibrary::builtin(), wildcards: &|_| None };
    studio.predict(plan, source, gallery, Pace::default()).bytes
}

/// Smaller sizes of the same shape, down to a quarter of the sides.
fn smaller(card: &ModelCard, size: Size) -> impl Iterator<Item = Size> {
    (1..4).rev().map(move |quarters| {
        let side = |side: u32| side / 4 * quarters;
        card.nearest_size(Size { width: side(size.width), height: side(size.height) })
    })
}

#[cfg(test)]
mod tests {
    use chatsd_studio::{PictureChoices, PromptChoices};
    use chatsd_types::FakeImageModel;

    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_what_would() {
        let model = FakeImageModel::default();
        let studio = Studio { model: &model, library: StyleLibrary::builtin(), wildcards: &|_| None };
        let size = Some(Size { width: 64, height: 64 });
        let picture = PictureChoices { size, ..PictureChoices::default() };
        let plan = studio.plan("a cat", &PromptChoices::default(), &picture).unwrap();
        let mut settings = Settings::default();
        settings.memory_limit = Some(1);
        check(&studio, &plan, (&Source::default(), None), &settings).unwrap();
        settings.memory_limit = Some(0);
        let error = check(&studio, &plan, (&Source::default(), None), &settings).unwrap_err().to_string();
        assert!(error.contains('1') && error.contains('0'), "{error}");
        // 64 × 64 takes 50,152 bytes, three quarters of the sides 28,648.
        assert_eq!(ways(&model, &plan, (&Source::default(), None), &settings, 30_000), ["--size 48x48"]);
    }
}
