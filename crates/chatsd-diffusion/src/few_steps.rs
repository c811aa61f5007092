//! Adapters that make a model paint in few steps: which there are, and how a model is then used.
//!
//! Their tensors are a LoRA's like any other's, so they are told by their names.

use chatsd_types::{ModelCard, Sampler, Schedule};

/// How a model is used with an adapter of one kind.
struct FewSteps {
    /// One of these stands in its name.
    words: &'static [&'static str],
    /// None of these does.
    without: &'static [&'static str],
    /// Steps, unless its name says how many it was made for.
    steps: u32,
    guidance: f32,
    sampler: Sampler,
    schedule: Schedule,
}

const KINDS: [FewSteps; 8] = [
    // Ren et al. 2024, and the model card of ByteDance/Hyper-SD: those that keep guidance take 5 to 8.
    FewSteps {
        words: &["hyper-sd", "hyper_sd", "hypersd", "hyper-sdxl"],
        without: &["1step", "1-step"],
        steps: 8,
        guidance: 1.0,
        sampler: Sampler::Ddim,
        schedule: Schedule::Trailing,
    },
    // Of one step: the same card, with the scheduler of TCD.
    FewSteps {
        words: &["hyper-sd", "hyper_sd", "hypersd", "hyper-sdxl"],
        without: &[],
        steps: 1,
        guidance: 1.0,
        sampler: Sampler::Tcd,
        schedule: Schedule::Trailing,
    },
    // Lin, Wang and Yang 2024, and the model card of ByteDance/SDXL-Lightning.
    FewSteps {
        words: &["lightning"],
        without: &[],
        steps: 4,
        guidance: 1.0,
        sampler: Sampler::Euler,
        schedule: Schedule::Trailing,
    },
    // Zheng et al. 2024, and the model card of h1t/TCD-SDXL-LoRA.
    FewSteps {
        words: &["tcd"],
        without: &[],
        steps: 4,
        guidance: 1.0,
        sampler: Sampler::Tcd,
        schedule: Schedule::Trailing,
    },
    // Yan et al. 2024: each step goes from one end of a window to the other, which over its four windows is DDIM;
    // guidance as in the model card of hansyan/perflow-sd15-dreamshaper.
    FewSteps {
        words: &["perflow"],
        without: &[],
        steps: 4,
        guidance: 4.5,
        sampler: Sampler::Ddim,
        schedule: Schedule::Trailing,
    },
    // Yin et al. 2024 (DMD2), and the model card of tianweiy/DMD2.
    FewSteps {
        words: &["dmd2"],
        without: &[],
        steps: 4,
        guidance: 1.0,
        sampler: Sampler::Lcm,
        schedule: Schedule::Trailing,
    },
    // Sauer et al. 2023: the difference of SDXL-Turbo from SDXL, used as stabilityai/sdxl-turbo is.
    FewSteps {
        words: &["turbo"],
        without: &[],
        steps: 4,
        guidance: 1.0,
        sampler: Sampler::EulerAncestral,
        schedule: Schedule::Trailing,
    },
    // Luo et al. 2023, and the model card of latent-consistency/lcm-lora-sdv1-5.
    FewSteps {
        words: &["lcm"],
        without: &[],
        steps: 4,
        guidance: 1.0,
        sampler: Sampler::Lcm,
        schedule: Schedule::Automatic,
    },
];

/// Puts into a model's card what an adapter with one of these names brings; whether there is one for few steps.
pub(crate) fn bring<'a>(names: impl Iterator<Item = &'a str> + Clone, card: &mut ModelCard) -> bool {
    let names = names.map(str::to_lowercase);
    let mut found = names.filter_map(|name| {
        // A word on its own: "helmcraft" has nothing to do with LCM.
        let has = |word: &&&str| {
            let alone = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphabetic());
            name.match_indices(**word).any(|(at, word)| {
                alone(name[..at].chars().next_back()) && alone(name[at + word.len()..].chars().next())
            })
        };
        let is = |kind: &&FewSteps| {
            kind.words.iter().any(|word| has(&word)) && !kind.without.iter().any(|word| name.contains(word))
        };
        KINDS.iter().find(is).map(|kind| (kind, steps_of(&name), name.clone()))
    });
    let Some((kind, steps, name)) = found.next() else { return false };
    // Hyper-SD with guidance says so.
    let keeps_guidance = kind.words.contains(&"hyper-sd") && name.contains("cfg");
    card.steps = steps.unwrap_or(kind.steps);
    card.guidance = if keeps_guidance { 5.0 } else { kind.guidance };
    (card.sampler, card.schedule) = (kind.sampler, kind.schedule);
    true
}

/// The number of steps that a name says: that before "step".
fn steps_of(name: &str) -> Option<u32> {
    let before = name[..name.find("step")?].trim_end_matches(['-', '_', ' ']);
    let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    before[before.len() - digits..].parse().ok().filter(|steps| (1..=50).contains(steps))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn card() -> ModelCard {
        ModelCard {
            name: String::new(),
            family: "sd1".into(),
            hash: String::new(),
            licence: String::new(),
            size: chatsd_types::Size { width: 512, height: 512 },
            size_step: 8,
            size_limit: 2048,
            steps: 20,
            guidance: 7.0,
            sampler: Sampler::DpmPlusPlus2M,
            schedule: Schedule::Karras,
        }
    }

    #[test]
    fn the_names_of_published_adapters_are_known() {
        use Sampler::{Ddim, Euler, EulerAncestral, Lcm, Tcd};
        for (name, steps, guidance, sampler) in [
            ("lcm-lora-sdv1-5", 4, 1.0, Lcm),
            ("pytorch_lora_weights_LCM", 4, 1.0, Lcm),
            ("Hyper-SD15-8steps-lora", 8, 1.0, Ddim),
            ("Hyper-SDXL-1step-lora", 1, 1.0, Tcd),
            ("Hyper-SDXL-12steps-CFG-lora", 12, 5.0, Ddim),
            ("sdxl_lightning_2step_lora", 2, 1.0, Euler),
            ("TCD-SD15-LoRA", 4, 1.0, Tcd),
            ("perflow-sd15", 4, 4.5, Ddim),
            ("sd_xl_turbo_lora_v1", 4, 1.0, EulerAncestral),
            ("dmd2_sdxl_4step_lora_fp16", 4, 1.0, Lcm),
        ] {
            let mut card = card();
            assert!(bring([name].into_iter(), &mut card), "{name}");
            assert_eq!((card.steps, card.guidance, card.sampler), (steps, guidance, sampler), "{name}");
        }
        for name in ["helmcraft", "add_detail", "turbocharger", "3steps"] {
            assert!(!bring([name].into_iter(), &mut card()), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in "(lcm|hyper-sd|[0-9]{0,12}|[-_ ]|step|\\PC){0,6}") {
            let _ = bring([name.as_str()].into_iter(), &mut card());
        }
    }
}
