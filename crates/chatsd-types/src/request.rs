//! A prompt with everything needed to make the picture again.

use serde::{Deserialize, Serialize};

use crate::{
    Adapter, Bilingual, Control, Decoder, ImagePrompt, LearnedWord, Masking, ModelCard, NoiseSource, Prompt, Sampler,
    SamplerOptions, Schedule, SecondPass, Size, Variation,
};

/// A name that belongs to no member of a closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} \"{found}\": expected one of {expected}")]
pub struct UnknownName {
    /// What kind of thing was named.
    pub kind: Bilingual,
    /// What was written.
    pub found: String,
    /// The names that exist, joined with commas.
    pub expected: String,
}

/// Declares a closed list with the names that the command line, the JSON and the metadata use.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $kind_zh:literal, { $($(#[$member_doc:meta])* $member:ident = $text:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name { $($(#[$member_doc])* $member),+ }

        impl $name {
            /// Every member.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The names of all members.
            #[must_use]
            pub fn names() -> Vec<&'static str> {
                Self::ALL.iter().map(|member| member.name()).collect()
            }

            /// The name in the command line, in JSON and in metadata.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$member => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.name()) }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self { value.name().to_owned() }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownName;

            /// Reads a name or an alias; capitals do not matter.
            fn from_str(text: &str) -> Result<Self, $crate::UnknownName> {
                match text.trim().to_lowercase().as_str() {
                    $($text $(| $alias)* => Ok(Self::$member),)+
                    _ => Err($crate::UnknownName {
                        kind: $crate::Bilingual { en: $kind, zh: $kind_zh },
                        found: text.to_owned(),
                        expected: [$($text),+].join(", "),
                    }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::UnknownName;
            fn try_from(text: String) -> Result<Self, $crate::UnknownName> { text.parse() }
        }
    };
}
pub(crate) use named;

/// Enough to make the picture again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What to paint.
    pub prompt: Prompt,
    /// Name of the model ("pocket" is the built-in one).
    pub model: String,
    /// Hash of the model's weights: first ten hex digits of SHA-256, as other programs write it.
    pub model_hash: String,
    /// Licence of the model, as an SPDX expression where there is one; empty where nobody asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model_licence: String,
    /// Pixels.
    pub size: Size,
    /// Passes of the sampler.
    pub steps: u32,
    /// Classifier-free guidance; 1 is none.
    pub guidance: f32,
    /// Guidance rescale of Lin et al. 2023, 0 to 1; 0 is none.
    #[serde(default)]
    pub guidance_rescale: f32,
    /// The stepping rule.
    pub sampler: Sampler,
    /// How the noise levels are spread.
    pub schedule: Schedule,
    /// Seed of the starting noise.
    pub seed: u64,
    /// The generator of the starting noise.
    pub noise: NoiseSource,
    /// Settings of the stepping rule that are not the usual ones.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sampling: SamplerOptions,
    /// A second seed, and how far the starting noise is turned toward its noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<Variation>,
    /// The starting noise is that of a picture of this size in the middle, and new around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed_resize: Option<Size>,
    /// Added to the seed for the noise that is drawn after the starting noise: other programs' "ENSD".
    #[serde(default, skip_serializing_if = "is_default")]
    pub noise_seed_delta: u32,
    /// Pictures of the same seed before this one: its starting noise is drawn after theirs, as in other programs' batches.
    #[serde(default, skip_serializing_if = "is_default")]
    pub batch_index: u32,
    /// Image to image: SHA-256 of the starting picture, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// Image to image: how much is painted anew, 0 to 1. Without a starting picture it is 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub strength: f32,
    /// Masked painting: SHA-256 of the mask, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Masked painting: how.
    #[serde(default, skip_serializing_if = "is_default")]
    pub masking: Masking,
    /// Which layer of the text encoder is read, counted from the last, which is 1; `None` is the model's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_skip: Option<u32>,
    /// Which autoencoder makes the pixels.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decoder: Decoder,
    /// LoRAs and their relatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adapters: Vec<Adapter>,
    /// Learned words that the prompt uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learned_words: Vec<LearnedWord>,
    /// ControlNets; their pictures stand in the same order in [`crate::Source::controls`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// Pictures looked at like prompts; they stand in the same order in [`crate::Source::image_prompts`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_prompts: Vec<ImagePrompt>,
    /// Models that edit a picture by an instruction: how closely the starting picture is kept; `None` is 1.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_guidance: Option<f32>,
    /// A second pass over the picture made larger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_pass: Option<SecondPass>,
}

impl Request {
    /// Whether anything is painted; otherwise the picture is the starting picture, or that made larger.
    #[must_use]
    pub fn paints(&self) -> bool {
        self.init.is_none() || self.strength > 0.0
    }

    /// SHA-256, in hex, of every picture that it is painted from.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let controls = self.controls.iter().map(|control| &control.image);
        let prompts = self.image_prompts.iter().map(|prompt| &prompt.image);
        self.init.iter().chain(&self.mask).chain(controls).chain(prompts).map(String::as_str)
    }

    /// The same request, painted by another model.
    #[must_use]
    pub fn for_model(self, card: &ModelCard) -> Self {
        let (model, model_hash, model_licence) = (card.name.clone(), card.hash.clone(), card.licence.clone());
        Self { model, model_hash, model_licence, ..self }
    }

    /// As a picture tells it to others: files beside the model by name alone, without the folders of this machine.
    #[must_use]
    pub fn without_paths(&self) -> Self {
        let mut request = self.clone();
        let controls = request.controls.iter_mut().map(|control| &mut control.name);
        let prompts = request.image_prompts.iter_mut().map(|prompt| &mut prompt.name);
        let upscaler = request.second_pass.iter_mut().map(|second| &mut second.upscaler);
        for name in controls.chain(prompts).chain(upscaler).filter(|name| name.contains(['/', '\\'])) {
            let last = name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default();
            *name = last.rsplit_once('.').map_or(last, |(stem, _)| stem).to_owned();
        }
        request
    }
}

impl Default for Request {
    /// Nothing asked for yet: no words, no size, one step without guidance.
    fn default() -> Self {
        Self {
            prompt: Prompt::default(),
            model: String::new(),
            model_hash: String::new(),
            model_licence: String::new(),
            size: Size { width: 0, height: 0 },
            steps: 1,
            guidance: 1.0,
            guidance_rescale: 0.0,
            sampler: Sampler::Euler,
            schedule: Schedule::Automatic,
            seed: 0,
            noise: NoiseSource::Cpu,
            sampling: SamplerOptions::default(),
            variation: None,
            seed_resize: None,
            noise_seed_delta: 0,
            batch_index: 0,
            init: None,
            strength: 1.0,
            mask: None,
            masking: Masking::default(),
            clip_skip: None,
            decoder: Decoder::default(),
            adapters: Vec::new(),
            learned_words: Vec::new(),
            controls: Vec::new(),
            image_prompts: Vec::new(),
            image_guidance: None,
            second_pass: None,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one() -> f32 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_one(value: &f32) -> bool {
    value.to_bits() == 1.0_f32.to_bits()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_folder_is_given_away() {
        let second = |upscaler: &str| {
            let size = Size { width: 1, height: 1 };
            Some(SecondPass { size, steps: 0, strength: 0.0, upscaler: upscaler.into() })
        };
        for (given, expected) in [
            ("/models/me/4x_v1.5.pth", "4x_v1.5"),
            ("C:\\u\\x.pth", "x"),
            ("a/folder/", "folder"),
            ("4x_v1.5", "4x_v1.5"),
            ("/", ""),
        ] {
            let request = Request { second_pass: second(given), ..Request::default() };
            assert_eq!(request.without_paths().second_pass, second(expected));
        }
    }

    proptest! {
        #[test]
        fn no_json_makes_it_panic(text in "[{}\\[\\]\":,a-z0-9.-]{0,60}") {
            let _ = serde_json::from_str::<Request>(&text);
        }
    }
}
