//! Long prompts in pieces a text encoder can see, and the weights of their words, as AUTOMATIC1111 does it
//! (`modules/sd_hijack_clip.py` and `sd_emphasis.py` of that program).

use chatsd_tensor::{Engine, Shape, Tensor};
use chatsd_types::Piece;

use crate::{
    network::{Encoded, TextEncoder},
    tokenizer::Tokenizer,
};

/// How far back from the end of a full chunk a comma is looked for, so that a phrase is not torn.
const COMMA_BACKTRACK: usize = 20;

/// What a text encoder sees at once.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Words' tokens in it, the marks for begin and end not counted: 75 of CLIP's 77.
    pub words: usize,
    /// The token before them.
    pub begin: u32,
    /// The token after them.
    pub end: u32,
    /// What fills the rest.
    pub pad: u32,
}

/// As many tokens as a text encoder sees at once, each with a weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Begin, words, end, padding.
    pub tokens: Vec<u32>,
    /// One for each token; 1 for marks and padding.
    pub weights: Vec<f32>,
}

impl Chunk {
    /// A chunk without words: makes a prompt as long as another.
    #[must_use]
    pub fn empty(window: Window) -> Self {
        Self::new(&[], window)
    }

    fn new(words: &[(u32, f32)], window: Window) -> Self {
        let padding = window.words.saturating_sub(words.len());
        let tokens = words.iter().map(|(token, _)| *token);
        let tokens = std::iter::once(window.begin).chain(tokens).chain([window.end]);
        let weights = std::iter::once(1.0).chain(words.iter().map(|(_, weight)| *weight)).chain([1.0]);
        Self {
            tokens: tokens.chain(std::iter::repeat_n(window.pad, padding)).collect(),
            weights: weights.chain(std::iter::repeat_n(1.0, padding)).collect(),
        }
    }
}

/// A prompt as chunks, at least one; and how many tokens it took, those counted that a break or a comma left empty.
#[must_use]
pub fn split(tokenizer: &Tokenizer, pieces: &[Piece], window: Window) -> (Vec<Chunk>, usize) {
    let mut chunks = Vec::new();
    let mut words: Vec<(u32, f32)> = Vec::new();
    let mut comma: Option<usize> = None;
    for piece in pieces {
        let Piece::Text { text, weight } = piece else {
            chunks.push(Chunk::new(&words, window));
            words.clear();
            comma = None;
            continue;
        };
        for token in tokenizer.encode(text) {
            let full = words.len() == window.words;
            if token == tokenizer.comma() {
                comma = Some(words.len());
            } else if let Some(at) = comma.filter(|at| full && words.len() - at <= COMMA_BACKTRACK) {
                let moved = words.split_off(at + 1);
                chunks.push(Chunk::new(&words, window));
                words = moved;
                comma = None;
            }
            // The vectors of a textual inversion are not torn apart, where a chunk can hold them.
            if words.len() + tokenizer.run(token).min(window.words) > window.words {
                chunks.push(Chunk::new(&words, window));
                words.clear();
                comma = None;
            }
            words.push((token, *weight));
        }
    }
    let count = chunks.len() * window.words + words.len();
    if !words.is_empty() || chunks.is_empty() {
        chunks.push(Chunk::new(&words, window));
    }
    (chunks, count)
}

/// The states of all chunks one after another, their words weighted; pooled is the first chunk's. For the last two
/// arguments see [`TextEncoder::encode`].
///
/// # Panics
/// When there is no chunk, or the chunks are longer than the encoder sees.
#[must_use]
pub fn encode(
    engine: &Engine,
    encoder: &TextEncoder,
    chunks: &[Chunk],
    layers_from_end: usize,
    normed: bool,
) -> Encoded {
    let mut pooled = None;
    let mut parts = Vec::with_capacity(chunks.len());
    for (index, chunk) in chunks.iter().enumerate() {
        let encoded = encoder.encode(engine, &chunk.tokens, layers_from_end, normed);
        parts.push(emphasise(engine, encoded.states, &chunk.weights));
        if index == 0 {
            pooled = encoded.pooled;
        }
    }
    let states = engine.stack(&parts.iter().collect::<Vec<_>>());
    let tokens = states.shape().rows();
    Encoded { states: states.reshape(Shape::sequence(1, tokens, encoder.channels())), pooled }
}

/// Multiplies each token's state by its weight, and all by one factor so that their mean stays what it was
/// ("original" emphasis). States are `1 × 1 × tokens × channels` with as many tokens as weights.
#[must_use]
pub fn emphasise(engine: &Engine, states: Tensor, weights: &[f32]) -> Tensor {
    if weights.iter().all(|&weight| weight == 1.0) {
        return states;
    }
    let shape = states.shape();
    let mut factors = engine.filled(shape, 1.0);
    for (row, weight) in factors.values_mut().chunks_exact_mut(shape.channels.max(1)).zip(weights) {
        row.fill(*weight);
    }
    let weighted = engine.zip(&states, &factors, |state, factor| state * factor);
    let mean = |x: &Tensor| engine.moments(x).first().map_or(0.0, |(mean, _)| *mean);
    let restore = mean(&states) / mean(&weighted);
    // Where all states cancel out or are weighted away there is no mean to restore.
    if restore.is_finite() { engine.combine(&[(restore, &weighted)]) } else { weighted }
}
