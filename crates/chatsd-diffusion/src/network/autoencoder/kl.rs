//! `AutoencoderKL` of diffusers: the autoencoder of latent diffusion (Rombach et al. 2022).

use chatsd_tensor::{
    Activation, AttentionMask, Convolution, Engine, Epilogue, Linear, Norm, Tensor, UpsampleConvolution,
};
use chatsd_weights::Scope;
use serde::Deserialize;
use serde_json::Value;

use super::{CHECKED, LatentSpec, Scaling, tiles};
use crate::network::{
    NetworkError, NetworkFlaw,
    resnet::{Norms, Resnet, downsampler},
};

/// `config.json`, with the library's defaults.
#[derive(Deserialize)]
#[serde(default)]
struct KlConfig {
    in_channels: usize,
    out_channels: usize,
    down_block_types: Vec<String>,
    up_block_types: Vec<String>,
    block_out_channels: Vec<usize>,
    layers_per_block: usize,
    act_fn: String,
    latent_channels: usize,
    norm_num_groups: usize,
    scaling_factor: f32,
    shift_factor: Option<f32>,
    use_quant_conv: bool,
    use_post_quant_conv: bool,
    mid_block_add_attention: bool,
    latents_mean: Option<Value>,
    latents_std: Option<Value>,
}

impl Default for KlConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            down_block_types: vec![DOWN.into()],
            up_block_types: vec![UP.into()],
            block_out_channels: vec![64],
            layers_per_block: 1,
            act_fn: "silu".into(),
            latent_channels: 4,
            norm_num_groups: 32,
            scaling_factor: 0.182_15,
            shift_factor: None,
            use_quant_conv: true,
            use_post_quant_conv: true,
            mid_block_add_attention: true,
            latents_mean: None,
            latents_std: None,
        }
    }
}

const DOWN: &str = "DownEncoderBlock2D";
const UP: &str = "UpDecoderBlock2D";
/// Of every normalisation; the library has it as a constant too.
const EPSILON: f32 = 1e-6;

impl KlConfig {
    fn check(&self) -> Result<(), NetworkError> {
        CHECKED.counts("block_out_channels", &self.block_out_channels, self.down_block_types.len())?;
        CHECKED.counts("block_out_channels", &self.block_out_channels, self.up_block_types.len())?;
        CHECKED.count("layers_per_block", self.layers_per_block)?;
        CHECKED.count("latent_channels", self.latent_channels)?;
        for width in [self.block_out_channels[0], self.top()] {
            CHECKED.divides("norm_num_groups", self.norm_num_groups, width)?;
        }
        for (name, kinds, expected) in
            [("down_block_types", &self.down_block_types, DOWN), ("up_block_types", &self.up_block_types, UP)]
        {
            kinds.iter().try_for_each(|kind| CHECKED.one_of(name, &kind.as_str(), &[expected]))?;
        }
        for (name, entry) in [("latents_mean", &self.latents_mean), ("latents_std", &self.latents_std)] {
            if entry.is_some() {
                return CHECKED.unsupported(NetworkFlaw::Spare { name: name.into() });
            }
        }
        CHECKED.one_of("in_channels", &self.in_channels, &[3])?;
        CHECKED.one_of("out_channels", &self.out_channels, &[3])?;
        CHECKED.one_of("act_fn", &self.act_fn.as_str(), &["silu", "swish"])
    }

    /// Width at the smallest picture.
    fn top(&self) -> usize {
        self.block_out_channels.last().copied().unwrap_or_default()
    }

    fn norms(&self) -> Norms {
        Norms { groups: self.norm_num_groups, epsilon: EPSILON }
    }

    fn resnet(&self, weights: &Scope<'_>, index: usize, channels: [usize; 2]) -> Result<Resnet, NetworkError> {
        Resnet::load(CHECKED, &weights.at(format!("resnets.{index}")), channels, None, self.norms())
    }

    /// The residual blocks of a stage.
    fn resnets(
        &self,
        weights: &Scope<'_>,
        count: usize,
        [inputs, width]: [usize; 2],
    ) -> Result<Vec<Resnet>, NetworkError> {
        let inputs = |index| if index == 0 { inputs } else { width };
        (0..count).map(|index| self.resnet(weights, index, [inputs(index), width])).collect()
    }
}

#[derive(Clone)]
pub(super) struct Kl {
    encoder: Encoder,
    quant: Option<Linear>,
    post_quant: Option<Linear>,
    decoder: Decoder,
    pub(super) spec: LatentSpec,
}

impl Kl {
    pub(super) fn load(weights: &Scope<'_>, config: &Value) -> Result<Self, NetworkError> {
        let config: KlConfig = CHECKED.read(config)?;
        config.check()?;
        let channels = config.latent_channels;
        let quant = config.use_quant_conv.then(|| weights.linear("quant_conv", 2 * channels, 2 * channels));
        let post_quant = config.use_post_quant_conv.then(|| weights.linear("post_quant_conv", channels, channels));
        Ok(Self {
            encoder: Encoder::load(&weights.at("encoder"), &config)?,
            quant: quant.transpose()?,
            post_quant: post_quant.transpose()?,
            decoder: Decoder::load(&weights.at("decoder"), &config)?,
            spec: LatentSpec {
                channels,
                factor: 1 << (config.block_out_channels.len() - 1),
                // The first residual block at full size: its input twice, bare and normed, and what it makes of it.
                values_a_pixel: 2 * config.block_out_channels.get(1).unwrap_or(&config.top())
                    + config.block_out_channels[0],
                scaling: Some(Scaling::new(config.scaling_factor, config.shift_factor.unwrap_or(0.0))?),
            },
        })
    }

    /// The latent, not scaled. `side` is of tiles where it is done in tiles, in latent pixels.
    pub(super) fn encode(&self, engine: &Engine, image: &Tensor, side: Option<usize>) -> Tensor {
        let scale = [self.spec.factor, 1];
        let moments = self
            .encoder
            .end(engine, &tiles::through(engine, image, side, scale, |engine, tile| self.encoder.begin(engine, tile)));
        let moments = match &self.quant {
            Some(quant) => engine.linear(&moments, quant, Epilogue::default()),
            None => moments,
        };
        // Means, then logarithms of variances.
        engine.copy(moments.channels(0..self.spec.channels))
    }

    /// Of a latent that is not scaled. `side` is of tiles where it is done in tiles, in latent pixels.
    pub(super) fn decode(&self, engine: &Engine, mut latent: Tensor, side: Option<usize>) -> Tensor {
        if let Some(post_quant) = &self.post_quant {
            latent = engine.linear(&latent, post_quant, Epilogue::default());
        }
        let h = self.decoder.begin(engine, &latent);
        tiles::through(engine, &h, side, [1, self.spec.factor], |engine, tile| self.decoder.end(engine, tile))
    }
}

#[derive(Clone)]
struct Encoder {
    conv_in: Convolution,
    down_blocks: Vec<(Vec<Resnet>, Option<Convolution>)>,
    mid_block: Mid,
    out: Out,
}

impl Encoder {
    fn load(weights: &Scope<'_>, config: &KlConfig) -> Result<Self, NetworkError> {
        let widths = &config.block_out_channels;
        let mut down_blocks = Vec::new();
        for (index, &width) in widths.iter().enumerate() {
            let weights = weights.at(format!("down_blocks.{index}"));
            let inputs = widths[index.saturating_sub(1)];
            let resnets = config.resnets(&weights, config.layers_per_block, [inputs, width])?;
            let halve = (index + 1 < widths.len()).then(|| downsampler(&weights, width, 0)).transpose()?;
            down_blocks.push((resnets, halve));
        }
        Ok(Self {
            conv_in: weights.convolution("conv_in", [config.in_channels, widths[0], 3])?,
            down_blocks,
            mid_block: Mid::load(&weights.at("mid_block"), config)?,
            out: Out::load(weights, config, [config.top(), 2 * config.latent_channels])?,
        })
    }

    /// The part that takes memory: all that is larger than the latent.
    fn begin(&self, engine: &Engine, image: &Tensor) -> Tensor {
        let mut x = engine.convolution([image], &self.conv_in, Epilogue::default());
        for (resnets, halve) in &self.down_blocks {
            x = resnets.iter().fold(x, |x, resnet| resnet.forward(engine, [&x], None));
            if let Some(halve) = halve {
                x = engine.convolution([&x], halve, Epilogue::default());
            }
        }
        x
    }

    /// The part where all pixels look at each other.
    fn end(&self, engine: &Engine, x: &Tensor) -> Tensor {
        self.out.forward(engine, &self.mid_block.forward(engine, x))
    }
}

#[derive(Clone)]
struct Decoder {
    conv_in: Convolution,
    mid_block: Mid,
    up_blocks: Vec<(Vec<Resnet>, Option<UpsampleConvolution>)>,
    out: Out,
}

impl Decoder {
    fn load(weights: &Scope<'_>, config: &KlConfig) -> Result<Self, NetworkError> {
        let widths = &config.block_out_channels;
        let mut up_blocks = Vec::new();
        let mut inputs = config.top();
        for (index, &width) in widths.iter().rev().enumerate() {
            let weights = weights.at(format!("up_blocks.{index}"));
            let resnets = config.resnets(&weights, config.layers_per_block + 1, [inputs, width])?;
            let doubles = index + 1 < widths.len();
            let double = doubles.then(|| weights.upsample_convolution("upsamplers.0.conv", [width; 2])).transpose()?;
            up_blocks.push((resnets, double));
            inputs = width;
        }
        Ok(Self {
            conv_in: weights.convolution("conv_in", [config.latent_channels, config.top(), 3])?,
            mid_block: Mid::load(&weights.at("mid_block"), config)?,
            up_blocks,
            out: Out::load(weights, config, [widths[0], config.out_channels])?,
        })
    }

    /// The part where all pixels look at each other.
    fn begin(&self, engine: &Engine, latent: &Tensor) -> Tensor {
        self.mid_block.forward(engine, &engine.convolution([latent], &self.conv_in, Epilogue::default()))
    }

    /// The part that takes memory: all that is larger than the latent.
    fn end(&self, engine: &Engine, x: &Tensor) -> Tensor {
        let mut x = x.clone();
        for (resnets, double) in &self.up_blocks {
            x = resnets.iter().fold(x, |x, resnet| resnet.forward(engine, [&x], None));
            if let Some(double) = double {
                x = engine.upsample_convolution(&x, double, Epilogue::default());
            }
        }
        self.out.forward(engine, &x)
    }
}

/// A residual block, an attention, a residual block: `UNetMidBlock2D`.
#[derive(Clone)]
struct Mid {
    first: Resnet,
    attention: Option<PixelAttention>,
    last: Resnet,
}

impl Mid {
    fn load(weights: &Scope<'_>, config: &KlConfig) -> Result<Self, NetworkError> {
        let width = config.top();
        let attends = config.mid_block_add_attention;
        let attention = attends.then(|| PixelAttention::load(&weights.at("attentions.0"), width, config.norms()));
        Ok(Self {
            first: config.resnet(weights, 0, [width; 2])?,
            attention: attention.transpose()?,
            last: config.resnet(weights, 1, [width; 2])?,
        })
    }

    fn forward(&self, engine: &Engine, x: &Tensor) -> Tensor {
        let mut x = self.first.forward(engine, [x], None);
        if let Some(attention) = &self.attention {
            x = attention.forward(engine, &x);
        }
        self.last.forward(engine, [&x], None)
    }
}

/// All pixels look at each other, with one head.
#[derive(Clone)]
struct PixelAttention {
    norm: Norm,
    qkv: Linear,
    out: Linear,
    groups: usize,
}

impl PixelAttention {
    fn load(weights: &Scope<'_>, width: usize, norms: Norms) -> Result<Self, NetworkError> {
        // Files of before diffusers 0.15 have the names on the right.
        let old = weights.has("proj_attn");
        let (read, out) =
            if old { (["query", "key", "value"], "proj_attn") } else { (["to_q", "to_k", "to_v"], "to_out.0") };
        Ok(Self {
            norm: weights.norm("group_norm", width, norms.epsilon)?,
            qkv: weights.linear_stacked(&read, width, width)?,
            out: weights.linear(out, width, width)?,
            groups: norms.groups,
        })
    }

    fn forward(&self, engine: &Engine, x: &Tensor) -> Tensor {
        let width = x.shape().channels;
        let h = engine.group_norm([x], &self.norm, self.groups, Activation::None);
        let qkv = engine.linear(&h, &self.qkv, Epilogue::default());
        let [q, k, v] = [0, 1, 2].map(|part| qkv.channels(part * width..(part + 1) * width));
        let seen = engine.attention(q, k, v, 1, AttentionMask::None);
        engine.linear(&seen, &self.out, Epilogue::default().residual(x))
    }
}

/// Norm, SiLU, convolution: the end of both halves.
#[derive(Clone)]
struct Out {
    norm: Norm,
    convolution: Convolution,
    groups: usize,
}

impl Out {
    fn load(weights: &Scope<'_>, config: &KlConfig, [inputs, outputs]: [usize; 2]) -> Result<Self, NetworkError> {
        Ok(Self {
            norm: weights.norm("conv_norm_out", inputs, EPSILON)?,
            convolution: weights.convolution("conv_out", [inputs, outputs, 3])?,
            groups: config.norm_num_groups,
        })
    }

    fn forward(&self, engine: &Engine, x: &Tensor) -> Tensor {
        let h = engine.group_norm([x], &self.norm, self.groups, Activation::Silu);
        engine.convolution([&h], &self.convolution, Epilogue::default())
    }
}
