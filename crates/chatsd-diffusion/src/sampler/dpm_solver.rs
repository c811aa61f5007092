//! DPM-Solver of orders one to three (Lu et al. 2022a), with a fixed number of passes or with steps of its own choice.
//!
//! Time is `λ = -ln sigma`. Both go from the first sigma to the last that is not 0, as k-diffusion's
//! `sample_dpm_fast` and `sample_dpm_adaptive`, and leave that little noise in the picture.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::{SamplingRun, fresh::ancestral};

/// Where the third order calls the network first.
const THIRD: f64 = 1.0 / 3.0;
/// Length of the first step in `λ`.
const FIRST_LENGTH: f64 = 0.05;
/// A step is taken when it may be made at least this much longer.
const SAFETY: f64 = 0.81;
/// Differences below this, or below this share of the values, do not count.
const TOLERANCE: (f32, f32) = (0.0078, 0.05);
/// So near the end in `λ` is at the end.
const CLOSE: f64 = 1e-5;
/// More attempts than any picture takes.
const ATTEMPTS: usize = 10_000;

/// The expected noise `(x - x0) / sigma` at a time.
fn noise_at<B>(run: &mut SamplingRun<'_, B>, x: &Tensor, time: f64) -> Tensor {
    let sigma = (-time).exp();
    let denoised = (run.denoiser)(x, sigma);
    run.slope(x, &denoised, sigma)
}

/// DPM-Solver-1, equation 3.7: to the time `to`, with the noise `one` expected at `from`.
fn first<B>(run: &SamplingRun<'_, B>, x: &Tensor, one: &Tensor, from: f64, to: f64) -> Tensor {
    run.combine(&[(1.0, x), (-(-to).exp() * (to - from).exp_m1(), one)])
}

/// The noise expected after the share `part` of the step, where DPM-Solver-1 leads.
fn within<B>(run: &mut SamplingRun<'_, B>, x: &Tensor, one: &Tensor, from: f64, to: f64, part: f64) -> Tensor {
    let time = from + part * (to - from);
    let x = first(run, x, one, from, time);
    noise_at(run, &x, time)
}

/// DPM-Solver-2, algorithm 4: with the noise `two` expected after the share `part` of the step.
fn second<B>(run: &SamplingRun<'_, B>, x: &Tensor, [one, two]: [&Tensor; 2], from: f64, to: f64, part: f64) -> Tensor {
    let whole = (-to).exp() * (to - from).exp_m1();
    let change = whole / (2.0 * part);
    run.combine(&[(1.0, x), (change - whole, one), (-change, two)])
}

/// DPM-Solver-3, algorithm 5: with the noise `two` expected after a third of the step; calls it once more after two.
fn third<B>(run: &mut SamplingRun<'_, B>, x: &Tensor, [one, two]: [&Tensor; 2], from: f64, to: f64) -> Tensor {
    // To a time that lies `h` after `from`; the difference of the noises counts `weight` times.
    let moved = |run: &SamplingRun<'_, B>, h: f64, other: &Tensor, weight: f64| {
        let sigma = (-(from + h)).exp();
        let (whole, change) = (sigma * h.exp_m1(), sigma * weight * (h.exp_m1() / h - 1.0));
        run.combine(&[(1.0, x), (change - whole, one), (-change, other)])
    };
    let h = to - from;
    let late = h * 2.0 / 3.0;
    let x2 = moved(run, late, two, 2.0);
    let three = noise_at(run, &x2, from + late);
    moved(run, h, &three, 1.5)
}

/// How far a step to the time `to` goes down, and how much fresh noise brings it back, so that it does not pass `end`.
fn parted(from: f64, to: f64, end: f64, eta: f64) -> (f64, f64) {
    if eta == 0.0 {
        return (to, 0.0);
    }
    let (down, _) = ancestral((-from).exp(), (-to).exp(), eta);
    let down = end.min(-down.ln());
    (down, ((-2.0 * to).exp() - (-2.0 * down).exp()).max(0.0).sqrt())
}

/// The times of the first sigma and of the last that is not 0; where there is one step alone, of the model's cleanest.
fn ends<B>(run: &SamplingRun<'_, B>) -> (f64, f64) {
    let last = match run.sigmas {
        [.., _, last, _] => *last,
        _ => run.levels.sigma_of(0.0).min(run.sigmas[0]),
    };
    (-run.sigmas[0].ln(), -last.ln())
}

/// DPM-Solver-fast: section 3.4, "DPM-Solver with a fixed number of function evaluations": steps of third order, and
/// lower ones at the end, so that the network is asked as often as there are steps. Progress counts those passes. The
/// usual `eta` is 1, as in stable-diffusion-webui.
pub fn dpm_fast<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (eta, (start, end)) = (run.eta(1.0), ends(run));
    let passes = run.sigmas.len() - 1;
    let count = passes / 3 + 1;
    let order = |index: usize| match (passes % 3, count - index) {
        (0, 1) => 1,
        (0, 2) => 2,
        (0, _) | (_, 2..) => 3,
        (rest, _) => rest,
    };
    let time = |index: usize| start + (end - start) * (index as f64 / count as f64);
    let mut done = 0;
    for index in 0..count {
        let (from, to) = (time(index), time(index + 1));
        let (down, up) = parted(from, to, end, eta);
        let one = noise_at(run, &x, from);
        let moved = match order(index) {
            1 => first(run, &x, &one, from, down),
            2 => {
                let two = within(run, &x, &one, from, down, 0.5);
                second(run, &x, [&one, &two], from, down, 0.5)
            }
            _ => {
                let two = within(run, &x, &one, from, down, THIRD);
                third(run, &x, [&one, &two], from, down)
            }
        };
        x = run.freshened(moved, up, (-from).exp(), (-to).exp());
        done += order(index);
        (run.observer)(done, &x)?;
    }
    ControlFlow::Continue(x)
}

/// DPM-Solver-23 (section 3.4, "adaptive step size", and appendix C.3): each step is made with orders two and three, and
/// made again shorter where they differ too much. Tolerances and the control of the step's length are those of
/// k-diffusion's `sample_dpm_adaptive`; the usual `eta` is 1, as in stable-diffusion-webui. Progress tells the share of
/// the way in `λ`, in steps.
pub fn dpm_adaptive<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (eta, (start, end)) = (run.eta(1.0), ends(run));
    let steps = run.sigmas.len() - 1;
    let order = if eta > 0.0 { 1.5 } else { 3.0 };
    let mut length = FIRST_LENGTH;
    let mut at = start;
    let mut before: Option<Tensor> = None;
    for _ in 0..ATTEMPTS {
        if at >= end - CLOSE {
            break;
        }
        let to = end.min(at + length);
        let (down, up) = parted(at, to, end, eta);
        let one = noise_at(run, &x, at);
        let two = within(run, &x, &one, at, down, THIRD);
        let low = second(run, &x, [&one, &two], at, down, THIRD);
        let high = third(run, &x, [&one, &two], at, down);
        let wanted = (1.0 / (apart(&low, &high, before.as_ref().unwrap_or(&x)) + 1e-8)).powf(1.0 / order);
        let factor = 1.0 + (wanted - 1.0).atan();
        length *= factor;
        // What is not a number is taken, and told by the observer.
        if factor >= SAFETY || factor.is_nan() {
            before = Some(low);
            x = run.freshened(high, up, (-at).exp(), (-to).exp());
            at = to;
            let share = if at >= end - CLOSE { 1.0 } else { (at - start) / (end - start) };
            (run.observer)(((share * steps as f64) as usize).clamp(1, steps), &x)?;
        }
    }
    ControlFlow::Continue(x)
}

/// How far two results lie apart, 1 is as far as they may: equation C.8 of the paper.
fn apart(low: &Tensor, high: &Tensor, before: &Tensor) -> f64 {
    let values = low.values().iter().zip(high.values()).zip(before.values());
    let squares = values.map(|((low, high), before)| {
        let allowed = TOLERANCE.0.max(TOLERANCE.1 * low.abs().max(before.abs()));
        f64::from((low - high) / allowed).powi(2)
    });
    (squares.sum::<f64>() / low.values().len().max(1) as f64).sqrt()
}
