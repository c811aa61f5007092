//! How long it takes: guessed from pictures painted before or from a probe, then measured.

use std::time::Duration;

use chatsd_gallery::Entry;
use chatsd_types::{ImageModel, Source};

/// Pictures painted before that are looked at.
const LOOK_BACK: usize = 5;

/// The time that one unit of [`chatsd_types::Cost::work`] takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    seconds_per_work: Option<f64>,
    done: f64,
    spent: f64,
}

impl Pace {
    /// From the entries, newest first, that the same model painted before on this machine: the median of the last five
    /// whose work can be counted from the request alone.
    #[must_use]
    pub fn of_entries<'a>(entries: impl IntoIterator<Item = &'a Entry>, model: &dyn ImageModel) -> Self {
        let hash = &model.card().hash;
        let mut paces: Vec<f64> = entries
            .into_iter()
            .filter(|entry| entry.request.model_hash == *hash && entry.duration_ms > 0)
            .filter_map(|entry| {
                let cost = model.cost(&entry.request, &Source::default()).ok()?;
                Some(entry.duration_ms as f64 / 1000.0 / cost.work)
            })
            .filter(|pace| pace.is_finite())
            .take(LOOK_BACK)
            .collect();
        paces.sort_by(f64::total_cmp);
        Self::of(paces.get(paces.len() / 2).copied())
    }

    /// From seconds for a unit of work, where they are known.
    #[must_use]
    pub fn of(seconds_per_work: Option<f64>) -> Self {
        Self { seconds_per_work, done: 0.0, spent: 0.0 }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.seconds_per_work.is_none()
    }

    /// Seconds that so much work takes; unknown before anything was measured.
    #[must_use]
    pub fn seconds(&self, work: f64) -> Option<f64> {
        self.seconds_per_work.map(|seconds| seconds * work)
    }

    /// Learns that so much work took a time. What is measured replaces what was guessed.
    pub(crate) fn measured(&mut self, work: f64, time: Duration) {
        self.done += work;
        self.spent += time.as_secs_f64();
        if self.done > 0.0 {
            self.seconds_per_work = Some(self.spent / self.done);
        }
    }
}
