//! DPM-Solver++ of second order, with the last step's answer as the second point (Lu et al. 2022b).
//!
//! Their `λ` is `-ln sigma` here, and their `x / α` our `x`. The first step and the one that ends without noise are of
//! first order, as in diffusers with `final_sigmas_type` "zero" and in k-diffusion.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::Walk;

/// DPM-Solver++(2M): algorithm 2 of the paper.
pub fn dpm_plus_plus_2m<B>(walk: &mut Walk<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    solve(walk, x, 0.0)
}

/// SDE-DPM-Solver++(2M), midpoint form, with as much fresh noise as the reverse equation has (η = 1): section 5 and
/// appendix of the paper, as k-diffusion's `sample_dpmpp_2m_sde` with plain Gaussian noise.
pub fn dpm_plus_plus_2m_sde<B>(walk: &mut Walk<'_, B>, x: Tensor) -> ControlFlow<B, Tensor> {
    solve(walk, x, 1.0)
}

/// Both: `eta` is how much of the noise is made anew at each step.
fn solve<B>(walk: &mut Walk<'_, B>, mut x: Tensor, eta: f64) -> ControlFlow<B, Tensor> {
    let sigmas = walk.sigmas;
    let mut last: Option<(Tensor, f64)> = None;
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let denoised = (walk.denoiser)(&x, from);
        if to > 0.0 {
            let h = (from / to).ln();
            // What is left of x, and how much of x0 comes in its place.
            let kept = (to / from) * (-eta * h).exp();
            let new = -(-h - eta * h).exp_m1();
            // x0 halfway through the step, continued from the last answer: factors of this one and of that one.
            x = match &last {
                Some((old, h_last)) => {
                    let slope = h / (2.0 * h_last);
                    walk.combine(&[(kept, &x), (new * (1.0 + slope), &denoised), (-new * slope, old)])
                }
                None => walk.combine(&[(kept, &x), (new, &denoised)]),
            };
            if eta > 0.0 {
                let noise = (walk.noise)();
                x = walk.combine(&[(1.0, &x), (to * (-(-2.0 * eta * h).exp_m1()).sqrt(), &noise)]);
            }
            last = Some((denoised, h));
        } else {
            x = denoised;
        }
        (walk.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
