//! The transformer inside a picture network: pixels attend to each other, then to the words.

use chatsd_tensor::{Activation, AttentionMask, Engine, Epilogue, Linear, Norm, Tensor};
use chatsd_weights::Scope;

use super::{Context, config::CHECKED};
use crate::network::NetworkError;

/// What all transformers of one block share.
#[derive(Clone, Copy)]
pub(super) struct TransformerSpec {
    pub(super) channels: usize,
    pub(super) heads: usize,
    pub(super) groups: usize,
    /// Width of the words' vectors.
    pub(super) context: usize,
    /// The pixels attend to the words in the first attention too.
    pub(super) only_cross: bool,
}

/// `Transformer2DModel` of diffusers.
#[derive(Clone)]
pub(super) struct Transformer {
    norm: Norm,
    proj_in: Linear,
    layers: Vec<TransformerLayer>,
    proj_out: Linear,
    groups: usize,
}

impl Transformer {
    /// Layers that make keys and values of the words go into `keys_values`; here only their places are kept.
    pub(super) fn load(
        weights: &Scope<'_>,
        layers: usize,
        kind: TransformerSpec,
        keys_values: &mut Vec<Linear>,
    ) -> Result<Self, NetworkError> {
        let TransformerSpec { channels, heads, groups, .. } = kind;
        CHECKED.divides("attention_head_dim", heads, channels)?;
        CHECKED.divides("norm_num_groups", groups, channels)?;
        Ok(Self {
            norm: weights.norm("norm", channels, 1e-6)?,
            proj_in: weights.linear("proj_in", channels, channels)?,
            layers: (0..layers)
                .map(|index| {
                    TransformerLayer::load(&weights.at(format!("transformer_blocks.{index}")), kind, keys_values)
                })
                .collect::<Result<_, _>>()?,
            proj_out: weights.linear("proj_out", channels, channels)?,
            groups,
        })
    }

    pub(super) fn forward(&self, engine: &Engine, x: &Tensor, context: &Context) -> Tensor {
        let h = engine.group_norm([x], &self.norm, self.groups, Activation::None);
        let h = engine.linear(&h, &self.proj_in, Epilogue::default());
        let h = self.layers.iter().fold(h, |h, layer| layer.forward(engine, &h, context));
        engine.linear(&h, &self.proj_out, Epilogue::default().residual(x))
    }
}

/// `BasicTransformerBlock` of diffusers.
#[derive(Clone)]
struct TransformerLayer {
    norm1: Norm,
    attn1: Attention,
    norm2: Norm,
    attn2: Attention,
    norm3: Norm,
    gate: Linear,
    out: Linear,
}

impl TransformerLayer {
    fn load(weights: &Scope<'_>, kind: TransformerSpec, keys_values: &mut Vec<Linear>) -> Result<Self, NetworkError> {
        let width = kind.channels;
        let norm = |name| weights.norm(name, width, 1e-5);
        let attn1 = weights.at("attn1");
        Ok(Self {
            norm1: norm("norm1")?,
            attn1: if kind.only_cross {
                Attention::cross(&attn1, kind, keys_values)?
            } else {
                Attention::own(&attn1, kind)?
            },
            norm2: norm("norm2")?,
            attn2: Attention::cross(&weights.at("attn2"), kind, keys_values)?,
            norm3: norm("norm3")?,
            gate: weights.linear_gated("ff.net.0.proj", width, 8 * width)?,
            out: weights.linear("ff.net.2", 4 * width, width)?,
        })
    }

    fn forward(&self, engine: &Engine, x: &Tensor, context: &Context) -> Tensor {
        let x = &self.attn1.forward(engine, &engine.layer_norm(x, &self.norm1), context, x);
        let x = &self.attn2.forward(engine, &engine.layer_norm(x, &self.norm2), context, x);
        let h = engine.linear(&engine.layer_norm(x, &self.norm3), &self.gate, Epilogue::default());
        engine.linear(&h, &self.out, Epilogue::default().residual(x))
    }
}

/// Attention of the pixels to themselves or to the words.
#[derive(Clone)]
struct Attention {
    /// Queries; of an attention to themselves, keys and values as well.
    read: Linear,
    /// Place of the words' keys and values in the context.
    words: Option<usize>,
    out: Linear,
    heads: usize,
}

impl Attention {
    fn own(
        weights: &Scope<'_>,
        TransformerSpec { channels, heads, .. }: TransformerSpec,
    ) -> Result<Self, NetworkError> {
        let read = weights.linear_stacked(&["to_q", "to_k", "to_v"], channels, channels)?;
        Ok(Self { read, words: None, out: weights.linear("to_out.0", channels, channels)?, heads })
    }

    fn cross(
        weights: &Scope<'_>,
        TransformerSpec { channels, heads, context, .. }: TransformerSpec,
        keys_values: &mut Vec<Linear>,
    ) -> Result<Self, NetworkError> {
        let read = weights.linear("to_q", channels, channels)?;
        let words = keys_values.len();
        keys_values.push(weights.linear_stacked(&["to_k", "to_v"], context, channels)?);
        Ok(Self { read, words: Some(words), out: weights.linear("to_out.0", channels, channels)?, heads })
    }

    fn forward(&self, engine: &Engine, x: &Tensor, context: &Context, residual: &Tensor) -> Tensor {
        let width = x.shape().channels;
        let read = engine.linear(x, &self.read, Epilogue::default());
        let (seen, first) = match self.words {
            None => (&read, width),
            Some(index) => (&context.layers[index], 0),
        };
        let k = seen.channels(first..first + width);
        let v = seen.channels(first + width..first + 2 * width);
        let mut seen = engine.attention(read.channels(0..width), k, v, self.heads, AttentionMask::None);
        let image_prompts =
            self.words.map(|index| context.image_prompts.iter().map(move |(w, layers)| (w, &layers[index])));
        for (weight, tokens) in image_prompts.into_iter().flatten() {
            let (k, v) = (tokens.channels(0..width), tokens.channels(width..2 * width));
            let picture = engine.attention(read.channels(0..width), k, v, self.heads, AttentionMask::None);
            seen = engine.combine(&[(1.0, &seen), (*weight, &picture)]);
        }
        engine.linear(&seen, &self.out, Epilogue::default().residual(residual))
    }
}
