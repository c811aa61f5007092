//! What a plan takes, told before it is painted.

use chatsd_gallery::{Gallery, GalleryError};
use chatsd_types::{Cost, ImageModel, Request, Size, Source};

use crate::{Pace, Plan, blank_request, masking::MaskedSource, sources};

/// Entries that are looked at to guess how long it takes.
const LOOK_BACK: usize = 64;

/// What a plan takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Seconds until the last picture is finished, where the pace is known.
    pub seconds: Option<f64>,
    /// Most bytes of memory; `None` where it could not be counted.
    pub bytes: Option<u64>,
}

/// How fast a model works here: as the gallery remembers, else as a probe tells.
///
/// # Errors
/// A gallery that cannot be read.
pub(crate) fn pace_of(model: &dyn ImageModel, gallery: &Gallery) -> Result<Pace, GalleryError> {
    let remembered = Pace::of_entries(&gallery.list(LOOK_BACK)?, model);
    Ok(if remembered.is_unknown() { Pace::of(model.pace()) } else { remembered })
}

/// What one picture of a model takes, as the model likes it best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnePicture {
    /// Pixels.
    pub size: Size,
    /// Passes of the sampler.
    pub steps: u32,
    /// What it takes.
    pub prediction: Prediction,
}

/// What one picture of a model takes at a pace, as the model likes it best.
#[must_use]
pub fn predict_one(model: &dyn ImageModel, pace: Pace) -> OnePicture {
    let request = blank_request(model.card());
    let (size, steps) = (request.size, request.steps);
    let plan = Plan { requests: vec![request], ..Plan::default() };
    OnePicture { size, steps, prediction: predict(model, &plan, &Source::default(), None, pace) }
}

/// What a plan takes of a model at a pace. What its pictures are painted from is `source`, or kept in `gallery`.
#[must_use]
pub(crate) fn predict(
    model: &dyn ImageModel,
    plan: &Plan,
    source: &Source,
    gallery: Option<&Gallery>,
    pace: Pace,
) -> Prediction {
    let of = |request: &Request| match gallery {
        Some(gallery) => sources::of_request(request, source, gallery).ok(),
        None => Some(source.clone()),
    };
    prediction(&costs(model, plan, of), pace)
}

/// What each request of a plan takes; `None` where it cannot be counted. Those that differ in words, seed and starting
/// picture alone take the same, and are counted once.
pub(crate) fn costs(
    model: &dyn ImageModel,
    plan: &Plan,
    source: impl Fn(&Request) -> Option<Source>,
) -> Vec<Option<Cost>> {
    let mut known: Vec<(Request, Option<Cost>)> = Vec::new();
    let costs = plan.requests.iter().map(|request| {
        let kind = Request {
            prompt: Default::default(),
            seed: 0,
            init: request.init.as_ref().map(|_| String::new()),
            ..request.clone()
        };
        if let Some((_, cost)) = known.iter().find(|(known, _)| *known == kind) {
            return cost.clone();
        }
        let count = |source: Source| model.cost(request, &MaskedSource::new(request, &source).source).ok();
        let cost = source(request).and_then(count);
        known.push((kind, cost.clone()));
        cost
    });
    costs.collect()
}

/// The sum of the times, the most of the memory.
pub(crate) fn prediction(costs: &[Option<Cost>], pace: Pace) -> Prediction {
    let work: Option<f64> = costs.iter().map(|cost| Some(cost.as_ref()?.work)).sum();
    Prediction {
        seconds: work.and_then(|work| pace.seconds(work)),
        bytes: costs.iter().flatten().map(|cost| cost.bytes).max(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use chatsd_types::{FakeImageModel, Prompt, Size};

    use super::*;

    #[test]
    fn requests_that_take_the_same_are_counted_once() {
        let (size, init) = (Size { width: 16, height: 16 }, Some("a".to_owned()));
        let first = Request { size, steps: 4, init, ..Request::default() };
        let words = Prompt { positive: "a dog".into(), ..Prompt::default() };
        let requests = vec![
            Request { prompt: words, ..first.clone() },
            Request { seed: 9, ..first.clone() },
            Request { init: Some("b".into()), ..first.clone() },
            Request { init: None, ..first.clone() },
            Request { steps: 9, ..first.clone() },
            first,
        ];
        let (plan, counted) = (Plan { requests, ..Plan::default() }, Cell::new(0));
        let source = |_: &Request| {
            counted.set(counted.get() + 1);
            Some(Source::default())
        };
        let work: Vec<_> =
            costs(&FakeImageModel::default(), &plan, source).into_iter().map(|cost| cost.unwrap().work).collect();
        assert_eq!(work, [5, 5, 5, 5, 10, 5].map(|passes| f64::from(passes * 16 * 16)));
        assert_eq!(counted.get(), 3, "with a starting picture, without one, with more steps");
    }
}
