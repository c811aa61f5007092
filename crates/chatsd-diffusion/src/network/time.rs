//! Numbers told to a network as sinusoidal embeddings, and the two layers that read them.

use chatsd_tensor::{Activation, Engine, Epilogue, Linear, Shape, Tensor};
use chatsd_weights::Scope;

use super::NetworkError;

/// Sines and cosines of a number: Vaswani et al. 2017 section 3.5, with the two switches of diffusers'
/// `get_timestep_embedding`.
#[derive(Clone, Copy, Debug)]
pub(super) struct SinusoidalEmbedding {
    /// Values for one number, half of them sines.
    pub(super) channels: usize,
    /// Cosines before sines.
    pub(super) cosines_first: bool,
    /// Taken off the number of frequencies when they are spread: 1 makes the last exactly 1/10000.
    pub(super) shift: f32,
}

impl SinusoidalEmbedding {
    /// The embedding of each number, one after another: `1 × 1 × 1 × (numbers · channels)`.
    pub(super) fn of(self, numbers: &[f32]) -> Tensor {
        let half = self.channels / 2;
        let frequency = |index: usize| (-(10_000_f32.ln()) * index as f32 / (half as f32 - self.shift)).exp();
        let mut values = Vec::with_capacity(numbers.len() * self.channels);
        for number in numbers {
            let angles = (0..half).map(|index| number * frequency(index));
            let (sines, cosines) = (angles.clone().map(f32::sin), angles.map(f32::cos));
            if self.cosines_first {
                values.extend(cosines.chain(sines));
            } else {
                values.extend(sines.chain(cosines));
            }
            values.resize(values.len() + self.channels % 2, 0.0);
        }
        Tensor::new(Shape::new(1, 1, 1, values.len()), values)
    }
}

/// Two layers with a SiLU between: `TimestepEmbedding` of diffusers.
#[derive(Clone)]
pub(super) struct TimestepMlp {
    linear_1: Linear,
    linear_2: Linear,
}

impl TimestepMlp {
    pub(super) fn load(weights: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, NetworkError> {
        Ok(Self {
            linear_1: weights.linear("linear_1", inputs, outputs)?,
            linear_2: weights.linear("linear_2", outputs, outputs)?,
        })
    }

    pub(super) fn forward(&self, engine: &Engine, x: &Tensor, epilogue: Epilogue<'_>) -> Tensor {
        self.second(engine, &self.first(engine, x), epilogue)
    }

    /// The first layer, activated.
    pub(super) fn first(&self, engine: &Engine, x: &Tensor) -> Tensor {
        engine.linear(x, &self.linear_1, Epilogue::default().activation(Activation::Silu))
    }

    /// The second layer.
    pub(super) fn second(&self, engine: &Engine, x: &Tensor, epilogue: Epilogue<'_>) -> Tensor {
        engine.linear(x, &self.linear_2, epilogue)
    }
}
