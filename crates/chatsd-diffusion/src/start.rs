//! What a sampling run starts from: noise alone, or a picture with noise over it, of which a part may be kept.

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{Request, Source};

use crate::{PictureModel, fill, pixels};

/// What a sampling run starts from.
pub(crate) struct Start {
    /// The latent of the starting picture.
    latent: Option<Tensor>,
    kept: Option<Kept>,
}

/// The part of a latent that is not painted anew.
struct Kept {
    /// 1 where it is painted anew, else 0.
    coverage: Tensor,
    /// The latent where it is kept, else 0.
    latent: Tensor,
}

impl Start {
    /// A latent that nothing of is kept.
    pub(crate) fn of_latent(latent: Tensor) -> Self {
        Self { latent: Some(latent), kept: None }
    }

    /// What `request` starts from; `noise` is the starting noise.
    pub(crate) fn of_source(model: &PictureModel, request: &Request, source: &Source, noise: &Tensor) -> Self {
        let engine = &model.engine;
        let encode = |image: &_| model.encode(&pixels::to_tensor(image));
        let from_noise = request.strength >= 1.0 && model.extra_channels.starts_from_noise();
        let Some(init) = source.init.as_ref().filter(|_| !from_noise) else { return Self { latent: None, kept: None } };
        let mask = source.mask.as_ref().filter(|_| model.extra_channels.keeps_by_latent());
        let Some(mask) = mask else { return Self { latent: Some(encode(init)), kept: None } };
        let fill = request.masking.fill;
        let coverage = pixels::coverage(engine, mask, noise.shape(), model.autoencoder.factor());
        let latent = encode(&fill::of_pixels(fill, init, mask));
        let latent = fill::of_latent(fill, engine, latent, &coverage, noise);
        let kept = engine.zip(&coverage, &latent, |coverage, latent| (1.0 - coverage) * latent);
        Self { latent: Some(latent), kept: Some(Kept { coverage, latent: kept }) }
    }

    /// `x` at `sigma`. Without a picture it is as loud as what the network saw at the end of training, which its input
    /// is brought to by `input_scale`.
    pub(crate) fn noised(&self, engine: &Engine, noise: &Tensor, sigma: f64, input_scale: f64) -> Tensor {
        match &self.latent {
            Some(latent) => engine.combine(&[(1.0, latent), (sigma as f32, noise)]),
            None => engine.combine(&[(1.0 / input_scale as f32, noise)]),
        }
    }

    /// Where the picture is kept it is known: every step then leads to it with the noise of that step.
    pub(crate) fn keep(&self, engine: &Engine, denoised: Tensor) -> Tensor {
        let Some(Kept { coverage, latent }) = &self.kept else { return denoised };
        let painted = engine.zip(coverage, &denoised, |coverage, denoised| coverage * denoised);
        engine.combine(&[(1.0, &painted), (1.0, latent)])
    }
}
