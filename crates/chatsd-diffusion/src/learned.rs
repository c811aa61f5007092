//! Words learned afterwards: a file gives a word vectors of its own (textual inversion, Gal et al. 2022).

use std::{
    cmp::Reverse,
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use chatsd_types::{FileKind, LearnedWord, PaintError};
use chatsd_weights::ModelFiles;

use crate::Finder;

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
    fn read(name: &str, files: &ModelFiles, widths: &[usize]) -> Result<Self, String> {
        let file = files.file().ok_or("it is a folder, expected a file")?;
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
                let found: Vec<String> = tables.iter().map(|(_, _, width)| width.to_string()).collect();
                let found = if found.is_empty() { "none".to_owned() } else { found.join(" and ") };
                return Err(format!(
                    "its vectors have {found} values, the model's tokens {width}: take one for the model's family"
                ));
            };
            let weight = file.get(table).map_err(|error| error.to_string())?;
            values.push(weight.values().map_err(|error| error.to_string())?);
            counts.push(*count);
        }
        if counts.iter().any(|count| *count != counts[0]) {
            return Err(format!("it has {} and {} vectors, expected as many for each encoder", counts[0], counts[1]));
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
    opened: Arc<Mutex<HashMap<String, Opened>>>,
}

/// The vectors of a word, or why there are none.
type Opened = Result<Arc<Vectors>, String>;

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
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            let files = self.finder.find(FileKind::Embedding, name).map_err(|error| error.to_string())?;
            Vectors::read(name, &files, &self.widths).map(Arc::new)
        };
        let vectors = opened.entry(name.to_owned()).or_insert_with(read).clone();
        vectors.map_err(|error| PaintError::Unsupported(format!("the learned word {name}: {error}")))
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
            found.extend(stands.then(|| self.vectors(name).ok()).flatten());
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
