//! Settings of a pipeline that a checkpoint does not carry: what its network predicts, and of which noise.

use std::{fmt, str::FromStr};

use serde_json::{Value, json};

use super::{Found, ModelFamily};
use crate::{Unsupported, WeightFile, WeightsError};

/// Spread of a norm's shifts above which a network of the second family predicts v (ComfyUI, `supported_models.py`,
/// class `SD20`): nothing in the names tells.
const V_SPREAD: f32 = 0.09;
/// That norm, in the original's names and in diffusers'.
const V_NORMS: [&str; 2] =
    ["output_blocks.11.1.transformer_blocks.0.norm1.bias", "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias"];

/// What a picture network was trained to predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicts {
    /// The noise.
    Epsilon,
    /// The velocity between noise and picture (Salimans and Ho 2022).
    V,
}

impl fmt::Display for Predicts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Epsilon => "epsilon",
            Self::V => "v",
        })
    }
}

/// A text that names no prediction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown prediction \"{found}\": expected one of epsilon, v")]
pub struct UnknownPrediction {
    /// What was written.
    pub found: String,
}

impl FromStr for Predicts {
    type Err = UnknownPrediction;

    fn from_str(text: &str) -> Result<Self, UnknownPrediction> {
        match text.to_lowercase().as_str() {
            "epsilon" => Ok(Self::Epsilon),
            "v" => Ok(Self::V),
            found => Err(UnknownPrediction { found: found.to_owned() }),
        }
    }
}

impl Found {
    /// The settings of the pipeline, in the words of diffusers' schedulers.
    ///
    /// `forced` is what the user says the network predicts. Without it, in this order: a marker among the tensors
    /// (`v_pred`, as NoobAI's models have), the file's metadata (`modelspec.prediction_type`), an A1111 yaml beside
    /// the file with `parameterization: "v"`, and for the second family the spread of a norm's shifts.
    ///
    /// # Errors
    /// When the file is of a kind that predicts something else, or a tensor cannot be read.
    pub(crate) fn settings(&self, file: &WeightFile, forced: Option<Predicts>) -> Result<Value, WeightsError> {
        let marker = |name: &str| file.contains(name) || file.contains(&format!("state_dict.{name}"));
        if marker("edm_mean") || marker("edm_vpred.sigma_max") {
            return Err(WeightsError::Unsupported { path: file.path().to_owned(), what: Unsupported::EdmNoise });
        }
        let predicts = match forced {
            Some(predicts) => predicts,
            None if marker("v_pred") => Predicts::V,
            None => match self.of_metadata(file).or_else(|| of_yaml(file)) {
                Some(predicts) => predicts,
                None => self.guessed(file)?,
            },
        };
        let mut settings = json!({
            "prediction_type": if predicts == Predicts::V { "v_prediction" } else { "epsilon" },
            "beta_start": 0.000_85,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "num_train_timesteps": 1000,
            "steps_offset": 1,
        });
        if marker("ztsnr") {
            settings["rescale_betas_zero_snr"] = json!(true);
            settings["timestep_spacing"] = json!("trailing");
        }
        Ok(settings)
    }

    /// What the file's metadata says.
    fn of_metadata(&self, file: &WeightFile) -> Option<Predicts> {
        match file.metadata("modelspec.prediction_type")?.as_text()? {
            "v" | "v_prediction" => Some(Predicts::V),
            "epsilon" => Some(Predicts::Epsilon),
            _ => None,
        }
    }

    fn guessed(&self, file: &WeightFile) -> Result<Predicts, WeightsError> {
        let Some((ModelFamily::Sd2, prefix)) = self.family.zip(self.picture.as_deref()) else {
            return Ok(Predicts::Epsilon);
        };
        let Some(name) = V_NORMS.iter().map(|name| format!("{prefix}{name}")).find(|name| file.contains(name)) else {
            return Ok(Predicts::Epsilon);
        };
        let shifts = file.get(&name)?.values().map_err(|source| WeightsError::Layer {
            path: file.path().to_owned(),
            tensor: name,
            source: source.into(),
        })?;
        Ok(if spread(&shifts) > V_SPREAD { Predicts::V } else { Predicts::Epsilon })
    }
}

/// Standard deviation, of a sample.
fn spread(values: &[f32]) -> f32 {
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / (count - 1.0)).sqrt()
}

/// What a yaml of the same name beside the file says, as AUTOMATIC1111 looks for one.
fn of_yaml(file: &WeightFile) -> Option<Predicts> {
    let text = std::fs::read_to_string(file.path().with_extension("yaml")).ok()?;
    let value = text.lines().find_map(|line| line.trim().strip_prefix("parameterization:"))?;
    Some(if value.trim().trim_matches(['"', '\'']) == "v" { Predicts::V } else { Predicts::Epsilon })
}
