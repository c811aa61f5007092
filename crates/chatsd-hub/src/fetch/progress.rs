//! How fast a file comes, and how long it will still take.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use serde::Serialize;

/// The speed is that of so long a while.
const WHILE: Duration = Duration::from_secs(15);
/// Before so long a while, no time left is told.
const EARLY: Duration = Duration::from_secs(1);

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FetchProgress {
    /// Bytes that are here.
    pub bytes: u64,
    /// Bytes in all, when they are known.
    pub total: Option<u64>,
    /// Bytes a second, lately.
    pub per_second: f64,
    /// Seconds left at that speed; nothing while that would be a guess.
    pub left_seconds: Option<f64>,
}

/// Measures the pace.
pub(super) struct ProgressClock {
    samples: VecDeque<(Instant, u64)>,
}

impl ProgressClock {
    /// Starts with what was here before, which says nothing of the speed.
    pub(super) fn start(now: Instant, bytes: u64) -> Self {
        Self { samples: VecDeque::from([(now, bytes)]) }
    }

    pub(super) fn progress(&mut self, now: Instant, bytes: u64, total: Option<u64>) -> FetchProgress {
        self.samples.push_back((now, bytes));
        while self.samples.len() > 2 && now.duration_since(self.samples[1].0) >= WHILE {
            self.samples.pop_front();
        }
        let (then, before) = self.samples[0];
        let span = now.duration_since(then);
        let per_second = bytes.saturating_sub(before) as f64 / span.as_secs_f64().max(1e-3);
        let left = total.map(|total| total.saturating_sub(bytes) as f64 / per_second);
        let left_seconds = left.filter(|left| left.is_finite() && span >= EARLY);
        FetchProgress { bytes, total, per_second, left_seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_follows_what_came_lately() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let mut clock = ProgressClock::start(start, 500);
        assert_eq!(clock.progress(start, 500, Some(1000)).left_seconds, None);
        for second in 1..=20 {
            assert_eq!(clock.progress(at(second), 500 + 10 * second, Some(1000)).per_second, 10.0);
        }
        // Twice as fast for long enough: the slow while is forgotten.
        for second in 21..=40 {
            clock.progress(at(second), 700 + 20 * (second - 20), None);
        }
        let pace = clock.progress(at(41), 1120, Some(1320));
        assert_eq!((pace.per_second, pace.left_seconds), (20.0, Some(10.0)));
        // Nothing comes: no time left is told, not an endless one.
        for second in 42..=70 {
            clock.progress(at(second), 1120, Some(1320));
        }
        assert_eq!(clock.progress(at(71), 1120, Some(1320)).left_seconds, None);
    }
}
