//! How fast this machine works, by a short probe.

use std::{hint::black_box, time::Instant};

use crate::{Convolution, Engine, Epilogue, Format, Layout, Shape, Weight, WeightError};

/// Pixels of a side and channels of the probe: a convolution as the networks of Stable Diffusion have them most.
const SIDE: usize = 32;
const CHANNELS: usize = 320;
/// How often it is run; the fastest counts.
const ROUNDS: usize = 3;

impl Engine {
    /// Seconds that a unit of [`Work::total`](crate::Work::total) takes with weights in `format`. Takes a quarter of a
    /// second on two cores.
    ///
    /// # Errors
    /// When no layer is made in that format.
    pub fn pace(&self, format: Format) -> Result<f64, WeightError> {
        let weights = CHANNELS * 9 * CHANNELS;
        let values: Vec<f32> = (0..weights).map(|at| (at % 17) as f32 / 8.5 - 1.0).collect();
        let weight = Weight::from_values(&[CHANNELS, 3, 3, CHANNELS], &values);
        let layer = Convolution::new(&weight, None, [CHANNELS, CHANNELS, 3], Layout::Ohwi, Some(format))?;
        let x = self.filled(Shape::new(2, SIDE, SIDE, CHANNELS), 0.5);
        let mut fastest = f64::INFINITY;
        for _ in 0..=ROUNDS {
            let begun = Instant::now();
            black_box(self.convolution([&x], &layer, Epilogue::default()));
            fastest = fastest.min(begun.elapsed().as_secs_f64());
        }
        Ok(fastest / (x.shape().rows() * weights) as f64)
    }
}
