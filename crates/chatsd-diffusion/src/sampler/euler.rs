//! Euler's method, with and without fresh noise, and DDIM, which is the same.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::{SamplingRun, fresh::ancestral};

/// Euler's method on `dx/dsigma = (x - x0) / sigma`. Karras et al. 2022, algorithm 2 without its correction.
pub fn euler<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (higher, sigma) = run.churned(x, pair[0]);
        let denoised = (run.denoiser)(&higher, sigma);
        x = run.toward(&higher, &denoised, sigma, pair[1]);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// DDIM (Song, Meng and Ermon 2021, equations 12 and 16). Divided by `√ᾱ`, one step is an ancestral one, where their
/// eta has the same meaning; the usual one is 0, and then it is Euler's. The last step goes to a clean latent (`ᾱ = 1`).
pub fn ddim<B>(run: &mut SamplingRun<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    let eta = run.eta(0.0);
    down_and_up(run, x, eta)
}

/// Euler's method that goes further down and comes back up by fresh noise, as k-diffusion's `sample_euler_ancestral`.
pub fn euler_ancestral<B>(run: &mut SamplingRun<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    let eta = run.eta(1.0);
    down_and_up(run, x, eta)
}

fn down_and_up<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor, eta: f64) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let (down, up) = ancestral(from, to, eta);
        let denoised = (run.denoiser)(&x, from);
        x = run.toward(&x, &denoised, from, down);
        x = run.freshened(x, up, from, to);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
