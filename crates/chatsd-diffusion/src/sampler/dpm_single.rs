//! DPM-Solvers that ask a second time within a step: at its middle in `λ = -ln sigma`.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::{SHORTEST, Walk, fresh::ancestral};

/// DPM-Solver-2 (Lu et al. 2022a, algorithm 1) with the steps of Karras et al. 2022, algorithm 2, as k-diffusion's
/// `sample_dpm_2`.
pub fn dpm_2<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (higher, sigma) = walk.churned(x, pair[0]);
        x = midpoint_of_slopes(walk, &higher, sigma, pair[1]);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// The same to a lower sigma, and up again by fresh noise, as k-diffusion's `sample_dpm_2_ancestral`.
pub fn dpm_2_ancestral<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (walk.sigmas, walk.eta(1.0));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (down, up) = ancestral(pair[0], pair[1], eta);
        x = midpoint_of_slopes(walk, &x, pair[0], down);
        x = walk.freshened(x, up, pair[0], pair[1]);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// The whole step with the slope of its middle.
fn midpoint_of_slopes<B>(walk: &mut Walk<'_, B>, x: &Tensor, from: f64, to: f64) -> Tensor {
    let denoised = (walk.denoiser)(x, from);
    if to <= SHORTEST * from {
        return walk.toward(x, &denoised, from, to);
    }
    let middle = (from * to).sqrt();
    let halfway = walk.toward(x, &denoised, from, middle);
    let again = (walk.denoiser)(&halfway, middle);
    let slope = (to - from) / middle;
    walk.combine(&[(1.0, x), (slope, &halfway), (-slope, &again)])
}

/// DPM-Solver++(2S) (Lu et al. 2022b, algorithm 1) to a lower sigma, and up again by fresh noise, as k-diffusion's
/// `sample_dpmpp_2s_ancestral`.
pub fn dpm_plus_plus_2s_ancestral<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (walk.sigmas, walk.eta(1.0));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let (down, up) = ancestral(from, to, eta);
        let mut denoised = (walk.denoiser)(&x, from);
        if down > 0.0 {
            let middle = (from * down).sqrt();
            let halfway = walk.toward(&x, &denoised, from, middle);
            denoised = (walk.denoiser)(&halfway, middle);
        }
        x = walk.toward(&x, &denoised, from, down);
        x = walk.freshened(x, up, from, to);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// SDE-DPM-Solver++ with a second pass at the middle of each step, both halves with fresh noise, as k-diffusion's
/// `sample_dpmpp_sde` with r = ½ (Lu et al. 2022b, section 5, gives the equation).
pub fn dpm_plus_plus_sde<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (walk.sigmas, walk.eta(1.0));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let mut denoised = (walk.denoiser)(&x, from);
        if to > 0.0 {
            let middle = (from * to).sqrt();
            let (down, up) = ancestral(from, middle, eta);
            let halfway = walk.toward(&x, &denoised, from, down);
            let halfway = walk.freshened(halfway, up, from, middle);
            denoised = (walk.denoiser)(&halfway, middle);
        }
        let (down, up) = ancestral(from, to, eta);
        x = walk.toward(&x, &denoised, from, down);
        x = walk.freshened(x, up, from, to);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
