//! ControlNet (Zhang, Rao and Agrawala 2023): a second way down that is also shown a picture to follow.
//! `ControlNetModel` of diffusers.

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Linear, Tensor};
use chatsd_weights::Scope;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Added, AddedEmbedding, Context, Time, UNetConfig, block::Loader, descent::Descent};
use crate::network::{NetworkError, config::Checked};

const CHECKED: Checked = Checked("ControlNet");

/// The part of its config that a picture network does not have, with the library's defaults.
#[derive(Deserialize)]
#[serde(default)]
struct Hints {
    conditioning_channels: usize,
    conditioning_embedding_out_channels: Vec<usize>,
    controlnet_conditioning_channel_order: String,
    global_pool_conditions: bool,
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            conditioning_channels: 3,
            conditioning_embedding_out_channels: vec![16, 32, 96, 256],
            controlnet_conditioning_channel_order: "rgb".into(),
            global_pool_conditions: false,
        }
    }
}

/// A network that steers a picture network by a picture.
#[derive(Clone)]
pub struct ControlNet {
    descent: Descent,
    keys_values: Vec<Linear>,
    hint: Vec<Convolution>,
    /// One for each layer on the way down, and one for the middle.
    outputs: Vec<Convolution>,
    hint_factor: usize,
}

impl ControlNet {
    /// From the weights and the config of a component.
    ///
    /// # Errors
    /// When the config is of a kind that is not built here or makes no network, or a tensor is missing or does not
    /// fit it.
    pub fn load(weights: &Scope<'_>, config: &Value) -> Result<Self, NetworkError> {
        let hints: Hints = CHECKED.read(config)?;
        let widths = &hints.conditioning_embedding_out_channels;
        CHECKED.counts("conditioning_embedding_out_channels", widths, widths.len())?;
        let order = hints.controlnet_conditioning_channel_order.as_str();
        CHECKED.one_of("controlnet_conditioning_channel_order", &order, &["rgb"])?;
        CHECKED.one_of("conditioning_channels", &hints.conditioning_channels, &[3])?;
        CHECKED.one_of("global_pool_conditions", &hints.global_pool_conditions, &[false])?;
        let config = Self::as_picture_network(config)?;
        let mut loader = Loader { config: &config, keys_values: Vec::new() };
        let descent = Descent::load(weights, &mut loader)?;
        let keys_values = loader.keys_values;
        let channels = descent.channels();
        let outputs = channels
            .iter()
            .enumerate()
            .map(|(index, &width)| weights.convolution(&format!("controlnet_down_blocks.{index}"), [width, width, 1]));
        let mut outputs: Vec<Convolution> = outputs.collect::<Result<_, _>>()?;
        let last = channels[channels.len() - 1];
        outputs.push(weights.convolution("controlnet_mid_block", [last, last, 1])?);
        let hint = Self::hint_layers(&weights.at("controlnet_cond_embedding"), widths, channels[0])?;
        Ok(Self { descent, keys_values, hint, outputs, hint_factor: 1 << (widths.len() - 1) })
    }

    /// The config of the picture network whose way down it is.
    fn as_picture_network(config: &Value) -> Result<UNetConfig, NetworkError> {
        let mut config = config.clone();
        let blocks = config.get("down_block_types").and_then(Value::as_array).map(Vec::len);
        if let (Some(blocks), Some(entries)) = (blocks, config.as_object_mut()) {
            entries.insert("up_block_types".into(), json!(vec!["UpBlock2D"; blocks]));
        }
        UNetConfig::read(&config)
    }

    /// Pairs of convolutions of which the second halves the picture.
    fn hint_layers(weights: &Scope<'_>, widths: &[usize], outputs: usize) -> Result<Vec<Convolution>, NetworkError> {
        let mut layers = vec![weights.convolution("conv_in", [3, widths[0], 3])?];
        for (index, pair) in widths.windows(2).enumerate() {
            let name = |offset: usize| format!("blocks.{}", 2 * index + offset);
            layers.push(weights.convolution(&name(0), [pair[0], pair[0], 3])?);
            layers.push(weights.convolution(&name(1), [pair[0], pair[1], 3])?.strided(2, 1, 1));
        }
        layers.push(weights.convolution("conv_out", [widths[widths.len() - 1], outputs, 3])?);
        Ok(layers)
    }

    /// Values of a token's vector in the states it is given.
    #[must_use]
    pub fn context_channels(&self) -> usize {
        self.descent.context_channels()
    }

    /// Channels of what each layer on the way down adds to, in order.
    #[must_use]
    pub fn layers(&self) -> &[usize] {
        self.descent.channels()
    }

    /// Channels of the latent it reads.
    #[must_use]
    pub fn in_channels(&self) -> usize {
        self.descent.in_channels()
    }

    /// The picture it follows is so many times as high and wide as the latent.
    #[must_use]
    pub fn hint_factor(&self) -> usize {
        self.hint_factor
    }

    /// Whether [`ControlNet::added`] needs pooled vectors and sizes.
    #[must_use]
    pub fn takes_pooled(&self) -> bool {
        self.descent.takes_pooled()
    }

    /// As `UNet::context`.
    #[must_use]
    pub fn context(&self, engine: &Engine, states: &Tensor) -> Context {
        Context::of(engine, &self.keys_values, states)
    }

    /// As `UNet::added`.
    #[must_use]
    pub fn added(&self, engine: &Engine, added: &Added) -> AddedEmbedding {
        self.descent.added(engine, added)
    }

    /// As `UNet::time`.
    #[must_use]
    pub fn time(&self, engine: &Engine, t: f32, added: Option<&AddedEmbedding>) -> Time {
        self.descent.time(engine, t, added)
    }

    /// What it sees of a picture of `batch × height × width × 3` from 0 to 1. Made once a picture.
    #[must_use]
    pub fn hint(&self, engine: &Engine, picture: &Tensor) -> Tensor {
        let silu = Epilogue::default().activation(Activation::Silu);
        let (last, layers) = self.hint.split_last().expect("conv_in and conv_out");
        let x = layers.iter().fold(picture.clone(), |x, layer| engine.convolution([&x], layer, silu));
        engine.convolution([&x], last, Epilogue::default())
    }

    /// What is to be added to the results of a picture network's layers on the way down, and of its middle, which is
    /// last. `hint` is as many pictures as `z`.
    ///
    /// # Panics
    /// As `UNet::forward`.
    #[must_use]
    pub fn forward(&self, engine: &Engine, z: &Tensor, hint: &Tensor, time: &Time, context: &Context) -> Vec<Tensor> {
        let (skips, middle, _) = self.descent.forward(engine, z, Some(hint), time, context);
        let made = skips.iter().chain([&middle]).zip(&self.outputs);
        made.map(|(x, output)| engine.convolution([x], output, Epilogue::default())).collect()
    }
}
