//! The samplers: each takes a noisy latent down a list of sigmas to a clean one.
//!
//! The state is always `x = x0 + sigma · noise` (Karras et al. 2022), whatever the network works on, so that one
//! function serves models with preserved variance and flow models alike: the denoiser translates. A sampler is one
//! function from one paper; it asks the denoiser for `x0` and reports after each step.

mod dpm;
mod dpm_single;
mod dpm_solver;
mod euler;
mod fresh;
mod heun;
mod lcm;
mod linear;
mod restart;
mod unipc;

use std::ops::ControlFlow;

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{Sampler, SamplerOptions};

use crate::schedule::NoiseLevels;

pub use self::{
    dpm::{dpm_plus_plus_2m, dpm_plus_plus_2m_sde, dpm_plus_plus_2m_sde_heun, dpm_plus_plus_3m_sde},
    dpm_single::{dpm_2, dpm_2_ancestral, dpm_plus_plus_2s_ancestral, dpm_plus_plus_sde},
    dpm_solver::{dpm_adaptive, dpm_fast},
    euler::{ddim, euler, euler_ancestral},
    heun::heun,
    lcm::{lcm, tcd},
    linear::{lms, plms},
    restart::restart,
    unipc::unipc,
};

/// A step that leaves less of the noise than this is Euler's where a sampler calls the network twice: over such a distance the slope at
/// the far end, divided by its small sigma, says nothing. It is the first step of a flow model, which begins at pure
/// noise.
const SHORTEST: f64 = 0.02;

/// What a sampler works with. `B` is what the observer breaks off with.
pub struct SamplingRun<'a, B> {
    /// Adds tensors.
    pub engine: &'a Engine,
    /// Noise levels, descending, the last one 0: one more than there are steps.
    pub sigmas: &'a [f64],
    /// The noise levels that the model was trained with.
    pub levels: &'a NoiseLevels,
    /// Settings of the sampler.
    pub options: &'a SamplerOptions,
    /// The predicted x0 of a noisy latent of that sigma.
    pub denoiser: &'a mut dyn FnMut(&Tensor, f64) -> Tensor,
    /// Fresh standard normal noise, shaped as the latent, for the way from one sigma to another.
    pub noise: &'a mut dyn FnMut(f64, f64) -> Tensor,
    /// Called after each step, counted from 1, with the latent there; may stop the run. The last step is told as many
    /// as there are sigmas less one.
    pub observer: &'a mut dyn FnMut(usize, &Tensor) -> ControlFlow<B>,
}

/// A sampler: takes the latent at the first sigma, returns the one at the last.
pub type SamplerFunction<B> = fn(&mut SamplingRun<'_, B>, Tensor) -> ControlFlow<B, Tensor>;

/// The function of a sampler's name.
#[must_use]
pub fn sampler<B>(sampler: Sampler) -> SamplerFunction<B> {
    match sampler {
        Sampler::Euler => euler,
        Sampler::EulerAncestral => euler_ancestral,
        Sampler::Lms => lms,
        Sampler::Heun => heun,
        Sampler::Dpm2 => dpm_2,
        Sampler::Dpm2Ancestral => dpm_2_ancestral,
        Sampler::DpmPlusPlus2SAncestral => dpm_plus_plus_2s_ancestral,
        Sampler::DpmPlusPlus2M => dpm_plus_plus_2m,
        Sampler::DpmPlusPlusSde => dpm_plus_plus_sde,
        Sampler::DpmPlusPlus2MSde => dpm_plus_plus_2m_sde,
        Sampler::DpmPlusPlus2MSdeHeun => dpm_plus_plus_2m_sde_heun,
        Sampler::DpmPlusPlus3MSde => dpm_plus_plus_3m_sde,
        Sampler::DpmFast => dpm_fast,
        Sampler::DpmAdaptive => dpm_adaptive,
        Sampler::Restart => restart,
        Sampler::Ddim => ddim,
        Sampler::Plms => plms,
        Sampler::UniPc => unipc,
        Sampler::Lcm => lcm,
        Sampler::Tcd => tcd,
    }
}

impl<B> SamplingRun<'_, B> {
    fn combine(&self, terms: &[(f64, &Tensor)]) -> Tensor {
        // No sampler has more than five terms.
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

    /// The direction from `denoised` to `x` for one unit of sigma.
    fn slope(&self, x: &Tensor, denoised: &Tensor, sigma: f64) -> Tensor {
        self.combine(&[(1.0 / sigma, x), (-1.0 / sigma, denoised)])
    }
}
