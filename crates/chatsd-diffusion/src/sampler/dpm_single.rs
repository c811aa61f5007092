//! DPM-Solvers that call the network a second time within a step: at its middle in `λ = -ln sigma`.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::{SHORTEST, SamplingRun, fresh::ancestral};

/// DPM-Solver-2 (Lu et al. 2022a, algorithm 1) with the steps of Karras et al. 2022, algorithm 2, as k-diffusion's
/// `sample_dpm_2`.
pub fn dpm_2<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (higher, sigma) = run.churned(x, pair[0]);
        x = midpoint_of_slopes(run, &higher, sigma, pair[1]);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// The same to a lower sigma, and up again by fresh noise, as k-diffusion's `sample_dpm_2_ancestral`.
pub fn dpm_2_ancestral<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (run.sigmas, run.eta(1.0));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (down, up) = ancestral(pair[0], pair[1], eta);
        x = midpoint_of_slopes(run, &x, pair[0], down);
        x = run.freshened(x, up, pair[0], pair[1]);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// The whole step with the slope of its middle.
fn midpoint_of_slopes<B>(run: &mut SamplingRun<'_, B>, x: &Tensor, from: f64, to: f64) -> Tensor {
    let denoised = (run.denoiser)(x, from);
    if to <= SHORTEST * from {
        return run.toward(x, &denoised, from, to);
    }
    let middle = (from * to).sqrt();
    let halfway = run.toward(x, &denoised, from, middle);
    let again = (run.denoiser)(&halfway, middle);
    let slope = (to - from) / middle;
    run.combine(&[(1.0, x), (slope, &halfway), (-slope, &again)])
}

/// DPM-Solver++(2S) (Lu et al. 2022b, algorithm 1) to a lower sigma, and up again by fresh noise, as k-diffusion's
/// `sample_dpmpp_2s_ancestral`.
pub fn dpm_plus_plus_2s_ancestral<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (run.sigmas, run.eta(1.0));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let (down, up) = ancestral(from, to, eta);
        let mut denoised = (run.denoiser)(&x, from);
        if down > 0.0 {
            let middle = (from * down).sqrt();
            let halfway = run.toward(&x, &denoised, from, middle);
            denoised = (run.denoiser)(&halfway, middle);
        }
        x = run.toward(&x, &denoised, from, down);
        x = run.freshened(x, up, from, to);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// SDE-DPM-Solver++ with a second pass at the middle of each step, both halves with fresh noise, as k-diffusion's
/// `sample_dpmpp_sde` with r = ½ (Lu et al. 2022b, section 5, gives the equation).
pub fn dpm_plus_plus_sde<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (run.sigmas, run.eta(1.0));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let mut denoised = (run.denoiser)(&x, from);
        if to > 0.0 {
            let middle = (from * to).sqrt();
            let (down, up) = ancestral(from, middle, eta);
            let halfway = run.toward(&x, &denoised, from, down);
            let halfway = run.freshened(halfway, up, from, middle);
            denoised = (run.denoiser)(&halfway, middle);
        }
        let (down, up) = ancestral(from, to, eta);
        x = run.toward(&x, &denoised, from, down);
        x = run.freshened(x, up, from, to);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
