//! Heun's method: Euler's step is tried, and the slopes of both ends are averaged.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::{SHORTEST, SamplingRun};

/// Karras et al. 2022, algorithm 2. Two passes a step; the last step, which ends without noise, is Euler's, and so is the
/// first of a flow model, which begins at pure noise.
pub fn heun<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (higher, sigma) = run.churned(x, pair[0]);
        x = heun_step(run, &higher, sigma, pair[1]);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

pub(super) fn heun_step<B>(run: &mut SamplingRun<'_, B>, x: &Tensor, from: f64, to: f64) -> Tensor {
    let denoised = (run.denoiser)(x, from);
    let tried = run.toward(x, &denoised, from, to);
    if to <= SHORTEST * from {
        return tried;
    }
    let again = (run.denoiser)(&tried, to);
    // x + (to - from) · ½ ((x - denoised) / from + (tried - again) / to)
    let (first, second) = ((to - from) / (2.0 * from), (to - from) / (2.0 * to));
    run.combine(&[(1.0 + first, x), (-first, &denoised), (second, &tried), (-second, &again)])
}
