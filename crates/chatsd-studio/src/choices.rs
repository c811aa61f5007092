//! What the user decided. What is `None` is left to the sentence, then to the model.

use chatsd_types::{NoiseSource, Sampler, Schedule, Size};

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
    /// Generator of the starting noise; else PyTorch's.
    pub noise: Option<NoiseSource>,
    /// How much of a starting picture is painted anew, 0 to 1; else 0.6.
    pub strength: Option<f32>,
    /// SHA-256 of the starting picture, in hex.
    pub init: Option<String>,
    /// SHA-256 of the mask, in hex.
    pub mask: Option<String>,
}
