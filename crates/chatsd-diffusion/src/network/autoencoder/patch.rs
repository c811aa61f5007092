//! Squares of pixels as channels: nothing learned, nothing lost.

use chatsd_tensor::{Engine, Tensor};

use super::CHECKED;
use crate::network::NetworkError;

/// Channels of an image.
const COLOURS: usize = 3;

#[derive(Clone)]
pub(super) struct Patch(usize);

impl Patch {
    pub(super) fn new(patch: usize) -> Result<Self, NetworkError> {
        if (1..=64).contains(&patch) {
            return Ok(Self(patch));
        }
        CHECKED.inconsistent(format!("patch is {patch}, expected 1 to 64"))
    }

    pub(super) fn encode(&self, engine: &Engine, image: &Tensor) -> Tensor {
        engine.pixel_unshuffle(image, self.0)
    }

    pub(super) fn decode(&self, engine: &Engine, latent: &Tensor) -> Tensor {
        engine.pixel_shuffle(latent, self.0)
    }

    pub(super) fn latent_channels(&self) -> usize {
        COLOURS * self.0 * self.0
    }

    pub(super) fn factor(&self) -> usize {
        self.0
    }
}
