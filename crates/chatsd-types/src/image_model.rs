//! What the studio asks of a picture model.

use std::{ops::ControlFlow, time::Duration};

use crate::{Adapted, Adapter, Image, LearnedWord, Mask, PaintError, Preview, Request, Sampler, Schedule, Size};

/// What a picture model is, in the numbers that a plan needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCard {
    /// Name for requests and people.
    pub name: String,
    /// Family, as the style library names it: `pocket`, `sd1`, `sd2`, `sdxl`.
    pub family: String,
    /// First ten hex digits of the SHA-256 of the weights.
    pub hash: String,
    /// Licence, as an SPDX expression where there is one.
    pub licence: String,
    /// The size it was trained at.
    pub size: Size,
    /// Width and height must be multiples of this many pixels.
    pub size_step: u32,
    /// Neither side may be larger.
    pub size_limit: u32,
    /// Steps that look right.
    pub steps: u32,
    /// Guidance that looks right.
    pub guidance: f32,
    /// Sampler that looks right.
    pub sampler: Sampler,
    /// Schedule that looks right.
    pub schedule: Schedule,
}

impl ModelCard {
    /// The size most like `size` that the model paints; `size` itself when it paints that.
    #[must_use]
    pub fn nearest_size(&self, size: Size) -> Size {
        let step = self.size_step.max(1);
        let whole = (self.size_limit / step).max(1);
        let nearest = |side: u32| (side / step + u32::from(side % step >= step.div_ceil(2))).clamp(1, whole) * step;
        Size { width: nearest(size.width), height: nearest(size.height) }
    }
}

/// How many tokens a text takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenCount {
    /// Tokens of the text, without the marks of begin and end.
    pub tokens: usize,
    /// Tokens that one chunk holds.
    pub chunk: usize,
}

/// What a picture is painted from besides its request.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The starting picture of image to image.
    pub init: Option<Image>,
    /// Where to paint anew; needs `init`.
    pub mask: Option<Mask>,
    /// The pictures that ControlNets follow, one for each of the request's controls, before any preprocessor.
    pub controls: Vec<Image>,
    /// The pictures looked at like prompts, one for each of the request's image prompts.
    pub image_prompts: Vec<Image>,
}

/// What painting a request takes, told before it is painted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Work until the picture is finished, in multiply-adds; other operations are counted as the number of them that
    /// would take the same time.
    pub work: f64,
    /// Work that is done after each step, words and a starting picture included.
    pub after_steps: Vec<f64>,
    /// Most bytes of memory that weights and buffers take.
    pub bytes: u64,
}

/// One step done.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Steps done, from 1.
    pub step: u32,
    /// Steps in all.
    pub steps: u32,
    /// Time since painting began.
    pub elapsed: Duration,
    /// The picture as it stands, for whoever wants to see it.
    pub preview: Option<Preview>,
}

/// A picture model: the few things the studio needs of one.
pub trait ImageModel: Send + Sync {
    /// What it is.
    fn card(&self) -> &ModelCard;

    /// How many tokens `text` takes; weights and other syntax are not counted.
    fn count_tokens(&self, text: &str) -> TokenCount;

    /// What painting a request takes. Nothing is painted for it, and no weights are needed.
    ///
    /// # Errors
    /// As [`Self::paint`].
    fn cost(&self, request: &Request, source: &Source) -> Result<Cost, PaintError>;

    /// Seconds that this machine takes for a unit of [`Cost::work`], by a probe shorter than a second. Nothing where
    /// the model cannot paint.
    fn pace(&self) -> Option<f64>;

    /// What the model is with these adapters. Looks them up, and fills in their hashes.
    ///
    /// # Errors
    /// When one is not found, or was made for another family of models.
    fn adapted(&self, adapters: &mut [Adapter]) -> Result<Adapted, PaintError> {
        match adapters.first() {
            None => Ok(Adapted { card: self.card().clone(), few_steps: None, unmatched: Vec::new() }),
            Some(adapter) => {
                Err(PaintError::NoAdapters { model: self.card().name.clone(), adapter: adapter.name.clone() })
            }
        }
    }

    /// The learned words that stand in a text and that the model can read.
    fn learned_words(&self, text: &str) -> Vec<LearnedWord> {
        let _ = text;
        Vec::new()
    }

    /// Paints one picture. `observer` is called after each step and may stop the work.
    ///
    /// The same request and source give the same bytes, whatever the number of threads.
    ///
    /// # Errors
    /// See [`PaintError`].
    fn paint(
        &self,
        request: &Request,
        source: &Source,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Image, PaintError>;
}
