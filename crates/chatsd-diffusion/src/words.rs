//! A prompt as the picture network reads it.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use chatsd_tensor::Tensor;
use chatsd_types::{PaintError, Passes, Piece, Request, Turn, composed, scheduled, weighted};

use crate::{
    PictureModel,
    chunks::{self, Window},
    guidance::{Ask, Guidance},
    network::{Added, Context, Encoded, TextEncoder},
};

/// What the picture network is told besides latent and time.
pub(crate) struct Words {
    /// Which of the script's words they are.
    pub(crate) place: usize,
    /// Of the negative prompt or the positive, for each thing that the network is asked.
    pub(crate) context: Context,
    /// The vectors that the context was made of: networks beside the picture network make their own.
    pub(crate) states: Tensor,
    pub(crate) added: Option<Added>,
}

/// What was encoded before: whether of the negative prompt, the text, and in how many chunks.
type Known<'a> = HashMap<(bool, &'a str, usize), Rc<(Encoded, Context)>>;

/// What the network is told through a walk: texts may change on the way. Each is encoded once.
pub(crate) struct Script {
    /// What the network is asked in each pass.
    pub(crate) asks: Vec<Ask>,
    /// The last pass, counted from 0, of each turn, and which of the words it is told.
    turns: Vec<(u32, usize)>,
    pub(crate) words: Vec<Words>,
}

impl Script {
    /// What the network is told in a pass, counted from 0: the last turn's where there are more passes than expected.
    pub(crate) fn at(&self, pass: u32) -> &Words {
        let turn = self.turns.iter().find(|(until, _)| pass <= *until).or(self.turns.last());
        &self.words[turn.map_or(0, |(_, words)| *words)]
    }
}

impl PictureModel {
    /// Encodes a request's prompts for a walk of so many passes, for each thing that `guidance` asks the network.
    ///
    /// # Errors
    /// When a prompt's weights cannot be read.
    pub(crate) fn script(&self, request: &Request, passes: Passes, guidance: Guidance) -> Result<Script, PaintError> {
        let parts = composed(&request.prompt.positive);
        let weights: Vec<f32> = parts.iter().map(|part| part.weight).collect();
        let asks = guidance.asks(&weights);
        // The negative prompt, then the parts of the prompt.
        let texts =
            std::iter::once(request.prompt.negative.as_str()).chain(parts.iter().map(|part| part.text.as_str()));
        let turns: Vec<Vec<Turn>> = texts.map(|text| scheduled(text, passes)).collect();
        let ends: BTreeSet<u32> = turns.iter().flatten().map(|turn| turn.until).collect();
        let mut known: Vec<Vec<&str>> = Vec::new();
        let mut encoded = HashMap::new();
        let mut script = Script { asks, turns: Vec::new(), words: Vec::new() };
        for end in ends {
            let said = |turns: &'_ [Turn]| turns.iter().position(|turn| end <= turn.until).unwrap_or(turns.len() - 1);
            let said: Vec<&str> = turns.iter().map(|turns| turns[said(turns)].text.as_str()).collect();
            let place = match known.iter().position(|known| *known == said) {
                Some(place) => place,
                None => {
                    let words = self.words(request, &said, &script.asks, &mut encoded)?;
                    script.words.push(Words { place: known.len(), ..words });
                    known.push(said);
                    known.len() - 1
                }
            };
            script.turns.push((end, place));
        }
        Ok(script)
    }

    /// Encodes the negative prompt and the parts of the prompt, those that are asked for, filled up to equally many tokens.
    /// `known` grows by them.
    fn words<'a>(
        &self,
        request: &Request,
        texts: &[&'a str],
        asks: &[Ask],
        known: &mut Known<'a>,
    ) -> Result<Words, PaintError> {
        let (engine, unet) = (&self.engine, &self.unet);
        let of = |ask: &Ask| if ask.positive { 1 + ask.part } else { 0 };
        let first = usize::from(!asks.iter().any(|ask| !ask.positive));
        let read = |(place, text): (usize, &&str)| {
            weighted(text).map_err(|source| PaintError::Syntax { negative: place == 0, source })
        };
        let read: Vec<Vec<Piece>> = texts.iter().enumerate().skip(first).map(read).collect::<Result<_, _>>()?;
        let count = read.iter().map(|pieces| self.chunks(pieces)).max().unwrap_or(1);
        let encoded = read.iter().zip(first..).map(|(pieces, place)| {
            let encoded = known.entry((place == 0, texts[place], count)).or_insert_with(|| {
                let zero = place == 0 && self.reader.family.empty_is_zero && texts[0].trim().is_empty();
                let encoded = self.encoded(pieces, count, request.clip_skip, zero);
                let context = unet.context(engine, &encoded.states);
                Rc::new((encoded, context))
            });
            Rc::clone(encoded)
        });
        let encoded: Vec<Rc<(Encoded, Context)>> = encoded.collect();
        let told = || asks.iter().map(|ask| &*encoded[of(ask) - first]);
        let context = Context::stack(engine, &told().map(|(_, context)| context).collect::<Vec<_>>());
        let states = engine.stack(&told().map(|(encoded, _)| &encoded.states).collect::<Vec<_>>());
        let pooled: Option<Vec<&Tensor>> = told().map(|(encoded, _)| encoded.pooled.as_ref()).collect();
        let added = Added {
            pooled: pooled.filter(|_| unet.takes_pooled()).map(|pooled| engine.stack(&pooled)),
            sizes: asks.iter().map(|ask| self.sizes(request, ask.positive)).collect(),
            guidance: unet.takes_guidance().then_some(request.guidance),
        };
        let added = (unet.takes_pooled() || unet.takes_guidance()).then_some(added);
        Ok(Words { place: 0, context, states, added })
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
