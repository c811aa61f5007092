//! Pictures that are too large to be encoded or decoded at once, in overlapping tiles.
//!
//! The rule: neighbours have a quarter of a tile in common at least. The outer quarter of that is given up, because a
//! network sees the end of its tile there, and over the half between one tile fades into the other along a straight
//! line. So the weights of the tiles add up to 1 everywhere, and there is no step.
//!
//! A tile's normalisations would see that tile alone, and a tile of sky would come out otherwise than in the whole
//! picture. So a network with normalisations goes over the picture once before, in tiles with nothing in common, and each
//! normalisation then takes the mean and variance that it found over all of them.

use std::{ops::Range, sync::Arc};

use chatsd_tensor::{Engine, Moments, Shape, Tensor};

use crate::tiles::Tiles;

/// The side of tiles is a multiple of this many latent pixels, so that quarters of quarters are whole.
const STEP: usize = 16;
/// Latent pixels along a tile at least, whatever the memory: below, it shows nothing of what surrounds it.
const LEAST: usize = 32;

/// The side of square tiles, in latent pixels, of an autoencoder of `factor` that takes `bytes` for an image pixel,
/// where it may take `limit`. Nothing when a latent of `shape` fits whole.
pub(super) fn side(shape: Shape, factor: usize, bytes: u64, limit: u64) -> Option<usize> {
    let of_latent_pixel = bytes * (factor * factor) as u64;
    if shape.batch as u64 * shape.pixels() as u64 * of_latent_pixel <= limit {
        return None;
    }
    let side = (limit / of_latent_pixel.max(1)).isqrt() as usize / STEP * STEP;
    let side = side.max(LEAST);
    (side < shape.height || side < shape.width).then_some(side)
}

/// What `network` makes of `x`: whole, or tile by tile of `side` latent pixels, of a batch one picture after another. A
/// latent pixel stands for `from` pixels of `x` along each side, and for `to` of what is made.
pub(super) fn through(
    engine: &Engine,
    x: &Tensor,
    side: Option<usize>,
    [from, to]: [usize; 2],
    network: impl Fn(&Engine, &Tensor) -> Tensor,
) -> Tensor {
    let Some(side) = side else { return network(engine, x) };
    let shape = x.shape();
    let (height, width) = (shape.height / from, shape.width / from);
    let tiles = Tiles { side, margin: side / 16, ramp: side / 8 };
    let along = |latent: usize, factor: usize| tiles.scaled(factor).along(latent * factor);
    let (seen_rows, seen_columns) = (along(height, from), along(width, from));
    let (made_rows, made_columns) = (along(height, to), along(width, to));
    let mut made: Option<Tensor> = None;
    for picture in 0..shape.batch {
        let moments = Arc::new(Moments::default());
        let sharing = engine.sharing(&moments);
        let tile = |rows: &Range<usize>, columns: &Range<usize>| {
            moments.begin();
            network(&sharing, &cut(engine, x, picture, rows, columns))
        };
        // A network without normalisations shows that at its first tile.
        let columns = || divided(shape.width, side * from, from);
        let parts = divided(shape.height, side * from, from).flat_map(|rows| columns().map(move |c| (rows.clone(), c)));
        for (rows, columns) in parts {
            drop(tile(&rows, &columns));
            if moments.is_empty() {
                break;
            }
        }
        moments.learn();
        for (rows, (at_rows, down)) in seen_rows.iter().zip(&made_rows) {
            for (columns, (at_columns, across)) in seen_columns.iter().zip(&made_columns) {
                let tile = tile(&rows.0, &columns.0);
                let channels = tile.shape().channels;
                let shape = Shape { height: height * to, width: width * to, channels, ..shape };
                let whole = made.get_or_insert_with(|| engine.filled(shape, 0.0));
                lay(whole, &tile, picture, [at_rows.start, at_columns.start], [down, across]);
            }
        }
    }
    made.expect("a picture has pixels")
}

/// Parts of at most `side` along `extent`, all multiples of `step`, with nothing in common.
fn divided(extent: usize, side: usize, step: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    let count = extent.div_ceil(side);
    let begin = move |index: usize| index * (extent / step) / count * step;
    (0..count).map(move |index| begin(index)..begin(index + 1))
}

/// A tile of a picture.
fn cut(engine: &Engine, x: &Tensor, picture: usize, rows: &Range<usize>, columns: &Range<usize>) -> Tensor {
    let Shape { height, width, channels, .. } = x.shape();
    let mut tile = engine.filled(Shape::new(1, rows.len(), columns.len(), channels), 0.0);
    for (y, line) in rows.clone().zip(tile.values_mut().chunks_exact_mut(columns.len() * channels)) {
        let begin = ((picture * height + y) * width + columns.start) * channels;
        line.copy_from_slice(&x.values()[begin..][..line.len()]);
    }
    tile
}

/// Adds a tile whose first pixel is at `row` and `column`, each pixel by its weights.
fn lay(whole: &mut Tensor, tile: &Tensor, picture: usize, [row, column]: [usize; 2], [down, across]: [&[f32]; 2]) {
    let Shape { height, width, channels, .. } = whole.shape();
    for (y, (line, down)) in tile.values().chunks_exact(across.len() * channels).zip(down).enumerate() {
        let begin = ((picture * height + row + y) * width + column) * channels;
        let target = whole.values_mut()[begin..][..line.len()].chunks_exact_mut(channels);
        for ((target, pixel), across) in target.zip(line.chunks_exact(channels)).zip(across) {
            let weight = down * across;
            if weight > 0.0 {
                target.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += weight * value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chatsd_tensor::testing::assert_close;

    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        for (extent, side, step) in [(80, 64, 1), (96 * 8, 64 * 8, 8), (5, 64, 1), (1001, 32, 1)] {
            let parts: Vec<_> = divided(extent, side, step).collect();
            assert_eq!((parts[0].start, parts[parts.len() - 1].end), (0, extent));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(parts.iter().all(|part| part.len() <= side && part.len().is_multiple_of(step)));
        }
    }

    #[test]
    fn what_depends_on_each_pixel_alone_is_the_same_in_tiles() {
        let engine = Engine::reference();
        let shape = Shape::new(2, 70, 45, 3);
        let x = Tensor::new(shape, (0..shape.len()).map(|index| (index as f32).sin()).collect());
        let made = through(&engine, &x, Some(32), [1, 2], |engine, x| engine.upsample_nearest(x));
        assert_close("tiles", made.values(), engine.upsample_nearest(&x).values(), 1e-6);
    }

    #[test]
    fn what_fits_is_not_cut() {
        let shape = Shape::new(1, 128, 128, 4);
        assert_eq!(side(shape, 8, 2560, 8 << 30), None);
        assert_eq!(side(shape, 8, 2560, 1 << 30), Some(80));
        assert_eq!(side(shape, 8, 2560, 0), Some(LEAST));
        assert_eq!(side(Shape::new(1, 16, 16, 4), 8, 2560, 0), None, "smaller than the least tile");
    }
}
