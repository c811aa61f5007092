//! What some picture networks read beside the latent, in channels of their own: the picture to edit, or a mask and what
//! of the picture it leaves.

use chatsd_tensor::{Engine, Shape, Tensor};
use chatsd_types::{Image, Mask, PaintError, Source};

use crate::{PictureModel, guidance::Branch, pixels};

/// What a picture network reads beside the latent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtraChannels {
    None,
    /// The mask, then the latent of the picture, grey where the mask covers: `StableDiffusionInpaintPipeline` of
    /// diffusers.
    Masked,
    /// The latent of the picture, not scaled: Brooks et al. 2023, `StableDiffusionInstructPix2PixPipeline`.
    Edited,
}

impl ExtraChannels {
    /// By the channels that a network reads, of which `latent` are the latent's.
    pub(crate) fn of(channels: usize, latent: usize) -> Option<Self> {
        match channels {
            _ if channels == latent => Some(Self::None),
            _ if channels == 2 * latent + 1 => Some(Self::Masked),
            _ if channels == 2 * latent => Some(Self::Edited),
            _ => None,
        }
    }

    /// The channels for a latent of `shape`, `1 × height × width × channels`; `None` where there are none. Without a
    /// picture a mask covers everything.
    ///
    /// # Errors
    /// When there is no picture to edit.
    pub(crate) fn channels(
        self,
        model: &PictureModel,
        source: &Source,
        shape: Shape,
    ) -> Result<Option<Tensor>, PaintError> {
        let (engine, autoencoder) = (&model.engine, &model.autoencoder);
        match (self, &source.init) {
            (Self::None, _) => Ok(None),
            (Self::Edited, Some(init)) => {
                Ok(Some(autoencoder.unscaled(engine, &model.encode(&pixels::to_tensor(init)))))
            }
            (Self::Edited, None) => Err(PaintError::NothingToEdit { model: model.card.name.clone() }),
            (Self::Masked, init) => {
                let factor = autoencoder.factor();
                let covered = match &source.mask {
                    // As diffusers makes a mask smaller: the first pixel of each square counts.
                    Some(mask) => pixels::latent_mask(engine, mask, shape.with_channels(1), factor, |square| {
                        square.next().is_some_and(covers)
                    }),
                    None => engine.filled(shape.with_channels(1), 1.0),
                };
                let left = left(init.as_ref(), source.mask.as_ref(), shape, factor);
                Ok(Some(engine.concatenate([&covered, &model.encode(&left)])))
            }
        }
    }

    /// Whether painting anew from end to end starts from noise alone, even with a starting picture: the network reads of
    /// that what it needs.
    pub(crate) fn starts_from_noise(self) -> bool {
        self != Self::None
    }

    /// Whether the part of a picture that a mask leaves is kept by putting its latent back at every step; a network
    /// that reads the part paints it itself.
    pub(crate) fn keeps_by_latent(self) -> bool {
        self == Self::None
    }
}

/// Those of each branch, one after another.
pub(crate) fn of_branches(engine: &Engine, channels: &Tensor, branches: &[Branch]) -> Tensor {
    let nothing = engine.filled(channels.shape(), 0.0);
    engine.stack(&branches.iter().map(|branch| if branch.edits { channels } else { &nothing }).collect::<Vec<_>>())
}

/// Whether a mask covers a pixel: it counts as all or nothing.
fn covers(coverage: u8) -> bool {
    coverage >= 128
}

/// The picture, grey (0) where it is covered.
fn left(init: Option<&Image>, mask: Option<&Mask>, latent: Shape, factor: usize) -> Tensor {
    let (Some(init), Some(mask)) = (init, mask) else {
        let shape = Shape::new(1, latent.height * factor, latent.width * factor, 3);
        return Tensor::new(shape, vec![0.0; shape.len()]);
    };
    let mut left = pixels::to_tensor(init);
    for (pixel, _) in left.values_mut().chunks_exact_mut(3).zip(&mask.coverage).filter(|(_, c)| covers(**c)) {
        pixel.fill(0.0);
    }
    left
}
