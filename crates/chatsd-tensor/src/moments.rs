//! Means and variances of group normalisations that the tiles of one picture share, so that a tile is normalised as the
//! whole picture would be.

use std::sync::{Mutex, PoisonError};

/// What the normalisations of a network found, one after another, in tiles of one picture.
///
/// A network goes over all tiles with an engine that shares these moments ([`crate::Engine::sharing`]), each tile
/// begun with [`Moments::begin`]; after [`Moments::learn`] every normalisation takes what it found over all tiles
/// together, and the network goes over them once more.
#[derive(Debug, Default)]
pub struct Moments(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Place of the next normalisation in the network.
    next: usize,
    /// Of each normalisation and group so far: how many values, their sum, the sum of their squares.
    found: Vec<Vec<[f64; 3]>>,
    /// Mean and variance of each normalisation and group over all tiles.
    learnt: Vec<Vec<[f64; 2]>>,
}

impl Moments {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A tile begins at the first normalisation.
    pub fn begin(&self) {
        self.state().next = 0;
    }

    /// Whether no normalisation found anything since the last [`Moments::learn`].
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.state().found.is_empty()
    }

    /// What was found over all tiles counts from now on; another round begins.
    pub fn learn(&self) {
        let state = &mut *self.state();
        let moments = |[count, sum, squares]: [f64; 3]| {
            let mean = sum / count;
            [mean, (squares / count - mean * mean).max(0.0)]
        };
        state.learnt = state.found.drain(..).map(|groups| groups.into_iter().map(moments).collect()).collect();
    }

    /// The next normalisation's place.
    pub(crate) fn place(&self) -> usize {
        let mut state = self.state();
        state.next += 1;
        state.next - 1
    }

    /// Adds what the normalisation at `place` found in a group of a tile, and says what to take.
    pub(crate) fn exchange(&self, place: usize, group: usize, count: f64, [mean, variance]: [f64; 2]) -> [f64; 2] {
        let mut state = self.state();
        if state.found.len() <= place {
            state.found.resize(place + 1, Vec::new());
        }
        let groups = &mut state.found[place];
        if groups.len() <= group {
            groups.resize(group + 1, [0.0; 3]);
        }
        let [counts, sums, squares] = &mut groups[group];
        *counts += count;
        *sums += count * mean;
        *squares += count * (variance + mean * mean);
        state.learnt.get(place).and_then(|groups| groups.get(group)).copied().unwrap_or([mean, variance])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Activation, Engine, Norm, Shape, Tensor, Weight, engine::Options, testing::assert_close};

    #[test]
    fn halves_are_normalised_as_the_whole() {
        let shape = Shape::new(1, 6, 5, 8);
        let values: Vec<f32> =
            (0..shape.len()).map(|index| (index as f32).sin() * (1.0 + index as f32 / 50.0)).collect();
        let (scale, shift) = ([1.5_f32; 8], [0.25_f32; 8]);
        let norm = Norm::new(&Weight::from_values(&[8], &scale), &Weight::from_values(&[8], &shift), 8, 1e-6).unwrap();
        for engine in [Engine::reference(), Engine::cpu(Options::default()).unwrap()] {
            let network = |engine: &Engine, x: &Tensor| {
                let h = engine.group_norm([x], &norm, 4, Activation::Silu);
                engine.group_norm([&h], &norm, 2, Activation::None)
            };
            let whole = network(&engine, &Tensor::new(shape, values.clone()));
            let moments = Arc::new(Moments::default());
            let sharing = engine.sharing(&moments);
            let half = Shape::new(1, 3, 5, 8);
            let round = || -> Vec<f32> {
                let made = values.chunks_exact(half.len()).flat_map(|tile| {
                    moments.begin();
                    network(&sharing, &Tensor::new(half, tile.to_vec())).values().to_vec()
                });
                made.collect()
            };
            // Each round gives one more normalisation what it would find in the whole.
            for _ in 0..2 {
                round();
                moments.learn();
            }
            assert_close("halves", &round(), whole.values(), 1e-6);
        }
    }
}
