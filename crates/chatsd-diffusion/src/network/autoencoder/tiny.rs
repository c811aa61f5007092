//! `AutoencoderTiny` of diffusers: O. Boer Bohan's TAESD, convolutions alone.

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Tensor, UpsampleConvolution};
use chatsd_weights::Scope;
use serde::Deserialize;
use serde_json::Value;

use super::{CHECKED, LatentSpec, Scaling, affine, tiles};
use crate::network::{NetworkError, NetworkFlaw};

/// `config.json`, with the library's defaults.
#[derive(Deserialize)]
#[serde(default)]
struct TinyConfig {
    in_channels: usize,
    out_channels: usize,
    encoder_block_out_channels: Vec<usize>,
    decoder_block_out_channels: Vec<usize>,
    act_fn: String,
    upsample_fn: String,
    latent_channels: usize,
    upsampling_scaling_factor: usize,
    num_encoder_blocks: Vec<usize>,
    num_decoder_blocks: Vec<usize>,
    scaling_factor: f32,
    shift_factor: f32,
}

impl Default for TinyConfig {
    fn default() -> Self {
        Self {
            in_channels: 3,
            out_channels: 3,
            encoder_block_out_channels: vec![64; 4],
            decoder_block_out_channels: vec![64; 4],
            act_fn: "relu".into(),
            upsample_fn: "nearest".into(),
            latent_channels: 4,
            upsampling_scaling_factor: 2,
            num_encoder_blocks: vec![1, 3, 3, 3],
            num_decoder_blocks: vec![3, 3, 3, 1],
            scaling_factor: 1.0,
            shift_factor: 0.0,
        }
    }
}

impl TinyConfig {
    fn check(&self) -> Result<(), NetworkError> {
        for (name, widths, counts) in [
            ("encoder_block_out_channels", &self.encoder_block_out_channels, &self.num_encoder_blocks),
            ("decoder_block_out_channels", &self.decoder_block_out_channels, &self.num_decoder_blocks),
        ] {
            CHECKED.counts(name, widths, counts.len())?;
            if widths.iter().any(|width| *width != widths[0]) {
                return CHECKED.inconsistent(NetworkFlaw::Widths { name: name.into(), found: widths.clone() });
            }
        }
        CHECKED.entries("num_decoder_blocks", self.num_decoder_blocks.len(), self.num_encoder_blocks.len())?;
        CHECKED.count("latent_channels", self.latent_channels)?;
        CHECKED.one_of("in_channels", &self.in_channels, &[3])?;
        CHECKED.one_of("out_channels", &self.out_channels, &[3])?;
        CHECKED.one_of("upsampling_scaling_factor", &self.upsampling_scaling_factor, &[2])?;
        CHECKED.one_of("upsample_fn", &self.upsample_fn.as_str(), &["nearest"])
    }
}

/// Largest value the decoder believes, on both sides of 0.
const LIMIT: f32 = 3.0;

#[derive(Clone)]
pub(super) struct Tiny {
    encoder: Vec<TinyLayer>,
    decoder: Vec<TinyLayer>,
    pub(super) spec: LatentSpec,
}

impl Tiny {
    pub(super) fn load(weights: &Scope<'_>, config: &Value) -> Result<Self, NetworkError> {
        let config: TinyConfig = CHECKED.read(config)?;
        config.check()?;
        Ok(Self {
            encoder: encoder(&weights.at("encoder.layers"), &config)?,
            decoder: decoder(&weights.at("decoder.layers"), &config)?,
            spec: LatentSpec {
                channels: config.latent_channels,
                factor: 1 << (config.num_decoder_blocks.len() - 1),
                // A block holds its input and two of its convolutions' results.
                values_a_pixel: 3 * config.encoder_block_out_channels[0].max(config.decoder_block_out_channels[0]),
                scaling: Some(Scaling::new(config.scaling_factor, config.shift_factor)?),
            },
        })
    }

    /// The latent, not scaled. `side` is of tiles where it is done in tiles, in latent pixels.
    pub(super) fn encode(&self, engine: &Engine, image: &Tensor, side: Option<usize>) -> Tensor {
        tiles::through(engine, image, side, [self.spec.factor, 1], |engine, tile| {
            forward(engine, &self.encoder, affine(engine, tile, 0.5, 0.5))
        })
    }

    /// Of a latent that is not scaled. `side` is of tiles where it is done in tiles, in latent pixels.
    pub(super) fn decode(&self, engine: &Engine, latent: Tensor, side: Option<usize>) -> Tensor {
        let clamped = engine.activate(engine.combine(&[(1.0 / LIMIT, &latent)]), Activation::Tanh);
        let believed = engine.combine(&[(LIMIT, &clamped)]);
        let image = tiles::through(engine, &believed, side, [1, self.spec.factor], |engine, tile| {
            forward(engine, &self.decoder, tile.clone())
        });
        affine(engine, &image, 2.0, -1.0)
    }
}

/// For each width: a convolution (halving from the second on), then blocks; one more convolution last.
fn encoder(weights: &Scope<'_>, config: &TinyConfig) -> Result<Vec<TinyLayer>, NetworkError> {
    let activation = CHECKED.activation("act_fn", &config.act_fn)?;
    let width = config.encoder_block_out_channels[0];
    let mut layers = Vec::new();
    for (stage, &blocks) in config.num_encoder_blocks.iter().enumerate() {
        let (inputs, stride) = if stage == 0 { (config.in_channels, 1) } else { (width, 2) };
        let convolution = weights.convolution(&layers.len().to_string(), [inputs, width, 3])?;
        layers.push(TinyLayer::Convolution(convolution.strided(stride, 1, 1), Activation::None));
        for _ in 0..blocks {
            layers.push(TinyLayer::TinyBlock(Box::new(TinyBlock::load(
                &weights.at(layers.len().to_string()),
                width,
                activation,
            )?)));
        }
    }
    let last = weights.convolution(&layers.len().to_string(), [width, config.latent_channels, 3])?;
    layers.push(TinyLayer::Convolution(last, Activation::None));
    Ok(layers)
}

/// A convolution and a function; for each width blocks, then a doubling and a convolution; no doubling at the last.
fn decoder(weights: &Scope<'_>, config: &TinyConfig) -> Result<Vec<TinyLayer>, NetworkError> {
    let activation = CHECKED.activation("act_fn", &config.act_fn)?;
    let width = config.decoder_block_out_channels[0];
    let first = weights.convolution("0", [config.latent_channels, width, 3])?;
    let mut layers = vec![TinyLayer::Convolution(first, activation)];
    // The library numbers the function and the doublings as layers of their own.
    let mut name = 2;
    let last = config.num_decoder_blocks.len() - 1;
    for (stage, &blocks) in config.num_decoder_blocks.iter().enumerate() {
        for _ in 0..blocks {
            layers.push(TinyLayer::TinyBlock(Box::new(TinyBlock::load(
                &weights.at(name.to_string()),
                width,
                activation,
            )?)));
            name += 1;
        }
        if stage == last {
            let convolution = weights.convolution(&name.to_string(), [width, config.out_channels, 3])?;
            layers.push(TinyLayer::Convolution(convolution, Activation::None));
        } else {
            layers.push(TinyLayer::Double(weights.upsample_convolution(&(name + 1).to_string(), [width; 2])?));
            name += 2;
        }
    }
    Ok(layers)
}

#[derive(Clone)]
enum TinyLayer {
    Convolution(Convolution, Activation),
    TinyBlock(Box<TinyBlock>),
    Double(UpsampleConvolution),
}

fn forward(engine: &Engine, layers: &[TinyLayer], x: Tensor) -> Tensor {
    layers.iter().fold(x, |x, layer| match layer {
        TinyLayer::Convolution(layer, activation) => {
            engine.convolution([&x], layer, Epilogue::default().activation(*activation))
        }
        TinyLayer::TinyBlock(block) => block.forward(engine, &x),
        TinyLayer::Double(layer) => engine.upsample_convolution(&x, layer, Epilogue::default()),
    })
}

/// `relu(x + three convolutions of x)`: `AutoencoderTinyBlock`.
#[derive(Clone)]
struct TinyBlock {
    convolutions: [Convolution; 3],
    activation: Activation,
}

impl TinyBlock {
    fn load(weights: &Scope<'_>, width: usize, activation: Activation) -> Result<Self, NetworkError> {
        let convolution = |name| weights.convolution(name, [width, width, 3]);
        let convolutions = [convolution("conv.0")?, convolution("conv.2")?, convolution("conv.4")?];
        Ok(Self { convolutions, activation })
    }

    fn forward(&self, engine: &Engine, x: &Tensor) -> Tensor {
        let [first, second, third] = &self.convolutions;
        let active = Epilogue::default().activation(self.activation);
        // The first result is moved away, so that its memory is free for the third.
        let h = engine.convolution([x], first, active);
        let h = engine.convolution([&{ h }], second, active);
        engine.convolution([&h], third, Epilogue::default().residual(x).activation(Activation::Relu))
    }
}
