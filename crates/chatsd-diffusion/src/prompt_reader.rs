//! The part of a picture model that reads: enough to write prompts for it, opened without its networks.

use std::sync::Arc;

use chatsd_types::{LearnedWord, Passes, TokenCount, composed, scheduled, weighted};
use chatsd_weights::ModelFiles;

use crate::{
    DiffusionError, Finder, ModelFlaw,
    chunks::{self, Window},
    families::{FamilyMarks, PictureFamily},
    network::{text_encoder, unet},
    pipeline_settings::PipelineSettings,
    textual_inversion::{TextualInversion, TextualInversions},
    tokenizer::Tokenizer,
};

/// Tokens a text encoder of CLIP sees at once, marks for begin and end included.
const CLIP_LENGTH: usize = 77;

/// One token and the marks for begin and end.
pub(crate) const LEAST_LENGTH: usize = 3;

/// The text encoders that a model may have: the states of all stand side by side.
pub(crate) const TEXT_ENCODERS: [&str; 2] = ["text_encoder", "text_encoder_2"];

/// Counts the tokens of a text as the [`PictureModel`](crate::PictureModel) of the same files does.
#[derive(Clone)]
pub struct PromptReader {
    pub(crate) tokenizer: Tokenizer,
    /// Textual inversions that prompts may use.
    pub(crate) inversions: TextualInversions,
    /// What each text encoder sees at once; at least one.
    pub(crate) windows: Vec<Window>,
    pub(crate) family: PictureFamily,
}

/// Network calls enough for every turn of most prompts.
const COUNTED: Passes = Passes { count: 20, before: None };

impl PromptReader {
    /// Opens a model's tokenizer, and the configs that say how it is used.
    ///
    /// # Errors
    /// When a file is missing or damaged, or a config makes no network.
    pub fn open(files: &ModelFiles) -> Result<Self, DiffusionError> {
        files.check_whole()?;
        let settings = PipelineSettings::read(files.pipeline_config()?)?;
        let tokenizer = Tokenizer::new(&files.vocabulary()?)?;
        let mut length = settings.sequence_length.unwrap_or(CLIP_LENGTH);
        let (mut encoders, mut widths) = (Vec::new(), Vec::new());
        for (place, component) in TEXT_ENCODERS.into_iter().enumerate().filter(|(_, name)| files.has(name)) {
            let config = text_encoder::TextEncoderConfig::read(&files.component(component)?.config)?;
            length = length.min(config.max_position_embeddings);
            encoders.push((place, config.is_open_clip()));
            widths.push(config.hidden_size);
        }
        let Some(&(first, open_clip)) = encoders.first() else {
            return Err(ModelFlaw::NoTextEncoder.into());
        };
        if length < LEAST_LENGTH {
            return Err(ModelFlaw::SequenceLength { found: length, least: LEAST_LENGTH }.into());
        }
        let unet = unet::UNetConfig::read(&files.component("unet")?.config)?;
        let family = PictureFamily::of(FamilyMarks {
            flow: settings.is_flow(),
            context: unet.context()?,
            pooled: unet.added()?.is_some(),
            takes_guidance: unet.takes_guidance(),
            open_clip,
            lone: first > 0,
            distilled: settings.is_distilled(),
        });
        let (begin, end) = (tokenizer.begin(), tokenizer.end());
        let window = |(place, _): (usize, bool)| {
            let pad = family.pad[place].or(settings.pad_token).unwrap_or(end);
            Window { words: length - 2, begin, end, pad }
        };
        let windows = encoders.into_iter().map(window).collect();
        let inversions = TextualInversions::new(Finder::default(), widths);
        Ok(Self { tokenizer, inversions, windows, family })
    }

    /// The same reader, which finds textual inversions with `finder`.
    #[must_use]
    pub fn with_finder(&self, finder: Finder) -> Self {
        Self { inversions: self.inversions.with_finder(finder), ..self.clone() }
    }

    /// The same reader, which knows the words of these.
    pub(crate) fn with_inversions(&self, inversions: &[Arc<TextualInversion>]) -> Self {
        let words = inversions.iter().map(|inversion| (inversion.word.name.as_str(), inversion.count));
        Self { tokenizer: self.tokenizer.with_inversions(words), ..self.clone() }
    }

    /// The words of textual inversions that stand in a text and that the model can read.
    #[must_use]
    pub fn learned_words(&self, text: &str) -> Vec<LearnedWord> {
        self.inversions.in_text(text).iter().map(|inversion| inversion.word.clone()).collect()
    }

    /// The model's family, as the style library names it.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.family.name
    }

    /// How many tokens `text` takes at once: of parts and turns the longest; weights and other syntax are not counted.
    #[must_use]
    pub fn count_tokens(&self, text: &str) -> TokenCount {
        let window = self.windows[0];
        let inversions = self.inversions.in_text(text);
        let with_inversions = (!inversions.is_empty()).then(|| self.with_inversions(&inversions).tokenizer);
        let tokenizer = with_inversions.as_ref().unwrap_or(&self.tokenizer);
        let tokens = |text: &str| match weighted(text) {
            Ok(pieces) => chunks::split(tokenizer, &pieces, window).1,
            Err(_) => tokenizer.encode(text).len(),
        };
        let turns = composed(text).into_iter().flat_map(|part| scheduled(&part.text, COUNTED));
        TokenCount { tokens: turns.map(|turn| tokens(&turn.text)).max().unwrap_or(0), chunk: window.words }
    }
}
