//! Consistency models: the network jumps to the picture at once, and each further step tries again from less noise.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::Walk;

/// Song et al. 2023, algorithm 1 (multistep consistency sampling), with Luo et al. 2023's networks. Their boundary
/// factors `c_skip` and `c_out` are 0 and 1 to six digits at every noise level that a step begins with.
pub fn lcm<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let denoised = (walk.denoiser)(&x, pair[0]);
        x = walk.freshened(denoised, pair[1], pair[0], pair[1]);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// Zheng et al. 2024, algorithm 4 (strategic stochastic sampling): a jump along the trajectory to an earlier time,
/// `(1 - γ) t`, and back up by fresh noise. Their γ is `eta`, usually 0.3, as in diffusers.
pub fn tcd<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (walk.sigmas, walk.eta(0.3));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let denoised = (walk.denoiser)(&x, from);
        let down = if to > 0.0 { walk.levels.earlier(to, 1.0 - eta).min(to) } else { 0.0 };
        x = walk.toward(&x, &denoised, from, down);
        x = walk.freshened(x, (to * to - down * down).sqrt(), from, to);
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
