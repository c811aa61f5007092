//! A prompt as the picture network reads it.

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{PaintError, Piece, Request, weighted};

use crate::{
    PictureModel, chunks,
    network::{Added, Context},
};

/// What the picture network is told besides latent and time.
pub(crate) struct Words {
    /// Of the negative prompt, then of the positive; of the positive alone where the network is asked once.
    pub(crate) context: Context,
    pub(crate) added: Option<Added>,
}

/// A text after the text encoders.
struct Encoded {
    /// `1 × 1 × tokens × channels`.
    states: Tensor,
    pooled: Option<Tensor>,
}

impl PictureModel {
    /// Encodes a request's prompts, filled up to equally many tokens.
    ///
    /// # Errors
    /// When a prompt's weights cannot be read.
    pub(crate) fn words(&self, request: &Request, twice: bool) -> Result<Words, PaintError> {
        let (engine, unet) = (&self.engine, &self.unet);
        let positive = pieces("prompt", &request.prompt.positive)?;
        let mut encoded = vec![];
        if twice {
            let negative = pieces("negative prompt", &request.prompt.negative)?;
            let count = self.chunks(&negative).max(self.chunks(&positive));
            let zero = self.family.empty_is_zero && request.prompt.negative.trim().is_empty();
            encoded.push(self.encoded(&negative, count, zero));
            encoded.push(self.encoded(&positive, count, false));
        } else {
            encoded.push(self.encoded(&positive, self.chunks(&positive), false));
        }
        // One encoder's pass differs from another's by nothing, so each prompt's context is made alone.
        let contexts: Vec<Context> = encoded.iter().map(|words| unet.context(engine, &words.states)).collect();
        let context = Context::stack(engine, &contexts.iter().collect::<Vec<_>>());
        let pooled: Option<Vec<&Tensor>> = encoded.iter().map(|words| words.pooled.as_ref()).collect();
        let [height, width] = [request.size.height as f32, request.size.width as f32];
        let added = Added {
            pooled: pooled.filter(|_| unet.takes_pooled()).map(|pooled| engine.stack(&pooled)),
            sizes: vec![height, width, 0.0, 0.0, height, width],
            guidance: unet.takes_guidance().then_some(request.guidance),
        };
        Ok(Words { context, added: (unet.takes_pooled() || unet.takes_guidance()).then_some(added) })
    }

    /// Chunks a prompt takes.
    fn chunks(&self, pieces: &[Piece]) -> usize {
        let windows = self.text_encoders.iter().map(|(_, window)| *window);
        windows.map(|window| chunks::split(&self.tokenizer, pieces, window).0.len()).max().unwrap_or(1)
    }

    /// The states of all encoders side by side, over `count` chunks one after another.
    fn encoded(&self, pieces: &[Piece], count: usize, zero: bool) -> Encoded {
        let engine = &self.engine;
        let mut all: Option<Tensor> = None;
        let mut pooled = None;
        for (encoder, window) in &self.text_encoders {
            let (mut chunks, _) = chunks::split(&self.tokenizer, pieces, *window);
            let (empty, _) = chunks::split(&self.tokenizer, &[], *window);
            chunks.extend(empty.into_iter().cycle().take(count.saturating_sub(chunks.len())));
            let mut rows = Vec::with_capacity(chunks.len());
            for (index, chunk) in chunks.iter().enumerate() {
                let encoded = encoder.encode(engine, &chunk.tokens, self.family.layers_left_out, self.family.normed);
                rows.push(chunks::emphasise(engine, encoded.states, &chunk.weights));
                if index == 0 {
                    pooled = encoded.pooled;
                }
            }
            let states = engine.stack(&rows.iter().collect::<Vec<_>>());
            let Shape { batch, width, channels, .. } = states.shape();
            let states = states.reshape(Shape::sequence(1, batch * width, channels));
            all = Some(match all {
                Some(all) => engine.concatenate([&all, &states]),
                None => states,
            });
        }
        let states = all.unwrap_or_else(|| engine.filled(Shape::sequence(1, 1, 1), 0.0));
        if zero {
            let zeros = |x: &Tensor| engine.filled(x.shape(), 0.0);
            return Encoded { states: zeros(&states), pooled: pooled.as_ref().map(zeros) };
        }
        Encoded { states, pooled }
    }
}

fn pieces(what: &str, text: &str) -> Result<Vec<Piece>, PaintError> {
    weighted(text).map_err(|error| PaintError::Unsupported(format!("the {what}, {error}")))
}
