//! The picture network of Stable Diffusion 1, 2 and XL and their relatives: `UNet2DConditionModel` of diffusers.

mod block;
mod config;
mod transformer;

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Linear, Norm, Shape, Tensor};
use chatsd_weights::Scope;
use serde_json::Value;

pub(crate) use self::config::Config;
use self::{
    block::{Down, Layer, Loader, Up},
    config::{CHECKED, Sizes},
};
use super::{
    NetworkError,
    time::{Perceptron, Waves},
};

/// The words of a prompt as every attention of the network sees them. Made once a prompt.
#[derive(Clone, Debug)]
pub struct Context {
    /// Keys, then values, of each attention to words: `batch × 1 × tokens × 2·channels`.
    layers: Vec<Tensor>,
}

impl Context {
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
        Self { layers: (0..count).map(layer).collect() }
    }
}

/// One time of the walk from noise to picture, and what else conditions the network, as its layers read them: an
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

/// A picture network. Every part is called as in diffusers.
#[derive(Clone)]
pub struct UNet {
    conv_in: Convolution,
    waves: Waves,
    time_embedding: Perceptron,
    cond_proj: Option<(Waves, Linear)>,
    add_embedding: Option<(Waves, Perceptron)>,
    keys_values: Vec<Linear>,
    down_blocks: Vec<Down>,
    mid_block: Vec<Layer>,
    up_blocks: Vec<Up>,
    conv_norm_out: Norm,
    conv_out: Convolution,
    context_channels: usize,
    added: Option<Sizes>,
    config: Config,
}

impl UNet {
    /// From the weights and the config of a component.
    ///
    /// # Errors
    /// When the config is of a kind that is not built here or makes no network, or a tensor is missing or does not
    /// fit it.
    pub fn load(weights: &Scope<'_>, config: &Value) -> Result<Self, NetworkError> {
        let config = Config::read(config)?;
        let (blocks, first, time) = (config.blocks(), config.block_out_channels[0], config.time());
        CHECKED.divides("norm_num_groups", config.norm_num_groups, first)?;
        let waves = Waves { channels: first, cosines_first: config.flip_sin_to_cos, shift: config.freq_shift };
        let cond_proj = config.time_cond_proj_dim.map(|channels| {
            let projection = weights.linear("time_embedding.cond_proj", channels, first)?;
            Ok::<_, NetworkError>((Waves { channels, cosines_first: false, shift: 1.0 }, projection))
        });
        let added = config.added()?;
        let add_embedding = added.map(|Sizes { inputs, waves: channels }| {
            let embedding = Perceptron::load(&weights.at("add_embedding"), inputs, time)?;
            Ok::<_, NetworkError>((Waves { channels, ..waves }, embedding))
        });
        let mut loader = Loader { config: &config, keys_values: Vec::new() };
        let down_blocks = (0..blocks).map(|block| loader.down(&weights.at(format!("down_blocks.{block}")), block));
        let down_blocks = down_blocks.collect::<Result<_, _>>()?;
        let mid_block = loader.mid(&weights.at("mid_block"))?;
        let up_blocks = (0..blocks).map(|block| loader.up(&weights.at(format!("up_blocks.{block}")), block));
        let up_blocks = up_blocks.collect::<Result<_, _>>()?;
        Ok(Self {
            conv_in: weights.convolution("conv_in", [config.in_channels, first, config.conv_in_kernel])?,
            waves,
            time_embedding: Perceptron::load(&weights.at("time_embedding"), first, time)?,
            cond_proj: cond_proj.transpose()?,
            add_embedding: add_embedding.transpose()?,
            keys_values: loader.keys_values,
            down_blocks,
            mid_block,
            up_blocks,
            conv_norm_out: weights.norm("conv_norm_out", first, config.norm_eps)?,
            conv_out: weights.convolution("conv_out", [first, config.out_channels, config.conv_out_kernel])?,
            context_channels: config.context()?,
            added,
            config,
        })
    }

    /// Channels of the latent it reads.
    #[must_use]
    pub fn in_channels(&self) -> usize {
        self.config.in_channels
    }

    /// Channels of what it predicts.
    #[must_use]
    pub fn out_channels(&self) -> usize {
        self.config.out_channels
    }

    /// Height and width of a latent must be multiples of this.
    #[must_use]
    pub fn factor(&self) -> usize {
        self.down_blocks[1..].iter().fold(1, |factor, _| 2 * factor)
    }

    /// Values of a token's vector in the states it is given.
    #[must_use]
    pub fn context_channels(&self) -> usize {
        self.context_channels
    }

    /// Values of the pooled vectors that [`UNet::time`] needs beside so many sizes, when it needs them.
    #[must_use]
    pub fn pooled_channels(&self, sizes: usize) -> Option<usize> {
        self.added.map(|added| added.inputs.saturating_sub(sizes * added.waves))
    }

    /// Whether [`UNet::time`] needs pooled vectors and sizes.
    #[must_use]
    pub fn takes_pooled(&self) -> bool {
        self.add_embedding.is_some()
    }

    /// Whether [`UNet::time`] reads the guidance, so that one pass without a negative prompt does.
    #[must_use]
    pub fn takes_guidance(&self) -> bool {
        self.cond_proj.is_some()
    }

    /// What the attentions to words need of `states`, `batch × 1 × tokens × channels`.
    ///
    /// # Panics
    /// When the states are not as wide as the network expects.
    #[must_use]
    pub fn context(&self, engine: &Engine, states: &Tensor) -> Context {
        let layers = self.keys_values.iter().map(|layer| engine.linear(states, layer, Epilogue::default()));
        Context { layers: layers.collect() }
    }

    /// What the layers need of time `t` (0 to 1000 in most models), for one picture or, with pooled vectors, for as
    /// many as there are.
    ///
    /// # Panics
    /// When the network takes pooled vectors and sizes, and they are missing, of different prompts, or not as wide as it
    /// expects.
    #[must_use]
    pub fn time(&self, engine: &Engine, t: f32, added: Option<&Added>) -> Time {
        let plain = Epilogue::default();
        let mut waves = self.waves.of(&[t]);
        if let (Some((guidance_waves, projection)), Some(guidance)) =
            (&self.cond_proj, added.and_then(|added| added.guidance))
        {
            let guidance = guidance_waves.of(&[1000.0 * (guidance - 1.0)]);
            waves = engine.linear(&guidance, projection, plain.residual(&waves));
        }
        let Some((size_waves, add_embedding)) = &self.add_embedding else {
            return Time(self.time_embedding.forward(engine, &waves, plain.activation(Activation::Silu)));
        };
        let pooled = added.and_then(|added| added.pooled.as_ref()).expect("this network takes pooled vectors");
        let sizes: Vec<Tensor> =
            added.iter().flat_map(|added| &added.sizes).map(|sizes| size_waves.of(sizes)).collect();
        let sizes = engine.stack(&sizes.iter().collect::<Vec<_>>());
        let time = repeated(engine, self.time_embedding.forward(engine, &waves, plain), pooled.shape().batch);
        let added = engine.concatenate([pooled, &sizes]);
        Time(add_embedding.forward(engine, &added, plain.residual(&time).activation(Activation::Silu)))
    }

    /// What the network predicts for `z`, `batch × height × width × in_channels`: as many pixels of `out_channels`.
    ///
    /// # Panics
    /// When height or width are no multiple of [`UNet::factor`], or the batches of `z`, context and time differ (a time
    /// of one picture serves all).
    #[must_use]
    pub fn forward(&self, engine: &Engine, z: &Tensor, time: &Time, context: &Context) -> Tensor {
        let Shape { batch, height, width, .. } = z.shape();
        let factor = self.factor();
        assert!(
            height.is_multiple_of(factor) && width.is_multiple_of(factor),
            "a latent of {width}×{height}: expected multiples of {factor}"
        );
        let time = if time.0.shape().batch == batch { time.0.clone() } else { repeated(engine, time.0.clone(), batch) };
        let mut skips = vec![engine.convolution([z], &self.conv_in, Epilogue::default())];
        for block in &self.down_blocks {
            block.forward(engine, &mut skips, &time, context);
        }
        let mut x = match (self.mid_block.split_first(), skips.last()) {
            (Some((first, rest)), Some(x)) => {
                let x = first.forward(engine, [x], &time, context);
                rest.iter().fold(x, |x, layer| layer.forward(engine, [&x], &time, context))
            }
            (_, x) => x.expect("conv_in made the first").clone(),
        };
        for block in &self.up_blocks {
            x = block.forward(engine, x, &mut skips, &time, context);
        }
        let x = engine.group_norm([&x], &self.conv_norm_out, self.config.norm_num_groups, Activation::Silu);
        engine.convolution([&x], &self.conv_out, Epilogue::default())
    }
}

/// The same for every picture of a batch.
fn repeated(engine: &Engine, x: Tensor, batch: usize) -> Tensor {
    if batch == 1 { x } else { engine.stack(&vec![&x; batch]) }
}
