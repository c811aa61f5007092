//! Whether there is room for a plan on this machine, and what there would be room for.

use chatsd_gallery::Gallery;
use chatsd_types::{Decoder, ImageModel, ModelCard, Request, Size, Source};

use crate::{Models, OpenModel, Pace, Plan, Remedy, StudioError, predict};

/// Refuses a plan that needs more memory than there is, before a model is loaded for it. `meta` is the model without its
/// weights; what the pictures are painted from is given or kept in a gallery.
///
/// # Errors
/// [`StudioError::TooLarge`] says what would fit.
pub(crate) fn check(
    models: &dyn Models,
    opened: &dyn OpenModel,
    meta: &dyn ImageModel,
    plan: &Plan,
    source: &Source,
    gallery: Option<&Gallery>,
) -> Result<(), StudioError> {
    let Some(room) = models.memory_budget() else { return Ok(()) };
    let needs = |model: &dyn ImageModel, plan: &Plan| predict(model, plan, source, gallery, Pace::default()).bytes;
    let Some(needed) = needs(meta, plan).filter(|needed| *needed > room) else { return Ok(()) };
    let fits = |model: &dyn ImageModel, change: &dyn Fn(&mut Request)| {
        let mut plan = plan.clone();
        plan.requests.iter_mut().for_each(change);
        needs(model, &plan).is_some_and(|needed| needed <= room)
    };
    let mut remedies = Vec::new();
    if fits(meta, &|request| request.decoder = Decoder::Tiny) {
        remedies.push(Remedy::TinyDecoder);
    }
    if let Some(size) = plan.requests.first().map(|request| request.size) {
        let size = smaller(meta.card(), size).find(|&size| fits(meta, &|request| request.size = size));
        remedies.extend(size.map(Remedy::Size));
    }
    if opened.meta_in_eight_bits().is_some_and(|meta| fits(&*meta, &|_| {})) {
        remedies.push(Remedy::EightBits);
    }
    Err(StudioError::TooLarge { needed, room, remedies })
}

/// Smaller sizes of the same shape, down to a quarter of the sides.
fn smaller(card: &ModelCard, size: Size) -> impl Iterator<Item = Size> {
    (1..4).rev().map(move |quarters| {
        let side = |side: u32| side / 4 * quarters;
        card.nearest_size(Size { width: side(size.width), height: side(size.height) })
    })
}
