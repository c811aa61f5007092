//! What a model's own settings say: its noise levels, what it predicts, how it paints.

use chatsd_types::{ParameterValues, Schedule, parameter};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    DiffusionError, ModelFlaw, betas,
    denoiser::{Parameters, PredictionType},
    prompt_reader::LEAST_LENGTH,
    schedule::NoiseLevels,
};

/// No model paints longer sides, in pixels.
const SIDE_LIMIT: u32 = 1 << 14;
/// No text encoder sees more tokens at once.
const LENGTH_LIMIT: usize = 1 << 14;
/// Training time steps: no published model has fewer.
const LEAST_TRAINING_STEPS: usize = 1000;

/// A model's own settings: `chatsd.pipeline.config` of a GGUF file, or diffusers' `scheduler_config.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct PipelineSettings {
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

impl Default for PipelineSettings {
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

impl PipelineSettings {
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
    pub(crate) fn parameters(&self) -> Result<Parameters, ModelFlaw> {
        if let Some(class) = self.class.clone().filter(|class| class.starts_with("FlowMatch")) {
            return Err(ModelFlaw::Scheduler { class });
        }
        let Some(prediction) = PredictionType::named(&self.prediction) else {
            return Err(ModelFlaw::Prediction { found: self.prediction.clone() });
        };
        let count = self.num_train_timesteps;
        expect("num_train_timesteps", Some(count as f64), [LEAST_TRAINING_STEPS as f64, 100_000.0])?;
        let mut levels = if self.is_flow() {
            expect("shift", Some(self.shift), [0.01, 100.0])?;
            NoiseLevels::flow(self.shift, count)
        } else {
            let (first, last) = (self.beta_start, self.beta_end);
            let betas = self.trained_betas.iter().flatten().chain([&first, &last]);
            if !betas.clone().all(|beta| (0.0..1.0).contains(beta) && *beta > 0.0) {
                return Err(ModelFlaw::Betas { first, last });
            }
            let betas = match (&self.trained_betas, self.beta_schedule.as_str()) {
                (Some(betas), _) if betas.len() >= LEAST_TRAINING_STEPS => betas.clone(),
                (Some(betas), _) => {
                    return Err(ModelFlaw::TrainedBetas { found: betas.len(), least: LEAST_TRAINING_STEPS });
                }
                (None, "scaled_linear") => betas::scaled_linear(first, last, count),
                (None, "linear") => betas::linear(first, last, count),
                (None, "squaredcos_cap_v2") => betas::cosine(count),
                (None, other) => return Err(ModelFlaw::BetaSchedule { found: other.to_owned() }),
            };
            match (self.rescale_betas_zero_snr, betas::without_signal_at_the_end(&betas)) {
                (false, _) => NoiseLevels::of_betas(betas),
                (true, Some(stretched)) => NoiseLevels::of_betas(stretched),
                (true, None) => return Err(ModelFlaw::ZeroSnr),
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
fn expect(name: &'static str, found: Option<impl Into<f64>>, [low, high]: [f64; 2]) -> Result<(), ModelFlaw> {
    match found.map(Into::into) {
        Some(found) if !(low..=high).contains(&found) => Err(ModelFlaw::Setting { name, found, low, high }),
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
            let message = PipelineSettings::read(Some(settings)).unwrap_err().to_string();
            assert!(message.contains(complaint), "{message}\nshould contain {complaint}");
        }
        assert!(expect("guidance", Some(f32::NAN), of_request("guidance")).is_err());
        let good = json!({"steps": 24, "guidance": 3.0, "width": 128, "height": 64, "sequence_length": 32});
        assert_eq!(PipelineSettings::read(Some(good)).unwrap().steps, Some(24));
        assert_eq!(PipelineSettings::read(None).unwrap().num_train_timesteps, 1000);
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
            let Ok(settings) = PipelineSettings::read(Some(value)) else { return Ok(()) };
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
