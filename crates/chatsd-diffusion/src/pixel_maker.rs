//! Between images and latents: which autoencoder does it, whole or in tiles, and NaN handling.

use std::sync::Arc;

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{Decoder, FileKind, Image, PaintError, Property};

use crate::{DiffusionError, PictureModel, error::unusable, network::Autoencoder, pixels};

/// Bytes that weights and buffers together shall stay below, where the weights leave room: machines of 8 GB are common.
const MEMORY: u64 = 8_000_000_000;
/// Bytes that an autoencoder may take in any case: tiles of 512 pixels.
const LEAST_MEMORY: u64 = 700_000_000;
/// An autoencoder that takes more bytes than this is given the memory of the other networks' buffers.
const SMALL: u64 = 200_000_000;

/// Bytes that an autoencoder may take beside weights of `weights` bytes.
pub(crate) fn limit(weights: u64) -> u64 {
    MEMORY.saturating_sub(weights).max(LEAST_MEMORY)
}

impl PictureModel {
    /// The pixels of a latent by the model's own autoencoder: `1 × height × width × 3`, -1 to 1, and a little beyond. In
    /// overlapping tiles where the memory asks for it.
    #[must_use]
    pub fn decode(&self, latent: &Tensor) -> Tensor {
        self.roomy(&self.autoencoder, latent.shape().pixels() * self.autoencoder.factor().pow(2), |engine| {
            self.autoencoder.decode_within(engine, latent, self.autoencoder_limit)
        })
    }

    /// The image of a latent by the autoencoder that `decoder` asks for.
    ///
    /// # Errors
    /// When the tiny one is asked for and not there, or the autoencoder makes values that are not numbers.
    pub fn image(&self, decoder: Decoder, latent: &Tensor) -> Result<Image, PaintError> {
        let pixels = match decoder {
            Decoder::Automatic | Decoder::Full => self.decode(latent),
            Decoder::Tiny => self.tiny_autoencoder()?.decode_within(&self.engine, latent, self.autoencoder_limit),
        };
        // Activations are f32, which no network overflows: what f16 turns black is painted. What is left are weights
        // that are no numbers themselves, as of a file saved in f16 after it overflowed.
        if pixels.values().iter().all(|value| value.is_finite()) {
            return Ok(pixels::to_image(&pixels));
        }
        Err(PaintError::NotPixels)
    }

    /// The tiny autoencoder of the family, loaded when it is first asked for.
    fn tiny_autoencoder(&self) -> Result<Arc<Autoencoder>, PaintError> {
        let name = self.reader.family.tiny_autoencoder;
        let load = || {
            let files = self.companions.finder.find(FileKind::Autoencoder, name)?;
            let part = files.component("vae")?;
            Ok::<_, DiffusionError>(Autoencoder::load(&part.weights, &part.config)?)
        };
        let tiny = self.companions.tiny_autoencoders.get(name, load);
        let tiny = tiny.map_err(|why| unusable(FileKind::Autoencoder, name, why))?;
        for (property, of) in [
            (Property::LatentChannels, Autoencoder::latent_channels as fn(&Autoencoder) -> usize),
            (Property::LatentFactor, Autoencoder::factor),
        ] {
            let (found, expected) = (of(&tiny), of(&self.autoencoder));
            if found != expected {
                return Err(self.wrong_family(FileKind::Autoencoder, name, property, [found, expected]));
            }
        }
        Ok(tiny)
    }

    /// The latent of an image, `1 × height × width × 3` in -1 to 1, in overlapping tiles where the memory asks for it. Of
    /// a variational autoencoder it is the mean: a draw would add a thousandth of it, and the same request gives the same
    /// picture.
    pub(crate) fn encode(&self, image: &Tensor) -> Tensor {
        self.roomy(&self.autoencoder, image.shape().pixels(), |engine| {
            self.autoencoder.encode_within(engine, image, self.autoencoder_limit)
        })
    }

    /// Does `work`, which takes an autoencoder through so many pixels; when that takes much, no memory is held beside.
    fn roomy(&self, autoencoder: &Autoencoder, pixels: usize, work: impl FnOnce(&Engine) -> Tensor) -> Tensor {
        let large = pixels as u64 * autoencoder.bytes_a_pixel() > SMALL;
        if large {
            self.engine.trim();
        }
        let made = work(&self.engine);
        if large {
            self.engine.trim();
        }
        made
    }
}
