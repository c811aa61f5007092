//! The residual block and the halving that the picture network and the autoencoder share.

use chatsd_tensor::{Activation, Convolution, Engine, Epilogue, Linear, Norm, Tensor};
use chatsd_weights::Scope;

use super::{NetworkError, config::Checked};

/// What is the same for all residual blocks of a network.
#[derive(Clone, Copy)]
pub(super) struct Norms {
    pub(super) groups: usize,
    pub(super) epsilon: f32,
}

/// `shortcut(x) + conv(silu(norm(conv(silu(norm(x))) + time)))`: `ResnetBlock2D` of diffusers.
#[derive(Clone)]
pub(super) struct Resnet {
    norm1: Norm,
    conv1: Convolution,
    time: Option<Linear>,
    norm2: Norm,
    conv2: Convolution,
    shortcut: Option<Convolution>,
    groups: usize,
}

impl Resnet {
    /// `time` is the width of the time embedding of a network that has one.
    pub(super) fn load(
        checked: Checked,
        weights: &Scope<'_>,
        [inputs, outputs]: [usize; 2],
        time: Option<usize>,
        norms: Norms,
    ) -> Result<Self, NetworkError> {
        let Norms { groups, epsilon } = norms;
        checked.divides("norm_num_groups", groups, inputs)?;
        checked.divides("norm_num_groups", groups, outputs)?;
        let shortcut = inputs != outputs;
        Ok(Self {
            norm1: weights.norm("norm1", inputs, epsilon)?,
            conv1: weights.convolution("conv1", [inputs, outputs, 3])?,
            time: time.map(|time| weights.linear("time_emb_proj", time, outputs)).transpose()?,
            norm2: weights.norm("norm2", outputs, epsilon)?,
            conv2: weights.convolution("conv2", [outputs, outputs, 3])?,
            shortcut: shortcut.then(|| weights.convolution("conv_shortcut", [inputs, outputs, 1])).transpose()?,
            groups,
        })
    }

    /// What the time adds to every pixel: `batch × 1 × 1 × outputs`, from the activated embedding.
    pub(super) fn time(&self, engine: &Engine, embedding: &Tensor) -> Option<Tensor> {
        self.time.as_ref().map(|time| engine.linear(embedding, time, Epilogue::default()))
    }

    /// `x` may lie in several tensors whose channels count as concatenated.
    pub(super) fn forward<const N: usize>(&self, engine: &Engine, x: [&Tensor; N], time: Option<&Tensor>) -> Tensor {
        let plain = Epilogue::default();
        let with_time = time.map_or(plain, |row| plain.add_row(row));
        // Each is moved into what is made of it, so that its memory is free for what follows.
        let h = engine.group_norm(x, &self.norm1, self.groups, Activation::Silu);
        let h = engine.convolution([&{ h }], &self.conv1, with_time);
        let h = engine.group_norm([&{ h }], &self.norm2, self.groups, Activation::Silu);
        match (&self.shortcut, x.as_slice()) {
            (None, [x]) => engine.convolution([&h], &self.conv2, plain.residual(x)),
            (None, _) => engine.convolution([&h], &self.conv2, plain.residual(&engine.concatenate(x))),
            (Some(shortcut), _) => {
                let shortcut = engine.convolution(x, shortcut, plain);
                engine.convolution([&h], &self.conv2, plain.residual(&shortcut))
            }
        }
    }
}

/// Halves the picture: a 3×3 convolution with stride 2. `padding` 0 means one row below and one column to the right
/// alone, as `Downsample2D` of diffusers does.
pub(super) fn downsampler(weights: &Scope<'_>, channels: usize, padding: usize) -> Result<Convolution, NetworkError> {
    let convolution = weights.convolution("downsamplers.0.conv", [channels, channels, 3])?;
    Ok(convolution.strided(2, padding, padding.max(1)))
}
