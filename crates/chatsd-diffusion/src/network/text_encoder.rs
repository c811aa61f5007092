//! CLIP's text encoder (Radford et al. 2021), as `CLIPTextModel` and `CLIPTextModelWithProjection` of transformers.

use chatsd_tensor::{AttentionMask, Embedding, Engine, Epilogue, Linear, Norm, Tensor, WeightError};
use chatsd_weights::Scope;
use serde::Deserialize;
use serde_json::Value;

use super::{
    NetworkError,
    clip_layer::{ClipLayer, ClipLayerSpec},
    config::Checked,
};
use crate::textual_inversion::FIRST;

const CHECKED: Checked = Checked("text encoder");

/// What the encoder is: `config.json` of transformers' `CLIPTextConfig`, with its defaults.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct TextEncoderConfig {
    vocab_size: usize,
    /// Values of a token's vector.
    pub(crate) hidden_size: usize,
    intermediate_size: usize,
    projection_dim: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    /// Most tokens it can see at once.
    pub(crate) max_position_embeddings: usize,
    hidden_act: String,
    layer_norm_eps: f32,
    eos_token_id: u32,
}

impl Default for TextEncoderConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49_408,
            hidden_size: 512,
            intermediate_size: 2048,
            projection_dim: 512,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: "quick_gelu".into(),
            layer_norm_eps: 1e-5,
            eos_token_id: 49_407,
        }
    }
}

impl TextEncoderConfig {
    /// Reads a config and refuses what makes no encoder.
    pub(crate) fn read(config: &Value) -> Result<Self, NetworkError> {
        let config: Self = CHECKED.read(config)?;
        config.check()?;
        Ok(config)
    }

    /// Whether it is one of OpenCLIP's, which have the exact GELU; OpenAI's have the quick one.
    pub(crate) fn is_open_clip(&self) -> bool {
        self.hidden_act == "gelu"
    }

    fn check(&self) -> Result<(), NetworkError> {
        for (name, value) in [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("projection_dim", self.projection_dim),
            ("num_hidden_layers", self.num_hidden_layers),
            ("max_position_embeddings", self.max_position_embeddings),
        ] {
            CHECKED.count(name, value)?;
        }
        CHECKED.epsilon("layer_norm_eps", self.layer_norm_eps)?;
        CHECKED.divides("num_attention_heads", self.num_attention_heads, self.hidden_size)
    }
}

/// What a text became.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// A vector for each token: `1 × 1 × tokens × channels`.
    pub states: Tensor,
    /// One vector for the whole text, projected: `1 × 1 × 1 × projection`. `None` when the encoder has no projection.
    pub pooled: Option<Tensor>,
}

/// Turns tokens into vectors that say what they mean where they stand.
#[derive(Clone)]
pub struct TextEncoder {
    tokens: Embedding,
    places: Embedding,
    layers: Vec<ClipLayer>,
    final_norm: Norm,
    projection: Option<Linear>,
    config: TextEncoderConfig,
}

impl TextEncoder {
    /// From the weights and the config of a component. Names may begin with `text_model.`, as older files have them.
    ///
    /// # Errors
    /// When the config makes no encoder, or a tensor is missing or does not fit it.
    pub fn load(weights: &Scope<'_>, config: &Value) -> Result<Self, NetworkError> {
        let config = TextEncoderConfig::read(config)?;
        let width = config.hidden_size;
        let kind = ClipLayerSpec {
            width,
            wide: config.intermediate_size,
            heads: config.num_attention_heads,
            epsilon: config.layer_norm_eps,
            activation: CHECKED.activation("hidden_act", &config.hidden_act)?,
            mask: AttentionMask::Causal,
        };
        let body = if weights.has("text_model") { weights.at("text_model") } else { weights.clone() };
        let layers = (0..config.num_hidden_layers)
            .map(|index| ClipLayer::load(&body.at(format!("encoder.layers.{index}")), kind))
            .collect::<Result<_, _>>()?;
        let projection = weights
            .has("text_projection")
            .then(|| weights.linear("text_projection", width, config.projection_dim))
            .transpose()?;
        Ok(Self {
            tokens: body.embedding("embeddings.token_embedding", config.vocab_size, width)?,
            places: body.embedding("embeddings.position_embedding", config.max_position_embeddings, width)?,
            layers,
            final_norm: body.norm("final_layer_norm", width, config.layer_norm_eps)?,
            projection,
            config,
        })
    }

    /// Most tokens it can see at once.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.config.max_position_embeddings
    }

    /// Values of a token's vector.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.config.hidden_size
    }

    /// Values of the pooled vector, when it makes one.
    #[must_use]
    pub fn pooled_channels(&self) -> Option<usize> {
        self.projection.as_ref().map(Linear::outputs)
    }

    /// The same encoder with the vectors of textual inversions, for the tokens from [`FIRST`] on. Shares all else.
    ///
    /// # Errors
    /// When the values are no whole vectors.
    pub(crate) fn with_inversions(&self, values: Vec<f32>) -> Result<Self, WeightError> {
        Ok(Self { tokens: self.tokens.clone().with_textual_inversions(values)?, ..self.clone() })
    }

    /// Layers it has.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The states after all layers but the last `layers_from_end` ("clip skip"; 0 is all), `normed` by the final norm
    /// or not (Stable Diffusion XL takes them bare), and the pooled vector, which always comes from all layers.
    ///
    /// # Panics
    /// When there are more tokens than positions, or none.
    #[must_use]
    pub fn encode(&self, engine: &Engine, tokens: &[u32], layers_from_end: usize, normed: bool) -> Encoded {
        let positions = self.positions();
        assert!((1..=positions).contains(&tokens.len()), "{} tokens in {positions} positions", tokens.len());
        let places: Vec<u32> = (0..).take(tokens.len()).collect();
        let row = |&token: &u32| token.checked_sub(FIRST).map_or(token, |at| self.config.vocab_size as u32 + at);
        let rows: Vec<u32> = tokens.iter().map(row).collect();
        let (tokens_embedded, places) = (engine.embed(&rows, &self.tokens), engine.embed(&places, &self.places));
        let mut x = engine.combine(&[(1.0, &tokens_embedded), (1.0, &places)]);
        let (taken, rest) = self.layers.split_at(self.layers.len().saturating_sub(layers_from_end));
        for layer in taken {
            x = layer.forward(engine, &x);
        }
        let normed_x = engine.layer_norm(&x, &self.final_norm);
        let states = if normed { normed_x.clone() } else { x.clone() };
        let pooled = self.projection.as_ref().map(|projection| {
            let last = if rest.is_empty() {
                normed_x
            } else {
                engine.layer_norm(&rest.iter().fold(x, |x, layer| layer.forward(engine, &x)), &self.final_norm)
            };
            engine.linear(&engine.token(&last, self.end(tokens)), projection, Epilogue::default())
        });
        Encoded { states, pooled }
    }

    /// Where the text ends: at the first end token; in models of before transformers 4.31, whose config says 2, at the
    /// first of the largest number.
    fn end(&self, tokens: &[u32]) -> usize {
        let end = if self.config.eos_token_id == 2 {
            tokens.iter().filter(|token| **token < FIRST).max().copied()
        } else {
            Some(self.config.eos_token_id)
        };
        tokens.iter().position(|&token| Some(token) == end).unwrap_or(0)
    }
}
