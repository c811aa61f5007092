//! From a request to an image: words, noise, schedule, denoise, decode.

use std::{cell::RefCell, ops::ControlFlow, sync::Arc, time::Instant};

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Image, PaintError, Passes, Progress, Request, Schedule, Source};

use crate::{
    PictureModel,
    conditioning::{BranchBatch, Conditioning, ConditioningSchedule},
    controls::Controls,
    extra_channels::{self, ExtraChannels},
    guidance::Guidance,
    noise::{self, BrownianPath},
    pixels,
    sampler::{SamplingRun, sampler},
    schedule::from_strength,
    second_pass::SecondPassRun,
    start::Start,
};

/// How closely a picture to edit is kept: Brooks et al. 2023, the default of their pipeline in diffusers.
const IMAGE_GUIDANCE: f32 = 1.5;

/// Paints one picture. See `ImageModel::paint`.
pub(crate) fn text_to_image(
    model: &PictureModel,
    request: &Request,
    source: &Source,
    observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Image, PaintError> {
    // What only upscales the finished picture is there before that is begun.
    let upscaled = request.second_pass.as_ref().filter(|second| second.strength == 0.0);
    let upscaled = match upscaled {
        Some(second) => Some((model.upscaler(&second.upscaler)?, second.size)),
        None => None,
    };
    let image = match &source.init {
        Some(init) if !request.paints() => {
            model.check(request, source)?;
            init.clone()
        }
        _ => {
            let latent = paint_latent(model, request, source, &mut |progress, _| observer(progress))?;
            let mut image = model.image(request.decoder, &latent)?;
            // A part that was cut out of a larger picture is put back into that.
            if let (Some(init), Some(mask), false) = (&source.init, &source.mask, request.masking.only_masked) {
                pixels::paste(&mut image, init, mask);
            }
            image
        }
    };
    Ok(match upscaled {
        Some((upscaler, size)) => upscaler.image(&model.engine, &image, size),
        None => image,
    })
}

/// Paints one latent. See [`PictureModel::latent`].
pub(crate) fn paint_latent(
    model: &PictureModel,
    request: &Request,
    source: &Source,
    observer: &mut dyn FnMut(Progress, &Tensor) -> ControlFlow<()>,
) -> Result<Tensor, PaintError> {
    model.check(request, source)?;
    let whole = model.sigmas(request, request.steps as usize);
    let sigmas = from_strength(&whole, f64::from(request.strength));
    let second = request.second_pass.as_ref().filter(|second| second.strength > 0.0);
    let second = second.map(|second| SecondPassRun::new(model, request, second)).transpose()?;
    let steps = sigmas.len() - 1 + second.as_ref().map_or(0, SecondPassRun::steps);
    let mut watch = watch(model, steps as u32, observer);
    let range = SigmaRange { sigmas, greatest: whole[0], steps: request.steps as usize, again: false };
    let start = |noise: &Tensor| Ok(Start::of_source(model, request, source, noise));
    let latent = sample(model, request, source, range, start, &mut watch)?;
    let first = sigmas.len() - 1;
    match &second {
        Some(second) => {
            let start = |_: &Tensor| second.start(model, &latent);
            let source = second.source(source);
            let mut watch = |step, x: &Tensor, x0: &Arc<Tensor>| watch(first + step, x, x0);
            let (sigmas, greatest, steps) = (&second.sigmas, second.greatest, second.steps());
            let range = SigmaRange { sigmas, greatest, steps, again: true };
            sample(model, &second.request, &source, range, start, &mut watch)
        }
        None => Ok(latent),
    }
}

/// The noise levels that a sampling run goes through.
struct SigmaRange<'a> {
    /// The last ones of a schedule.
    sigmas: &'a [f64],
    /// The first noise level of that schedule.
    greatest: f64,
    /// Steps of the whole schedule, or those of a second pass.
    steps: usize,
    /// Whether it is that of a second pass.
    again: bool,
}

impl SigmaRange<'_> {
    /// The network calls that changes of the prompt are counted in: as in AUTOMATIC1111 those of a whole schedule, also
    /// where a starting picture makes it shorter.
    fn passes(&self, request: &Request) -> Passes {
        let all = |steps: usize| steps as u32 * request.sampler.passes();
        Passes { count: all(self.steps), before: self.again.then(|| all(request.steps as usize)) }
    }
}

/// One sampling run; `source` is what the network may read besides, `start` makes of the starting noise what it starts
/// from.
fn sample(
    model: &PictureModel,
    request: &Request,
    source: &Source,
    range: SigmaRange<'_>,
    start: impl FnOnce(&Tensor) -> Result<Start, PaintError>,
    watch: &mut Watch<'_>,
) -> Result<Tensor, PaintError> {
    let (engine, parameters) = (&model.engine, &model.parameters);
    let SigmaRange { sigmas, greatest, .. } = range;
    let guidance = model.guidance(request);
    let mut schedule = model.conditioning(request, range.passes(request), guidance)?;
    model.add_image_prompts(&mut schedule, request, source)?;
    let shape = model.latent_shape(request);
    let (begin, mut noise) = noise::starting(request, shape, model.autoencoder.factor());
    let extra = model.extra_channels.channels(model, source, shape)?;
    let extra =
        extra.map(|extra| schedule.batches().map(|batch| extra_channels::of_branches(engine, &extra, batch)).collect());
    let controls = Controls::of(model, request, source, &schedule, sigmas)?;
    let network = GuidedNetwork { model, guidance, schedule, extra, controls };
    let start = start(&begin)?;
    let x = start.noised(engine, &begin, sigmas[0], parameters.input_scale(sigmas[0]));
    // The predicted x0, for previews.
    let x0 = RefCell::new(None::<Arc<Tensor>>);
    let mut call = 0;
    let mut denoiser = |x: &Tensor, sigma: f64| {
        let denoised = network.denoised(x, sigma, call);
        call += 1;
        let denoised = start.keep(engine, denoised);
        x0.replace(Some(Arc::new(denoised.clone())));
        denoised
    };
    let path = request.sampler.is_brownian().then(|| {
        let least = sigmas[..sigmas.len() - 1].last().copied().unwrap_or(greatest);
        BrownianPath::new(request.noise, request.seed, shape, least, greatest)
    });
    let mut noise = |from: f64, to: f64| match &path {
        Some(path) => path.between(from, to),
        None => noise.tensor(shape),
    };
    let mut run = SamplingRun {
        engine,
        sigmas,
        levels: &parameters.levels,
        options: &request.sampling,
        denoiser: &mut denoiser,
        noise: &mut noise,
        observer: &mut |step, x: &Tensor| {
            let x0 = x0.borrow();
            watch(step, x, x0.as_ref().expect("every step calls the network"))
        },
    };
    match sampler(request.sampler)(&mut run, x) {
        ControlFlow::Continue(latent) => Ok(latent),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Is told the number of a step, the latent after it, and the predicted x0.
type Watch<'a> = dyn FnMut(usize, &Tensor, &Arc<Tensor>) -> ControlFlow<PaintError> + 'a;

/// Tells `observer` of each of the steps of both passes together, and stops when it says so or the numbers run away.
fn watch<'a>(
    model: &'a PictureModel,
    steps: u32,
    observer: &'a mut dyn FnMut(Progress, &Tensor) -> ControlFlow<()>,
) -> impl FnMut(usize, &Tensor, &Arc<Tensor>) -> ControlFlow<PaintError> + 'a {
    let began = Instant::now();
    move |step, x, x0| {
        let step = step as u32;
        if !is_finite(x) {
            return ControlFlow::Break(PaintError::NotANumber { step });
        }
        let preview = Some(model.preview(Arc::clone(x0)));
        if observer(Progress { step, steps, elapsed: began.elapsed(), preview }, x).is_break() && step < steps {
            return ControlFlow::Break(PaintError::Stopped { step, steps });
        }
        ControlFlow::Continue(())
    }
}

fn is_finite(x: &Tensor) -> bool {
    x.values().iter().all(|value| value.is_finite())
}

impl PictureModel {
    /// The shape of a request's latent.
    pub(crate) fn latent_shape(&self, request: &Request) -> Shape {
        let factor = self.autoencoder.factor();
        let [height, width] = [request.size.height, request.size.width].map(|side| side as usize / factor);
        Shape::new(1, height, width, self.autoencoder.latent_channels())
    }

    /// Guidance as this model takes it: a network that is told it needs no second branch.
    fn guidance(&self, request: &Request) -> Guidance {
        let scale = if self.networks.unet.takes_guidance() { 1.0 } else { request.guidance };
        let edits = self.extra_channels == ExtraChannels::Edited;
        let image = if edits { request.image_guidance.unwrap_or(IMAGE_GUIDANCE) } else { 1.0 };
        Guidance { scale, image, rescale: request.guidance_rescale }
    }

    /// The noise levels of a request's whole schedule in so many steps.
    pub(crate) fn sigmas(&self, request: &Request, steps: usize) -> Vec<f64> {
        let schedule = if request.schedule == Schedule::Automatic { self.card.schedule } else { request.schedule };
        let levels = &self.parameters.levels;
        if request.sampling.discard_penultimate || request.sampler.discards_penultimate() {
            levels.sigmas_without_penultimate(schedule, steps)
        } else {
            levels.sigmas(schedule, steps)
        }
    }
}

/// The picture network with all that steers it.
struct GuidedNetwork<'a> {
    model: &'a PictureModel,
    guidance: Guidance,
    schedule: ConditioningSchedule,
    /// What it reads beside the latent, for each batch.
    extra: Option<Vec<Tensor>>,
    controls: Controls,
}

impl GuidedNetwork<'_> {
    /// The predicted x0 of `x` at `sigma`, guided and controlled, in a network call counted from 0.
    fn denoised(&self, x: &Tensor, sigma: f64, call: u32) -> Tensor {
        let Self { model, guidance, schedule, .. } = self;
        let PictureModel { engine, parameters, .. } = model;
        let z = engine.combine(&[(parameters.input_scale(sigma) as f32, x)]);
        let conditioning = schedule.at(call);
        let batches = conditioning.batches.iter().enumerate();
        let predictions = batches.flat_map(|(index, batch)| self.predictions(&z, sigma, conditioning, (index, batch)));
        let predictions: Vec<Tensor> = predictions.collect();
        parameters.denoised(engine, x, guidance.apply(engine, &schedule.branches, &predictions), sigma)
    }

    /// What the network predicts for each branch of a batch.
    fn predictions(
        &self,
        z: &Tensor,
        sigma: f64,
        conditioning: &Conditioning,
        (index, batch): (usize, &BranchBatch),
    ) -> Vec<Tensor> {
        let PictureModel { engine, networks, parameters, .. } = self.model;
        let t = parameters.time(sigma);
        let time = networks.unet.time(engine, t, batch.added_embedding.as_ref());
        let z = engine.stack(&vec![z; batch.branches.len()]);
        let controls = self.controls.at(engine, &z, (t, sigma), conditioning, index);
        let z = match &self.extra {
            Some(extra) => engine.concatenate([&z, &extra[index]]),
            None => z,
        };
        let predictions = networks.unet.forward_controlled(engine, &z, &time, &batch.context, &controls);
        match batch.branches.len() {
            1 => vec![predictions],
            count => (0..count).map(|branch| engine.picture(&predictions, branch)).collect(),
        }
    }
}
