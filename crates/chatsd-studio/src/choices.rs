//! What the user decided. What is `None` is left to the sentence, then to the model.

use std::{fmt, str::FromStr};

use chatsd_types::{Adapter, Decoder, Masking, NoiseSource, Sampler, SamplerOptions, Schedule, Size};

use crate::Draft;

/// Choices about the prompts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptChoices {
    /// How many pictures; else as the sentence says, else nine.
    pub count: Option<usize>,
    /// Names of the styles to use, in order; else as the sentence says, else as different as can be.
    pub styles: Vec<String>,
    /// One prompt for each style that the model knows.
    pub all_styles: bool,
    /// What must not be seen, besides what the sentence excludes.
    pub negative: String,
    /// Decides every choice of words, and the noise of the first picture; else a new one.
    pub seed: Option<u64>,
}

/// Choices about the pictures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PictureChoices {
    /// Pixels.
    pub size: Option<Size>,
    /// Whether they are drafts.
    pub draft: Draft,
    /// Which autoencoder makes the pixels; else the model's own, and of drafts the tiny one where there is one.
    pub decoder: Option<Decoder>,
    /// Passes of the sampler.
    pub steps: Option<u32>,
    /// Stepping rule.
    pub sampler: Option<Sampler>,
    /// Spread of the noise levels.
    pub schedule: Option<Schedule>,
    /// Classifier-free guidance.
    pub guidance: Option<f32>,
    /// Guidance rescale, 0 to 1; else none.
    pub guidance_rescale: Option<f32>,
    /// How closely a model that edits keeps to the starting picture.
    pub image_guidance: Option<f32>,
    /// Generator of the starting noise; else PyTorch's.
    pub noise: Option<NoiseSource>,
    /// Settings of the stepping rule.
    pub sampling: SamplerOptions,
    /// Seed of the noise that the starting noise is turned toward: the first picture's, the others' follow it; else the
    /// one after the plan's.
    pub variation_seed: Option<u64>,
    /// How far it is turned, 0 to 1; then all pictures have one seed. Else not at all.
    pub variation_strength: Option<f32>,
    /// The starting noise is that of a picture of this size; else of the picture's own.
    pub seed_resize: Option<Size>,
    /// Added to the seed for the noise after the starting noise; else nothing.
    pub noise_seed_delta: Option<u32>,
    /// How much of a starting picture is painted anew, 0 to 1; else 0.6.
    pub strength: Option<f32>,
    /// SHA-256 of the starting picture, in hex.
    pub init: Option<String>,
    /// SHA-256 of the mask, in hex.
    pub mask: Option<String>,
    /// How masked painting is done.
    pub masking: Masking,
    /// The second pass over the picture made larger.
    pub second: Option<SecondChoices>,
    /// LoRAs and their relatives, before those that the sentence names.
    pub adapters: Vec<Adapter>,
    /// Which layer of the text encoder is read, counted from the last, which is 1; else the model's own choice.
    pub clip_skip: Option<u32>,
}

/// Choices about the second pass.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondChoices {
    /// How large the picture becomes.
    pub larger: Larger,
    /// Passes of the sampler; else as many as the first time.
    pub steps: Option<u32>,
    /// How much is painted anew, 0 to 1; else 0.7.
    pub strength: Option<f32>,
    /// What makes it larger; else the latent is enlarged.
    pub upscaler: Option<String>,
}

/// How large a picture becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Larger {
    /// So many times as wide and as high.
    Times(f32),
    /// This size.
    To(Size),
}

/// Nothing is made larger at once than so many times.
const TIMES_LIMIT: f32 = 16.0;

impl Larger {
    /// The size that a picture of `size` comes to.
    #[must_use]
    pub fn of(self, size: Size) -> Size {
        let side = |side: u32, times: f32| (f64::from(side) * f64::from(times)).round().max(1.0) as u32;
        match self {
            Self::Times(times) => Size { width: side(size.width, times), height: side(size.height, times) },
            Self::To(size) => size,
        }
    }
}

impl FromStr for Larger {
    type Err = String;

    /// Reads `2`, `1.5` or `1024x768`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(['x', 'X', '×', '*']) {
            return text.parse().map(Self::To);
        }
        let times = text.trim().parse::<f32>().ok().filter(|times| (1.0..=TIMES_LIMIT).contains(times));
        times.map(Self::Times).ok_or_else(|| {
            format!("\"{text}\" found, expected how many times, from 1 to {TIMES_LIMIT}, or WIDTHxHEIGHT in pixels")
        })
    }
}

impl fmt::Display for Larger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times}"),
            Self::To(size) => write!(f, "{size}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_size_reads_back_and_no_text_makes_it_panic(
            times in 1.0_f32..16.0, width: u32, height: u32, any in ".{0,12}", near in "[0-9x.]{0,8}",
        ) {
            for larger in [Larger::Times(times), Larger::To(Size { width, height })] {
                prop_assert_eq!(larger.to_string().parse(), Ok(larger));
            }
            for text in [any, near] {
                if let Ok(larger) = text.parse::<Larger>() {
                    let _ = larger.of(Size { width, height });
                }
            }
        }
    }

    #[test]
    fn so_many_times_is_rounded_to_pixels() {
        assert_eq!(Larger::Times(1.5).of(Size { width: 33, height: 64 }), Size { width: 50, height: 96 });
        assert!(
            "0.5".parse::<Larger>().is_err() && "nan".parse::<Larger>().is_err() && "17".parse::<Larger>().is_err()
        );
    }
}
