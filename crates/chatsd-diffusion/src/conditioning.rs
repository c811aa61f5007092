//! A prompt as the picture network reads it.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    rc::Rc,
};

use chatsd_tensor::Tensor;
use chatsd_types::{PaintError, Passes, Piece, Request, Turn, composed, scheduled, weighted};

use crate::{
    PictureModel,
    chunks::{self, Window},
    guidance::{Branch, Guidance},
    network::{Added, AddedEmbedding, Context, Encoded, TextEncoder},
};

/// Pixels of a latent beyond which the branches of guidance go through the networks one after another: these then hold
/// half as much at 1024 × 1024 pixels, and so many rows keep every kernel busy without the other branch.
const LARGE: usize = 96 * 96;

/// What the networks are told besides latent and time, while the prompts stay the same.
pub(crate) struct Conditioning {
    /// Which of the schedule's it is.
    pub(crate) place: usize,
    /// All branches of guidance together, or one after another.
    pub(crate) batches: Vec<BranchBatch>,
}

/// The branches of guidance that go through the networks together.
pub(crate) struct BranchBatch {
    /// Which they are.
    pub(crate) branches: Range<usize>,
    pub(crate) context: Context,
    /// The vectors that the context was made of: ControlNets make their own.
    pub(crate) states: Tensor,
    /// What ControlNets make their own embedding of.
    pub(crate) added: Option<Added>,
    pub(crate) added_embedding: Option<AddedEmbedding>,
}

/// What was encoded before: whether of the negative prompt, the text, and in how many chunks.
type Known<'a> = HashMap<(bool, &'a str, usize), Rc<(Encoded, Context)>>;

/// What the networks are told from the first step to the last: texts may change on the way. Each is encoded once.
pub(crate) struct ConditioningSchedule {
    /// The branches of guidance.
    pub(crate) branches: Vec<Branch>,
    /// The last network call, counted from 0, of each turn, and which of the conditionings it is given.
    turns: Vec<(u32, usize)>,
    pub(crate) conditionings: Vec<Conditioning>,
}

impl ConditioningSchedule {
    /// The branches that go through the networks together, batch by batch: the same in every conditioning.
    pub(crate) fn batches(&self) -> impl Iterator<Item = &[Branch]> {
        let batches = self.conditionings.first().into_iter().flat_map(|conditioning| &conditioning.batches);
        batches.map(|batch| &self.branches[batch.branches.clone()])
    }

    /// Of a network call, counted from 0: the last turn's where there are more calls than expected.
    pub(crate) fn at(&self, call: u32) -> &Conditioning {
        let turn = self.turns.iter().find(|(until, _)| call <= *until).or(self.turns.last());
        &self.conditionings[turn.map_or(0, |(_, place)| *place)]
    }
}

impl PictureModel {
    /// Encodes a request's prompts for so many network calls, for each branch of `guidance`.
    ///
    /// # Errors
    /// When a prompt's weights cannot be read.
    pub(crate) fn conditioning(
        &self,
        request: &Request,
        passes: Passes,
        guidance: Guidance,
    ) -> Result<ConditioningSchedule, PaintError> {
        let parts = composed(&request.prompt.positive);
        let weights: Vec<f32> = parts.iter().map(|part| part.weight).collect();
        let branches = guidance.branches(&weights);
        // The negative prompt, then the parts of the prompt.
        let texts =
            std::iter::once(request.prompt.negative.as_str()).chain(parts.iter().map(|part| part.text.as_str()));
        let texts: Vec<Vec<Turn>> = texts.map(|text| scheduled(text, passes)).collect();
        let ends: BTreeSet<u32> = texts.iter().flatten().map(|turn| turn.until).collect();
        let mut known: Vec<Vec<&str>> = Vec::new();
        let mut encoded = HashMap::new();
        let (mut turns, mut conditionings) = (Vec::new(), Vec::new());
        for end in ends {
            let said = |turns: &'_ [Turn]| turns.iter().position(|turn| end <= turn.until).unwrap_or(turns.len() - 1);
            let said: Vec<&str> = texts.iter().map(|turns| turns[said(turns)].text.as_str()).collect();
            let place = match known.iter().position(|known| *known == said) {
                Some(place) => place,
                None => {
                    let batches = self.batches(request, &said, &branches, &mut encoded)?;
                    conditionings.push(Conditioning { place: known.len(), batches });
                    known.push(said);
                    known.len() - 1
                }
            };
            turns.push((end, place));
        }
        Ok(ConditioningSchedule { branches, turns, conditionings })
    }

    /// Encodes the negative prompt and the parts of the prompt, those that have branches, filled up to equally many
    /// tokens. `known` grows by them.
    fn batches<'a>(
        &self,
        request: &Request,
        texts: &[&'a str],
        branches: &[Branch],
        known: &mut Known<'a>,
    ) -> Result<Vec<BranchBatch>, PaintError> {
        let (engine, unet) = (&self.engine, &self.networks.unet);
        let first = usize::from(!branches.iter().any(|branch| !branch.positive));
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
        let of = |branch: &Branch| &*encoded[if branch.positive { 1 + branch.part } else { 0 } - first];
        let at_once = if self.latent_shape(request).pixels() > LARGE { 1 } else { branches.len().max(1) };
        let batch = |(index, part): (usize, &[Branch])| {
            let told = || part.iter().map(of);
            let pooled: Option<Vec<&Tensor>> = told().map(|(encoded, _)| encoded.pooled.as_ref()).collect();
            let added = (unet.takes_pooled() || unet.takes_guidance()).then(|| Added {
                pooled: pooled.filter(|_| unet.takes_pooled()).map(|pooled| engine.stack(&pooled)),
                sizes: part.iter().map(|branch| self.sizes(request, branch.positive)).collect(),
                guidance: unet.takes_guidance().then_some(request.guidance),
            });
            BranchBatch {
                branches: index * at_once..index * at_once + part.len(),
                context: Context::stack(engine, &told().map(|(_, context)| context).collect::<Vec<_>>()),
                states: engine.stack(&told().map(|(encoded, _)| &encoded.states).collect::<Vec<_>>()),
                added_embedding: added.as_ref().map(|added| unet.added(engine, added)),
                added,
            }
        };
        Ok(branches.chunks(at_once).enumerate().map(batch).collect())
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
        self.networks.text_encoders.iter().zip(self.reader.windows.iter().copied())
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
