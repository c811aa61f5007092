//! A prompt as the picture network reads it.

use chatsd_tensor::Tensor;
use chatsd_types::{PaintError, Piece, Request, weighted};

use crate::{
    PictureModel,
    chunks::{self, Window},
    guidance::Ask,
    network::{Added, Context, Encoded, TextEncoder},
};

/// What the picture network is told besides latent and time.
pub(crate) struct Words {
    /// Of the negative prompt or the positive, for each thing that the network is asked.
    pub(crate) context: Context,
    /// The vectors that the context was made of: networks beside the picture network make their own.
    pub(crate) states: Tensor,
    pub(crate) added: Option<Added>,
}

impl PictureModel {
    /// Encodes a request's prompts, filled up to equally many tokens.
    ///
    /// # Errors
    /// When a prompt's weights cannot be read.
    pub(crate) fn words(&self, request: &Request, asks: &[Ask]) -> Result<Words, PaintError> {
        let (engine, unet) = (&self.engine, &self.unet);
        let positive = pieces("prompt", &request.prompt.positive)?;
        let mut encoded = vec![];
        if asks.len() > 1 {
            let negative = pieces("negative prompt", &request.prompt.negative)?;
            let count = self.chunks(&negative).max(self.chunks(&positive));
            let zero = self.reader.family.empty_is_zero && request.prompt.negative.trim().is_empty();
            encoded.push(self.encoded(&negative, count, request.clip_skip, zero));
            encoded.push(self.encoded(&positive, count, request.clip_skip, false));
        } else {
            encoded.push(self.encoded(&positive, self.chunks(&positive), request.clip_skip, false));
        }
        let contexts: Vec<Context> = encoded.iter().map(|words| unet.context(engine, &words.states)).collect();
        // The positive prompt's are last, the negative one's first.
        let of = |ask: &Ask| if ask.positive { encoded.len() - 1 } else { 0 };
        let context = Context::stack(engine, &asks.iter().map(|ask| &contexts[of(ask)]).collect::<Vec<_>>());
        let states = engine.stack(&asks.iter().map(|ask| &encoded[of(ask)].states).collect::<Vec<_>>());
        let pooled: Option<Vec<&Tensor>> = asks.iter().map(|ask| encoded[of(ask)].pooled.as_ref()).collect();
        let added = Added {
            pooled: pooled.filter(|_| unet.takes_pooled()).map(|pooled| engine.stack(&pooled)),
            sizes: asks.iter().map(|ask| self.sizes(request, ask.positive)).collect(),
            guidance: unet.takes_guidance().then_some(request.guidance),
        };
        Ok(Words { context, states, added: (unet.takes_pooled() || unet.takes_guidance()).then_some(added) })
    }

    /// What a network that reads pooled vectors is told beside them.
    fn sizes(&self, request: &Request, positive: bool) -> Vec<f32> {
        let [height, width] = [request.size.height as f32, request.size.width as f32];
        let mut sizes = vec![height, width, 0.0, 0.0];
        match self.reader.family.aesthetics {
            Some(scores) => sizes.push(scores[usize::from(positive)]),
            None => sizes.extend([height, width]),
        }
        sizes
    }

    /// Each text encoder with what it sees at once.
    fn readers(&self) -> impl Iterator<Item = (&TextEncoder, Window)> {
        self.text_encoders.iter().zip(self.reader.windows.iter().copied())
    }

    /// Chunks a prompt takes.
    fn chunks(&self, pieces: &[Piece]) -> usize {
        let counts = self.readers().map(|(_, window)| chunks::split(&self.reader.tokenizer, pieces, window).0.len());
        counts.max().unwrap_or(1)
    }

    /// The states of all encoders side by side, over `count` chunks one after another; the last encoder's pooled vector.
    fn encoded(&self, pieces: &[Piece], count: usize, clip_skip: Option<u32>, zero: bool) -> Encoded {
        let (engine, tokenizer, family) = (&self.engine, &self.reader.tokenizer, &self.reader.family);
        let encoded = self.readers().map(|(encoder, window)| {
            let (mut chunks, _) = chunks::split(tokenizer, pieces, window);
            let (empty, _) = chunks::split(tokenizer, &[], window);
            chunks.extend(empty.into_iter().cycle().take(count.saturating_sub(chunks.len())));
            chunks::encode(engine, encoder, &chunks, family.layers_left_out(clip_skip), family.normed)
        });
        let together = encoded.reduce(|first, second| Encoded {
            states: engine.concatenate([&first.states, &second.states]),
            pooled: second.pooled,
        });
        let together = together.expect("a model is loaded with a text encoder");
        if zero {
            let zeros = |x: &Tensor| engine.filled(x.shape(), 0.0);
            return Encoded { states: zeros(&together.states), pooled: together.pooled.as_ref().map(zeros) };
        }
        together
    }
}

fn pieces(what: &str, text: &str) -> Result<Vec<Piece>, PaintError> {
    weighted(text).map_err(|error| PaintError::Unsupported(format!("the {what}, {error}")))
}
