//! Pictures and masks at other sizes: plain arithmetic, the same bytes on every machine.

use std::f64::consts::PI;

use crate::{Image, Mask, Size};

/// How much the old pixels around a new one count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// A triangle as wide as two pixels of the coarser grid.
    Triangle,
    /// Keys' cubic with parameter -0.5, as wide as four pixels of the coarser grid.
    Cubic,
    /// Lanczos' windowed sinc, as wide as six pixels of the coarser grid: sharper.
    Lanczos,
}

impl Kernel {
    /// Half its width, in pixels of the coarser grid.
    const fn support(self) -> f64 {
        match self {
            Self::Triangle => 1.0,
            Self::Cubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    /// How much counts what lies `x` pixels of the coarser grid away.
    fn at(self, x: f64) -> f64 {
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
        match self {
            _ if x.abs() >= self.support() => 0.0,
            Self::Triangle => 1.0 - x.abs(),
            Self::Cubic if x.abs() < 1.0 => (1.5 * x.abs() - 2.5) * x * x + 1.0,
            Self::Cubic => ((2.5 - 0.5 * x.abs()) * x.abs() - 4.0) * x.abs() + 2.0,
            Self::Lanczos => sinc(x) * sinc(x / 3.0),
        }
    }
}

impl Image {
    /// The picture at another size: each new pixel is the weighted mean of the old ones around it.
    #[must_use]
    pub fn resized(&self, size: Size, kernel: Kernel) -> Self {
        Self { size, rgb: resample::<3>(&self.rgb, self.size, size, kernel) }
    }
}

impl Mask {
    /// The mask at another size.
    #[must_use]
    pub fn resized(&self, size: Size) -> Self {
        Self { size, coverage: resample::<1>(&self.coverage, self.size, size, Kernel::Triangle) }
    }
}

fn resample<const CHANNELS: usize>(values: &[u8], from: Size, to: Size, kernel: Kernel) -> Vec<u8> {
    if from == to || from.width == 0 || from.height == 0 {
        return values.to_vec();
    }
    let (width, height) = (from.width as usize, from.height as usize);
    let columns = taps(from.width, to.width, kernel);
    let rows = taps(from.height, to.height, kernel);
    let mut narrowed = Vec::with_capacity(CHANNELS * columns.len() * height);
    for row in values.chunks_exact(CHANNELS * width) {
        for (first, weights) in &columns {
            for channel in 0..CHANNELS {
                let sum = weights.iter().zip(*first..).map(|(w, x)| w * f32::from(row[CHANNELS * x + channel]));
                // Cut off here already, as Pillow does: what a sharp kernel overshoots by would come back.
                narrowed.push(sum.sum::<f32>().clamp(0.0, 255.0));
            }
        }
    }
    let stride = CHANNELS * columns.len();
    let mut result = Vec::with_capacity(stride * rows.len());
    for (first, weights) in &rows {
        for x in 0..stride {
            let sum = weights.iter().zip(*first..).map(|(w, y)| w * narrowed[stride * y + x]);
            result.push(sum.sum::<f32>().round().clamp(0.0, 255.0) as u8);
        }
    }
    result
}

/// For each new place, the first old place that counts, and the weights of it and its followers; they sum to 1.
fn taps(from: u32, to: u32, kernel: Kernel) -> Vec<(usize, Vec<f32>)> {
    let scale = f64::from(from) / f64::from(to);
    let coarse = scale.max(1.0);
    let reach = coarse * kernel.support();
    (0..to)
        .map(|place| {
            let centre = (f64::from(place) + 0.5) * scale - 0.5;
            let first = (centre - reach).floor().max(0.0) as u32 + u32::from(centre - reach >= 0.0);
            let last = ((centre + reach).ceil() as u32).saturating_sub(1).min(from - 1).max(first.min(from - 1));
            let first = first.min(last);
            let weights: Vec<f64> = (first..=last).map(|x| kernel.at((f64::from(x) - centre) / coarse)).collect();
            let sum: f64 = weights.iter().sum();
            let weights =
                weights.iter().map(|weight| if sum > 0.0 { (weight / sum) as f32 } else { 1.0 / weights.len() as f32 });
            (first as usize, weights.collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_colour_stays_and_edges_are_met_half_way() {
        let sizes = [(1, 1), (3, 5), (8, 8), (16, 7), (40, 41)].map(|(width, height)| Size { width, height });
        for from in sizes {
            for to in sizes {
                for kernel in [Kernel::Triangle, Kernel::Cubic, Kernel::Lanczos] {
                    let image = Image::filled(from, [10, 200, 255]).resized(to, kernel);
                    assert_eq!(image, Image::filled(to, [10, 200, 255]), "{from} to {to}");
                }
            }
        }
        let mask = Mask { size: Size { width: 4, height: 1 }, coverage: vec![0, 0, 255, 255] };
        assert_eq!(mask.resized(Size { width: 2, height: 1 }).coverage, [36, 219]); // 255 × 1/7 and 6/7
        assert_eq!(mask.resized(mask.size), mask);
    }
}
