//! The part of a picture model that reads: enough to write prompts for it, opened without its networks.

use chatsd_types::{TokenCount, weighted};
use chatsd_weights::ModelFiles;
use serde_json::Value as Json;

use crate::{
    DiffusionError,
    chunks::{self, Window},
    model_card::{Family, Settings},
    tokenizer::Tokenizer,
};

/// Tokens a text encoder of CLIP sees at once, marks for begin and end included.
const CLIP_LENGTH: u64 = 77;

/// Counts the tokens of a text as the [`PictureModel`](crate::PictureModel) of the same files does.
pub struct Reader {
    pub(crate) tokenizer: Tokenizer,
    /// What each text encoder sees at once.
    pub(crate) windows: [Window; 2],
    pub(crate) family: Family,
}

impl Reader {
    /// Opens a model's tokenizer, and the configs that say how it is used.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn open(files: &ModelFiles) -> Result<Self, DiffusionError> {
        let settings = Settings::read(files.pipeline_config()?)?;
        let tokenizer = Tokenizer::new(&files.vocabulary()?)?;
        let (mut channels, mut positions) = (0, CLIP_LENGTH);
        for component in ["text_encoder_2", "text_encoder"] {
            if files.has(component) {
                let config = files.component(component)?.config;
                let number = |name: &str, default| config.get(name).and_then(Json::as_u64).unwrap_or(default);
                channels += number("hidden_size", 512);
                positions = number("max_position_embeddings", CLIP_LENGTH);
            }
        }
        let pooled = files.component("unet")?.config.get("addition_embed_type").is_some_and(Json::is_string);
        let length =
            settings.sequence_length.map_or(CLIP_LENGTH, |length| length as u64).min(positions).max(3) as usize;
        let family = Family::of(settings.is_flow(), channels as usize, pooled);
        let (begin, end) = (tokenizer.begin(), tokenizer.end());
        let windows = family.pad.map(|pad| {
            let pad = pad.or(settings.pad_token).unwrap_or(end);
            Window { words: length - 2, begin, end, pad }
        });
        Ok(Self { tokenizer, windows, family })
    }

    /// Tokens that a text encoder is given at once, marks for begin and end included.
    pub(crate) fn length(&self) -> usize {
        self.windows[0].words + 2
    }

    /// The model's family, as the style library names it.
    #[must_use]
    pub fn family(&self) -> &'static str {
        self.family.name
    }

    /// How many tokens `text` takes; weights and other syntax are not counted.
    #[must_use]
    pub fn count_tokens(&self, text: &str) -> TokenCount {
        let [window, _] = self.windows;
        let tokens = match weighted(text) {
            Ok(pieces) => chunks::split(&self.tokenizer, &pieces, window).1,
            Err(_) => self.tokenizer.encode(text).len(),
        };
        TokenCount { tokens, chunk: window.words }
    }
}
