//! What a network predicts and how time is told to it, so that a sampler need not know: `x`, sigma → `x0`.

use chatsd_tensor::{Engine, Tensor};

use crate::schedule::NoiseLevels;

/// What a picture network returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictionType {
    /// The noise. Ho et al. 2020.
    Epsilon,
    /// `α ε - σ x0`. Salimans and Ho 2022.
    V,
    /// The clean latent itself.
    Sample,
    /// The velocity of a flow, `ε - x0`. Lipman et al. 2023.
    Flow,
}

impl PredictionType {
    /// Reads the name in a config: diffusers' `prediction_type`, or `velocity`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "epsilon" => Some(Self::Epsilon),
            "v_prediction" | "v" => Some(Self::V),
            "sample" => Some(Self::Sample),
            "flow_prediction" | "flow" | "velocity" => Some(Self::Flow),
            _ => None,
        }
    }
}

/// How a network's inputs and outputs are meant.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// What it returns.
    pub prediction: PredictionType,
    /// The noise levels it was trained with.
    pub levels: NoiseLevels,
}

impl Parameters {
    /// What the network's input is of `x = x0 + sigma · noise`: `1/√(1+sigma²)` where variance is preserved,
    /// `1/(1+sigma)` in a flow model.
    #[must_use]
    pub fn input_scale(&self, sigma: f64) -> f64 {
        if self.levels.is_flow() { 1.0 / (1.0 + sigma) } else { 1.0 / (1.0 + sigma * sigma).sqrt() }
    }

    /// The time that the network is told: 0 to 1000.
    #[must_use]
    pub fn time(&self, sigma: f64) -> f32 {
        let time = if self.levels.is_flow() { 1000.0 * sigma / (1.0 + sigma) } else { self.levels.step_of(sigma) };
        time as f32
    }

    /// `x0` of what the network returned for `x` at `sigma`.
    #[must_use]
    pub fn denoised(&self, engine: &Engine, x: &Tensor, output: Tensor, sigma: f64) -> Tensor {
        let scale = self.input_scale(sigma);
        let (of_x, of_output) = match self.prediction {
            PredictionType::Sample => return output,
            PredictionType::Epsilon => (1.0, -sigma),
            // x0 = α z - σ v with α = 1/√(1+sigma²), σ = sigma α, z = α x.
            PredictionType::V => (scale * scale, -sigma * scale),
            // x0 = z - t v with t = sigma/(1+sigma), z = x/(1+sigma).
            PredictionType::Flow => (scale, -sigma * scale),
        };
        engine.combine(&[(of_x as f32, x), (of_output as f32, &output)])
    }
}
