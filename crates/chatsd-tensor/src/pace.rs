//! How fast this machine works, by a short probe.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::{Convolution, Engine, Epilogue, Format, Layout, Shape, Weight, WeightError};

/// Pixels of a side and channels of the probe: a convolution as the networks of Stable Diffusion have them most.
const SIDE: usize = 32;
const CHANNELS: usize = 320;
/// How long it is run after the first time, which only warms up. The mean counts: where others use the machine, too,
/// the fastest round tells what a long work never gets.
const PROBE: Duration = Duration::from_millis(400);

impl Engine {
    /// Seconds that a unit of [`Work::total`](crate::Work::total) takes with weights in `format`. Takes about half a
    /// second.
    ///
    /// # Errors
    /// When no layer is made in that format.
    pub fn pace(&self, format: Format) -> Result<f64, WeightError> {
        let weights = CHANNELS * 9 * CHANNELS;
        let values: Vec<f32> = (0..weights).map(|at| (at % 17) as f32 / 8.5 - 1.0).collect();
        let weight = Weight::from_values(&[CHANNELS, 3, 3, CHANNELS], &values);
        let layer = Convolution::new(&weight, None, [CHANNELS, CHANNELS, 3], Layout::Ohwi, Some(format))?;
        let x = self.filled(Shape::new(2, SIDE, SIDE, CHANNELS), 0.5);
        let run = || black_box(self.convolution([&x], &layer, Epilogue::default()));
        run();
        let (begun, mut rounds) = (Instant::now(), 0);
        while rounds == 0 || begun.elapsed() < PROBE {
            run();
            rounds += 1;
        }
        Ok(begun.elapsed().as_secs_f64() / (rounds * x.shape().rows() * weights) as f64)
    }
}
