//! Noise schedules: which sigmas so many steps go through.

mod beta;

use chatsd_types::Schedule;

use crate::betas;

/// Stands for the infinite sigma of a flow model's `t = 1`, where no picture is left.
const FLOW_SIGMA_MAX: f64 = 1e6;
/// Where schedules that are spread over sigma begin in a flow model.
const FLOW_SIGMA_SPREAD: f64 = 200.0;
/// Karras et al. 2022, section 3, "rho".
const KARRAS_RHO: f64 = 7.0;

/// Sabour et al. 2024, "Align your steps", as its authors publish it for ten steps: of Stable Diffusion 1 and of XL.
const ALIGNED: [[f64; 11]; 2] = [
    [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
    [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029],
];
/// Lee et al. 2024, "Beta sampling is all you need": both parameters of the distribution.
const BETA: f64 = 0.6;

/// The noise levels a model was trained with.
#[derive(Clone, Debug)]
pub struct NoiseLevels {
    /// Sigma of each training time step, ascending.
    sigmas: Vec<f64>,
    /// `Some` for a flow model: how far its times are shifted toward noise, 1 is not at all.
    shift: Option<f64>,
    /// Added to the time steps of [`Schedule::Leading`]: diffusers' `steps_offset`.
    pub offset: usize,
    /// Whether [`Schedule::AlignYourSteps`] takes the numbers of Stable Diffusion XL.
    pub aligned_as_xl: bool,
}

impl NoiseLevels {
    /// A model with preserved variance, `x_t = √ᾱ x0 + √(1-ᾱ) ε` with `ᾱ` the product of `1 - beta`:
    /// `sigma = √((1-ᾱ)/ᾱ)`.
    #[must_use]
    pub fn of_betas(betas: impl IntoIterator<Item = f64>) -> Self {
        let mut alpha = 1.0;
        let sigma = |beta: f64| {
            alpha *= 1.0 - beta;
            ((1.0 - alpha) / alpha).sqrt()
        };
        Self { sigmas: betas.into_iter().map(sigma).collect(), shift: None, offset: 0, aligned_as_xl: false }
    }

    /// Betas whose square roots are even from `first` to `last`: Rombach et al. 2022, diffusers' "scaled_linear".
    #[must_use]
    pub fn scaled_linear(first: f64, last: f64, count: usize) -> Self {
        Self::of_betas(betas::scaled_linear(first, last, count))
    }

    /// A flow model, `z = (1-t) x0 + t ε` (Lipman et al. 2023), with `t' = shift t / (1 + (shift-1) t)` (Esser et al.
    /// 2024, equation 23): `sigma = t' / (1-t')`, a million at `t' = 1`.
    #[must_use]
    pub fn flow(shift: f64, count: usize) -> Self {
        let sigmas = (1..=count).map(|step| flow_sigma(shifted(step as f64 / count as f64, shift)));
        Self { sigmas: sigmas.collect(), shift: Some(shift), offset: 0, aligned_as_xl: false }
    }

    /// Whether it is a flow model.
    #[must_use]
    pub fn is_flow(&self) -> bool {
        self.shift.is_some()
    }

    /// The noisiest level of schedules that are spread over sigma: 200 for a flow model.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.sigmas.last().map_or(0.0, |last| if self.is_flow() { FLOW_SIGMA_SPREAD } else { *last })
    }

    /// The training time step of a sigma, from 0: between two of them by the logarithm, beyond the ends the end.
    /// As `sigma_to_t` of k-diffusion.
    #[must_use]
    pub fn step_of(&self, sigma: f64) -> f64 {
        let above = self.sigmas.partition_point(|&level| level < sigma).clamp(1, self.sigmas.len() - 1);
        let (low, high) = (self.sigmas[above - 1].ln(), self.sigmas[above].ln());
        (above - 1) as f64 + ((sigma.ln() - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// The sigma of a training time step, between two of them by the logarithm: `t_to_sigma` of k-diffusion.
    #[must_use]
    pub fn sigma_of(&self, step: f64) -> f64 {
        let step = step.clamp(0.0, (self.sigmas.len() - 1) as f64);
        let low = step as usize;
        let high = (low + 1).min(self.sigmas.len() - 1);
        let part = step - low as f64;
        ((1.0 - part) * self.sigmas[low].ln() + part * self.sigmas[high].ln()).exp()
    }

    /// The sigma of the training time step at the share `part`, 0 to 1, of the whole one of `sigma`, rounded down as in
    /// diffusers' `TCDScheduler`.
    #[must_use]
    pub(crate) fn earlier(&self, sigma: f64, part: f64) -> f64 {
        let step = self.step_of(sigma).round();
        let earlier = (step * part).floor().max(0.0);
        if earlier == step { sigma } else { self.sigmas[earlier as usize] }
    }

    /// The sigmas of a sampling run: `steps` of them, descending, then 0. Two schedules take other counts, as where they come
    /// from: [`Schedule::Ddim`] more where `steps` does not divide the training time steps, [`Schedule::BetaSteps`]
    /// fewer where two steps would fall on one training time step.
    ///
    /// The ones that diffusers has too are those of its `EulerDiscreteScheduler`; its multistep schedulers round
    /// "leading" and "linspace" a little differently. The others are those of stable-diffusion-webui 1.10
    /// (`sd_schedulers.py`) and k-diffusion, with one difference: there [`Schedule::KlOptimal`] ends at the least sigma
    /// and leaves its noise in the picture; here, as in ComfyUI, it reaches that with the last step but one.
    /// [`Schedule::Automatic`] is [`Schedule::Flow`] for a flow model and [`Schedule::Leading`] for another.
    ///
    /// More steps than training time steps, which a second pass of little strength asks for: schedules that lie between
    /// these anyway grow finer, as in stable-diffusion-webui; so do those that pick every so many-th one, where that
    /// program would take one several times over and divide by their distance, and diffusers refuses. The two that take
    /// other counts end at one step for each, as there.
    ///
    /// # Panics
    /// When there are no steps.
    #[must_use]
    pub fn sigmas(&self, schedule: Schedule, steps: usize) -> Vec<f64> {
        let count = self.sigmas.len();
        assert!(steps > 0, "no steps, expected 1 or more");
        let (min, max, last) = (self.sigmas[0], self.max(), (count - 1) as f64);
        let index = 0..steps;
        let trained = |step: usize| self.sigmas[step.min(count - 1)];
        let first = if self.is_flow() { self.step_of(max) } else { last };
        let mut sigmas: Vec<f64> = match schedule {
            Schedule::Karras => karras(steps, min, max),
            Schedule::Exponential | Schedule::Polyexponential => {
                even(max.ln(), min.ln(), steps).map(f64::exp).collect()
            }
            Schedule::KlOptimal => even(max.atan(), min.atan(), steps).map(f64::tan).collect(),
            Schedule::Uniform | Schedule::Normal => even(first, 0.0, steps).map(|step| self.sigma_of(step)).collect(),
            Schedule::Simple | Schedule::Trailing | Schedule::Leading if steps > count => self.finer(steps),
            Schedule::SgmUniform => even(first, 0.0, steps + 1).take(steps).map(|step| self.sigma_of(step)).collect(),
            Schedule::AlignYourSteps => self.aligned(steps),
            Schedule::Beta => {
                let share = even(1.0, 0.0, steps).map(|share| beta::quantile(share, BETA));
                share.map(|share| min + share * (max - min)).collect()
            }
            Schedule::BetaSteps => {
                let share = even(1.0, 0.0, steps + 1).take(steps).map(|share| beta::quantile(share, BETA));
                let mut steps: Vec<usize> = share.map(|share| (share * first).round_ties_even() as usize).collect();
                steps.dedup();
                steps.into_iter().map(trained).collect()
            }
            Schedule::Simple => {
                // Rounded on the way as in ComfyUI's `simple_scheduler`: 19 · (1000 / 38) is just below 500 there.
                let gap = count as f64 / steps as f64;
                index.map(|index| trained(count - 1 - (index as f64 * gap) as usize)).collect()
            }
            Schedule::Ddim => (1..count.max(2)).step_by((count / steps).max(1)).rev().map(trained).collect(),
            Schedule::Trailing => {
                let time = |index| count as f64 - index as f64 * (count as f64 / steps as f64);
                index.map(|index| trained((time(index).round_ties_even() as usize).max(1) - 1)).collect()
            }
            Schedule::Flow => self.even_in_time(steps),
            Schedule::Automatic if self.is_flow() => self.even_in_time(steps),
            Schedule::Automatic if steps > count => self.finer(steps),
            Schedule::Leading | Schedule::Automatic => {
                let ratio = count / steps;
                let offset = self.offset.min(count - 1 - (steps - 1) * ratio);
                index.rev().map(|index| trained(index * ratio + offset)).collect()
            }
            Schedule::Linspace => even(last, 0.0, steps).map(|step| self.between(step)).collect(),
        };
        sigmas.push(0.0);
        sigmas
    }

    /// The sigmas of one step more, the last but one of them left out: "discard penultimate sigma" of
    /// stable-diffusion-webui.
    ///
    /// # Panics
    /// As [`Self::sigmas`].
    #[must_use]
    pub fn sigmas_without_penultimate(&self, schedule: Schedule, steps: usize) -> Vec<f64> {
        let mut sigmas = self.sigmas(schedule, steps + 1);
        if sigmas.len() > 2 {
            sigmas.remove(sigmas.len() - 2);
        }
        sigmas
    }

    /// More sigmas than training time steps, evenly between these.
    fn finer(&self, steps: usize) -> Vec<f64> {
        even((self.sigmas.len() - 1) as f64, 0.0, steps).map(|step| self.sigma_of(step)).collect()
    }

    /// The published noise levels, or what lies between them by the logarithm where other than eleven are wanted.
    fn aligned(&self, steps: usize) -> Vec<f64> {
        let published = &ALIGNED[usize::from(self.aligned_as_xl)];
        let between = |place: f64| {
            let low = (place as usize).min(published.len() - 2);
            let (high, low_at) = (published[low + 1].ln(), published[low].ln());
            (low_at + (place - low as f64) * (high - low_at)).exp()
        };
        even(0.0, (published.len() - 1) as f64, steps).map(between).collect()
    }

    /// Even in the `t` of a flow model from its noisiest, then shifted.
    fn even_in_time(&self, steps: usize) -> Vec<f64> {
        let (shift, first) = match self.shift {
            Some(shift) => (shift, 1.0),
            None => (1.0, self.max() / (1.0 + self.max())),
        };
        even(first, 0.0, steps + 1).take(steps).map(|t| flow_sigma(shifted(t, shift))).collect()
    }

    /// The sigma between two training time steps, even in sigma: numpy's `interp`.
    fn between(&self, step: f64) -> f64 {
        let low = (step as usize).min(self.sigmas.len() - 1);
        let high = (low + 1).min(self.sigmas.len() - 1);
        self.sigmas[low] + (step - low as f64) * (self.sigmas[high] - self.sigmas[low])
    }
}

/// The sigmas of image to image: the last `strength` of all steps, at least one of them unless `strength` is 0.
#[must_use]
pub fn from_strength(sigmas: &[f64], strength: f64) -> &[f64] {
    let steps = sigmas.len() - 1;
    let done = (steps as f64 * strength.clamp(0.0, 1.0)) as usize;
    let done = if strength > 0.0 { done.max(1) } else { 0 };
    &sigmas[steps - done..]
}

/// Karras et al. 2022, equation 5, without the 0 at its end.
pub(crate) fn karras(steps: usize, min: f64, max: f64) -> Vec<f64> {
    let root = 1.0 / KARRAS_RHO;
    even(max.powf(root), min.powf(root), steps).map(|x| x.powf(KARRAS_RHO)).collect()
}

/// `count` numbers from `first` to `last`, both included; a single one is `first`.
fn even(first: f64, last: f64, count: usize) -> impl Iterator<Item = f64> {
    let gaps = count.saturating_sub(1).max(1) as f64;
    (0..count).map(move |index| first + (last - first) * (index as f64 / gaps))
}

fn shifted(t: f64, shift: f64) -> f64 {
    shift * t / (1.0 + (shift - 1.0) * t)
}

fn flow_sigma(t: f64) -> f64 {
    (t / (1.0 - t)).min(FLOW_SIGMA_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_descends_to_zero() {
        for levels in [NoiseLevels::scaled_linear(0.00085, 0.012, 1000), NoiseLevels::flow(2.0, 1000)] {
            let levels = NoiseLevels { offset: 1, ..levels };
            for &schedule in Schedule::ALL {
                for steps in [1, 2, 3, 7, 20, 999, 1000, 1001, 1200, 20_000] {
                    let sigmas = levels.sigmas(schedule, steps);
                    match schedule {
                        Schedule::Ddim => assert!((steps.min(999)..=2 * steps.min(500)).contains(&(sigmas.len() - 1))),
                        Schedule::BetaSteps => assert!((1..=steps.min(1000)).contains(&(sigmas.len() - 1))),
                        _ => assert_eq!(sigmas.len(), steps + 1, "{schedule} {steps}"),
                    }
                    assert!(sigmas.is_sorted_by(|a, b| a > b), "{schedule}, {steps} steps");
                    assert_eq!(sigmas.last(), Some(&0.0));
                    let limit = if levels.is_flow() { FLOW_SIGMA_MAX } else { levels.max() };
                    // The published 14.615 is rounded.
                    assert!(sigmas[0] <= limit * (1.0 + 3e-5), "{schedule} {steps}: {}", sigmas[0]);
                }
            }
        }
    }

    #[test]
    fn a_sigma_has_the_time_step_it_came_of() {
        let levels = NoiseLevels::scaled_linear(0.00085, 0.012, 1000);
        for step in [0, 1, 500, 999] {
            assert!((levels.step_of(levels.sigmas[step]) - step as f64).abs() < 1e-9);
            assert!((levels.sigma_of(step as f64) - levels.sigmas[step]).abs() < 1e-12 * levels.sigmas[step]);
        }
        assert_eq!(levels.step_of(1e-9), 0.0);
        assert_eq!(levels.step_of(1e9), 999.0);
    }

    #[test]
    fn the_flow_of_the_built_in_model_is_its_recipe() {
        let levels = NoiseLevels::flow(2.0, 1000);
        let sigmas = levels.sigmas(Schedule::Flow, 4);
        // t = 1, 0.75, 0.5, 0.25, 0; t' = 2t / (1 + t); sigma = t' / (1 - t'), the first one infinite.
        for (found, expected) in sigmas.iter().zip([FLOW_SIGMA_MAX, 6.0, 2.0, 2.0 / 3.0, 0.0]) {
            assert!((found - expected).abs() < 1e-9, "{sigmas:?}");
        }
    }

    /// ComfyUI's `simple_scheduler`: `sigmas[-(1 + int(x * ss))]` for x from 0, with `ss = len(sigmas) / steps`.
    #[test]
    fn simple_takes_every_so_many_th_training_sigma_from_the_noisiest() {
        let levels = NoiseLevels::scaled_linear(0.00085, 0.012, 1000);
        let steps_of = |steps: usize| -> Vec<usize> {
            let sigmas = levels.sigmas(Schedule::Simple, steps);
            sigmas[..steps].iter().map(|sigma| levels.sigmas.iter().position(|level| level == sigma).unwrap()).collect()
        };
        assert_eq!(steps_of(1), [999]);
        assert_eq!(steps_of(3), [999, 666, 333]); // int of 0, 333.3, 666.7
        assert_eq!(steps_of(4), [999, 749, 499, 249]);
        assert_eq!(steps_of(7), [999, 857, 714, 571, 428, 285, 142]); // int of 0, 142.9, 285.7, 428.6, 571.4, 714.3, 857.1
        assert_eq!(steps_of(38)[19], 1000 - 500); // in doubles 19 · (1000 / 38) is 499.99999999999994
        // ᾱ of the first steps: 1 - 0.00085, and that times 1 - (√0.00085 + (√0.012 - √0.00085) / 999)².
        let sigmas = levels.sigmas(Schedule::Simple, 1000);
        for (found, expected) in sigmas[998..].iter().zip([0.0413144119967829, 0.0291671581517200, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    /// diffusers' `FlowMatchEulerDiscreteScheduler` shifts its `t` by `shift t / (1 + (shift - 1) t)`; a `t` of ours is
    /// `sigma / (1 + sigma)`.
    #[test]
    fn a_flow_is_shifted_as_in_diffusers() {
        // t = 1, 0.8, 0.6, 0.4, 0.2, shifted by 3: 3t / (1 + 2t).
        let sigmas = NoiseLevels::flow(3.0, 1000).sigmas(Schedule::Flow, 5);
        for (sigma, expected) in sigmas.iter().zip([1.0, 12.0 / 13.0, 9.0 / 11.0, 2.0 / 3.0, 3.0 / 7.0, 0.0]) {
            let t = sigma / (1.0 + sigma);
            assert!((t - expected).abs() < 2e-6, "{t}, expected {expected}"); // the first is a million, not infinite
        }
    }

    #[test]
    fn strength_takes_the_last_steps() {
        let sigmas = [4.0, 3.0, 2.0, 1.0, 0.0];
        for (strength, expected) in [(1.0, 4), (0.75, 3), (0.6, 2), (0.01, 1), (0.0, 0), (7.0, 4)] {
            assert_eq!(from_strength(&sigmas, strength).len(), expected + 1, "{strength}");
        }
    }
}
