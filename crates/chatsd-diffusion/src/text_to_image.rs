//! From a request to an image: words, noise, schedule, denoise, decode.

use std::{ops::ControlFlow, time::Instant};

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Image, PaintError, Progress, Request, Schedule, Source};

use crate::{
    PictureModel,
    guidance::Guidance,
    noise::Noise,
    pixels,
    sampler::{Walk, rule},
    schedule::from_strength,
    words::Words,
};

/// Paints one picture. See `ImageModel::paint`.
pub(crate) fn text_to_image(
    model: &PictureModel,
    request: &Request,
    source: &Source,
    observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Image, PaintError> {
    let latent = paint_latent(model, request, source, &mut |progress, _| observer(progress))?;
    let pixels = model.decode(&latent);
    if !is_finite(&pixels) {
        return Err(PaintError::NotANumber { step: request.steps });
    }
    let mut image = pixels::to_image(&pixels, request.size);
    if let (Some(init), Some(mask)) = (&source.init, &source.mask) {
        pixels::paste(&mut image, init, mask);
    }
    Ok(image)
}

/// Paints one latent. See [`PictureModel::latent`].
pub(crate) fn paint_latent(
    model: &PictureModel,
    request: &Request,
    source: &Source,
    observer: &mut dyn FnMut(Progress, &Tensor) -> ControlFlow<()>,
) -> Result<Tensor, PaintError> {
    model.check(request, source)?;
    let began = Instant::now();
    let (engine, parameters) = (&model.engine, &model.parameters);

    let guidance = model.guidance(request);
    let words = model.words(request, guidance.asks_twice())?;
    let mut noise = Noise::new(request.noise, request.seed);
    let shape = model.latent_shape(request);
    let sigmas = parameters.levels.sigmas(model.schedule(request), request.steps as usize);
    let sigmas = from_strength(&sigmas, f64::from(request.strength));

    let init = source.init.as_ref().map(|init| model.autoencoder.encode(engine, &pixels::to_tensor(init)));
    let begin = noise.tensor(shape);
    let x = match &init {
        Some(init) => engine.combine(&[(1.0, init), (sigmas[0] as f32, &begin)]),
        // What the network saw at the end of training: pure noise.
        None => engine.combine(&[(1.0 / parameters.input_scale(sigmas[0]) as f32, &begin)]),
    };

    let kept = init.as_ref().zip(source.mask.as_ref()).map(|(init, mask)| {
        let coverage = pixels::coverage(engine, mask, shape, model.autoencoder.factor());
        let kept = engine.zip(&coverage, init, |coverage, init| (1.0 - coverage) * init);
        (coverage, kept)
    });
    let mut denoiser = |x: &Tensor, sigma: f64| {
        let denoised = model.denoised(x, sigma, &words, guidance);
        match &kept {
            // Where the picture is kept it is known: every step then leads to it with the noise of that step.
            Some((coverage, kept)) => {
                let painted = engine.zip(coverage, &denoised, |coverage, denoised| coverage * denoised);
                engine.combine(&[(1.0, &painted), (1.0, kept)])
            }
            None => denoised,
        }
    };
    let steps = sigmas.len() as u32 - 1;
    let mut watch = |step: usize, x: &Tensor| {
        let step = step as u32;
        if !is_finite(x) {
            return ControlFlow::Break(PaintError::NotANumber { step });
        }
        if observer(Progress { step, steps, elapsed: began.elapsed() }, x).is_break() && step < steps {
            return ControlFlow::Break(PaintError::Stopped { step, steps });
        }
        ControlFlow::Continue(())
    };
    let mut walk =
        Walk { engine, sigmas, denoiser: &mut denoiser, noise: &mut || noise.tensor(shape), observer: &mut watch };
    match rule(request.sampler)(&mut walk, x) {
        ControlFlow::Continue(latent) => Ok(latent),
        ControlFlow::Break(error) => Err(error),
    }
}

fn is_finite(x: &Tensor) -> bool {
    x.values().iter().all(|value| value.is_finite())
}

impl PictureModel {
    /// The shape of a request's latent.
    fn latent_shape(&self, request: &Request) -> Shape {
        let factor = self.autoencoder.factor();
        let [height, width] = [request.size.height, request.size.width].map(|side| side as usize / factor);
        Shape::new(1, height, width, self.autoencoder.latent_channels())
    }

    /// Guidance as this model takes it: a network that is told it needs no second pass.
    fn guidance(&self, request: &Request) -> Guidance {
        let scale = if self.unet.takes_guidance() { 1.0 } else { request.guidance };
        Guidance { scale, rescale: request.guidance_rescale }
    }

    fn schedule(&self, request: &Request) -> Schedule {
        if request.schedule == Schedule::Automatic { self.card.schedule } else { request.schedule }
    }

    /// The clean latent that the network expects behind `x`, guided.
    fn denoised(&self, x: &Tensor, sigma: f64, words: &Words, guidance: Guidance) -> Tensor {
        let (engine, parameters) = (&self.engine, &self.parameters);
        let time = self.unet.time(engine, parameters.time(sigma), words.added.as_ref());
        let z = engine.combine(&[(parameters.input_scale(sigma) as f32, x)]);
        if !guidance.asks_twice() {
            let output = self.unet.forward(engine, &z, &time, &words.context);
            return parameters.denoised(engine, x, output, sigma);
        }
        let output = self.unet.forward(engine, &engine.stack(&[&z, &z]), &time, &words.context);
        let pair = parameters.denoised(engine, &engine.stack(&[x, x]), output, sigma);
        guidance.apply(engine, &pair)
    }
}
