//! Heun's method: Euler's step is tried, and the slopes of both ends are averaged.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::Walk;

/// A step that leaves less of the noise than this is Euler's: over such a distance the slope at the far end, divided by
/// its small sigma, says nothing.
const SHORTEST: f64 = 0.02;

/// Karras et al. 2022, algorithm 1. Two passes a step; the last step, which ends without noise, is Euler's, and so is the
/// first of a flow model, which begins at pure noise.
pub fn heun<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let denoised = (walk.denoiser)(&x, from);
        let tried = walk.toward(&x, &denoised, from, to);
        x = if to > SHORTEST * from {
            let again = (walk.denoiser)(&tried, to);
            // x + (to - from) · ½ ((x - denoised) / from + (tried - again) / to)
            let (first, second) = ((to - from) / (2.0 * from), (to - from) / (2.0 * to));
            walk.combine(&[(1.0 + first, &x), (-first, &denoised), (second, &tried), (-second, &again)])
        } else {
            tried
        };
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
