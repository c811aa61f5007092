//! What the user should know about a prompt or a picture of it.

use std::fmt;

use serde::Serialize;

use crate::{Sampler, Schedule, Size};

/// What the user should know about a prompt or the picture of it: said, never hidden. The text form is English.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The user's own words take more tokens than one chunk holds; they are kept and read chunk by chunk.
    LongSentence {
        /// Tokens of the user's own words.
        tokens: usize,
        /// Tokens that one chunk holds.
        room: usize,
    },
    /// Additions that were left out, last first, so that the user's own words keep their room.
    LeftOut {
        /// What was left out.
        words: Vec<String>,
        /// Tokens that the text may take.
        room: usize,
    },
    /// Words that no lexicon entry covers.
    Untranslated {
        /// The words, as typed.
        words: Vec<String>,
    },
    /// A style that the sentence asked for and that the model has never seen.
    StyleNotForModel {
        /// Id of the style.
        style: String,
        /// Family of the model.
        family: String,
        /// Id of the nearest style that the model knows; without one its own styles are spread.
        instead: Option<String>,
    },
    /// Control characters were read as spaces.
    ControlCharacters {
        /// How many.
        count: usize,
    },
    /// Tags that load something into other programs; they are kept in the user's words and not given to the model.
    Tags {
        /// The tags, as typed.
        tags: Vec<String>,
    },
    /// An adapter for few steps brought its own way of painting.
    FewSteps {
        /// Its name.
        adapter: String,
        /// The steps that are used.
        steps: u32,
        /// The sampler that is used.
        sampler: Sampler,
        /// The schedule that is used.
        schedule: Schedule,
        /// The guidance that is used.
        guidance: f32,
    },
    /// Parts of an adapter that found no layer of the model.
    Unmatched {
        /// Its name.
        adapter: String,
        /// Names of its tensors.
        parts: Vec<String>,
    },
    /// Without guidance, what must not be seen is not heard.
    NegativeUnheard,
    /// A size that the model was not trained at.
    OtherSize {
        /// The size asked for.
        found: Size,
        /// The size it was trained at.
        trained: Size,
    },
    /// The picture was made by another program, and tells how.
    Foreign {
        /// What was understood of it.
        taken: Vec<String>,
    },
    /// What another program says of the picture, and means nothing here.
    NotUsed {
        /// Keys with their values.
        left: Vec<(String, String)>,
    },
    /// It was painted from a starting picture that is not here.
    WithoutInit,
    /// The picture was made with another model.
    OtherModel {
        /// Its model, with the hash.
        found: String,
        /// The model that paints now, with the hash.
        used: String,
        /// The name of its model.
        name: String,
    },
}

impl Note {
    /// The first of many names.
    #[must_use]
    pub fn first(names: &[String]) -> String {
        let more = if names.len() > SHOWN { ", …" } else { "" };
        names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ") + more
    }

    /// Keys with their values in one line.
    #[must_use]
    pub fn pairs(pairs: &[(String, String)]) -> String {
        pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join(", ")
    }
}

/// Names that are shown of many.
const SHOWN: usize = 3;

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LongSentence { tokens, room } => write!(
                f,
                "the sentence alone takes {tokens} tokens and a chunk holds {room}: it is kept whole and read in chunks, and its end counts less"
            ),
            Self::LeftOut { words, room } => {
                write!(f, "left out so that your words fit into {room} tokens: {}", words.join(", "))
            }
            Self::Untranslated { words } => write!(f, "not translated: {}", words.join(", ")),
            Self::StyleNotForModel { style, family, instead } => {
                let instead = instead.as_deref().unwrap_or("its own styles");
                write!(f, "the model \"{family}\" does not know the style {style}: used instead: {instead}")
            }
            Self::ControlCharacters { count } => write!(f, "{count} control characters were read as spaces"),
            Self::Tags { tags } => write!(f, "not supported, and not given to the model: {}", tags.join(", ")),
            Self::FewSteps { adapter, steps, sampler, schedule, guidance } => write!(
                f,
                "{adapter} is for few steps: {steps} steps, {sampler}, {schedule}, guidance {guidance}, where nothing else is said"
            ),
            Self::Unmatched { adapter, parts } => {
                write!(f, "{} parts of {adapter} fit no layer of this model: {}", parts.len(), Self::first(parts))
            }
            Self::NegativeUnheard => {
                write!(f, "with guidance 1, what must not be seen has no effect; a higher --guidance gives it one")
            }
            Self::OtherSize { found, trained } => {
                write!(f, "the model was trained at {trained}: at {found} pictures come out worse")
            }
            Self::Foreign { taken } => write!(f, "Made by another program; used what it says: {}", taken.join(", ")),
            Self::NotUsed { left } => {
                write!(f, "Not used, so the picture may come out otherwise: {}", Self::pairs(left))
            }
            Self::WithoutInit => write!(
                f,
                "It was painted from a starting picture that is not here, and is painted from nothing; --init gives one"
            ),
            Self::OtherModel { found, used, name } => write!(
                f,
                "The picture was made with model {found}; this is {used}, so it will look different; use --model {name}, or where it lies"
            ),
        }
    }
}
