//! Noise that is added on the way.

use chatsd_tensor::Tensor;

use super::SamplingRun;

/// A step of ancestral sampling (Ho, Jain and Abbeel 2020) in sigmas: how far down it goes, and how much fresh noise
/// brings it back up to `to`. `eta` is the share of the noise that is fresh. As k-diffusion's `get_ancestral_step`.
pub(super) fn ancestral(from: f64, to: f64, eta: f64) -> (f64, f64) {
    let up = to.min(eta * to * (1.0 - (to / from).powi(2)).max(0.0).sqrt());
    ((to * to - up * up).sqrt(), up)
}

impl<B> SamplingRun<'_, B> {
    /// The share of the noise that is made anew: as chosen, else `usual`.
    pub(super) fn eta(&self, usual: f64) -> f64 {
        self.options.eta.map_or(usual, f64::from)
    }

    /// `x` with fresh noise of deviation `amount`, for the way from one sigma to another.
    pub(super) fn freshened(&mut self, x: Tensor, amount: f64, from: f64, to: f64) -> Tensor {
        if amount == 0.0 {
            return x;
        }
        let noise = (self.noise)(from, to);
        self.combine(&[(1.0, &x), (amount * f64::from(self.options.s_noise), &noise)])
    }

    /// Karras et al. 2022, algorithm 2, lines 4 to 6: a latent at `sigma` goes a little up by fresh noise, and the sigma
    /// it is at then. Where it is asked for, noise is drawn in every step, as in k-diffusion, also where none is added.
    pub(super) fn churned(&mut self, x: Tensor, sigma: f64) -> (Tensor, f64) {
        let options = self.options;
        if options.s_churn <= 0.0 {
            return (x, sigma);
        }
        let noise = (self.noise)(sigma, sigma);
        let limit = options.s_tmax.map_or(f64::INFINITY, f64::from);
        if !(f64::from(options.s_tmin)..=limit).contains(&sigma) {
            return (x, sigma);
        }
        let steps = (self.sigmas.len() - 1) as f64;
        let higher = sigma * (1.0 + (f64::from(options.s_churn) / steps).min(std::f64::consts::SQRT_2 - 1.0));
        let amount = (higher * higher - sigma * sigma).sqrt() * f64::from(options.s_noise);
        (self.combine(&[(1.0, &x), (amount, &noise)]), higher)
    }
}
