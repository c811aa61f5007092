//! Consistency models: the network jumps to the picture at once, and each further step tries again from less noise.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::SamplingRun;

/// Song et al. 2023, algorithm 1 (multistep consistency sampling), with Luo et al. 2023's networks. Their boundary
/// factors `c_skip` and `c_out` are 0 and 1 to six digits at every noise level that a step begins with.
pub fn lcm<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let denoised = (run.denoiser)(&x, pair[0]);
        x = run.freshened(denoised, pair[1], pair[0], pair[1]);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// Zheng et al. 2024, algorithm 4 (strategic stochastic sampling): a jump along the trajectory to an earlier time,
/// `(1 - γ) t`, and back up by fresh noise. Their γ is `eta`, usually 0.3, as in diffusers.
pub fn tcd<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let (sigmas, eta) = (run.sigmas, run.eta(0.3));
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let denoised = (run.denoiser)(&x, from);
        let down = if to > 0.0 { run.levels.earlier(to, 1.0 - eta).min(to) } else { 0.0 };
        x = run.toward(&x, &denoised, from, down);
        x = run.freshened(x, (to * to - down * down).sqrt(), from, to);
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
