//! What a plan takes, told before it is painted.

use chatsd_gallery::{Gallery, GalleryError};
use chatsd_types::{Cost, Request, Source};

use crate::{Pace, Plan, Studio, masked::Prepared, paint::source_of};

/// Entries that are looked at to guess how long it takes.
const LOOK_BACK: usize = 64;

/// What a plan takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Seconds until the last picture is finished, where the pace is known.
    pub seconds: Option<f64>,
    /// Most bytes of memory; nothing where it could not be counted.
    pub bytes: Option<u64>,
}

impl Studio<'_> {
    /// How fast this model works here: as the gallery remembers, else as a probe tells.
    ///
    /// # Errors
    /// A gallery that cannot be read.
    pub fn pace(&self, gallery: &Gallery) -> Result<Pace, GalleryError> {
        let remembered = Pace::of_entries(&gallery.list(LOOK_BACK)?, self.model);
        Ok(if remembered.is_unknown() { Pace::of(self.model.pace()) } else { remembered })
    }

    /// What a plan takes at a pace. What its pictures are painted from is `source`, or kept in `gallery`.
    #[must_use]
    pub fn predict(&self, plan: &Plan, source: &Source, gallery: Option<&Gallery>, pace: Pace) -> Prediction {
        let of = |request: &Request| match gallery {
            Some(gallery) => source_of(request, source, gallery).ok(),
            None => Some(source.clone()),
        };
        prediction(&self.costs(plan, of), pace)
    }

    /// What each request of a plan takes; nothing where it cannot be counted. Those that differ in words, seed and
    /// starting picture alone take the same, and are counted once.
    pub(crate) fn costs(&self, plan: &Plan, source: impl Fn(&Request) -> Option<Source>) -> Vec<Option<Cost>> {
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
            let count = |source: Source| self.model.cost(request, &Prepared::new(request, &source).source).ok();
            let cost = source(request).and_then(count);
            known.push((kind, cost.clone()));
            cost
        });
        costs.collect()
    }
}

/// The sum of the times, the most of the memory.
pub(crate) fn prediction(costs: &[Option<Cost>], pace: Pace) -> Prediction {
    let work: Option<f64> = costs.iter().map(|cost| Some(cost.as_ref()?.work)).sum();
    Prediction {
        seconds: work.and_then(|work| pace.seconds(work)),
        bytes: costs.iter().flatten().map(|cost| cost.bytes).max(),
    }
}
