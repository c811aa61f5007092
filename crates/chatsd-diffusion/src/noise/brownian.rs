//! One path of Brownian motion, asked for between any two sigmas: noise that does not depend on the steps.
//!
//! As torchsde's `BrownianTree` (Li et al. 2020, "Scalable gradients for stochastic differential equations", section 4,
//! "virtual Brownian tree") under k-diffusion's `BrownianTreeNoiseSampler`, bit for bit where the sigmas are the same
//! f32 numbers: each halving of the interval has a seed of its own, and noise of that seed says where its middle lies.

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::NoiseSource;

use super::{Noise, channels_last, seed_sequence::seeds};

/// Decimals that times are rounded to.
const DECIMALS: usize = 6;

/// A path from the least sigma of a sampling run to its greatest.
pub struct BrownianPath {
    source: NoiseSource,
    seed: u64,
    shape: Shape,
    start: f64,
    end: f64,
}

/// An interval of the tree, and how far the path goes in it.
struct Interval {
    start: f64,
    end: f64,
    /// Which of the intervals of its depth it is.
    key: u64,
    depth: u64,
    increment: Vec<f32>,
}

impl BrownianPath {
    /// The path of `seed` through tensors of `shape` between two sigmas.
    #[must_use]
    pub fn new(source: NoiseSource, seed: u64, shape: Shape, least: f64, greatest: f64) -> Self {
        Self { source, seed, shape, start: single(least), end: single(greatest) }
    }

    /// Standard normal noise for the way from one sigma to another: the path's change, divided by its deviation.
    #[must_use]
    pub fn between(&self, from: f64, to: f64) -> Tensor {
        let (from, to) = (single(from), single(to));
        let (low, high) = (from.min(to), from.max(to));
        let within = |time: f64| time.clamp(rounded(self.start), rounded(self.end));
        let (a, b) = (rounded(within(low)), rounded(within(high)));
        let mut sum: Option<Vec<f32>> = None;
        if a < b {
            self.collect(self.whole(), a, b, &mut sum);
        }
        let length = ((to - from) as f32).abs().sqrt();
        let sign = if from < to { 1.0 } else { -1.0 };
        let values = sum.unwrap_or_else(|| vec![0.0; self.shape.len()]);
        let values: Vec<f32> =
            values.into_iter().map(|value| if length > 0.0 { sign * value / length } else { 0.0 }).collect();
        channels_last(self.shape, &values)
    }

    fn whole(&self) -> Interval {
        let [seed, ..] = seeds::<3>(self.seed, None);
        let deviation = (self.end - self.start).sqrt() as f32;
        let increment = self.normal(seed).into_iter().map(|value| value * deviation).collect();
        Interval { start: rounded(self.start), end: rounded(self.end), key: 0, depth: 0, increment }
    }

    fn normal(&self, seed: u32) -> Vec<f32> {
        Noise::new(self.source, seed.into()).normal(self.shape.len())
    }

    /// Adds the changes of the path from `a` to `b`, interval by interval, from the left.
    fn collect(&self, interval: Interval, a: f64, b: f64, sum: &mut Option<Vec<f32>>) {
        if a <= interval.start && b >= interval.end {
            match sum {
                Some(sum) => sum.iter_mut().zip(interval.increment).for_each(|(sum, change)| *sum += change),
                None => *sum = Some(interval.increment),
            }
            return;
        }
        let middle = rounded(0.5 * (interval.end + interval.start));
        let (left, right) = self.halves(interval, middle);
        if a < middle {
            self.collect(left, a, b.min(middle), sum);
        }
        if b > middle {
            self.collect(right, a.max(middle), b, sum);
        }
    }

    /// Where the path lies in the middle: between its ends, and off by the noise of this interval.
    fn halves(&self, interval: Interval, middle: f64) -> (Interval, Interval) {
        let Interval { start, end, key, depth, increment } = interval;
        let [seed, ..] = seeds::<4>(self.seed, Some([key, depth]));
        let (before, after) = (middle - start, end - middle);
        let reciprocal = 1.0 / (end - start);
        let deviation = (before * after * reciprocal).sqrt() as f32;
        let (before, reciprocal) = (before as f32, reciprocal as f32);
        let noise = self.normal(seed);
        let left: Vec<f32> = increment
            .iter()
            .zip(noise)
            .map(|(change, noise)| before * change * reciprocal + deviation * noise)
            .collect();
        let right = increment.iter().zip(&left).map(|(change, left)| change - left).collect();
        let depth = depth + 1;
        let left = Interval { start, end: middle, key: 2 * key, depth, increment: left };
        (left, Interval { start: middle, end, key: 2 * key + 1, depth, increment: right })
    }
}

/// As f32 holds it: sigmas are such numbers there.
fn single(sigma: f64) -> f64 {
    f64::from(sigma as f32)
}

/// The nearest number of so many decimals, as Python rounds.
fn rounded(time: f64) -> f64 {
    format!("{time:.DECIMALS$}").parse().unwrap_or(time)
}
