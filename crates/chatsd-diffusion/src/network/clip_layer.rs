//! The layer that CLIP's encoders of texts and of images are made of: `CLIPEncoderLayer` of transformers.

use chatsd_tensor::{Activation, AttentionMask, Engine, Epilogue, Linear, Norm, Tensor};
use chatsd_weights::Scope;

use super::NetworkError;

/// What all layers of one encoder share.
#[derive(Clone, Copy)]
pub(super) struct ClipLayerSpec {
    /// Values of a token's vector.
    pub(super) width: usize,
    /// Values between the two linear layers.
    pub(super) wide: usize,
    pub(super) heads: usize,
    pub(super) epsilon: f32,
    pub(super) activation: Activation,
    /// Which tokens a token sees.
    pub(super) mask: AttentionMask,
}

/// One layer of the transformer, norms first.
#[derive(Clone)]
pub(super) struct ClipLayer {
    norm1: Norm,
    qkv: Linear,
    out: Linear,
    norm2: Norm,
    fc1: Linear,
    fc2: Linear,
    kind: ClipLayerSpec,
}

impl ClipLayer {
    pub(super) fn load(weights: &Scope<'_>, kind: ClipLayerSpec) -> Result<Self, NetworkError> {
        let ClipLayerSpec { width, wide, epsilon, .. } = kind;
        Ok(Self {
            norm1: weights.norm("layer_norm1", width, epsilon)?,
            qkv: weights.at("self_attn").linear_stacked(&["q_proj", "k_proj", "v_proj"], width, width)?,
            out: weights.linear("self_attn.out_proj", width, width)?,
            norm2: weights.norm("layer_norm2", width, epsilon)?,
            fc1: weights.linear("mlp.fc1", width, wide)?,
            fc2: weights.linear("mlp.fc2", wide, width)?,
            kind,
        })
    }

    pub(super) fn forward(&self, engine: &Engine, x: &Tensor) -> Tensor {
        let width = x.shape().channels;
        let qkv = engine.linear(&engine.layer_norm(x, &self.norm1), &self.qkv, Epilogue::default());
        let [q, k, v] = [0, 1, 2].map(|part| qkv.channels(part * width..(part + 1) * width));
        let seen = engine.attention(q, k, v, self.kind.heads, self.kind.mask);
        let x = engine.linear(&seen, &self.out, Epilogue::default().residual(x));
        let wide = Epilogue::default().activation(self.kind.activation);
        let h = engine.linear(&engine.layer_norm(&x, &self.norm2), &self.fc1, wide);
        engine.linear(&h, &self.fc2, Epilogue::default().residual(&x))
    }
}
