//! What some picture networks are shown beside the latent, in channels of their own: the picture to edit, or a mask
//! and what of the picture it leaves.

use chatsd_tensor::{Engine, Shape, Tensor};
use chatsd_types::{Image, Mask, PaintError, Source};

use crate::{PictureModel, guidance::Ask, pixels};

/// What a picture network is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    /// The mask, then the latent of the picture, grey where the mask covers: `StableDiffusionInpaintPipeline` of
    /// diffusers.
    Masked,
    /// The latent of the picture, not scaled: Brooks et al. 2023, `StableDiffusionInstructPix2PixPipeline`.
    Edited,
}

impl Beside {
    /// By the channels that a network reads, of which `latent` are the latent's.
    pub(crate) fn of(channels: usize, latent: usize) -> Option<Self> {
        match channels {
            _ if channels == latent => Some(Self::Nothing),
            _ if channels == 2 * latent + 1 => Some(Self::Masked),
            _ if channels == 2 * latent => Some(Self::Edited),
            _ => None,
        }
    }

    /// The channels for a latent of `shape`, `1 × height × width × channels`; `None` when nothing is shown. Without a
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
            (Self::Nothing, _) => Ok(None),
            (Self::Edited, Some(init)) => {
                Ok(Some(autoencoder.unscaled(engine, &model.encode(&pixels::to_tensor(init)))))
            }
            (Self::Edited, None) => Err(PaintError::NothingToEdit { model: model.card.name.clone() }),
            (Self::Masked, init) => {
                let factor = autoencoder.factor();
                let covered = covered(engine, source.mask.as_ref(), shape, factor);
                let left = left(init.as_ref(), source.mask.as_ref(), shape, factor);
                Ok(Some(engine.concatenate([&covered, &model.encode(&left)])))
            }
        }
    }

    /// Whether painting anew from end to end starts from noise alone, even with a starting picture: the network is
    /// shown of that what it needs.
    pub(crate) fn starts_from_noise(self) -> bool {
        self != Self::Nothing
    }

    /// Whether the part of a picture that a mask leaves is kept by putting its latent back at every step; a network
    /// that is shown the part paints it itself.
    pub(crate) fn keeps_by_latent(self) -> bool {
        self == Self::Nothing
    }
}

/// For each of `asks`, what it is shown.
pub(crate) fn for_each(engine: &Engine, shown: &Tensor, asks: &[Ask]) -> Tensor {
    let nothing = engine.filled(shown.shape(), 0.0);
    engine.stack(&asks.iter().map(|ask| if ask.shown { shown } else { &nothing }).collect::<Vec<_>>())
}

/// Whether a mask covers a pixel: it counts as all or nothing.
fn covers(coverage: u8) -> bool {
    coverage >= 128
}

/// 1 where the first pixel of a latent pixel's square is covered, else 0.
fn covered(engine: &Engine, mask: Option<&Mask>, latent: Shape, factor: usize) -> Tensor {
    let mut covered = engine.filled(latent.with_channels(1), 1.0);
    let Some(mask) = mask else { return covered };
    let width = mask.size.width as usize;
    for (index, value) in covered.values_mut().iter_mut().enumerate() {
        let (y, x) = (index / latent.width * factor, index % latent.width * factor);
        *value = f32::from(u8::from(covers(mask.coverage[y * width + x])));
    }
    covered
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
