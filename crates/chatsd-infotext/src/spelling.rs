//! Values and labels that stable-diffusion-webui spells in its own way. All others stand as the table of parameters has
//! them.

use std::borrow::Cow;

use chatsd_types::{NoiseSource, Parameter, ParameterValues, Request, Sampler, Schedule};

/// The label of eta where the sampler is DDIM.
pub(crate) const ETA_OF_DDIM: &str = "Eta DDIM";
/// What is painted with a mask ("Inpaint area"), where that is not the whole picture.
const ONLY_MASKED: &str = "Only masked";
/// Upscalers that need no file: the name in a request, the name there.
const UPSCALERS: [(&str, &str); 2] = [("latent", "Latent"), ("lanczos", "Lanczos")];

/// The value of a parameter as the text spells it; nothing where it need not be told.
pub(crate) fn written(parameter: &Parameter, request: &Request) -> Option<String> {
    let value = (parameter.get)(request)?;
    Some(match (parameter.key, parameter.values) {
        ("sampler", _) => sampler_label(request.sampler).to_owned(),
        ("schedule", _) => schedule_label(request.schedule).to_owned(),
        ("noise", _) => noise_label(request.noise).to_owned(),
        ("only_masked", _) => ONLY_MASKED.to_owned(),
        ("hires_upscaler", _) => {
            let label = UPSCALERS.iter().find(|(name, _)| *name == value).map(|(_, label)| (*label).to_owned());
            label.unwrap_or(value)
        }
        // As Python prints it.
        (_, ParameterValues::Truth) => if value == "true" { "True" } else { "False" }.to_owned(),
        _ => value,
    })
}

/// A value that the text spells, as [`Parameter::put`] reads it.
pub(crate) fn read<'a>(parameter: &Parameter, value: &'a str) -> Cow<'a, str> {
    match (parameter.key, parameter.values) {
        ("schedule", _) => schedule_name(value).into(),
        ("only_masked", _) => value.eq_ignore_ascii_case(ONLY_MASKED).to_string().into(),
        ("hires_upscaler", _) => {
            UPSCALERS.iter().find(|(_, label)| *label == value).map_or(value, |(name, _)| name).into()
        }
        (_, ParameterValues::Truth) => value.to_lowercase().into(),
        _ => value.into(),
    }
}

/// The name of a schedule of which the label is given, or a name with blanks for its underscores.
pub(crate) fn schedule_name(label: &str) -> String {
    label.replace(' ', "_")
}

/// The name of a sampler in stable-diffusion-webui (`modules/sd_samplers_kdiffusion.py`), where it has it.
fn sampler_label(sampler: Sampler) -> &'static str {
    match sampler {
        Sampler::Euler => "Euler",
        Sampler::EulerAncestral => "Euler a",
        Sampler::Lms => "LMS",
        Sampler::Heun => "Heun",
        Sampler::Dpm2 => "DPM2",
        Sampler::Dpm2Ancestral => "DPM2 a",
        Sampler::DpmPlusPlus2SAncestral => "DPM++ 2S a",
        Sampler::DpmPlusPlus2M => "DPM++ 2M",
        Sampler::DpmPlusPlusSde => "DPM++ SDE",
        Sampler::DpmPlusPlus2MSde => "DPM++ 2M SDE",
        Sampler::DpmPlusPlus2MSdeHeun => "DPM++ 2M SDE Heun",
        Sampler::DpmPlusPlus3MSde => "DPM++ 3M SDE",
        Sampler::DpmFast => "DPM fast",
        Sampler::DpmAdaptive => "DPM adaptive",
        Sampler::Restart => "Restart",
        Sampler::Ddim => "DDIM",
        Sampler::Plms => "PLMS",
        Sampler::UniPc => "UniPC",
        Sampler::Lcm => "LCM",
        Sampler::Tcd => "TCD",
    }
}

/// The label of a schedule in stable-diffusion-webui (`modules/sd_schedulers.py`), where it has it.
fn schedule_label(schedule: Schedule) -> &'static str {
    match schedule {
        Schedule::Automatic => "Automatic",
        Schedule::Uniform => "Uniform",
        Schedule::Karras => "Karras",
        Schedule::Exponential => "Exponential",
        Schedule::Polyexponential => "Polyexponential",
        Schedule::SgmUniform => "SGM Uniform",
        Schedule::KlOptimal => "KL Optimal",
        Schedule::AlignYourSteps => "Align Your Steps",
        Schedule::Simple => "Simple",
        Schedule::Normal => "Normal",
        Schedule::Ddim => "DDIM",
        Schedule::Beta => "Beta",
        Schedule::BetaSteps => "Beta Steps",
        Schedule::Trailing => "Trailing",
        Schedule::Leading => "Leading",
        Schedule::Linspace => "Linspace",
        Schedule::Flow => "Flow",
    }
}

/// As stable-diffusion-webui names its sources of noise; "NV" is the generator of NVIDIA cards.
fn noise_label(noise: NoiseSource) -> &'static str {
    match noise {
        NoiseSource::Cpu => "CPU",
        NoiseSource::Gpu => "NV",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_reads_back() {
        for &schedule in Schedule::ALL {
            assert_eq!(schedule_name(schedule_label(schedule)).parse(), Ok(schedule));
        }
        for &sampler in Sampler::ALL {
            assert_eq!(sampler_label(sampler).parse(), Ok(sampler));
        }
        for &noise in NoiseSource::ALL {
            assert_eq!(noise_label(noise).parse(), Ok(noise));
        }
    }
}
