//! What was understood from a sentence.

use serde::{Deserialize, Serialize};

use crate::Size;

/// The language a sentence is mostly written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English, and every other language written without Han characters.
    #[default]
    English,
    /// Chinese.
    Chinese,
}

/// What was understood from a sentence. Everything the user said is in one of these fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idea {
    /// The sentence as typed.
    pub sentence: String,
    /// The language it is mostly written in.
    pub language: Language,
    /// The user's own words that describe the picture, verbatim and in order: the sentence without
    /// what was an instruction (a count, a size, a style asked for, what must not be seen).
    pub subject: String,
    /// `subject` in the words the picture model knows. Equal to `subject` for English.
    pub subject_english: String,
    /// Words of `subject` that no lexicon entry covers; they stand untranslated in `subject_english`.
    pub untranslated: Vec<String>,
    /// How many pictures were asked for ("three …", "六张…").
    pub count: Option<usize>,
    /// The size asked for ("512x512", "wide", "竖图").
    pub size: Option<Size>,
    /// Ids of the styles asked for, in order.
    pub styles: Vec<String>,
    /// What must not be seen ("no …", "without …", "不要…"), in English; goes to the negative prompt.
    pub excluded: Vec<String>,
}
