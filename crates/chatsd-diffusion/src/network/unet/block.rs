//! The blocks of a picture network: on the way down, in the middle, on the way up.

use chatsd_tensor::{Convolution, Engine, Epilogue, Linear, Tensor, UpsampleConvolution};
use chatsd_weights::Scope;

use super::{
    Context,
    config::{CHECKED, UNetConfig},
    transformer::{Transformer, TransformerSpec},
};
use crate::network::{
    NetworkError,
    config::PerBlock,
    resnet::{Norms, Resnet, downsampler},
};

/// Makes blocks of a config, and gathers the layers that make keys and values of the words.
pub(super) struct Loader<'a> {
    pub(super) config: &'a UNetConfig,
    pub(super) keys_values: Vec<Linear>,
}

impl Loader<'_> {
    fn resnet(&self, weights: &Scope<'_>, index: usize, channels: [usize; 2]) -> Result<Resnet, NetworkError> {
        let norms = Norms { groups: self.config.norm_num_groups, epsilon: self.config.norm_eps };
        Resnet::load(CHECKED, &weights.at(format!("resnets.{index}")), channels, Some(self.config.time()), norms)
    }

    /// Transformer `index` of a block whose settings are those of down block `block`; `depths` are the block's.
    fn transformer(
        &mut self,
        weights: &Scope<'_>,
        index: usize,
        block: usize,
        depths: &PerBlock<usize>,
        only_cross: bool,
    ) -> Result<Transformer, NetworkError> {
        let kind = TransformerSpec {
            channels: self.config.block_out_channels[block],
            heads: self.config.heads(block)?,
            groups: self.config.norm_num_groups,
            context: self.config.context()?,
            only_cross,
        };
        let depth = CHECKED.of_block("transformer_layers_per_block", depths, index)?;
        Transformer::load(&weights.at(format!("attentions.{index}")), depth, kind, &mut self.keys_values)
    }

    fn layers(&self, block: usize) -> Result<usize, NetworkError> {
        let name = "layers_per_block";
        CHECKED.count(name, CHECKED.of_block(name, &self.config.layers_per_block, block)?)
    }

    fn only_cross(&self, block: usize) -> Result<bool, NetworkError> {
        CHECKED.of_block("only_cross_attention", &self.config.only_cross_attention, block)
    }

    fn depths(&self, block: usize) -> Result<PerBlock<usize>, NetworkError> {
        CHECKED.of_block("transformer_layers_per_block", &self.config.transformer_layers_per_block, block)
    }

    /// `DownBlock2D` or `CrossAttnDownBlock2D`.
    pub(super) fn down(&mut self, weights: &Scope<'_>, block: usize) -> Result<Down, NetworkError> {
        let widths = &self.config.block_out_channels;
        let (inputs, width) = (widths[block.saturating_sub(1)], widths[block]);
        let kinds = ["DownBlock2D", "CrossAttnDownBlock2D"];
        let crosses = UNetConfig::crosses(&self.config.down_block_types[block], kinds)?;
        let mut layers = Vec::new();
        for index in 0..self.layers(block)? {
            let inputs = if index == 0 { inputs } else { width };
            let resnet = self.resnet(weights, index, [inputs, width])?;
            let transformer = if crosses {
                Some(self.transformer(weights, index, block, &self.depths(block)?, self.only_cross(block)?)?)
            } else {
                None
            };
            layers.push(UNetLayer { resnet, transformer });
        }
        let last = block + 1 == self.config.blocks();
        let halve = (!last).then(|| downsampler(weights, width, self.config.downsample_padding)).transpose()?;
        Ok(Down { layers, halve })
    }

    /// `UNetMidBlock2DCrossAttn`, `UNetMidBlock2D` (one residual block) or none.
    pub(super) fn mid(&mut self, weights: &Scope<'_>) -> Result<Vec<UNetLayer>, NetworkError> {
        let block = self.config.blocks() - 1;
        let width = self.config.block_out_channels[block];
        let Some(kind) = &self.config.mid_block_type else { return Ok(Vec::new()) };
        let crosses = UNetConfig::crosses(kind, ["UNetMidBlock2D", "UNetMidBlock2DCrossAttn"])?;
        let resnet = self.resnet(weights, 0, [width; 2])?;
        if !crosses {
            return Ok(vec![UNetLayer { resnet, transformer: None }]);
        }
        let transformer = Some(self.transformer(weights, 0, block, &self.depths(block)?, false)?);
        let last = UNetLayer { resnet: self.resnet(weights, 1, [width; 2])?, transformer: None };
        Ok(vec![UNetLayer { resnet, transformer }, last])
    }

    /// `UpBlock2D` or `CrossAttnUpBlock2D`; `index` counts from the smallest picture.
    pub(super) fn up(&mut self, weights: &Scope<'_>, index: usize) -> Result<Up, NetworkError> {
        let blocks = self.config.blocks();
        // The down block opposite, the width that comes from the up block before, and the width of the last skip.
        let block = blocks - 1 - index;
        let widths = &self.config.block_out_channels;
        let (before, width, below) =
            (widths[(block + 1).min(blocks - 1)], widths[block], widths[block.saturating_sub(1)]);
        let crosses = UNetConfig::crosses(&self.config.up_block_types[index], ["UpBlock2D", "CrossAttnUpBlock2D"])?;
        let depths = match &self.config.reverse_transformer_layers_per_block {
            Some(depths) => CHECKED.of_block("reverse_transformer_layers_per_block", depths, index)?,
            None => self.depths(block)?,
        };
        let count = self.layers(block)? + 1;
        let mut layers = Vec::new();
        for index in 0..count {
            let inputs = if index == 0 { before } else { width };
            let skip = if index + 1 == count { below } else { width };
            let resnet = self.resnet(weights, index, [inputs + skip, width])?;
            let transformer = if crosses {
                Some(self.transformer(weights, index, block, &depths, self.only_cross(block)?)?)
            } else {
                None
            };
            layers.push(UNetLayer { resnet, transformer });
        }
        let double = (block > 0).then(|| weights.upsample_convolution("upsamplers.0.conv", [width; 2])).transpose()?;
        Ok(Up { layers, double })
    }
}

/// A residual block, and the transformer after it when the block has attention.
#[derive(Clone)]
pub(super) struct UNetLayer {
    resnet: Resnet,
    transformer: Option<Transformer>,
}

impl UNetLayer {
    pub(super) fn forward<const N: usize>(
        &self,
        engine: &Engine,
        x: [&Tensor; N],
        time: &Tensor,
        context: &Context,
    ) -> Tensor {
        let h = self.resnet.forward(engine, x, self.resnet.time(engine, time).as_ref());
        match &self.transformer {
            Some(transformer) => transformer.forward(engine, &h, context),
            None => h,
        }
    }
}

/// A block on the way down.
#[derive(Clone)]
pub(super) struct Down {
    layers: Vec<UNetLayer>,
    halve: Option<Convolution>,
}

impl Down {
    /// Goes on from the last of `skips`, and leaves there what every layer made.
    pub(super) fn forward(&self, engine: &Engine, skips: &mut Vec<Tensor>, time: &Tensor, context: &Context) {
        for layer in &self.layers {
            skips.extend(skips.last().map(|x| layer.forward(engine, [x], time, context)));
        }
        if let (Some(halve), Some(x)) = (&self.halve, skips.last()) {
            skips.push(engine.convolution([x], halve, Epilogue::default()));
        }
    }
}

/// A block on the way up.
#[derive(Clone)]
pub(super) struct Up {
    layers: Vec<UNetLayer>,
    double: Option<UpsampleConvolution>,
}

impl Up {
    /// Takes one of `skips` for each layer, the last first.
    pub(super) fn forward(
        &self,
        engine: &Engine,
        mut x: Tensor,
        skips: &mut Vec<Tensor>,
        time: &Tensor,
        context: &Context,
    ) -> Tensor {
        for layer in &self.layers {
            let skip = skips.pop().expect("as many layers up as skips were made on the way down");
            x = layer.forward(engine, [&x, &skip], time, context);
        }
        match &self.double {
            Some(double) => engine.upsample_convolution(&x, double, Epilogue::default()),
            None => x,
        }
    }
}
