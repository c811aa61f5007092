//! The picture network of Stable Diffusion 1, 2 and XL and their relatives: `UNet2DConditionModel` of diffusers.

mod block;
mod config;
mod control;
mod descent;
mod image_adapter;
mod transformer;

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Linear, Norm, Tensor};
use chatsd_weights::Scope;
use serde_json::Value;

pub(crate) use self::config::UNetConfig;
pub use self::control::ControlNet;
pub use self::image_adapter::ImageAdapter;
use self::{
    block::{Loader, Up},
    config::Sizes,
    descent::Descent,
};
use super::NetworkError;

/// The words of a prompt as every attention of the network sees them. Made once a prompt.
#[derive(Clone, Debug)]
pub struct Context {
    /// Keys, then values, of each attention to words: `batch × 1 × tokens × 2·channels`.
    layers: Vec<Tensor>,
    /// The same of image prompts, for decoupled cross-attention (Ye et al. 2023), each with its weight.
    image_prompts: Vec<(f32, Vec<Tensor>)>,
}

impl Context {
    /// The same words, and an image prompt's keys and values in the same order.
    fn with_image_prompt(mut self, weight: f32, layers: Vec<Tensor>) -> Self {
        self.image_prompts.push((weight, layers));
        self
    }

    /// Of `states`, `batch × 1 × tokens × channels`, by the layers that make keys and values.
    fn of(engine: &Engine, keys_values: &[Linear], states: &Tensor) -> Self {
        let layers = keys_values.iter().map(|layer| engine.linear(states, layer, Epilogue::default()));
        Self { layers: layers.collect(), image_prompts: Vec::new() }
    }

    /// Contexts of equally many tokens, one after another in the batch.
    ///
    /// # Panics
    /// When there is none, they are of different networks or have different numbers of tokens.
    #[must_use]
    pub fn stack(engine: &Engine, parts: &[&Self]) -> Self {
        let count = parts.first().expect("at least one context").layers.len();
        let layer = |index: usize| {
            let parts: Vec<&Tensor> = parts.iter().map(|part| &part.layers[index]).collect();
            engine.stack(&parts)
        };
        Self { layers: (0..count).map(layer).collect(), image_prompts: Vec::new() }
    }
}

/// One time on the way from noise to picture, and what else conditions the network, as its layers read them: an
/// activated embedding of `batch × 1 × 1 × channels`. Made once for each time.
#[derive(Clone, Debug)]
pub struct Time(Tensor);

/// What some networks are told besides time and words. Others ignore it.
#[derive(Clone, Debug, Default)]
pub struct Added {
    /// The pooled, projected vector of each prompt, `batch × 1 × 1 × channels`: Stable Diffusion XL (`text_time`).
    pub pooled: Option<Tensor>,
    /// Of each prompt: original height and width, crop top and left, target height and width, in pixels (Stable
    /// Diffusion XL); the last two are a score in its refiner.
    pub sizes: Vec<Vec<f32>>,
    /// How strongly the prompt counts: latent consistency models (`time_cond_proj_dim`), Luo et al. 2023.
    pub guidance: Option<f32>,
}

/// [`Added`] as one network reads it, as far as that does not depend on time. Made once a prompt.
#[derive(Clone, Debug)]
pub struct AddedEmbedding {
    /// The sinusoidal embedding of the guidance.
    guidance: Option<Tensor>,
    /// What the first layer makes of pooled vectors and the embeddings of sizes.
    hidden: Option<Tensor>,
}

/// A picture network. Every part is called as in diffusers.
#[derive(Clone)]
pub struct UNet {
    descent: Descent,
    keys_values: Vec<Linear>,
    up_blocks: Vec<Up>,
    conv_norm_out: Norm,
    conv_out: Convolution,
    added: Option<Sizes>,
    config: UNetConfig,
}

impl UNet {
    /// From the weights and the config of a component.
    ///
    /// # Errors
    /// When the config is of a kind that is not built here or makes no network, or a tensor is missing or does not
    /// fit it.
    pub fn load(weights: &Scope<'_>, config: &Value) -> Result<Self, NetworkError> {
        let config = UNetConfig::read(config)?;
        let (blocks, first) = (config.blocks(), config.block_out_channels[0]);
        let mut loader = Loader { config: &config, keys_values: Vec::new() };
        let descent = Descent::load(weights, &mut loader)?;
        let up_blocks = (0..blocks).map(|block| loader.up(&weights.at(format!("up_blocks.{block}")), block));
        let up_blocks = up_blocks.collect::<Result<_, _>>()?;
        Ok(Self {
            descent,
            keys_values: loader.keys_values,
            up_blocks,
            conv_norm_out: weights.norm("conv_norm_out", first, config.norm_eps)?,
            conv_out: weights.convolution("conv_out", [first, config.out_channels, config.conv_out_kernel])?,
            added: config.added()?,
            config,
        })
    }

    /// The attentions to words in the order of a context: the place that each has when those on the way up stand before
    /// those of the middle, as diffusers counts them, and its channels.
    fn attentions(&self) -> impl Iterator<Item = (usize, usize)> {
        let ([down, middle], all) = (self.descent.attentions(), self.keys_values.len());
        let place = move |index: usize| match index {
            _ if index < down => index,
            _ if index < down + middle => index + (all - down - middle),
            _ => index - middle,
        };
        self.keys_values.iter().enumerate().map(move |(index, layer)| (place(index), layer.outputs() / 2))
    }

    /// Channels of what each layer on the way down makes, in order.
    #[must_use]
    pub fn layers(&self) -> &[usize] {
        self.descent.channels()
    }

    /// Channels of the latent it reads.
    #[must_use]
    pub fn in_channels(&self) -> usize {
        self.descent.in_channels()
    }

    /// Channels of what it predicts.
    #[must_use]
    pub fn out_channels(&self) -> usize {
        self.config.out_channels
    }

    /// Height and width of a latent must be multiples of this.
    #[must_use]
    pub fn factor(&self) -> usize {
        self.descent.factor()
    }

    /// Values of a token's vector in the states it is given.
    #[must_use]
    pub fn context_channels(&self) -> usize {
        self.descent.context_channels()
    }

    /// Values of the pooled vectors that [`UNet::added`] needs beside so many sizes, when it needs them.
    #[must_use]
    pub fn pooled_channels(&self, sizes: usize) -> Option<usize> {
        self.added.map(|added| added.inputs.saturating_sub(sizes * added.size))
    }

    /// Whether [`UNet::added`] needs pooled vectors and sizes.
    #[must_use]
    pub fn takes_pooled(&self) -> bool {
        self.descent.takes_pooled()
    }

    /// Whether [`UNet::added`] reads the guidance, so that one prediction without a negative prompt does.
    #[must_use]
    pub fn takes_guidance(&self) -> bool {
        self.descent.takes_guidance()
    }

    /// What the attentions to words need of `states`, `batch × 1 × tokens × channels`.
    ///
    /// # Panics
    /// When the states are not as wide as the network expects.
    #[must_use]
    pub fn context(&self, engine: &Engine, states: &Tensor) -> Context {
        Context::of(engine, &self.keys_values, states)
    }

    /// What the layers need of what the network is told besides time and words.
    ///
    /// # Panics
    /// When the network takes pooled vectors and sizes, and they are missing, of different prompts, or not as wide as it
    /// expects.
    #[must_use]
    pub fn added(&self, engine: &Engine, added: &Added) -> AddedEmbedding {
        self.descent.added(engine, added)
    }

    /// What the layers need of time `t` (0 to 1000 in most models), for one picture or, with pooled vectors, for as
    /// many as there are.
    ///
    /// # Panics
    /// When the network takes pooled vectors and there are none.
    #[must_use]
    pub fn time(&self, engine: &Engine, t: f32, added: Option<&AddedEmbedding>) -> Time {
        self.descent.time(engine, t, added)
    }

    /// What the network predicts for `z`, `batch × height × width × in_channels`: as many pixels of `out_channels`.
    ///
    /// # Panics
    /// When height or width are no multiple of [`UNet::factor`], or the batches of `z`, context and time differ (a time
    /// of one picture serves all).
    #[must_use]
    pub fn forward(&self, engine: &Engine, z: &Tensor, time: &Time, context: &Context) -> Tensor {
        self.forward_controlled(engine, z, time, context, &[])
    }

    /// As [`UNet::forward`], with what each of `controls` found added as strongly as its factor says.
    ///
    /// # Panics
    /// As there, and when a ControlNet's layers are others than this network's.
    #[must_use]
    pub fn forward_controlled(
        &self,
        engine: &Engine,
        z: &Tensor,
        time: &Time,
        context: &Context,
        controls: &[(f32, Vec<Tensor>)],
    ) -> Tensor {
        let (mut skips, middle, time) = self.descent.forward(engine, z, None, time, context);
        let controlled = |x: Tensor, index: usize| {
            if controls.is_empty() {
                return x;
            }
            let added = controls.iter().map(|(weight, found)| (*weight, &found[index]));
            engine.combine(&[(1.0, &x)].into_iter().chain(added).collect::<Vec<_>>())
        };
        let mut x = controlled(middle, skips.len());
        if !controls.is_empty() {
            skips = skips.into_iter().enumerate().map(|(index, skip)| controlled(skip, index)).collect();
        }
        for block in &self.up_blocks {
            x = block.forward(engine, x, &mut skips, &time, context);
        }
        let x = engine.group_norm([&x], &self.conv_norm_out, self.config.norm_num_groups, Activation::Silu);
        engine.convolution([&x], &self.conv_out, Epilogue::default())
    }
}
