//! Latent consistency: the network jumps to the picture at once, and each further step tries again from less noise.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::Walk;

/// Song et al. 2023, algorithm 1 (multistep consistency sampling), with Luo et al. 2023's networks. Their boundary
/// factors `c_skip` and `c_out` are 0 and 1 to six digits at every noise level that a step begins with.
pub fn lcm<B>(walk: &mut Walk<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let denoised = (walk.denoiser)(&x, pair[0]);
        x = if pair[1] > 0.0 {
            let noise = (walk.noise)();
            walk.combine(&[(1.0, &denoised), (pair[1], &noise)])
        } else {
            denoised
        };
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
