//! The way down and the middle: what a picture network and a ControlNet have in common.

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Linear, Shape, Tensor};
use chatsd_weights::Scope;

use super::{
    Added, AddedEmbedding, Context, Time,
    block::{Down, Loader, UNetLayer},
    config::{CHECKED, Sizes},
};
use crate::network::{
    NetworkError,
    time::{SinusoidalEmbedding, TimestepMlp},
};

/// From a latent to its smallest picture, and what it is told of time.
#[derive(Clone)]
pub(super) struct Descent {
    conv_in: Convolution,
    sinusoids: SinusoidalEmbedding,
    time_embedding: TimestepMlp,
    cond_proj: Option<(SinusoidalEmbedding, Linear)>,
    add_embedding: Option<(SinusoidalEmbedding, TimestepMlp)>,
    in_channels: usize,
    context_channels: usize,
    down_blocks: Vec<Down>,
    mid_block: Vec<UNetLayer>,
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
        let (cosines_first, shift) = (config.flip_sin_to_cos, config.freq_shift);
        let sinusoids = SinusoidalEmbedding { channels: first, cosines_first, shift };
        let cond_proj = config.time_cond_proj_dim.map(|channels| {
            let projection = weights.linear("time_embedding.cond_proj", channels, first)?;
            Ok::<_, NetworkError>((SinusoidalEmbedding { channels, cosines_first: false, shift: 1.0 }, projection))
        });
        let add_embedding = config.added()?.map(|Sizes { inputs, size: channels }| {
            let embedding = TimestepMlp::load(&weights.at("add_embedding"), inputs, time)?;
            Ok::<_, NetworkError>((SinusoidalEmbedding { channels, ..sinusoids }, embedding))
        });
        let down_blocks = (0..blocks).map(|block| loader.down(&weights.at(format!("down_blocks.{block}")), block));
        let down_blocks = down_blocks.collect::<Result<_, _>>()?;
        let down = loader.keys_values.len();
        let mid_block = loader.mid(&weights.at("mid_block"))?;
        Ok(Self {
            conv_in: weights.convolution("conv_in", [config.in_channels, first, config.conv_in_kernel])?,
            sinusoids,
            time_embedding: TimestepMlp::load(&weights.at("time_embedding"), first, time)?,
            cond_proj: cond_proj.transpose()?,
            add_embedding: add_embedding.transpose()?,
            in_channels: config.in_channels,
            context_channels: config.context()?,
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

    /// Channels of the latent it reads, extra ones among them.
    pub(super) fn in_channels(&self) -> usize {
        self.in_channels
    }

    /// Values of a token's vector in the states it is given.
    pub(super) fn context_channels(&self) -> usize {
        self.context_channels
    }

    pub(super) fn takes_pooled(&self) -> bool {
        self.add_embedding.is_some()
    }

    pub(super) fn takes_guidance(&self) -> bool {
        self.cond_proj.is_some()
    }

    /// See `UNet::added`.
    pub(super) fn added(&self, engine: &Engine, added: &Added) -> AddedEmbedding {
        let guidance = self.cond_proj.as_ref().zip(added.guidance);
        let guidance = guidance.map(|((sinusoids, _), guidance)| sinusoids.of(&[1000.0 * (guidance - 1.0)]));
        let hidden = self.add_embedding.as_ref().map(|(sinusoids, mlp)| {
            let pooled = added.pooled.as_ref().expect("this network takes pooled vectors");
            let sizes: Vec<Tensor> = added.sizes.iter().map(|sizes| sinusoids.of(sizes)).collect();
            let sizes = engine.stack(&sizes.iter().collect::<Vec<_>>());
            mlp.first(engine, &engine.concatenate([pooled, &sizes]))
        });
        AddedEmbedding { guidance, hidden }
    }

    /// See `UNet::time`.
    pub(super) fn time(&self, engine: &Engine, t: f32, added: Option<&AddedEmbedding>) -> Time {
        let plain = Epilogue::default();
        let mut embedding = self.sinusoids.of(&[t]);
        let guidance = added.and_then(|added| added.guidance.as_ref());
        if let (Some((_, projection)), Some(guidance)) = (&self.cond_proj, guidance) {
            embedding = engine.linear(guidance, projection, plain.residual(&embedding));
        }
        let Some((_, add_embedding)) = &self.add_embedding else {
            return Time(self.time_embedding.forward(engine, &embedding, plain.activation(Activation::Silu)));
        };
        let hidden = added.and_then(|added| added.hidden.as_ref()).expect("this network takes pooled vectors");
        let time = repeated(engine, self.time_embedding.forward(engine, &embedding, plain), hidden.shape().batch);
        Time(add_embedding.second(engine, hidden, plain.residual(&time).activation(Activation::Silu)))
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
