//! Noise, schedules, samplers and a tiny Stable Diffusion against PyTorch and diffusers: `reference/noise.py` and
//! `reference/sampling.py` made the numbers.

mod common;

use std::ops::ControlFlow;

use chatsd_diffusion::{
    Finder, PictureModel,
    testing::{
        BrownianPath, Noise, NoiseLevels, Parameters, PredictionType, SamplingRun, sampler as sampler_function,
        starting,
    },
};
use chatsd_tensor::{Engine, Shape, Tensor, testing::assert_close};
use chatsd_types::{
    Control, Decoder, FileKind, Image, ImageModel, NoiseSource, PaintError, Preprocessor, Request, Sampler,
    SamplerOptions, Schedule, Size, Source, Variation,
};
use chatsd_weights::ModelFiles;
use common::{Goldens, request};

const SEEDS: [u64; 5] = [0, 1, 42, (1 << 32) + 5, 1 << 63];
const SIZES: [usize; 8] = [1, 5, 15, 16, 17, 64, 100, 4 * 64 * 64];

/// All of a short draw; the first and last 64 of a long one.
fn ends(values: &[f32]) -> Vec<f32> {
    match values.len() {
        ..=128 => values.to_vec(),
        len => [&values[..64], &values[len - 64..]].concat(),
    }
}

/// How many representable numbers lie between two of them, at most over all pairs.
fn furthest(found: &[f32], expected: &[f32]) -> u32 {
    assert_eq!(found.len(), expected.len());
    let place = |x: &f32| if x.is_sign_negative() { -i64::from(x.abs().to_bits()) } else { i64::from(x.to_bits()) };
    let apart = |(a, b): (&f32, &f32)| place(a).abs_diff(place(b)) as u32;
    found.iter().zip(expected).map(apart).max().unwrap_or(0)
}

#[test]
fn cpu_noise_is_pytorchs_bit_for_bit() {
    let goldens = Goldens::open("sampling/noise.safetensors");
    for seed in SEEDS {
        for size in SIZES {
            let found = Noise::new(NoiseSource::Cpu, seed).normal(size);
            let apart = furthest(&ends(&found), &goldens.values(&format!("cpu.{seed}.{size}")));
            assert_eq!(apart, 0, "seed {seed}, {size} values: units in the last place");
            let [high, low] = goldens.values(&format!("cpu.{seed}.{size}.bits"))[..] else { panic!("two halves") };
            let all = found.iter().fold(0_u32, |sum, value| sum.rotate_left(1) ^ value.to_bits());
            assert_eq!(all, (high as u32) << 16 | low as u32, "seed {seed}: all bits of {size} values");
        }
        let mut noise = Noise::new(NoiseSource::Cpu, seed);
        let row: Vec<f32> = [3, 16, 5, 20].iter().flat_map(|&size| noise.normal(size)).collect();
        assert_eq!(furthest(&row, &goldens.values(&format!("cpu.{seed}.row"))), 0, "seed {seed}, draws in a row");
    }
}

/// The other implementation has another library's logarithm and sine, in f64: rounded to f32 no bit differs.
#[test]
fn gpu_noise_is_that_of_the_paper_bit_for_bit() {
    let goldens = Goldens::open("sampling/noise.safetensors");
    for seed in SEEDS {
        for size in SIZES {
            let mut noise = Noise::new(NoiseSource::Gpu, seed);
            for name in [format!("gpu.{seed}.{size}"), format!("gpu.{seed}.{size}.second")] {
                assert_eq!(furthest(&ends(&noise.normal(size)), &goldens.values(&name)), 0, "{name}");
            }
        }
    }
}

#[test]
fn gpu_noise_is_what_automatic1111_publishes() {
    // "Expected output" in `modules/rng_philox.py` of that program: seed 0, eight digits.
    let published = [
        -0.924_662_6,
        -0.425_344_14,
        -2.643_845_8,
        0.145_183_88,
        -0.120_866_47,
        -0.579_725_6,
        -0.622_851_2,
        -0.328_387_08,
        -1.074_542_3,
        -0.363_144_07,
        -1.671_050_7,
        2.265_505,
    ];
    assert!(furthest(&Noise::new(NoiseSource::Gpu, 0).normal(12), &published) <= 1);
}

#[test]
fn pictures_start_from_the_noise_that_other_programs_start_from() {
    let goldens = Goldens::open("sampling/noise.safetensors");
    let pixels = |height: u32, width: u32| Some(Size { width: 8 * width, height: 8 * height });
    let variation = |seed, strength| Some(Variation { seed, strength });
    let shape = Shape::new(1, 6, 5, 4);
    let plain = Request { seed: 7, ..Request::default() };
    for (source, noise) in [("cpu", NoiseSource::Cpu), ("gpu", NoiseSource::Gpu)] {
        let plain = Request { noise, ..plain.clone() };
        for (name, shape, asked) in [
            ("plain", shape, plain.clone()),
            ("varied", shape, Request { variation: variation(77, 0.3), ..plain.clone() }),
            ("wholly", shape, Request { variation: variation(77, 1.0), ..plain.clone() }),
            ("itself", shape, Request { variation: variation(7, 0.3), ..plain.clone() }),
            ("larger", shape, Request { seed_resize: pixels(3, 4), ..plain.clone() }),
            ("smaller", shape, Request { seed_resize: pixels(9, 8), ..plain.clone() }),
            ("wider", shape, Request { seed_resize: pixels(4, 9), variation: variation(77, 0.6), ..plain.clone() }),
            ("shifted", shape, Request { noise_seed_delta: 31337, ..plain.clone() }),
            ("third", Shape::new(1, 6, 8, 4), Request { batch_index: 2, ..plain.clone() }),
        ] {
            let (start, mut later) = starting(&asked, shape, 8);
            for (found, name) in
                [(start, format!("start.{source}.{name}")), (later.tensor(shape), format!("next.{source}.{name}"))]
            {
                let expected = common::channels_last(&goldens.values(&name), shape);
                let allowed = if asked.variation.is_some() { 3e-6 } else { 0.0 };
                assert_close(&name, found.values(), expected.values(), allowed);
            }
        }
    }
}

/// The same pairs of sigmas as `reference/samplers.py`.
#[test]
fn brownian_noise_is_torchsdes_bit_for_bit() {
    let times = [
        (14.6146, 9.25),
        (9.25, 3.3),
        (14.6146, 11.7),
        (3.3, 0.666_666_7),
        (0.666_666_7, 0.029_167_5),
        (1.0, 1.25),
        (0.5, 0.500_001),
    ];
    let goldens = Goldens::open("sampling/brownian.safetensors");
    let shape = Shape::new(1, 4, 3, 4);
    for (name, source) in [("cpu", NoiseSource::Cpu), ("gpu", NoiseSource::Gpu)] {
        for seed in [7, (1 << 40) + 5] {
            let expected = goldens.values(&format!("{name}.{seed}"));
            let path = BrownianPath::new(source, seed, shape, 0.029_167_5, 14.6146);
            for ((from, to), expected) in times.into_iter().zip(expected.chunks_exact(shape.len())) {
                let found = path.between(from, to);
                let expected = common::channels_last(expected, shape);
                assert_eq!(furthest(found.values(), expected.values()), 0, "{name}, seed {seed}, {from} to {to}");
            }
        }
    }
}

fn stable_diffusion() -> NoiseLevels {
    let mut levels = NoiseLevels::scaled_linear(0.000_85, 0.012, 1000);
    levels.offset = 1;
    levels
}

#[test]
fn schedules_are_those_of_diffusers() {
    let goldens = Goldens::open("sampling/walks.safetensors");
    let levels = stable_diffusion();
    for schedule in [Schedule::Karras, Schedule::Exponential, Schedule::Trailing, Schedule::Leading, Schedule::Linspace]
    {
        for steps in [3, 7, 20] {
            let sigmas = levels.sigmas(schedule, steps);
            let name = format!("{schedule}.{steps}");
            let expected = goldens.values(&format!("schedule.{name}"));
            assert_eq!(sigmas.len(), expected.len());
            for (found, expected) in sigmas.iter().zip(&expected) {
                // diffusers multiplies a thousand factors near 1 in f32, and 1 - ᾱ loses digits.
                assert!((*found as f32 - expected).abs() <= 5e-5 * expected, "{name}: {found}, expected {expected}");
            }
            let times: Vec<f32> = sigmas[..steps].iter().map(|&sigma| levels.step_of(sigma) as f32).collect();
            // Linspace tells time evenly between two training steps, we by the logarithm of sigma, as the others do.
            assert_close(&name, &times, &goldens.values(&format!("time.{name}")), 2e-5);
        }
    }
}

/// The function that stands for a network in `reference/sampling.py`.
fn network(engine: &Engine, z: &Tensor, time: f32) -> Tensor {
    engine.zip(z, z, |z, _| {
        let z = f64::from(z);
        ((1.3 * z + f64::from(time) / 1000.0).tanh() * 0.8 + 0.1 * (3.0 * z).cos()) as f32
    })
}

fn walk_like_diffusers(sampler: Sampler, prediction: PredictionType, name: &str) {
    walk_like(&Goldens::open("sampling/walks.safetensors"), sampler, prediction, SamplerOptions::default(), name);
}

/// The latent after each step, and sum and mean size of the last one, as the tests of diffusers have it.
fn walk_like(goldens: &Goldens, sampler: Sampler, prediction: PredictionType, options: SamplerOptions, name: &str) {
    let engine = Engine::reference();
    let levels = if prediction == PredictionType::Flow { NoiseLevels::flow(1.0, 1000) } else { stable_diffusion() };
    let parameters = Parameters { prediction, levels };
    let sigmas: Vec<f64> = goldens.values(&format!("{name}.sigmas")).into_iter().map(f64::from).collect();
    let shape = goldens.shape(&format!("{name}.x"));
    let latents = |name: String| -> Vec<Tensor> {
        let all = goldens.values(&name);
        all.chunks_exact(shape.len()).map(|planar| common::channels_last(planar, shape)).collect()
    };
    let path = latents(format!("{name}.x"));
    let mut fresh = latents(format!("{name}.noise")).into_iter();
    let mut found = vec![(0, path[0].clone())];
    let mut run = SamplingRun {
        engine: &engine,
        sigmas: &sigmas,
        levels: &parameters.levels,
        options: &options,
        denoiser: &mut |x, sigma| {
            let z = engine.combine(&[(parameters.input_scale(sigma) as f32, x)]);
            parameters.denoised(&engine, x, network(&engine, &z, parameters.time(sigma)), sigma)
        },
        noise: &mut |_, _| fresh.next().unwrap_or_else(|| panic!("{name}: more noise than the reference draws")),
        observer: &mut |step, x| {
            found.push((step, x.clone()));
            ControlFlow::<()>::Continue(())
        },
    };
    let end = sampler_function(sampler)(&mut run, path[0].clone());
    let ControlFlow::Continue(end) = end else { panic!("{name} stopped") };
    assert_eq!(found.len(), path.len(), "{name}");
    assert_eq!(found.last().unwrap().0, sigmas.len() - 1, "{name}: progress arrives");
    assert!(found.is_sorted_by_key(|(step, _)| *step), "{name}: progress does not go back");
    assert_eq!(found.last().unwrap().1.values(), end.values(), "{name}: the last step is the result");
    for (index, ((_, found), expected)) in found.iter().zip(&path).enumerate() {
        // Where noise is added before a step the reference tells the latent with it.
        if options.s_churn == 0.0 || index + 1 == path.len() {
            assert_close(&format!("{name}, step {index}"), found.values(), expected.values(), 1e-5);
        }
    }
    let sums = |x: &Tensor| {
        x.values().iter().fold((0.0, 0.0), |(sum, size), x| (sum + f64::from(*x), size + f64::from(x.abs())))
    };
    let ((sum, size), (expected_sum, expected_size)) = (sums(&end), sums(path.last().unwrap()));
    assert!((sum - expected_sum).abs() < 1e-5 * expected_size, "{name}: sum {sum}, expected {expected_sum}");
    assert!(
        (size - expected_size).abs() < 1e-5 * expected_size,
        "{name}: mean of size {size}, expected {expected_size}"
    );
}

/// One test a run.
macro_rules! walks {
    ($($test:ident: $sampler:ident, $prediction:ident, $name:literal;)+) => {
        $(#[test] fn $test() { walk_like_diffusers(Sampler::$sampler, PredictionType::$prediction, $name); })+
    };
}

walks! {
    euler_of_epsilon: Euler, Epsilon, "euler.epsilon";
    euler_of_v: Euler, V, "euler.v";
    euler_of_flow: Euler, Flow, "euler.flow";
    euler_ancestral_of_epsilon: EulerAncestral, Epsilon, "euler a.epsilon";
    heun_of_epsilon: Heun, Epsilon, "heun.epsilon";
    dpm_plus_plus_2m_of_epsilon: DpmPlusPlus2M, Epsilon, "dpm++ 2m.epsilon";
    dpm_plus_plus_2m_of_sample: DpmPlusPlus2M, Sample, "dpm++ 2m.sample";
    dpm_plus_plus_2m_of_flow: DpmPlusPlus2M, Flow, "dpm++ 2m.flow";
    dpm_plus_plus_2m_sde_of_epsilon: DpmPlusPlus2MSde, Epsilon, "dpm++ 2m sde.epsilon";
    dpm_plus_plus_2m_sde_of_flow: DpmPlusPlus2MSde, Flow, "dpm++ 2m sde.flow";
    ddim_of_epsilon: Ddim, Epsilon, "ddim.epsilon";
    lcm_of_epsilon: Lcm, Epsilon, "lcm.epsilon";
    unipc_of_epsilon: UniPc, Epsilon, "unipc.epsilon";
    unipc_of_v: UniPc, V, "unipc.v";
    unipc_of_flow: UniPc, Flow, "unipc.flow";
}

/// Walks by k-diffusion, and by those schedulers of diffusers that end at the cleanest training time step:
/// `reference/samplers.py`.
#[test]
fn samplers_are_those_of_k_diffusion() {
    let goldens = Goldens::open("sampling/rules.safetensors");
    let usual = SamplerOptions::default();
    let eta = |eta: f32, s_noise: f32| SamplerOptions { eta: Some(eta), s_noise, ..usual };
    let churn = SamplerOptions { s_churn: 4.0, s_tmin: 0.1, s_tmax: Some(8.0), s_noise: 1.003, ..usual };
    for (name, options) in [
        ("euler", usual),
        ("euler.churn", churn),
        ("euler a", usual),
        ("euler a.eta", eta(0.6, 0.9)),
        ("lms", usual),
        ("heun", usual),
        ("heun.churn", churn),
        ("dpm2", usual),
        ("dpm2.churn", churn),
        ("dpm2 a", usual),
        ("dpm2 a.eta", eta(0.6, 1.0)),
        ("dpm++ 2s a", usual),
        ("dpm++ 2s a.eta", eta(0.6, 0.9)),
        ("dpm++ 2m", usual),
        ("dpm++ sde", usual),
        ("dpm++ sde.eta", eta(0.6, 0.9)),
        ("dpm++ 2m sde", usual),
        ("dpm++ 2m sde.eta", eta(0.6, 0.9)),
        ("dpm++ 2m sde heun", usual),
        ("dpm++ 3m sde", usual),
        ("dpm++ 3m sde.eta", eta(0.6, 0.9)),
        ("dpm fast", usual),
        ("dpm fast.11", usual),
        ("dpm fast.1", usual),
        ("dpm fast.eta", eta(0.0, 1.0)),
        ("dpm adaptive", usual),
        ("dpm adaptive.eta", eta(0.0, 1.0)),
        ("restart.12", usual),
        ("restart.20", usual),
        ("restart.40", usual),
        ("plms", usual),
        ("tcd", usual),
        ("tcd.eta", eta(0.8, 1.0)),
        ("tcd.eta0", eta(0.0, 1.0)),
    ] {
        let sampler = name.split('.').next().unwrap().parse().unwrap();
        walk_like(&goldens, sampler, PredictionType::Epsilon, options, name);
    }
}

/// All pairs, where the answer is known: of normally distributed pictures the predicted x0 is a line, and the
/// probability flow (Karras et al. 2022, equation 1) takes noise to `mean + deviation · noise`. Without fresh noise every
/// value comes there, with it their mean and deviation do.
#[test]
fn every_sampler_on_every_schedule_solves_a_gaussian() {
    const MEAN: f64 = 0.3;
    const DEVIATION: f64 = 0.5;
    use Sampler::{
        Ddim, Dpm2, DpmAdaptive, DpmPlusPlus2M, DpmPlusPlus2MSde, DpmPlusPlus2MSdeHeun, DpmPlusPlus3MSde, Euler, Heun,
        Lcm, Lms, Plms, UniPc,
    };
    let (engine, levels, options) = (Engine::reference(), stable_diffusion(), SamplerOptions::default());
    let shape = Shape::new(1, 16, 16, 4);
    for &sampler in Sampler::ALL {
        for &schedule in Schedule::ALL {
            let sigmas = levels.sigmas(schedule, 60);
            let mut fresh = Noise::new(NoiseSource::Cpu, 1);
            let noise = fresh.tensor(shape);
            let mean = engine.filled(shape, MEAN as f32);
            let spread = |sigma: f64| DEVIATION.hypot(sigma);
            let mut run = SamplingRun {
                engine: &engine,
                sigmas: &sigmas,
                levels: &levels,
                options: &options,
                denoiser: &mut |x, sigma| {
                    let share = (DEVIATION / spread(sigma)).powi(2);
                    engine.combine(&[(share as f32, x), (1.0 - share as f32, &mean)])
                },
                noise: &mut |_, _| fresh.tensor(shape),
                observer: &mut |_, _| ControlFlow::<()>::Continue(()),
            };
            let x = engine.combine(&[(1.0, &mean), (spread(sigmas[0]) as f32, &noise)]);
            let ControlFlow::Continue(found) = sampler_function(sampler)(&mut run, x) else { panic!("stopped") };
            let exact = engine.combine(&[(1.0, &mean), (DEVIATION as f32, &noise)]);
            let apart = engine.combine(&[(1.0, &found), (-1.0, &exact)]);
            let (bias, deviation) = engine.moments(&found)[0];
            let value = engine.moments(&apart)[0].1 / DEVIATION as f32;
            let spread_apart = (deviation / DEVIATION as f32 - 1.0).abs();
            let statistics = spread_apart.max((bias - MEAN as f32).abs() / DEVIATION as f32);
            let name = format!("{sampler}, {schedule}: {value} of a deviation, {statistics} of mean and deviation");
            match sampler {
                Euler | Ddim | Lms | Plms | Heun | Dpm2 | DpmPlusPlus2M | UniPc => assert!(value < 0.1, "{name}"),
                // Jumps to the mean of what there may be.
                Lcm => assert!(statistics < 0.4, "{name}"),
                // Continues its predictions over uneven steps.
                DpmPlusPlus3MSde => assert!(statistics < 0.85, "{name}"),
                DpmPlusPlus2MSde | DpmPlusPlus2MSdeHeun | DpmAdaptive => assert!(statistics < 0.3, "{name}"),
                _ => assert!(statistics < 0.17, "{name}"),
            }
        }
    }
}

#[test]
fn schedules_are_those_of_k_diffusion_and_other_programs() {
    let goldens = Goldens::open("sampling/schedules.safetensors");
    for (name, schedule) in [
        ("uniform", Schedule::Uniform),
        ("normal", Schedule::Normal),
        ("sgm_uniform", Schedule::SgmUniform),
        ("karras", Schedule::Karras),
        ("exponential", Schedule::Exponential),
        ("polyexponential", Schedule::Polyexponential),
        ("kl_optimal", Schedule::KlOptimal),
        ("align_your_steps", Schedule::AlignYourSteps),
        ("align_your_steps_xl", Schedule::AlignYourSteps),
        ("simple", Schedule::Simple),
        ("ddim", Schedule::Ddim),
        ("beta", Schedule::Beta),
        ("beta_steps", Schedule::BetaSteps),
    ] {
        let mut levels = stable_diffusion();
        levels.aligned_as_xl = name.ends_with("_xl");
        for steps in [1, 7, 11, 20, 30] {
            let sigmas: Vec<f32> = levels.sigmas(schedule, steps).iter().map(|sigma| *sigma as f32).collect();
            assert_close(&format!("{name}, {steps} steps"), &sigmas, &goldens.values(&format!("{name}.{steps}")), 1e-6);
        }
    }
}

/// A prediction is right when the network that knows the truth says it.
#[test]
fn every_prediction_of_the_truth_gives_the_truth() {
    let engine = Engine::reference();
    let shape = Shape::new(1, 4, 4, 3);
    let (clean, noise) = (Noise::new(NoiseSource::Cpu, 1).tensor(shape), Noise::new(NoiseSource::Cpu, 2).tensor(shape));
    for sigma in [0.03_f64, 1.0, 14.0] {
        let x = engine.combine(&[(1.0, &clean), (sigma as f32, &noise)]);
        let alpha = 1.0 / (1.0 + sigma * sigma).sqrt();
        for (prediction, [of_noise, of_clean]) in [
            (PredictionType::Epsilon, [1.0, 0.0]),
            (PredictionType::V, [alpha, -sigma * alpha]),
            (PredictionType::Sample, [0.0, 1.0]),
            (PredictionType::Flow, [1.0, -1.0]),
        ] {
            let levels =
                if prediction == PredictionType::Flow { NoiseLevels::flow(1.0, 1000) } else { stable_diffusion() };
            let parameters = Parameters { prediction, levels };
            let said = engine.combine(&[(of_noise as f32, &noise), (of_clean as f32, &clean)]);
            let found = parameters.denoised(&engine, &x, said, sigma);
            assert_close(&format!("{prediction:?} at {sigma}"), found.values(), clean.values(), 3e-6);
        }
    }
}

/// All of a model, tiny: from the words to the pixels.
fn paint_like_diffusers(name: &str, family: &str) {
    let goldens = Goldens::open(&format!("sampling/{name}.safetensors"));
    let files = ModelFiles::open(&common::goldens_folder().join("sampling").join(name)).unwrap();
    let model = PictureModel::load(&files, name, Engine::reference()).unwrap();
    assert_eq!(model.card().family, family);
    let mut request = request("a red fox, smile", 16);
    request.prompt.negative = "blurry".into();
    (request.steps, request.guidance, request.seed) = (4, 5.0, 7);
    request.schedule = Schedule::Leading;
    let expected = goldens.values("latents");
    let shape = Shape::new(1, 8, 8, 4);
    let mut steps = 0;
    // diffusers keeps x0 + sigma · noise, as we do.
    let latent = model.latent(&request, &Source::default(), &mut |progress, latent| {
        let planar = &expected[steps * shape.len()..][..shape.len()];
        steps += 1;
        assert_eq!(progress.step as usize, steps);
        let expected = common::channels_last(planar, shape);
        assert_close(&format!("step {steps}"), latent.values(), expected.values(), 1e-3);
        ControlFlow::Continue(())
    });
    assert_eq!(steps, 4);
    let picture = model.decode(&latent.unwrap());
    // The pipeline returns 0 to 1, cut off.
    let picture: Vec<f32> = picture.values().iter().map(|x| (x / 2.0 + 0.5).clamp(0.0, 1.0)).collect();
    let expected = common::channels_last(&goldens.values("picture"), Shape::new(1, 16, 16, 3));
    assert_close("picture", &picture, expected.values(), 1e-3);
}

#[test]
fn a_tiny_stable_diffusion_paints_as_in_diffusers() {
    paint_like_diffusers("tiny", "sd1");
}

#[test]
fn a_tiny_stable_diffusion_xl_paints_as_in_diffusers() {
    paint_like_diffusers("tiny-xl", "sdxl");
}

#[test]
fn a_tiny_stable_diffusion_follows_a_picture_as_in_diffusers() {
    let goldens = Goldens::open("sampling/tiny-control.safetensors");
    let folder = common::goldens_folder().join("sampling");
    let files = ModelFiles::open(&folder.join("tiny")).unwrap();
    let finder = Finder::new(move |_, name| ModelFiles::open(&folder.join(name)));
    let model = PictureModel::load(&files, "tiny", Engine::reference()).unwrap().with_finder(finder);
    let (name, image, hash) = ("tiny-control".to_owned(), String::new(), String::new());
    let preprocessor = Preprocessor::None;
    let control = Control { name, hash, image, preprocessor, weight: 0.8, start: 0.25, end: 0.75 };
    let mut request = request("a red fox, smile", 16);
    request.prompt.negative = "blurry".into();
    (request.steps, request.guidance, request.seed, request.schedule) = (4, 5.0, 7, Schedule::Leading);
    request.controls = vec![control];
    let size = Size { width: 16, height: 16 };
    let picture = Image { size, rgb: goldens.values("control").into_iter().map(|value| value as u8).collect() };
    let source = Source { controls: vec![picture], ..Source::default() };
    let (expected, shape) = (goldens.values("latents"), Shape::new(1, 8, 8, 4));
    let mut steps = 0;
    let latent = model.latent(&request, &source, &mut |_, latent| {
        let planar = &expected[steps * shape.len()..][..shape.len()];
        steps += 1;
        assert_close(&format!("step {steps}"), latent.values(), common::channels_last(planar, shape).values(), 1e-3);
        ControlFlow::Continue(())
    });
    let picture = model.decode(&latent.unwrap());
    let picture: Vec<f32> = picture.values().iter().map(|x| (x / 2.0 + 0.5).clamp(0.0, 1.0)).collect();
    let expected = common::channels_last(&goldens.values("picture"), Shape::new(1, 16, 16, 3));
    assert_close("picture", &picture, expected.values(), 1e-3);
    let missing = model.latent(&request, &Source::default(), &mut |_, _| ControlFlow::Continue(()));
    assert!(missing.unwrap_err().to_string().contains("1 × the picture for a ControlNet, and 0 were given"));
}

/// Every rule of k-diffusion over the tiny model, guided, with the noise of one seed: `reference/samplers.py`.
#[test]
fn a_tiny_stable_diffusion_walks_as_with_k_diffusion() {
    let goldens = Goldens::open("sampling/tiny-walks.safetensors");
    let files = ModelFiles::open(&common::goldens_folder().join("sampling/tiny")).unwrap();
    let model = PictureModel::load(&files, "tiny", Engine::reference()).unwrap();
    let shape = Shape::new(1, 8, 8, 4);
    for &sampler in Sampler::ALL {
        use Sampler::{Ddim, Lcm, Plms, Tcd, UniPc};
        if matches!(sampler, Ddim | Lcm | Plms | Tcd | UniPc) {
            continue; // not of k-diffusion
        }
        let expected = goldens.values(sampler.name());
        let mut asked = request("a red fox, smile", 16);
        asked.prompt.negative = "blurry".into();
        asked.steps = if sampler == Sampler::Restart { 20 } else { 4 };
        (asked.guidance, asked.seed, asked.sampler, asked.schedule) = (5.0, 7, sampler, Schedule::Karras);
        let mut steps = 0;
        let latent = model.latent(&asked, &Source::default(), &mut |_, latent| {
            let planar = &expected[steps * shape.len()..][..shape.len()];
            steps += 1;
            // The lengths of its later steps are others in PyTorch, too, in f32 than in f64.
            if sampler != Sampler::DpmAdaptive || steps < 5 {
                let expected = common::channels_last(planar, shape);
                assert_close(&format!("{sampler}, step {steps}"), latent.values(), expected.values(), 1e-3);
            }
            ControlFlow::Continue(())
        });
        latent.unwrap();
        assert_eq!(steps, expected.len() / shape.len(), "{sampler}");
    }
}

/// Prompts that change while a picture is painted, and prompts of two parts: `reference/samplers.py`.
#[test]
fn prompts_change_and_combine_as_with_k_diffusion() {
    let goldens = Goldens::open("sampling/tiny-scripts.safetensors");
    let files = ModelFiles::open(&common::goldens_folder().join("sampling/tiny")).unwrap();
    let model = PictureModel::load(&files, "tiny", Engine::reference()).unwrap();
    let shape = Shape::new(1, 8, 8, 4);
    for (name, prompt, sampler) in [
        ("turns", "a [red fox:blue cat:2]", Sampler::Euler),
        ("turns of two passes", "[a red fox:a blue cat:0.5]", Sampler::Heun),
        ("turn about", "[a red fox|a blue cat]", Sampler::Euler),
        ("parts", "a red fox AND a blue cat : 0.5", Sampler::Euler),
    ] {
        let expected = goldens.values(name);
        let mut asked = request(prompt, 16);
        asked.prompt.negative = "blurry".into();
        (asked.steps, asked.guidance, asked.seed) = (4, 5.0, 7);
        (asked.sampler, asked.schedule) = (sampler, Schedule::Karras);
        let mut steps = 0;
        let latent = model.latent(&asked, &Source::default(), &mut |_, latent| {
            let expected = common::channels_last(&expected[steps * shape.len()..][..shape.len()], shape);
            steps += 1;
            assert_close(&format!("{name}, step {steps}"), latent.values(), expected.values(), 1e-3);
            ControlFlow::Continue(())
        });
        latent.unwrap();
        assert_eq!(steps, 4, "{name}");
    }
}

#[test]
fn a_folder_has_a_hash_of_its_weights() {
    let folder = copy_of_tiny();
    let hash = || {
        let files = ModelFiles::open(folder.path()).unwrap();
        PictureModel::load(&files, "tiny", Engine::reference()).unwrap().card().hash.clone()
    };
    let before = hash();
    assert_eq!((before.len(), hash()), (10, before.clone()));
    // What does not belong to the painting networks does not count; every one of their bytes does.
    std::fs::create_dir(folder.path().join("safety_checker")).unwrap();
    std::fs::write(folder.path().join("safety_checker/config.json"), "{}").unwrap();
    std::fs::write(folder.path().join("safety_checker/model.safetensors"), "damaged").unwrap();
    assert_eq!(hash(), before);
    for part in ["unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"] {
        let path = folder.path().join(format!("{part}.safetensors"));
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert_ne!(hash(), before, "{part}");
        std::fs::write(&path, bytes).unwrap();
    }
}

/// The tiny model where a test may damage it.
fn copy_of_tiny() -> tempfile::TempDir {
    let from = common::goldens_folder().join("sampling/tiny");
    let folder = tempfile::tempdir().unwrap();
    for part in ["unet", "vae", "text_encoder", "tokenizer", "scheduler"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        for file in std::fs::read_dir(from.join(part)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(part).join(file.file_name())).unwrap();
        }
    }
    folder
}

#[test]
fn weights_that_are_not_numbers_are_told() {
    let folder = copy_of_tiny();
    let path = folder.path().join("unet/diffusion_pytorch_model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 2;
    bytes[last..].copy_from_slice(&[0x00, 0x7e]); // NaN in f16
    std::fs::write(&path, bytes).unwrap();
    let files = ModelFiles::open(folder.path()).unwrap();
    let model = PictureModel::load(&files, "tiny", Engine::reference()).unwrap();
    let image = model.paint(&request("fox", 16), &Source::default(), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(image, Err(PaintError::NotANumber { step: 1 })), "{image:?}");
}

#[test]
fn settings_that_are_not_built_here_are_refused() {
    for (settings, complaint) in [
        (r#"{"prediction_type": "score"}"#, "score"),
        (r#"{"beta_schedule": "sigmoid"}"#, "sigmoid"),
        (r#"{"beta_start": -1}"#, "-1"),
        (r#"{"trained_betas": [0.1]}"#, "trained_betas"),
        (r#"{"num_train_timesteps": 0}"#, "num_train_timesteps"),
        (r#"{"_class_name": "FlowMatchEulerDiscreteScheduler"}"#, "FlowMatch"),
        (r#"{"schedule": "flow", "shift": 0}"#, "shift"),
        (r#"{"beta_start": "many"}"#, "settings"),
        (r#"{"steps": 0}"#, "steps is 0"),
        (r#"{"width": 17}"#, "its own size is 17x16"),
        (r#"{"height": 16384}"#, "expected 16x2048"),
    ] {
        let folder = copy_of_tiny();
        std::fs::write(folder.path().join("scheduler/scheduler_config.json"), settings).unwrap();
        let files = ModelFiles::open(folder.path()).unwrap();
        let error = PictureModel::load(&files, "tiny", Engine::reference()).err().expect(settings).to_string();
        assert!(error.contains(complaint), "{settings}: {error}");
    }
}

#[test]
fn an_autoencoder_whose_weights_are_not_numbers_is_told_apart() {
    let folder = copy_of_tiny();
    let path = folder.path().join("vae/diffusion_pytorch_model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let text = std::str::from_utf8(&bytes[8..8 + header]).unwrap();
    let entries: serde_json::Value = serde_json::from_str(text).unwrap();
    let at = 8 + header + entries["decoder.conv_out.bias"]["data_offsets"][0].as_u64().unwrap() as usize;
    bytes[at..at + 2].copy_from_slice(&[0x00, 0x7c]); // infinity in f16
    std::fs::write(&path, bytes).unwrap();
    let files = ModelFiles::open(folder.path()).unwrap();
    let model = PictureModel::load(&files, "tiny", Engine::reference()).unwrap();
    let image = model.paint(&request("fox", 16), &Source::default(), &mut |_| ControlFlow::Continue(()));
    let error = image.unwrap_err().to_string();
    assert!(error.contains("the autoencoder produced NaN or infinite pixels"), "{error}");
}

/// A model that finds another's autoencoder under the name of its family's tiny one.
#[test]
fn a_request_says_which_autoencoder_makes_the_pixels() {
    let open = |name: &str| ModelFiles::open(&common::goldens_folder().join("sampling").join(name)).unwrap();
    let model = PictureModel::load(&open("tiny"), "tiny", Engine::reference()).unwrap();
    let paint = |model: &PictureModel, decoder: Decoder| {
        let asked = Request { decoder, ..request("fox", 16) };
        model.paint(&asked, &Source::default(), &mut |_| ControlFlow::Continue(()))
    };
    let own = paint(&model, Decoder::Automatic).unwrap();
    assert_eq!(paint(&model, Decoder::Full).unwrap(), own);
    let error = paint(&model, Decoder::Tiny).unwrap_err().to_string();
    assert!(error.contains("autoencoder (VAE) \"taesd\""), "{error}");

    let folder = copy_of_tiny();
    let path = folder.path().join("vae/diffusion_pytorch_model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len();
    bytes[last - 200..].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let other = folder.path().to_owned();
    let model = model.with_finder(Finder::new(move |kind, name| {
        assert_eq!((kind, name), (FileKind::Autoencoder, "taesd"));
        ModelFiles::open(&other)
    }));
    assert_ne!(paint(&model, Decoder::Tiny).unwrap(), own);
    assert_eq!(paint(&model, Decoder::Automatic).unwrap(), own);
    let latent = Tensor::new(Shape::new(1, 8, 8, 4), vec![0.5; 256]);
    assert_ne!(model.image(Decoder::Tiny, &latent).unwrap(), model.image(Decoder::Full, &latent).unwrap());
}
