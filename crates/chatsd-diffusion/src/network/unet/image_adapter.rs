//! IP-Adapter (Ye et al. 2023): decoupled cross-attention, which attends to the tokens of an image prompt through keys and
//! values of their own, beside those of the words. `IPAdapterAttnProcessor` and `ImageProjection` of diffusers.

use chatsd_tensor::{Engine, Epilogue, Linear, Norm, Shape, Tensor};
use chatsd_weights::{ModelFiles, Scope};

use super::{Context, UNet};
use crate::network::{NetworkError, NetworkFlaw, config::Checked};

const CHECKED: Checked = Checked("IP-Adapter");

/// What turns a picture's vector into image prompt tokens, and those into keys and values.
#[derive(Clone)]
pub struct ImageAdapter {
    projection: Linear,
    norm: Norm,
    /// In the order of a context.
    keys_values: Vec<Linear>,
    inputs: usize,
    tokens: usize,
}

impl ImageAdapter {
    /// Opens the file of an IP-Adapter for a picture network.
    ///
    /// # Errors
    /// When it is of a kind that is not built here, or for another network.
    pub fn open(files: &ModelFiles, unet: &UNet) -> Result<Self, NetworkError> {
        Self::load(&Scope::new(std::slice::from_ref(CHECKED.file(files)?)), unet)
    }

    /// From its tensors.
    ///
    /// # Errors
    /// As [`ImageAdapter::open`].
    pub fn load(weights: &Scope<'_>, unet: &UNet) -> Result<Self, NetworkError> {
        if !weights.has("image_proj.proj") {
            return CHECKED.unsupported(NetworkFlaw::NotPlain);
        }
        let width = unet.context_channels();
        let (outputs, inputs) = match weights.weight("image_proj.proj.weight")?.shape[..] {
            [outputs, inputs] if outputs % width == 0 && outputs > 0 => (outputs, inputs),
            ref other => {
                return CHECKED.unsupported(NetworkFlaw::Projection { found: other.to_vec(), channels: width });
            }
        };
        let layer = |(index, expected): (usize, usize)| {
            let layer = weights.at(format!("ip_adapter.{}", 2 * index + 1));
            let channels = layer.weight("to_k_ip.weight")?.shape.first().copied().unwrap_or(0);
            if channels != expected {
                return CHECKED.unsupported(NetworkFlaw::Attention { index, found: channels, expected });
            }
            Ok(layer.linear_stacked(&["to_k_ip", "to_v_ip"], width, channels)?)
        };
        Ok(Self {
            projection: weights.linear("image_proj.proj", inputs, outputs)?,
            norm: weights.norm("image_proj.norm", width, 1e-5)?,
            keys_values: unet.attentions().map(layer).collect::<Result<_, _>>()?,
            inputs: CHECKED.count("values of a picture's vector", inputs)?,
            tokens: outputs / width,
        })
    }

    /// Values of the vector that it reads.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.inputs
    }

    /// The context with an image prompt: `vectors` are `batch × 1 × 1 × channels`, as many as the context.
    #[must_use]
    pub fn with_image_prompt(&self, engine: &Engine, context: Context, vectors: &Tensor, weight: f32) -> Context {
        let tokens = engine.linear(vectors, &self.projection, Epilogue::default());
        let shape = tokens.shape();
        let tokens = tokens.reshape(Shape::sequence(shape.batch, self.tokens, shape.channels / self.tokens));
        let tokens = engine.layer_norm(&tokens, &self.norm);
        let layers = self.keys_values.iter().map(|layer| engine.linear(&tokens, layer, Epilogue::default())).collect();
        context.with_image_prompt(weight, layers)
    }
}
