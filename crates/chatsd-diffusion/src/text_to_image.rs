//! From a request to an image: words, noise, schedule, denoise, decode.

use std::{cell::RefCell, ops::ControlFlow, sync::Arc, time::Instant};

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Image, PaintError, Passes, Progress, Request, Schedule, Source};

use crate::{
    PictureModel, beside,
    beside::Beside,
    controls::Controls,
    guidance::{Ask, Guidance},
    noise::{self, BrownianPath},
    pixels,
    sampler::{Walk, rule},
    schedule::from_strength,
    second_pass::SecondWalk,
    start::Start,
    words::Words,
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
    // What only enlarges the finished picture is there before that is begun.
    let enlarged = request.second_pass.as_ref().filter(|second| second.strength == 0.0);
    let enlarged = match enlarged {
        Some(second) => Some((model.enlarger(&second.upscaler)?, second.size)),
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
    Ok(match enlarged {
        Some((enlarger, size)) => enlarger.image(&model.engine, &image, size),
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
    let second = second.map(|second| SecondWalk::new(model, request, second)).transpose()?;
    let steps = sigmas.len() - 1 + second.as_ref().map_or(0, SecondWalk::steps);
    let mut watch = watch(model, steps as u32, observer);
    let way = Way { sigmas, greatest: whole[0], steps: request.steps as usize, again: false };
    let start = |noise: &Tensor| Ok(Start::of_source(model, request, source, noise));
    let latent = pass(model, request, source, way, start, &mut watch)?;
    let first = sigmas.len() - 1;
    match &second {
        Some(second) => {
            let start = |_: &Tensor| second.start(model, &latent);
            let source = second.shown(source);
            let mut watch = |step, x: &Tensor, expected: &Arc<Tensor>| watch(first + step, x, expected);
            let (sigmas, greatest, steps) = (&second.sigmas, second.greatest, second.steps());
            let way = Way { sigmas, greatest, steps, again: true };
            pass(model, &second.request, &source, way, start, &mut watch)
        }
        None => Ok(latent),
    }
}

/// Where a walk goes.
struct Way<'a> {
    /// Its noise levels, the last ones of a schedule.
    sigmas: &'a [f64],
    /// The first noise level of that schedule.
    greatest: f64,
    /// Steps of the whole schedule, or those of a second walk.
    steps: usize,
    /// Whether it is a second walk.
    again: bool,
}

impl Way<'_> {
    /// The passes that changes of the prompt are counted in: as in AUTOMATIC1111 those of a whole walk, also where a
    /// starting picture makes it shorter.
    fn passes(&self, request: &Request) -> Passes {
        let all = |steps: usize| steps as u32 * request.sampler.passes();
        Passes { count: all(self.steps), before: self.again.then(|| all(request.steps as usize)) }
    }
}

/// One walk; `source` is what the network may be shown, `start` makes of the starting noise what it starts from.
fn pass(
    model: &PictureModel,
    request: &Request,
    source: &Source,
    way: Way<'_>,
    start: impl FnOnce(&Tensor) -> Result<Start, PaintError>,
    watch: &mut Watch<'_>,
) -> Result<Tensor, PaintError> {
    let (engine, parameters) = (&model.engine, &model.parameters);
    let Way { sigmas, greatest, .. } = way;
    let guidance = model.guidance(request);
    let mut script = model.script(request, way.passes(request), guidance)?;
    model.look(&mut script, request, source)?;
    let asks = &script.asks;
    let shape = model.latent_shape(request);
    let (begin, mut noise) = noise::starting(request, shape, model.autoencoder.factor());
    let shown = model.beside.channels(model, source, shape)?;
    let shown = shown.map(|shown| beside::for_each(engine, &shown, asks));
    let controls = Controls::of(model, request, source, &script, sigmas)?;
    let start = start(&begin)?;
    let x = start.noised(engine, &begin, sigmas[0], parameters.input_scale(sigmas[0]));
    // What is expected at the end, for whoever wants to see it between two steps.
    let expected = RefCell::new(None::<Arc<Tensor>>);
    let mut pass = 0;
    let mut denoiser = |x: &Tensor, sigma: f64| {
        let words = script.at(pass);
        pass += 1;
        let denoised = model.denoised(x, sigma, words, (guidance, asks), shown.as_ref(), &controls);
        let denoised = start.keep(engine, denoised);
        expected.replace(Some(Arc::new(denoised.clone())));
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
    let mut walk = Walk {
        engine,
        sigmas,
        levels: &parameters.levels,
        options: &request.sampling,
        denoiser: &mut denoiser,
        noise: &mut noise,
        observer: &mut |step, x: &Tensor| {
            let expected = expected.borrow();
            watch(step, x, expected.as_ref().expect("every step asks the network"))
        },
    };
    match rule(request.sampler)(&mut walk, x) {
        ControlFlow::Continue(latent) => Ok(latent),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Is told the number of a step, the latent after it, and the clean latent that is expected behind it.
type Watch<'a> = dyn FnMut(usize, &Tensor, &Arc<Tensor>) -> ControlFlow<PaintError> + 'a;

/// Tells `observer` of each of the steps of all walks together, and stops when it says so or the numbers run away.
fn watch<'a>(
    model: &'a PictureModel,
    steps: u32,
    observer: &'a mut dyn FnMut(Progress, &Tensor) -> ControlFlow<()>,
) -> impl FnMut(usize, &Tensor, &Arc<Tensor>) -> ControlFlow<PaintError> + 'a {
    let began = Instant::now();
    move |step, x, expected| {
        let step = step as u32;
        if !is_finite(x) {
            return ControlFlow::Break(PaintError::NotANumber { step });
        }
        let preview = Some(model.preview(Arc::clone(expected)));
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

    /// Guidance as this model takes it: a network that is told it needs no second pass.
    fn guidance(&self, request: &Request) -> Guidance {
        let scale = if self.unet.takes_guidance() { 1.0 } else { request.guidance };
        let edits = self.beside == Beside::Edited;
        let image = if edits { request.image_guidance.unwrap_or(IMAGE_GUIDANCE) } else { 1.0 };
        Guidance { scale, image, rescale: request.guidance_rescale }
    }

    /// The noise levels of a request's whole walk in so many steps.
    pub(crate) fn sigmas(&self, request: &Request, steps: usize) -> Vec<f64> {
        let schedule = if request.schedule == Schedule::Automatic { self.card.schedule } else { request.schedule };
        let levels = &self.parameters.levels;
        if request.sampling.discard_penultimate || request.sampler.discards_penultimate() {
            levels.sigmas_without_penultimate(schedule, steps)
        } else {
            levels.sigmas(schedule, steps)
        }
    }

    /// The clean latent that the network expects behind `x`, guided and controlled. `shown` is what each question is
    /// shown beside it.
    fn denoised(
        &self,
        x: &Tensor,
        sigma: f64,
        words: &Words,
        (guidance, asks): (Guidance, &[Ask]),
        shown: Option<&Tensor>,
        controls: &Controls,
    ) -> Tensor {
        let (engine, parameters) = (&self.engine, &self.parameters);
        let time = self.unet.time(engine, parameters.time(sigma), words.added.as_ref());
        let z = engine.combine(&[(parameters.input_scale(sigma) as f32, x)]);
        let z = engine.stack(&vec![&z; asks.len()]);
        let controls = controls.at(engine, &z, parameters.time(sigma), sigma, words);
        let z = match shown {
            Some(shown) => engine.concatenate([&z, shown]),
            None => z,
        };
        let answers = self.unet.forward_controlled(engine, &z, &time, &words.context, &controls);
        parameters.denoised(engine, x, guidance.apply(engine, asks, &answers), sigma)
    }
}
