//! How the noise goes: stepping rules, the spread of noise levels over the steps, and where noise comes from.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{UnknownName, named::named};

named!(
    /// The stepping rule. Names are those of stable-diffusion-webui in small letters; aliases are its old ones and
    /// ComfyUI's.
    Sampler, "sampler", "采样器", {
    /// Euler's method.
    Euler = "euler" | "k_euler",
    /// Euler's method with fresh noise in every step.
    EulerAncestral = "euler a" | "euler_a" | "euler_ancestral" | "euler ancestral" | "k_euler_a" | "k_euler_ancestral",
    /// Linear multistep, order 4.
    Lms = "lms" | "k_lms",
    /// Heun's method: two passes a step.
    Heun = "heun" | "k_heun",
    /// DPM-Solver-2 in sigmas: two passes a step.
    Dpm2 = "dpm2" | "dpm_2" | "k_dpm_2",
    /// The same with fresh noise in every step.
    Dpm2Ancestral = "dpm2 a" | "dpm2_a" | "dpm_2_a" | "dpm_2_ancestral" | "dpm2 ancestral" | "k_dpm_2_a",
    /// DPM-Solver++(2S) with fresh noise in every step: two passes a step.
    DpmPlusPlus2SAncestral = "dpm++ 2s a" | "dpm++2s a" | "dpmpp_2s_a" | "dpmpp_2s_ancestral" | "dpm++ 2s ancestral" | "k_dpmpp_2s_a",
    /// DPM-Solver++(2M).
    DpmPlusPlus2M = "dpm++ 2m" | "dpm++2m" | "dpmpp_2m" | "k_dpmpp_2m",
    /// DPM-Solver++ SDE: two passes a step.
    DpmPlusPlusSde = "dpm++ sde" | "dpmpp_sde" | "k_dpmpp_sde",
    /// DPM-Solver++(2M) SDE, midpoint.
    DpmPlusPlus2MSde = "dpm++ 2m sde" | "dpm++2m sde" | "dpmpp_2m_sde" | "k_dpmpp_2m_sde",
    /// DPM-Solver++(2M) SDE, after Heun.
    DpmPlusPlus2MSdeHeun = "dpm++ 2m sde heun" | "dpmpp_2m_sde_heun" | "k_dpmpp_2m_sde_heun",
    /// DPM-Solver++(3M) SDE.
    DpmPlusPlus3MSde = "dpm++ 3m sde" | "dpm++3m sde" | "dpmpp_3m_sde" | "k_dpmpp_3m_sde",
    /// DPM-Solver of as many passes as there are steps, three to a step where it can.
    DpmFast = "dpm fast" | "dpm_fast" | "k_dpm_fast",
    /// DPM-Solver that chooses its steps itself.
    DpmAdaptive = "dpm adaptive" | "dpm_adaptive" | "k_dpm_ad" | "k_dpm_adaptive",
    /// Heun's method that goes back up once or twice.
    Restart = "restart",
    /// DDIM.
    Ddim = "ddim",
    /// Pseudo linear multistep.
    Plms = "plms",
    /// UniPC, order 2, bh2.
    UniPc = "unipc" | "uni_pc" | "uni-pc" | "uni_pc_bh2",
    /// Latent consistency: jump to the picture, add fresh noise.
    Lcm = "lcm" | "k_lcm",
    /// Trajectory consistency: as the last, with less of the noise fresh.
    Tcd = "tcd",
});

impl Sampler {
    /// How often a step asks the network, as stable-diffusion-webui counts it.
    #[must_use]
    pub fn passes(self) -> u32 {
        use Sampler::{Dpm2, Dpm2Ancestral, DpmPlusPlus2SAncestral, DpmPlusPlusSde, Heun, Restart};
        match self {
            Heun | Dpm2 | Dpm2Ancestral | DpmPlusPlus2SAncestral | DpmPlusPlusSde | Restart => 2,
            _ => 1,
        }
    }

    /// Whether the last noise level before 0 is passed over unless told otherwise: these rules gain nothing from it.
    #[must_use]
    pub fn discards_penultimate(self) -> bool {
        matches!(self, Self::Dpm2 | Self::Dpm2Ancestral | Self::DpmPlusPlus3MSde)
    }

    /// Whether the fresh noise of its steps is that of one Brownian path.
    #[must_use]
    pub fn is_brownian(self) -> bool {
        use Sampler::{DpmPlusPlus2MSde, DpmPlusPlus2MSdeHeun, DpmPlusPlus3MSde, DpmPlusPlusSde};
        matches!(self, DpmPlusPlusSde | DpmPlusPlus2MSde | DpmPlusPlus2MSdeHeun | DpmPlusPlus3MSde)
    }

    /// What "Automatic" means in stable-diffusion-webui 1.10 for this sampler (`sd_samplers_kdiffusion.py`).
    #[must_use]
    pub fn usual_schedule(self) -> Schedule {
        use Sampler::{
            Ddim, Dpm2, Dpm2Ancestral, DpmPlusPlus2M, DpmPlusPlus2MSde, DpmPlusPlus2MSdeHeun, DpmPlusPlus2SAncestral,
            DpmPlusPlus3MSde, DpmPlusPlusSde, Plms, Restart, UniPc,
        };
        match self {
            Dpm2 | Dpm2Ancestral | DpmPlusPlus2M | DpmPlusPlusSde | DpmPlusPlus2SAncestral | Restart => {
                Schedule::Karras
            }
            DpmPlusPlus2MSde | DpmPlusPlus2MSdeHeun | DpmPlusPlus3MSde => Schedule::Exponential,
            Ddim | Plms | UniPc => Schedule::Ddim,
            _ => Schedule::Uniform,
        }
    }
}

named!(
    /// How the noise levels are spread over the steps.
    Schedule, "schedule", "噪声调度", {
    /// What the model's own configuration asks for.
    Automatic = "automatic" | "auto" | "default",
    /// Even in training time steps.
    Uniform = "uniform",
    /// Karras et al. 2022, rho 7.
    Karras = "karras",
    /// Even in log sigma.
    Exponential = "exponential",
    /// A power of an even ramp in log sigma; with the usual power, 1, even in log sigma.
    Polyexponential = "polyexponential",
    /// Even in training time steps, the last of them left out.
    SgmUniform = "sgm_uniform" | "sgmuniform" | "sgm uniform",
    /// Even in the arc tangent of sigma.
    KlOptimal = "kl_optimal" | "kl optimal",
    /// Noise levels optimised for the family of the model.
    AlignYourSteps = "align_your_steps" | "align your steps" | "ays",
    /// Every k-th training noise level, from the noisiest.
    Simple = "simple",
    /// Even in training time steps, as ComfyUI counts them.
    Normal = "normal",
    /// Every k-th training noise level, from the second cleanest; may make a step more than asked for.
    Ddim = "ddim" | "ddim_uniform",
    /// Spread over sigma by a beta distribution, as in stable-diffusion-webui.
    Beta = "beta",
    /// Spread over training time steps by a beta distribution, as in ComfyUI.
    BetaSteps = "beta_steps" | "beta steps",
    /// Diffusers' "trailing" time steps.
    Trailing = "trailing" | "turbo",
    /// Diffusers' "leading" time steps.
    Leading = "leading",
    /// Diffusers' "linspace" time steps.
    Linspace = "linspace",
    /// Even in t of a flow model, then shifted.
    Flow = "flow",
});

named!(
    /// The random generator that makes the starting noise.
    NoiseSource, "noise source", "噪声来源", {
    /// PyTorch's CPU generator.
    Cpu = "cpu",
    /// Philox, as GPU programs use it.
    Gpu = "gpu" | "philox" | "nv",
});

/// A stepping rule, and the spread of noise levels that older names of samplers have in them: `DPM++ 2M Karras`,
/// `k_dpmpp_2m_ka`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedSampler {
    /// The stepping rule.
    pub sampler: Sampler,
    /// The spread, where the name tells one.
    pub schedule: Option<Schedule>,
}

impl FromStr for NamedSampler {
    type Err = UnknownName;

    /// Reads a name of a sampler, or one with a schedule after it; capitals do not matter.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let error = match text.parse() {
            Ok(sampler) => return Ok(Self { sampler, schedule: None }),
            Err(error) => error,
        };
        let text = text.trim().to_lowercase();
        let suffixed = Schedule::ALL.iter().flat_map(|schedule| {
            let name = schedule.name();
            [(name.to_owned(), *schedule), (name.replace('_', " "), *schedule)]
        });
        let suffixed = suffixed.chain([("ka".to_owned(), Schedule::Karras), ("exp".to_owned(), Schedule::Exponential)]);
        for (name, schedule) in suffixed {
            let sampler = text.strip_suffix(&name).and_then(|rest| rest.strip_suffix([' ', '_'])?.parse().ok());
            if let Some(sampler) = sampler {
                return Ok(Self { sampler, schedule: Some(schedule) });
            }
        }
        Err(error)
    }
}

impl fmt::Display for NamedSampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schedule {
            Some(schedule) => write!(f, "{} {schedule}", self.sampler),
            None => self.sampler.fmt(f),
        }
    }
}

/// Settings of a stepping rule. A rule ignores those it has no use for. Karras et al. 2022, table 5, has the `s_…`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SamplerOptions {
    /// How much of the noise is made anew in each step; `None` is 1 for ancestral and SDE rules, 0 for DDIM, 0.3 for TCD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta: Option<f32>,
    /// How much noise is added before the steps of Euler, Heun and DPM2; 0 is none.
    pub s_churn: f32,
    /// Noise is added where sigma is at least this.
    pub s_tmin: f32,
    /// Noise is added where sigma is at most this; `None` is everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s_tmax: Option<f32>,
    /// Factor of all noise but the starting one.
    pub s_noise: f32,
    /// Whether the last noise level before 0 is passed over, besides the rules that always do.
    pub discard_penultimate: bool,
}

impl Default for SamplerOptions {
    fn default() -> Self {
        Self { eta: None, s_churn: 0.0, s_tmin: 0.0, s_tmax: None, s_noise: 1.0, discard_penultimate: false }
    }
}

/// A second seed beside the first ("subseed").
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variation {
    /// The second seed.
    pub seed: u64,
    /// How far the starting noise is turned toward that of the second seed, 0 to 1.
    pub strength: f32,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_name_reads_back() {
        for &sampler in Sampler::ALL {
            assert_eq!(sampler.name().to_uppercase().parse(), Ok(sampler));
        }
        for &schedule in Schedule::ALL {
            assert_eq!(schedule.name().parse(), Ok(schedule));
        }
        let error = "ddpm".parse::<Sampler>().unwrap_err().to_string();
        assert!(error.contains("ddpm") && error.contains("dpm++ 2m sde"), "{error}");
    }

    #[test]
    fn names_of_other_programs_are_read() {
        use Sampler as S;
        let schedule = |schedule| Some(schedule);
        for (text, sampler, expected) in [
            ("Euler a", S::EulerAncestral, None),
            ("DPM++ 2M", S::DpmPlusPlus2M, None),
            ("DPM++ 2M Karras", S::DpmPlusPlus2M, schedule(Schedule::Karras)),
            ("DPM++ 2M SDE Exponential", S::DpmPlusPlus2MSde, schedule(Schedule::Exponential)),
            ("DPM++ 2M SDE Heun Karras", S::DpmPlusPlus2MSdeHeun, schedule(Schedule::Karras)),
            ("DPM++ 2M SDE Heun Exponential", S::DpmPlusPlus2MSdeHeun, schedule(Schedule::Exponential)),
            ("DPM++ 3M SDE Karras", S::DpmPlusPlus3MSde, schedule(Schedule::Karras)),
            ("DPM++ 2S a Karras", S::DpmPlusPlus2SAncestral, schedule(Schedule::Karras)),
            ("DPM++ SDE Karras", S::DpmPlusPlusSde, schedule(Schedule::Karras)),
            ("DPM2 a Karras", S::Dpm2Ancestral, schedule(Schedule::Karras)),
            ("LMS Karras", S::Lms, schedule(Schedule::Karras)),
            ("k_dpmpp_2m_ka", S::DpmPlusPlus2M, schedule(Schedule::Karras)),
            ("k_dpm_2_a_ka", S::Dpm2Ancestral, schedule(Schedule::Karras)),
            ("k_dpmpp_2m_sde_exp", S::DpmPlusPlus2MSde, schedule(Schedule::Exponential)),
            ("euler sgm_uniform", S::Euler, schedule(Schedule::SgmUniform)),
            ("dpmpp_2m align your steps", S::DpmPlusPlus2M, schedule(Schedule::AlignYourSteps)),
            ("dpmpp_sde_karras", S::DpmPlusPlusSde, schedule(Schedule::Karras)),
            ("DDIM", S::Ddim, None),
            ("uni_pc", S::UniPc, None),
        ] {
            assert_eq!(text.parse(), Ok(NamedSampler { sampler, schedule: expected }), "{text}");
        }
        for text in ["karras", " karras", "euler  b", "dpm++ 2mkarras", ""] {
            assert!(text.parse::<NamedSampler>().is_err(), "{text}");
        }
    }

    /// What pictures were kept with before there were more schedules.
    #[test]
    fn names_in_kept_pictures_stay() {
        for (text, schedule) in [
            ("automatic", Schedule::Automatic),
            ("karras", Schedule::Karras),
            ("exponential", Schedule::Exponential),
            ("simple", Schedule::Simple),
            ("trailing", Schedule::Trailing),
            ("leading", Schedule::Leading),
            ("linspace", Schedule::Linspace),
            ("flow", Schedule::Flow),
        ] {
            assert_eq!(text.parse(), Ok(schedule));
        }
        assert_eq!(serde_json::from_str::<SamplerOptions>("{}").unwrap(), SamplerOptions::default());
    }

    proptest! {
        #[test]
        fn every_pair_reads_back(sampler in prop::sample::select(Sampler::ALL), schedule in prop::option::of(prop::sample::select(Schedule::ALL))) {
            let named = NamedSampler { sampler, schedule };
            prop_assert_eq!(named.to_string().parse(), Ok(named));
        }

        #[test]
        fn no_name_makes_it_panic(text in "(?s).{0,20}") {
            let _ = (text.parse::<Sampler>(), text.parse::<Schedule>(), text.parse::<NoiseSource>());
            let _ = text.parse::<NamedSampler>();
        }
    }
}
