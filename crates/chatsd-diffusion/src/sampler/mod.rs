//! The stepping rules: each walks a noisy latent down a list of sigmas to a clean one.
//!
//! The state is always `x = x0 + sigma · noise` (Karras et al. 2022), whatever the network works on, so that one
//! function serves models with preserved variance and flow models alike: the denoiser translates. A rule is one
//! function from one paper; it asks the denoiser for `x0` and reports after each step.

mod dpm;
mod euler;
mod heun;
mod lcm;
mod unipc;

use std::ops::ControlFlow;

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::Sampler;

pub use self::{
    dpm::{dpm_plus_plus_2m, dpm_plus_plus_2m_sde},
    euler::{ddim, euler, euler_ancestral},
    heun::heun,
    lcm::lcm,
    unipc::unipc,
};

/// What a stepping rule works with. `B` is what the observer breaks off with.
pub struct Walk<'a, B> {
    /// Adds tensors.
    pub engine: &'a Engine,
    /// Noise levels, descending, the last one 0: one more than there are steps.
    pub sigmas: &'a [f64],
    /// The clean latent that is expected behind a noisy one of that sigma.
    pub denoiser: &'a mut dyn FnMut(&Tensor, f64) -> Tensor,
    /// Fresh standard normal noise, shaped as the latent.
    pub noise: &'a mut dyn FnMut() -> Tensor,
    /// Called after each step, counted from 1, with the latent there; may stop the walk.
    pub observer: &'a mut dyn FnMut(usize, &Tensor) -> ControlFlow<B>,
}

/// A stepping rule: takes the latent at the first sigma, returns the one at the last.
pub type Rule<B> = fn(&mut Walk<'_, B>, Tensor) -> ControlFlow<B, Tensor>;

/// The function of a sampler's name.
#[must_use]
pub fn rule<B>(sampler: Sampler) -> Rule<B> {
    match sampler {
        Sampler::Euler => euler,
        Sampler::EulerAncestral => euler_ancestral,
        Sampler::Heun => heun,
        Sampler::DpmPlusPlus2M => dpm_plus_plus_2m,
        Sampler::DpmPlusPlus2MSde => dpm_plus_plus_2m_sde,
        Sampler::Ddim => ddim,
        Sampler::Lcm => lcm,
        Sampler::UniPc => unipc,
    }
}

impl<B> Walk<'_, B> {
    fn combine(&self, terms: &[(f64, &Tensor)]) -> Tensor {
        // No rule has more than five terms.
        let mut rounded = [(0.0, terms[0].1); 5];
        for (rounded, (factor, x)) in rounded.iter_mut().zip(terms) {
            *rounded = (*factor as f32, *x);
        }
        self.engine.combine(&rounded[..terms.len()])
    }

    /// Keeps the direction from `denoised` to `x` and shortens it from `from` to `to`.
    fn toward(&self, x: &Tensor, denoised: &Tensor, from: f64, to: f64) -> Tensor {
        self.combine(&[(to / from, x), (1.0 - to / from, denoised)])
    }
}
