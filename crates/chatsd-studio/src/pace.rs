//! How long it takes: guessed from pictures painted before, then measured.

use std::time::Duration;

use chatsd_gallery::Entry;
use chatsd_types::{Request, Size};

/// Pictures painted before that are looked at.
const LOOK_BACK: usize = 9;

/// The time that one unit of work takes: a pass of the network over one pixel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    seconds_per_work: Option<f64>,
    done: f64,
    spent: f64,
}

impl Pace {
    /// From the entries, newest first, that the same model painted before on this machine: the median of the last nine.
    #[must_use]
    pub fn of_entries<'a>(entries: impl IntoIterator<Item = &'a Entry>, model_hash: &str) -> Self {
        let mut paces: Vec<f64> = entries
            .into_iter()
            .filter(|entry| entry.request.model_hash == model_hash && entry.duration_ms > 0)
            .take(LOOK_BACK)
            .map(|entry| entry.duration_ms as f64 / 1000.0 / work(&entry.request))
            .filter(|pace| pace.is_finite())
            .collect();
        paces.sort_by(f64::total_cmp);
        Self { seconds_per_work: paces.get(paces.len() / 2).copied(), done: 0.0, spent: 0.0 }
    }

    /// How long this request takes; unknown before anything was measured.
    #[must_use]
    pub fn expected(&self, request: &Request) -> Option<Duration> {
        let seconds = self.seconds_per_work? * work(request);
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Learns that a part of a request, from 0 to 1, took a time. What is measured replaces what was guessed.
    pub(crate) fn measured(&mut self, request: &Request, part: f64, time: Duration) {
        self.done += work(request) * part;
        self.spent += time.as_secs_f64();
        if self.done > 0.0 {
            self.seconds_per_work = Some(self.spent / self.done);
        }
    }
}

/// Passes times pixels. Guidance takes two passes a step, the whole of the strength counts.
fn work(request: &Request) -> f64 {
    let passes = if (request.guidance - 1.0).abs() < f32::EPSILON { 1.0 } else { 2.0 };
    let pixels = |size: Size| f64::from(size.width) * f64::from(size.height);
    let first = (f64::from(request.steps) * f64::from(request.strength)).max(1.0) * pixels(request.size);
    let second = request.second_pass.as_ref().filter(|second| second.strength > 0.0).map_or(0.0, |second| {
        f64::from(if second.steps == 0 { request.steps } else { second.steps }) * pixels(second.size)
    });
    passes * (first + second)
}
