//! Restart: Heun's method that goes back up by fresh noise, to shed the errors it has gathered.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::{SamplingRun, heun::heun_step};
use crate::schedule::karras;

/// The sigmas between which the steps are made again: Xu et al. 2023, table 5's for Stable Diffusion, simplified as in
/// stable-diffusion-webui (`sd_samplers_extra.py`).
const LOW: f64 = 0.1;
const HIGH: f64 = 2.0;

/// Xu et al. 2023, algorithm 1, with that program's choice of restarts for so many steps: none below 20, one of nine
/// steps, two of a quarter of all steps from 36 on. The steps that this takes are missing elsewhere, so that there are
/// as many as were asked for; where there are restarts the sigmas between the first and the last are spread anew. A flow
/// model, whose noise levels lie otherwise, has none.
pub fn restart<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let steps = run.sigmas.len() - 1;
    let pairs = if run.levels.is_flow() { each_step(run.sigmas) } else { with_restarts(run.sigmas) };
    let mut at = pairs[0].0;
    for (index, (from, to)) in pairs.iter().copied().enumerate() {
        if at < from {
            x = run.freshened(x, (from * from - at * at).sqrt(), at, from);
        }
        x = heun_step(run, &x, from, to);
        at = to;
        (run.observer)((index + 1 + steps).saturating_sub(pairs.len()).max(1), &x)?;
    }
    ControlFlow::Continue(x)
}

fn each_step(sigmas: &[f64]) -> Vec<(f64, f64)> {
    sigmas.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// The steps of a run, those made again among them.
fn with_restarts(sigmas: &[f64]) -> Vec<(f64, f64)> {
    let steps = sigmas.len() - 1;
    let (length, times) = match steps {
        ..20 => return each_step(sigmas),
        20..36 => (9, 1),
        _ => (steps / 4, 2),
    };
    let mut sigmas = karras(steps - length * times, sigmas[steps - 1], sigmas[0]);
    sigmas.push(0.0);
    let nearest = |wanted: f64| {
        let apart = |index: &usize| (sigmas[*index] - wanted).abs();
        (0..sigmas.len()).min_by(|a, b| apart(a).total_cmp(&apart(b))).unwrap_or(0)
    };
    let (low, high) = (nearest(LOW), nearest(HIGH));
    let mut pairs = each_step(&sigmas);
    if (1..pairs.len()).contains(&low) && high < low {
        let mut again = karras(length + 1, sigmas[low], sigmas[high]);
        // To the last digit: a sigma that is a little higher than the one before would take noise.
        (again[0], again[length]) = (sigmas[high], sigmas[low]);
        let again: Vec<_> = std::iter::repeat_n(each_step(&again), times).flatten().collect();
        pairs.splice(low..low, again);
    }
    pairs
}
