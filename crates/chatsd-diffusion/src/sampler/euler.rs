//! Euler's method, with and without fresh noise, and DDIM, which is the same.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::Walk;

/// Euler's method on `dx/dsigma = (x - x0) / sigma`. Karras et al. 2022, algorithm 2 without churn.
pub fn euler<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let denoised = (walk.denoiser)(&x, pair[0]);
        x = walk.toward(&x, &denoised, pair[0], pair[1]);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// DDIM without fresh noise (Song, Meng and Ermon 2021, equation 12 with their sigma 0): divided by `√ᾱ`, one step is
/// `x0 + sigma' · (x - x0) / sigma`, which is Euler's. The last step goes to a clean latent (`ᾱ = 1`).
pub fn ddim<B>(walk: &mut Walk<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    euler(walk, x)
}

/// Euler's method that goes further down and comes back up by fresh noise, as k-diffusion's `sample_euler_ancestral`:
/// the step of ancestral sampling (Ho, Jain and Abbeel 2020) in sigmas.
pub fn euler_ancestral<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let up = to * (1.0 - (to / from).powi(2)).max(0.0).sqrt();
        let down = to * (to / from);
        let denoised = (walk.denoiser)(&x, from);
        x = walk.toward(&x, &denoised, from, down);
        if up > 0.0 {
            let noise = (walk.noise)();
            x = walk.combine(&[(1.0, &x), (up, &noise)]);
        }
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
