//! The families of models: the constants of each, and what tells them apart.

use chatsd_types::{Sampler, Schedule};

use crate::preview::{self, Projection};

/// Constants that hold for every model of a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Family {
    /// As the style library names it.
    pub name: &'static str,
    /// Side of the square it was trained at, in pixels, where its settings do not say.
    pub side: u32,
    /// Longest side it is let to paint, in pixels.
    pub side_limit: u32,
    /// Steps that look right.
    pub steps: u32,
    /// Guidance that looks right.
    pub guidance: f32,
    /// Sampler that looks right.
    pub sampler: Sampler,
    /// Schedule that looks right; automatic is what its settings ask for.
    pub schedule: Schedule,
    /// Layers of each text encoder that are left out ("clip skip" less one), of those that its file has.
    pub layers_left_out: usize,
    /// Layers that its file lacks because they are always left out; they count for "clip skip".
    pub layers_lacking: usize,
    /// Whether the text encoder's final norm is applied.
    pub normed: bool,
    /// What fills a prompt up to the encoder's length, for each encoder; `None` is the end token.
    pub pad: [Option<u32>; 2],
    /// Whether an empty negative prompt is zeros instead of an encoded empty text.
    pub empty_is_zero: bool,
    /// How a latent is shown between steps; `None` where it is made of pixels.
    pub projection: Option<Projection>,
    /// Where the network is told how beautiful the picture is instead of its target size: the score (1 to 10, of
    /// LAION's aesthetic predictor) for the negative prompt and for the positive.
    pub aesthetics: Option<[f32; 2]>,
    /// Whether the noise levels that are published as best for XL are its own.
    pub aligned_as_xl: bool,
    /// Name of the tiny autoencoder's file that reads the family's latents.
    pub tiny_autoencoder: &'static str,
}

/// The built-in model: `training/pocket`. It was trained at 128 pixels and paints larger pictures of several things.
pub const POCKET: Family = Family {
    name: "pocket",
    side: 128,
    side_limit: 512,
    steps: 24,
    guidance: 3.0,
    sampler: Sampler::Euler,
    schedule: Schedule::Flow,
    layers_left_out: 0,
    layers_lacking: 0,
    normed: true,
    pad: [None; 2],
    empty_is_zero: false,
    projection: None,
    aligned_as_xl: false,
    aesthetics: None,
    tiny_autoencoder: "taesd",
};

/// Stable Diffusion 1 (Rombach et al. 2022): its model card and `v1-inference.yaml`.
pub const SD1: Family = Family {
    name: "sd1",
    side: 512,
    side_limit: 2048,
    steps: 20,
    guidance: 7.5,
    sampler: Sampler::DpmPlusPlus2M,
    schedule: Schedule::Karras,
    projection: Some(preview::SD),
    ..POCKET
};

/// Stable Diffusion 1 that is told the guidance (Luo et al. 2023, latent consistency): its model cards.
pub const SD1_CONSISTENT: Family =
    Family { steps: 4, guidance: 8.0, sampler: Sampler::Lcm, schedule: Schedule::Automatic, ..SD1 };

/// Stable Diffusion 1 in one step: SDXS-512 (Song et al. 2024) and the like, by their settings.
pub const SD1_TURBO: Family =
    Family { steps: 1, guidance: 1.0, sampler: Sampler::Euler, schedule: Schedule::Trailing, ..SD1 };

/// Stable Diffusion 2: as the first, with OpenCLIP's text encoder, which diffusers saves without its last layer, and
/// whose tokenizer pads with token 0.
pub const SD2: Family = Family { name: "sd2", layers_lacking: 1, pad: [Some(0); 2], ..SD1 };

/// SD-Turbo (Sauer et al. 2023): its model card. SDXS-512-0.9 is used the same way.
pub const SD2_TURBO: Family =
    Family { steps: 1, guidance: 1.0, sampler: Sampler::Euler, schedule: Schedule::Trailing, ..SD2 };

/// Stable Diffusion XL (Podell et al. 2023), SSD-1B and Segmind-Vega: two encoders, the last layer of each left out,
/// states bare; only the second pads with token 0; an empty negative prompt is zeros (`force_zeros_for_empty_prompt`).
pub const SDXL: Family = Family {
    name: "sdxl",
    side: 1024,
    guidance: 5.0,
    layers_left_out: 1,
    normed: false,
    pad: [None, Some(0)],
    empty_is_zero: true,
    projection: Some(preview::SDXL),
    aligned_as_xl: true,
    tiny_autoencoder: "taesdxl",
    ..SD1
};

/// Stable Diffusion XL's refiner: the second encoder alone; its pipeline settings say that an empty negative prompt is
/// encoded, and `StableDiffusionXLImg2ImgPipeline` which scores it is told.
pub const SDXL_REFINER: Family = Family { empty_is_zero: false, aesthetics: Some([2.5, 6.0]), ..SDXL };

/// SDXL-Turbo, -Lightning and -Hyper (Sauer et al. 2023, Lin et al. 2024, Ren et al. 2024), by their settings: few
/// steps from the noisiest level, without guidance.
pub const SDXL_TURBO: Family =
    Family { steps: 4, guidance: 1.0, sampler: Sampler::Euler, schedule: Schedule::Trailing, ..SDXL };

/// What tells one family from another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// Its noise schedule is a flow's.
    pub flow: bool,
    /// Values of a token in the states that its picture network reads.
    pub context: usize,
    /// Its picture network reads pooled vectors.
    pub pooled: bool,
    /// Its picture network is told the guidance.
    pub takes_guidance: bool,
    /// Its first text encoder is OpenCLIP's, whose activation is the exact GELU, not CLIP's quick one.
    pub open_clip: bool,
    /// It lacks the first of the family's two text encoders.
    pub lone: bool,
    /// Its settings ask for time steps from the noisiest on ("trailing"), as those of distilled models do, and noise
    /// is what it predicts.
    pub distilled: bool,
}

impl Family {
    /// The family of a model.
    #[must_use]
    pub fn of(marks: Marks) -> Self {
        let Marks { flow, context, pooled, takes_guidance, open_clip, lone, distilled } = marks;
        match (flow, pooled, context == 1024 || open_clip) {
            (true, ..) => POCKET,
            (_, true, _) if lone => SDXL_REFINER,
            (_, true, _) if distilled => SDXL_TURBO,
            (_, true, _) => SDXL,
            (.., true) if distilled => SD2_TURBO,
            (.., true) => SD2,
            _ if takes_guidance => SD1_CONSISTENT,
            _ if distilled => SD1_TURBO,
            _ => SD1,
        }
    }

    /// Numbers that a network which reads pooled vectors is told beside them: original height and width, crop top and
    /// left, then target height and width, or the score.
    #[must_use]
    pub fn sizes(&self) -> usize {
        if self.aesthetics.is_some() { 5 } else { 6 }
    }

    /// Layers left out of those that the text encoder's file has, of a "clip skip" (1 leaves out none) or the family's
    /// own choice.
    #[must_use]
    pub fn layers_left_out(&self, clip_skip: Option<u32>) -> usize {
        match clip_skip {
            Some(layer) => (layer as usize).saturating_sub(1 + self.layers_lacking),
            None => self.layers_left_out,
        }
    }
}
