//! What is known of a model: the constants of each family, and what the model's own settings say.

use chatsd_types::{ParameterValues, Sampler, Schedule, parameter};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    DiffusionError, betas,
    denoiser::{Parameters, Prediction},
    preview::{self, Projection},
    reader::LEAST_LENGTH,
    schedule::NoiseLevels,
};

/// No model paints longer sides, in pixels.
pub(crate) const SIDE_LIMIT: u32 = 1 << 14;
/// No text encoder sees more tokens at once.
const LENGTH_LIMIT: usize = 1 << 14;

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

/// A model's own settings: `chatsd.pipeline.config` of a GGUF file, or diffusers' `scheduler_config.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    #[serde(rename = "_class_name")]
    class: Option<String>,
    #[serde(alias = "prediction_type")]
    prediction: String,
    /// `flow`, or nothing for a model of betas.
    schedule: Option<String>,
    shift: f64,
    beta_start: f64,
    beta_end: f64,
    beta_schedule: String,
    trained_betas: Option<Vec<f64>>,
    num_train_timesteps: usize,
    rescale_betas_zero_snr: bool,
    timestep_spacing: Option<String>,
    steps_offset: usize,
    /// Side of the squares of pixels, where `autoencoder` is `patch`.
    pub(crate) patch: Option<usize>,
    pub(crate) sequence_length: Option<usize>,
    pub(crate) pad_token: Option<u32>,
    pub(crate) steps: Option<u32>,
    pub(crate) guidance: Option<f32>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

impl Default for Settings {
    /// What Stable Diffusion 1 was trained with, for models that come without settings.
    fn default() -> Self {
        Self {
            class: None,
            prediction: "epsilon".into(),
            schedule: None,
            shift: 1.0,
            beta_start: 0.000_85,
            beta_end: 0.012,
            beta_schedule: "scaled_linear".into(),
            trained_betas: None,
            num_train_timesteps: 1000,
            rescale_betas_zero_snr: false,
            timestep_spacing: None,
            steps_offset: 0,
            patch: None,
            sequence_length: None,
            pad_token: None,
            steps: None,
            guidance: None,
            width: None,
            height: None,
        }
    }
}

impl Settings {
    /// Reads settings and refuses numbers that no picture can be painted with. Whether a size fits the networks is
    /// known once they are loaded.
    pub(crate) fn read(value: Option<Value>) -> Result<Self, DiffusionError> {
        let settings: Self = value.map(serde_json::from_value).transpose()?.unwrap_or_default();
        let sides = [1.0, f64::from(SIDE_LIMIT)];
        expect("steps", settings.steps, of_request("steps"))?;
        expect("guidance", settings.guidance, of_request("guidance"))?;
        expect("width", settings.width, sides)?;
        expect("height", settings.height, sides)?;
        let length = settings.sequence_length.map(|length| length as f64);
        expect("sequence_length", length, [LEAST_LENGTH as f64, LENGTH_LIMIT as f64])?;
        Ok(settings)
    }

    pub(crate) fn is_flow(&self) -> bool {
        self.schedule.as_deref() == Some("flow")
    }

    /// Whether they are those of a model in few steps.
    pub(crate) fn is_distilled(&self) -> bool {
        self.timestep_spacing.as_deref() == Some("trailing") && self.prediction == "epsilon"
    }

    /// How the network's inputs and outputs are meant.
    pub(crate) fn parameters(&self) -> Result<Parameters, DiffusionError> {
        let unsupported = |what: String| Err(DiffusionError::Unsupported(what));
        if let Some(class) = self.class.as_deref().filter(|class| class.starts_with("FlowMatch")) {
            return unsupported(format!("its scheduler is {class}, expected one of a model with betas"));
        }
        let Some(prediction) = Prediction::named(&self.prediction) else {
            let found = &self.prediction;
            return unsupported(format!("its prediction is {found:?}, expected epsilon, v_prediction, sample or flow"));
        };
        let count = self.num_train_timesteps;
        if !(1000..=100_000).contains(&count) {
            return unsupported(format!("num_train_timesteps is {count}, expected 1000 to 100000"));
        }
        let mut levels = if self.is_flow() {
            if !(0.01..=100.0).contains(&self.shift) {
                return unsupported(format!("shift is {}, expected a number from 0.01 to 100", self.shift));
            }
            NoiseLevels::flow(self.shift, count)
        } else {
            let (first, last) = (self.beta_start, self.beta_end);
            let betas = self.trained_betas.iter().flatten().chain([&first, &last]);
            if !betas.clone().all(|beta| (0.0..1.0).contains(beta) && *beta > 0.0) {
                return unsupported(format!("betas from {first} to {last}, expected numbers between 0 and 1"));
            }
            let betas = match (&self.trained_betas, self.beta_schedule.as_str()) {
                (Some(betas), _) if betas.len() >= 1000 => betas.clone(),
                (Some(betas), _) => {
                    return unsupported(format!("{} trained_betas, expected 1000 or more", betas.len()));
                }
                (None, "scaled_linear") => betas::scaled_linear(first, last, count),
                (None, "linear") => betas::linear(first, last, count),
                (None, "squaredcos_cap_v2") => betas::cosine(count),
                (None, other) => {
                    return unsupported(format!(
                        "beta_schedule is {other:?}, expected scaled_linear, linear or squaredcos_cap_v2"
                    ));
                }
            };
            match (self.rescale_betas_zero_snr, betas::without_signal_at_the_end(&betas)) {
                (false, _) => NoiseLevels::of_betas(betas),
                (true, Some(stretched)) => NoiseLevels::of_betas(stretched),
                (true, None) => {
                    return unsupported("its betas cannot be stretched as rescale_betas_zero_snr asks for".into());
                }
            }
        };
        levels.offset = self.steps_offset;
        Ok(Parameters { prediction, levels })
    }

    /// The schedule that the settings ask for.
    pub(crate) fn own_schedule(&self) -> Schedule {
        match self.timestep_spacing.as_deref() {
            _ if self.is_flow() => Schedule::Flow,
            Some("trailing") => Schedule::Trailing,
            Some("linspace") => Schedule::Linspace,
            _ => Schedule::Leading,
        }
    }
}

/// The least and the most that a request may ask for.
fn of_request(key: &'static str) -> [f64; 2] {
    match parameter(key).map(|parameter| parameter.values) {
        Ok(ParameterValues::Whole { low, high }) => [low as f64, high as f64],
        Ok(ParameterValues::Number { low, high }) => [low.into(), high.into()],
        _ => unreachable!("{key} is a number of every request"),
    }
}

/// Fails where a number is given but not between two others. NaN is not between any.
fn expect(name: &'static str, found: Option<impl Into<f64>>, [low, high]: [f64; 2]) -> Result<(), DiffusionError> {
    match found.map(Into::into) {
        Some(found) if !(low..=high).contains(&found) => Err(DiffusionError::Setting { name, found, low, high }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_that_paint_nothing_are_named() {
        for (settings, complaint) in [
            (json!({"steps": 0}), "steps is 0 in its settings, expected a number from 1 to 1000"),
            (json!({"steps": 1001}), "steps is 1001"),
            (json!({"steps": -1}), "-1"),
            (json!({"guidance": -0.5}), "guidance is -0.5 in its settings, expected a number from 0 to 100"),
            (json!({"guidance": 1e300}), "guidance is inf"),
            (json!({"width": 0}), "width is 0"),
            (json!({"height": u32::MAX}), "height is 4294967295"),
            (json!({"sequence_length": 2}), "sequence_length is 2"),
        ] {
            let message = Settings::read(Some(settings)).unwrap_err().to_string();
            assert!(message.contains(complaint), "{message}\nshould contain {complaint}");
        }
        assert!(expect("guidance", Some(f32::NAN), of_request("guidance")).is_err());
        let good = json!({"steps": 24, "guidance": 3.0, "width": 128, "height": 64, "sequence_length": 32});
        assert_eq!(Settings::read(Some(good)).unwrap().steps, Some(24));
        assert_eq!(Settings::read(None).unwrap().num_train_timesteps, 1000);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0_u64..2000).prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (0.0..1.0).prop_map(Value::from),
            prop_oneof!["flow", "linear", "scaled_linear", "epsilon", "trailing", ".{0,5}"].prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 12, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                vec((".{0,5}", inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
            ]
        })
    }

    /// The names that settings have, with any values.
    fn any_settings() -> impl Strategy<Value = Value> {
        let name = prop::sample::select(vec![
            "_class_name",
            "prediction",
            "prediction_type",
            "schedule",
            "shift",
            "beta_start",
            "beta_end",
            "beta_schedule",
            "trained_betas",
            "num_train_timesteps",
            "rescale_betas_zero_snr",
            "timestep_spacing",
            "steps_offset",
            "patch",
            "sequence_length",
            "pad_token",
            "steps",
            "guidance",
            "width",
            "height",
        ]);
        vec((name, any_json()), 0..4)
            .prop_map(|entries| entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn any_settings_are_read_or_refused(value in prop_oneof![3 => any_settings(), 1 => any_json()]) {
            let Ok(settings) = Settings::read(Some(value)) else { return Ok(()) };
            prop_assert!(settings.steps.is_none_or(|steps| (1..=1000).contains(&steps)));
            prop_assert!(settings.guidance.is_none_or(|guidance| (0.0..=100.0).contains(&guidance)));
            let Ok(parameters) = settings.parameters() else { return Ok(()) };
            for steps in [1, 7, 1000] {
                let sigmas = parameters.levels.sigmas(settings.own_schedule(), steps);
                prop_assert!(sigmas.len() == steps + 1 && !sigmas.iter().any(|sigma| sigma.is_nan()));
            }
        }
    }
}
