//! Squares of pixels as channels: nothing learned, nothing lost.

use chatsd_tensor::{Engine, Tensor};

use super::{CHECKED, LatentSpec};
use crate::network::{NetworkError, NetworkFlaw};

/// Channels of an image.
const COLOURS: usize = 3;
/// Side of a square in pixels: a network could do nothing with more channels.
const LARGEST: usize = 64;

#[derive(Clone)]
pub(super) struct Patch(usize);

impl Patch {
    pub(super) fn new(patch: usize) -> Result<Self, NetworkError> {
        if (1..=LARGEST).contains(&patch) {
            return Ok(Self(patch));
        }
        CHECKED.inconsistent(NetworkFlaw::Count { name: "patch".into(), found: patch, low: 1, high: LARGEST })
    }

    pub(super) fn encode(&self, engine: &Engine, image: &Tensor) -> Tensor {
        engine.pixel_unshuffle(image, self.0)
    }

    pub(super) fn decode(&self, engine: &Engine, latent: &Tensor) -> Tensor {
        engine.pixel_shuffle(latent, self.0)
    }

    /// Image and latent are all there is.
    pub(super) fn spec(&self) -> LatentSpec {
        let channels = COLOURS * self.0 * self.0;
        LatentSpec { channels, factor: self.0, values_a_pixel: 2 * COLOURS, scaling: None }
    }
}
