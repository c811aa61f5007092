//! Words learned afterwards: a file gives a word vectors of its own (textual inversion, Gal et al. 2022).

use std::{
    cmp::Reverse,
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use chatsd_tensor::WeightError;
use chatsd_types::{FileKind, LearnedWord, PaintError};
use chatsd_weights::ModelFiles;

use crate::{DiffusionError, Finder, error::unusable};

/// A file of a textual inversion that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingError {
    /// A folder instead of a file.
    #[error("it is a folder, expected a file")]
    Folder,
    /// Vectors for text encoders of another width.
    #[error(
        "its vectors have {} values, the model's tokens {expected}: take one for the model's family",
        if found.is_empty() { "none".to_owned() } else { joined(found) }
    )]
    Widths {
        /// Values of each table of vectors in the file.
        found: Vec<usize>,
        /// Values of a token's vector in the model.
        expected: usize,
    },
    /// Vectors whose values cannot be read.
    #[error(transparent)]
    Values(WeightError),
    /// Another number of vectors for each text encoder.
    #[error("it has {} vectors, expected as many for each encoder", joined(found))]
    Counts {
        /// For each text encoder.
        found: Vec<usize>,
    },
}

fn joined(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(" and ")
}

/// The first token that no vocabulary has: vectors of learned words have tokens from here on.
pub(crate) const FIRST: u32 = 1 << 24;
/// What ComfyUI writes before a learned word.
const PREFIX: &str = "embedding:";
/// Digits of a hash by which picture programs name learned words.
const HASH_DIGITS: usize = 12;
/// More vectors than any prompt has room for.
const MOST_VECTORS: usize = 4096;
/// Names of the vectors for the encoders of Stable Diffusion XL, in their order.
const PAIR: [&str; 2] = ["clip_l", "clip_g"];

/// Where a word first stands in a text on its own, what ComfyUI writes before it included. Capitals do not matter.
pub(crate) fn place_of(name: &str, text: &str) -> Option<Range<usize>> {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() {
        return None;
    }
    let mut places = text.char_indices().filter(|(at, _)| {
        let same = text.get(*at..at + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        same && !(text[..*at].ends_with(joins) && name.starts_with(joins))
            && !(text[at + name.len()..].starts_with(joins) && name.ends_with(joins))
    });
    let at = places.next()?.0;
    let end = at + name.len();
    let prefixed = at
        .checked_sub(PREFIX.len())
        .filter(|start| text.get(*start..at).is_some_and(|found| found.eq_ignore_ascii_case(PREFIX)));
    Some(prefixed.unwrap_or(at)..end)
}

/// The vectors of one learned word.
#[derive(Debug)]
pub(crate) struct Vectors {
    pub(crate) word: LearnedWord,
    /// How many.
    pub(crate) count: usize,
    /// For each text encoder, one after another.
    pub(crate) values: Vec<Vec<f32>>,
}

impl Vectors {
    /// Reads the vectors for text encoders whose tokens have vectors of these `widths`.
    ///
    /// # Errors
    /// When it is no such file, or was made for encoders of other widths.
    fn read(name: &str, files: &ModelFiles, widths: &[usize]) -> Result<Self, DiffusionError> {
        let file = files.file().ok_or(EmbeddingError::Folder)?;
        let tables: Vec<(&str, usize, usize)> = file
            .names()
            .filter_map(|name| match *file.shape(name)? {
                [width] => Some((name, 1, width)),
                [count, width] => Some((name, count, width)),
                _ => None,
            })
            .collect();
        let mut values = Vec::with_capacity(widths.len());
        let mut counts = Vec::with_capacity(widths.len());
        for (place, &width) in widths.iter().enumerate() {
            let named = |table: &&(&str, usize, usize)| widths.len() == 2 && table.0 == PAIR[place];
            let table = tables
                .iter()
                .filter(named)
                .chain(&tables)
                .find(|(_, count, found)| *found == width && (1..=MOST_VECTORS).contains(count));
            let Some((table, count, _)) = table else {
                let found = tables.iter().map(|(_, _, width)| *width).collect();
                return Err(EmbeddingError::Widths { found, expected: width }.into());
            };
            values.push(file.get(table)?.values().map_err(EmbeddingError::Values)?);
            counts.push(*count);
        }
        if counts.iter().any(|count| *count != counts[0]) {
            return Err(EmbeddingError::Counts { found: counts }.into());
        }
        let hash = file.sha256().chars().take(HASH_DIGITS).collect();
        let count = counts.first().copied().unwrap_or(0);
        Ok(Self { word: LearnedWord { name: name.to_owned(), hash }, count, values })
    }
}

/// The learned words that there are for a model, opened as prompts use them. Clones share what was opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Learned {
    finder: Finder,
    /// Values of a token's vector in each text encoder.
    widths: Vec<usize>,
    names: Arc<OnceLock<Vec<String>>>,
    /// The vectors of each word that was asked for; `None` where they could not be read for this model.
    opened: Arc<Mutex<HashMap<String, Option<Arc<Vectors>>>>>,
}

impl Learned {
    pub(crate) fn new(finder: Finder, widths: Vec<usize>) -> Self {
        Self { finder, widths, ..Self::default() }
    }

    /// The same, found elsewhere.
    pub(crate) fn with_finder(&self, finder: Finder) -> Self {
        Self::new(finder, self.widths.clone())
    }

    /// The vectors of a word.
    ///
    /// # Errors
    /// When there is no such file, or it does not fit the model.
    pub(crate) fn vectors(&self, name: &str) -> Result<Arc<Vectors>, PaintError> {
        if let Some(Some(vectors)) = self.opened().get(name) {
            return Ok(Arc::clone(vectors));
        }
        let read = || Vectors::read(name, &self.finder.find(FileKind::Embedding, name)?, &self.widths);
        let vectors = read().map(Arc::new);
        self.opened().insert(name.to_owned(), vectors.as_ref().ok().map(Arc::clone));
        vectors.map_err(|why| unusable(FileKind::Embedding, name, why))
    }

    /// Nothing is read while it is held.
    fn opened(&self) -> MutexGuard<'_, HashMap<String, Option<Arc<Vectors>>>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The words that stand in a text and fit the model. A longer one hides those inside it.
    pub(crate) fn in_text(&self, text: &str) -> Vec<Arc<Vectors>> {
        let names = self.names.get_or_init(|| {
            let mut names = self.finder.names(FileKind::Embedding);
            names.sort_by_key(|name| Reverse(name.len()));
            names
        });
        let mut rest = text.to_owned();
        let mut found = Vec::new();
        for name in names {
            let mut stands = false;
            while let Some(place) = place_of(name, &rest) {
                stands = true;
                rest.replace_range(place, " ");
            }
            // What did not fit the model once is not read again for every text.
            let is_unfit = || matches!(self.opened().get(name), Some(None));
            if stands && !is_unfit() {
                found.extend(self.vectors(name).ok());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stand_on_their_own() {
        for (name, text, expected) in [
            ("cat", "a cat", Some(2..5)),
            ("cat", "concat CAT", Some(7..10)),
            ("cat", "cat_2", None),
            ("cat", "(embedding:cat:1.2)", Some(1..14)),
            ("cat-toy", "<cat-toy>", Some(1..8)),
            ("猫", "红猫", Some(3..6)),
            ("", "a", None),
        ] {
            assert_eq!(place_of(name, text), expected, "{name} in {text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(name in "\\PC{0,4}", text in "\\PC{0,12}") {
            if let Some(place) = place_of(&name, &text) {
                prop_assert!(text[place].to_lowercase().ends_with(&name.to_lowercase()));
            }
        }
    }
}
