//! Euler's method, with and without fresh noise, and DDIM, which is the same.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::{Walk, fresh::ancestral};

/// Euler's method on `dx/dsigma = (x - x0) / sigma`. Karras et al. 2022, algorithm 2 without its correction.
pub fn euler<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (higher, sigma) = walk.churned(x, pair[0]);
        let denoised = (walk.denoiser)(&higher, sigma);
        x = walk.toward(&higher, &denoised, sigma, pair[1]);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// DDIM (Song, Meng and Ermon 2021, equations 12 and 16). Divided by `√ᾱ`, one step is an ancestral one, where their
/// eta has the same meaning; the usual one is 0, and then it is Euler's. The last step goes to a clean latent (`ᾱ = 1`).
pub fn ddim<B>(walk: &mut Walk<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    let eta = walk.eta(0.0);
    down_and_up(walk, x, eta)
}

/// Euler's method that goes further down and comes back up by fresh noise, as k-diffusion's `sample_euler_ancestral`.
pub fn euler_ancestral<B>(walk: &mut Walk<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    let eta = walk.eta(1.0);
    down_and_up(walk, x, eta)
}

fn down_and_up<B>(walk: &mut Walk<'_, B>, mut x: Tensor, eta: f64) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let (down, up) = ancestral(from, to, eta);
        let denoised = (walk.denoiser)(&x, from);
        x = walk.toward(&x, &denoised, from, down);
        x = walk.freshened(x, up, from, to);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
