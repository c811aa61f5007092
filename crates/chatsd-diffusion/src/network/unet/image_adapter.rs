//! IP-Adapter (Ye et al. 2023): every attention to words also looks at a picture, through keys and values of its own.
//! `IPAdapterAttnProcessor` and `ImageProjection` of diffusers.

use chatsd_tensor::{Engine, Epilogue, Linear, Norm, Shape, Tensor};
use chatsd_weights::{ModelFiles, Scope};

use super::{Context, UNet};
use crate::network::{NetworkError, NetworkFlaw, config::Checked};

const CHECKED: Checked = Checked("IP-Adapter");

/// What turns a picture's vector into something like words, and those into keys and values.
#[derive(Clone)]
pub struct ImageAdapter {
    projection: Linear,
    norm: Norm,
    /// In the order of a context.
    keys_values: Vec<Linear>,
    inputs: usize,
    words: usize,
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
            words: outputs / width,
        })
    }

    /// Values of the vector that it reads.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.inputs
    }

    /// The context that also looks at pictures: `vectors` are `batch × 1 × 1 × channels`, as many as the context.
    #[must_use]
    pub fn look(&self, engine: &Engine, context: Context, vectors: &Tensor, weight: f32) -> Context {
        let words = engine.linear(vectors, &self.projection, Epilogue::default());
        let shape = words.shape();
        let words = words.reshape(Shape::sequence(shape.batch, self.words, shape.channels / self.words));
        let words = engine.layer_norm(&words, &self.norm);
        let layers = self.keys_values.iter().map(|layer| engine.linear(&words, layer, Epilogue::default())).collect();
        context.looking(weight, layers)
    }
}
