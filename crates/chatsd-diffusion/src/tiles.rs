//! A large picture in tiles: memory stays that of one tile, and no seam is seen.

use std::ops::{ControlFlow, Range};

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Image, Size};

/// How a picture is cut up, in its pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiles {
    /// Longest side of a tile.
    pub(crate) side: usize,
    /// Pixels along each inner edge of a tile that are not used: the zeros beyond the edge are felt there.
    pub(crate) margin: usize,
    /// Pixels over which one tile goes over into the next.
    pub(crate) ramp: usize,
}

impl Tiles {
    /// What `work` makes of a picture: it is given tiles of `1 × height × width × 3` of 0 to 1 and returns each `scale`
    /// times larger. `observer` hears the tiles done and all, and may stop the work.
    pub(crate) fn map(
        self,
        image: &Image,
        scale: usize,
        mut work: impl FnMut(&Tensor) -> Tensor,
        observer: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<(), Image> {
        let [height, width] = [image.size.height, image.size.width].map(|side| side as usize);
        let (rows, columns) = (self.along(height), self.along(width));
        let stride = 3 * width * scale;
        let mut sums = vec![0.0_f32; stride * height * scale];
        let all = rows.len() * columns.len();
        for (row, (y, down)) in rows.iter().enumerate() {
            for (column, (x, across)) in columns.iter().enumerate() {
                let made = work(&tile(image, y.clone(), x.clone()));
                let weights = |weights: &[f32], place: usize| weights[place / scale];
                for (line, values) in made.values().chunks_exact(3 * x.len() * scale).enumerate() {
                    let at = (y.start * scale + line) * stride + 3 * x.start * scale;
                    let weight = weights(down, line);
                    for (place, (sum, value)) in sums[at..].iter_mut().zip(values).enumerate() {
                        *sum += weight * weights(across, place / 3) * value;
                    }
                }
                let done = row * columns.len() + column + 1;
                if observer(done, all).is_break() && done < all {
                    return ControlFlow::Break(());
                }
            }
        }
        let size = Size { width: (width * scale) as u32, height: (height * scale) as u32 };
        let rgb = sums.iter().map(|value| (value * 255.0).round().clamp(0.0, 255.0) as u8).collect();
        ControlFlow::Continue(Image { size, rgb })
    }

    /// The same tiles of a picture that is `factor` times as large.
    pub(crate) fn scaled(self, factor: usize) -> Self {
        Self { side: self.side * factor, margin: self.margin * factor, ramp: self.ramp * factor }
    }

    /// The tiles along a side, each with the weight of its pixels; the weights of each pixel sum to 1.
    pub(crate) fn along(self, side: usize) -> Vec<(Range<usize>, Vec<f32>)> {
        let Self { side: tile, margin, ramp } = self;
        let step = tile - 2 * margin - ramp;
        let mut tiles = Vec::new();
        let mut first = 0;
        loop {
            let last = first + tile >= side;
            // The last one is moved back, so that all are as large.
            let start = if last { side.saturating_sub(tile) } else { first };
            let end = (start + tile).min(side);
            // How much of the picture is taken from here and after, at each pixel: 0 before the ramp, 1 behind it.
            let risen = |place: usize, begin: usize| {
                if begin == 0 {
                    1.0
                } else {
                    ((place as f32 + 0.5 - (begin + margin) as f32) / ramp as f32).clamp(0.0, 1.0)
                }
            };
            let next = if last { None } else { Some(first + step) };
            let weights = (start..end).map(|place| risen(place, first) - next.map_or(0.0, |next| risen(place, next)));
            tiles.push((start..end, weights.collect()));
            match next {
                Some(next) => first = next,
                None => return tiles,
            }
        }
    }
}

/// A part of a picture, from 0 to 1.
fn tile(image: &Image, rows: Range<usize>, columns: Range<usize>) -> Tensor {
    let width = 3 * image.size.width as usize;
    let shape = Shape::new(1, rows.len(), columns.len(), 3);
    let lines = image.rgb.chunks_exact(width).take(rows.end).skip(rows.start);
    let values = lines.flat_map(|line| &line[3 * columns.start..3 * columns.end]).map(|&byte| f32::from(byte) / 255.0);
    Tensor::new(shape, values.collect())
}

#[cfg(test)]
mod tests {
    use chatsd_tensor::Engine;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_pixel_is_made_of_tiles_whole(side in 1_usize..200, margin in 0_usize..4, ramp in 1_usize..6, more in 1_usize..9) {
            let tiles = Tiles { side: 2 * margin + ramp + more, margin, ramp };
            let mut sums = vec![0.0_f32; side];
            for (place, weights) in tiles.along(side) {
                prop_assert!(place.len() <= tiles.side && weights.len() == place.len());
                let (inner_start, inner_end) = (place.start > 0, place.end < side);
                for (index, (pixel, weight)) in place.clone().zip(weights).enumerate() {
                    sums[pixel] += weight;
                    prop_assert!(weight >= 0.0);
                    let near = (inner_start && index < margin) || (inner_end && index + margin >= place.len());
                    prop_assert!(!near || weight == 0.0, "the margin is not used");
                }
            }
            prop_assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5), "{:?}", sums);
        }
    }

    #[test]
    fn tiles_of_what_sees_no_farther_than_the_margin_make_the_whole() {
        let image =
            Image { size: Size { width: 37, height: 29 }, rgb: (0..37 * 29 * 3).map(|i| (i * 7) as u8).collect() };
        let engine = Engine::reference();
        // The mean of each pixel and its right neighbour, zero beyond the edge, twice as large.
        let work = |x: &Tensor| {
            let shape = x.shape();
            let mut values = x.values().to_vec();
            for (index, value) in values.iter_mut().enumerate() {
                let inside = index / 3 % shape.width + 1 < shape.width;
                *value = 0.5 * (*value + if inside { x.values()[index + 3] } else { 0.0 });
            }
            engine.upsample_nearest(&Tensor::new(shape, values))
        };
        let whole = Tiles { side: 100, margin: 1, ramp: 2 };
        let cut = Tiles { side: 9, ..whole };
        let mut heard = Vec::new();
        let [whole, cut] = [whole, cut].map(|tiles| {
            let made = tiles.map(&image, 2, work, &mut |done, all| {
                heard.push((done, all));
                ControlFlow::Continue(())
            });
            made.continue_value().unwrap()
        });
        let furthest = whole.rgb.iter().zip(&cut.rgb).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(furthest <= Some(1), "sums of two parts are rounded otherwise: {furthest:?}");
        assert_eq!((heard[0], heard[1].0, heard.last().map(|(done, all)| done == all)), ((1, 1), 1, Some(true)));
        let stopped = Tiles { side: 9, margin: 1, ramp: 2 }.map(&image, 2, work, &mut |_, _| ControlFlow::Break(()));
        assert!(stopped.is_break());
    }
}
