//! DPM-Solver++ of second and third order, with the predictions of the steps before as the other points (Lu et al. 2022b).
//!
//! Their `λ` is `-ln sigma` here, and their `x / α` our `x`. The first step and the one that ends without noise are of
//! first order, as in diffusers with `final_sigmas_type` "zero" and in k-diffusion.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::SamplingRun;

/// Where the second order term comes from.
#[derive(Clone, Copy)]
enum Second {
    /// The prediction halfway through the step.
    Midpoint,
    /// The slope of the predictions over the step.
    Heun,
}

/// DPM-Solver++(2M): algorithm 2 of the paper.
pub fn dpm_plus_plus_2m<B>(run: &mut SamplingRun<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    second_order(run, x, 0.0, Second::Midpoint)
}

/// SDE-DPM-Solver++(2M), midpoint form, usually with as much fresh noise as the reverse equation has (η = 1): section 5
/// and appendix of the paper, as k-diffusion's `sample_dpmpp_2m_sde`.
pub fn dpm_plus_plus_2m_sde<B>(run: &mut SamplingRun<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    let eta = run.eta(1.0);
    second_order(run, x, eta, Second::Midpoint)
}

/// The same after Heun: `solver_type` "heun" of k-diffusion's `sample_dpmpp_2m_sde`.
pub fn dpm_plus_plus_2m_sde_heun<B>(run: &mut SamplingRun<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    let eta = run.eta(1.0);
    second_order(run, x, eta, Second::Heun)
}

/// `eta` is how much of the noise is made anew at each step.
fn second_order<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor, eta: f64, second: Second) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    let mut last: Option<(Tensor, f64)> = None;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let denoised = (run.denoiser)(&x, from);
        if to > 0.0 {
            let h = (from / to).ln();
            let (kept, new) = shares(from, to, h, eta);
            // x0 as it changes through the step, continued from the last prediction: factors of this one and of that one.
            x = match &last {
                Some((old, h_last)) => {
                    let change = match second {
                        Second::Midpoint => new / 2.0,
                        Second::Heun => 1.0 - new / (h + eta * h),
                    };
                    let change = change * h / h_last;
                    run.combine(&[(kept, &x), (new + change, &denoised), (-change, old)])
                }
                None => run.combine(&[(kept, &x), (new, &denoised)]),
            };
            x = run.freshened(x, fresh(to, h, eta), from, to);
            last = Some((denoised, h));
        } else {
            x = denoised;
        }
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// SDE-DPM-Solver++(3M): third order by the finite differences of the last three predictions, as k-diffusion's
/// `sample_dpmpp_3m_sde`.
pub fn dpm_plus_plus_3m_sde<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (run.sigmas, run.eta(1.0));
    // The predictions of the last two steps, and how long those were.
    let mut before: Option<(Tensor, f64)> = None;
    let mut last: Option<(Tensor, f64)> = None;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let denoised = (run.denoiser)(&x, from);
        if to > 0.0 {
            let h = (from / to).ln();
            let (kept, new) = shares(from, to, h, eta);
            let second = 1.0 - new / (h + eta * h);
            let third = second / (h + eta * h) - 0.5;
            x = match (&last, &before) {
                (Some((one, h_one)), Some((two, h_two))) => {
                    let (r0, r1) = (h_one / h, h_two / h);
                    // Of the first difference, and of the one before it: φ2 (d + (d - d') r0/(r0+r1)) - φ3 (d - d')/(r0+r1).
                    let old = (second * r0 - third) / (r0 + r1);
                    let (near, far) = ((second + old) / r0, -old / r1);
                    run.combine(&[(kept, &x), (new + near, &denoised), (far - near, one), (-far, two)])
                }
                (Some((one, h_one)), None) => {
                    let near = second * h / h_one;
                    run.combine(&[(kept, &x), (new + near, &denoised), (-near, one)])
                }
                _ => run.combine(&[(kept, &x), (new, &denoised)]),
            };
            x = run.freshened(x, fresh(to, h, eta), from, to);
            before = last.replace((denoised, h));
        } else {
            x = denoised;
        }
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// What is left of x, and how much of x0 comes in its place.
fn shares(from: f64, to: f64, h: f64, eta: f64) -> (f64, f64) {
    ((to / from) * (-eta * h).exp(), -(-h - eta * h).exp_m1())
}

/// Deviation of the fresh noise of a step.
fn fresh(to: f64, h: f64, eta: f64) -> f64 {
    to * (-(-2.0 * eta * h).exp_m1()).sqrt()
}
