//! The families of models: the constants of each, and what tells them apart.

use chatsd_types::{Sampler, Schedule};

use crate::preview::{self, Projection};

/// Constants that hold for every model of a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureFamily {
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
pub const POCKET: PictureFamily = PictureFamily {
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
pub const SD1: PictureFamily = PictureFamily {
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
pub const SD1_CONSISTENT: PictureFamily =
    PictureFamily { steps: 4, guidance: 8.0, sampler: Sampler::Lcm, schedule: Schedule::Automatic, ..SD1 };

/// Stable Diffusion 1 in one step: SDXS-512 (Song et al. 2024) and the like, by their settings.
pub const SD1_TURBO: PictureFamily =
    PictureFamily { steps: 1, guidance: 1.0, sampler: Sampler::Euler, schedule: Schedule::Trailing, ..SD1 };

/// Stable Diffusion 2: as the first, with OpenCLIP's text encoder, which diffusers saves without its last layer, and
/// whose tokenizer pads with token 0.
pub const SD2: PictureFamily = PictureFamily { name: "sd2", layers_lacking: 1, pad: [Some(0); 2], ..SD1 };

/// SD-Turbo (Sauer et al. 2023): its model card. SDXS-512-0.9 is used the same way.
pub const SD2_TURBO: PictureFamily =
    PictureFamily { steps: 1, guidance: 1.0, sampler: Sampler::Euler, schedule: Schedule::Trailing, ..SD2 };

/// Stable Diffusion XL (Podell et al. 2023), SSD-1B and Segmind-Vega: two encoders, the last layer of each left out,
/// states bare; only the second pads with token 0; an empty negative prompt is zeros (`force_zeros_for_empty_prompt`).
pub const SDXL: PictureFamily = PictureFamily {
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
pub const SDXL_REFINER: PictureFamily = PictureFamily { empty_is_zero: false, aesthetics: Some([2.5, 6.0]), ..SDXL };

/// SDXL-Turbo, -Lightning and -Hyper (Sauer et al. 2023, Lin et al. 2024, Ren et al. 2024), by their settings: few
/// steps from the noisiest level, without guidance.
pub const SDXL_TURBO: PictureFamily =
    PictureFamily { steps: 4, guidance: 1.0, sampler: Sampler::Euler, schedule: Schedule::Trailing, ..SDXL };

/// What tells one family from another.
#[derive(Clone, Copy, Debug, Default)]
pub struct FamilyMarks {
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

impl PictureFamily {
    /// The family of a model.
    #[must_use]
    pub fn of(marks: FamilyMarks) -> Self {
        let FamilyMarks { flow, context, pooled, takes_guidance, open_clip, lone, distilled } = marks;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As the model cards and configs of the published models say, by which each family is told apart.
    #[test]
    fn every_family_paints_as_its_model_card_says() {
        use Sampler::{DpmPlusPlus2M, Euler, Lcm};
        use Schedule::{Automatic, Flow, Karras, Trailing};
        let plain = FamilyMarks { context: 768, ..FamilyMarks::default() };
        let two = FamilyMarks { context: 1024, open_clip: true, ..plain };
        let xl = FamilyMarks { context: 2048, pooled: true, ..plain };
        let pocket = FamilyMarks { context: 192, flow: true, ..plain };
        for (marks, name, [side, limit], steps, guidance, sampler, schedule, [out, lacking]) in [
            (pocket, "pocket", [128, 512], 24, 3.0, Euler, Flow, [0, 0]),
            (plain, "sd1", [512, 2048], 20, 7.5, DpmPlusPlus2M, Karras, [0, 0]),
            (FamilyMarks { takes_guidance: true, ..plain }, "sd1", [512, 2048], 4, 8.0, Lcm, Automatic, [0, 0]),
            (FamilyMarks { distilled: true, ..plain }, "sd1", [512, 2048], 1, 1.0, Euler, Trailing, [0, 0]),
            (two, "sd2", [512, 2048], 20, 7.5, DpmPlusPlus2M, Karras, [0, 1]),
            // SDXS: OpenCLIP's encoder alone tells it.
            (FamilyMarks { context: 768, ..two }, "sd2", [512, 2048], 20, 7.5, DpmPlusPlus2M, Karras, [0, 1]),
            (FamilyMarks { distilled: true, ..two }, "sd2", [512, 2048], 1, 1.0, Euler, Trailing, [0, 1]),
            (xl, "sdxl", [1024, 2048], 20, 5.0, DpmPlusPlus2M, Karras, [1, 0]),
            (FamilyMarks { lone: true, ..xl }, "sdxl", [1024, 2048], 20, 5.0, DpmPlusPlus2M, Karras, [1, 0]),
            (FamilyMarks { distilled: true, ..xl }, "sdxl", [1024, 2048], 4, 1.0, Euler, Trailing, [1, 0]),
        ] {
            let family = PictureFamily::of(marks);
            assert_eq!((family.name, family.side, family.side_limit), (name, side, limit), "{marks:?}");
            assert_eq!((family.steps, family.guidance), (steps, guidance), "{marks:?}");
            assert_eq!((family.sampler, family.schedule), (sampler, schedule), "{marks:?}");
            assert_eq!((family.layers_left_out, family.layers_lacking), (out, lacking), "{marks:?}");
        }
        let refiner = PictureFamily::of(FamilyMarks { lone: true, ..xl });
        assert_eq!((refiner.aesthetics, refiner.sizes(), refiner.empty_is_zero), (Some([2.5, 6.0]), 5, false));
        assert_eq!((SDXL.sizes(), SDXL.empty_is_zero, SDXL.normed, SDXL.pad), (6, true, false, [None, Some(0)]));
        assert_eq!((SD1.normed, SD1.pad, SD2.pad), (true, [None; 2], [Some(0); 2]));
        assert_eq!((SD2.tiny_autoencoder, SDXL.tiny_autoencoder), ("taesd", "taesdxl"));
    }
}
