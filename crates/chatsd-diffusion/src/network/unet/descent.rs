//! The way down and the middle: what a picture network and a ControlNet have in common.

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Linear, Shape, Tensor};
use chatsd_weights::Scope;

use super::{
    Added, Context, Time,
    block::{Down, Layer, Loader},
    config::{CHECKED, Sizes},
};
use crate::network::{
    NetworkError,
    time::{Perceptron, Waves},
};

/// From a latent to its smallest picture, and what it is told of time.
#[derive(Clone)]
pub(super) struct Descent {
    conv_in: Convolution,
    waves: Waves,
    time_embedding: Perceptron,
    cond_proj: Option<(Waves, Linear)>,
    add_embedding: Option<(Waves, Perceptron)>,
    down_blocks: Vec<Down>,
    mid_block: Vec<Layer>,
    /// Channels of what each layer makes.
    channels: Vec<usize>,
    /// Attentions to words on the way down, and in the middle.
    attentions: [usize; 2],
}

impl Descent {
    pub(super) fn load(weights: &Scope<'_>, loader: &mut Loader<'_>) -> Result<Self, NetworkError> {
        let config = loader.config;
        let (blocks, first, time) = (config.blocks(), config.block_out_channels[0], config.time());
        CHECKED.divides("norm_num_groups", config.norm_num_groups, first)?;
        let waves = Waves { channels: first, cosines_first: config.flip_sin_to_cos, shift: config.freq_shift };
        let cond_proj = config.time_cond_proj_dim.map(|channels| {
            let projection = weights.linear("time_embedding.cond_proj", channels, first)?;
            Ok::<_, NetworkError>((Waves { channels, cosines_first: false, shift: 1.0 }, projection))
        });
        let add_embedding = config.added()?.map(|Sizes { inputs, waves: channels }| {
            let embedding = Perceptron::load(&weights.at("add_embedding"), inputs, time)?;
            Ok::<_, NetworkError>((Waves { channels, ..waves }, embedding))
        });
        let down_blocks = (0..blocks).map(|block| loader.down(&weights.at(format!("down_blocks.{block}")), block));
        let down_blocks = down_blocks.collect::<Result<_, _>>()?;
        let down = loader.keys_values.len();
        let mid_block = loader.mid(&weights.at("mid_block"))?;
        Ok(Self {
            conv_in: weights.convolution("conv_in", [config.in_channels, first, config.conv_in_kernel])?,
            waves,
            time_embedding: Perceptron::load(&weights.at("time_embedding"), first, time)?,
            cond_proj: cond_proj.transpose()?,
            add_embedding: add_embedding.transpose()?,
            down_blocks,
            mid_block,
            channels: config.skip_channels()?,
            attentions: [down, loader.keys_values.len() - down],
        })
    }

    /// Height and width of a latent must be multiples of this.
    pub(super) fn factor(&self) -> usize {
        self.down_blocks[1..].iter().fold(1, |factor, _| 2 * factor)
    }

    /// Channels of what each layer makes, in order.
    pub(super) fn channels(&self) -> &[usize] {
        &self.channels
    }

    /// Attentions to words on the way down, and in the middle.
    pub(super) fn attentions(&self) -> [usize; 2] {
        self.attentions
    }

    pub(super) fn takes_pooled(&self) -> bool {
        self.add_embedding.is_some()
    }

    pub(super) fn takes_guidance(&self) -> bool {
        self.cond_proj.is_some()
    }

    /// See `UNet::time`.
    pub(super) fn time(&self, engine: &Engine, t: f32, added: Option<&Added>) -> Time {
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

    /// What every layer on the way down made, and what the middle made. `hint` is added to what the first one made of
    /// `z`. The third result is the time for each picture of the batch.
    ///
    /// # Panics
    /// See `UNet::forward`.
    pub(super) fn forward(
        &self,
        engine: &Engine,
        z: &Tensor,
        hint: Option<&Tensor>,
        time: &Time,
        context: &Context,
    ) -> (Vec<Tensor>, Tensor, Tensor) {
        let Shape { batch, height, width, .. } = z.shape();
        let factor = self.factor();
        assert!(
            height.is_multiple_of(factor) && width.is_multiple_of(factor),
            "a latent of {width}×{height}: expected multiples of {factor}"
        );
        let time = if time.0.shape().batch == batch { time.0.clone() } else { repeated(engine, time.0.clone(), batch) };
        let epilogue = hint.map_or(Epilogue::default(), |hint| Epilogue::default().residual(hint));
        let mut skips = vec![engine.convolution([z], &self.conv_in, epilogue)];
        for block in &self.down_blocks {
            block.forward(engine, &mut skips, &time, context);
        }
        let middle = match (self.mid_block.split_first(), skips.last()) {
            (Some((first, rest)), Some(x)) => {
                let x = first.forward(engine, [x], &time, context);
                rest.iter().fold(x, |x, layer| layer.forward(engine, [&x], &time, context))
            }
            (_, x) => x.expect("conv_in made the first").clone(),
        };
        (skips, middle, time)
    }
}

/// The same for every picture of a batch.
fn repeated(engine: &Engine, x: Tensor, batch: usize) -> Tensor {
    if batch == 1 { x } else { engine.stack(&vec![&x; batch]) }
}
