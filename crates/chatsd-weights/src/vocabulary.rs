//! The words of a tokenizer.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::{
    Missing, VocabularyDamage, WeightFile, WeightsError,
    damage::short,
    folder::{read_json, read_text},
};

/// What a byte-pair tokenizer knows, borrowed from the model's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary<'a> {
    /// Each token's text; its index is its number.
    pub tokens: Vec<&'a str>,
    /// NumbersVisitor that are joined, the most frequent first.
    pub merges: Vec<(&'a str, &'a str)>,
}

impl<'a> Vocabulary<'a> {
    /// From the metadata of a GGUF file.
    pub(crate) fn of_file(file: &'a WeightFile) -> Result<Self, WeightsError> {
        let texts = |key: &'static str| {
            file.texts(key)
                .ok_or_else(|| WeightsError::Incomplete { path: file.path().to_owned(), what: Missing::Words { key } })
        };
        let tokens = texts("tokenizer.ggml.tokens")?.collect();
        let merges = texts("tokenizer.ggml.merges")?.map(|text| pair(file.path(), text)).collect::<Result<_, _>>()?;
        Ok(Self { tokens, merges })
    }
}

/// A vocabulary read from a folder.
#[derive(Debug)]
pub(crate) struct OwnedVocabulary {
    tokens: Vec<String>,
    merges: String,
    path: PathBuf,
}

impl OwnedVocabulary {
    /// From `vocab.json` and `merges.txt`.
    pub(crate) fn read(folder: &Path) -> Result<Self, WeightsError> {
        let path = folder.join("vocab.json");
        let Numbered(numbered) = read_json(&path)?;
        let mut tokens = vec![None; numbered.len()];
        for (token, number) in numbered {
            let count = tokens.len();
            match tokens.get_mut(number) {
                Some(place @ None) => *place = Some(token),
                _ => {
                    let damage = VocabularyDamage::Number { token: short(&token), number, count };
                    return Err(WeightsError::Damaged { path, what: damage.into() });
                }
            }
        }
        let path = folder.join("merges.txt");
        let merges = read_text(&path)?;
        Ok(Self { tokens: tokens.into_iter().flatten().collect(), merges, path })
    }

    pub(crate) fn borrow(&self) -> Result<Vocabulary<'_>, WeightsError> {
        let lines = self.merges.lines().enumerate();
        let lines = lines.filter(|(at, line)| !(line.is_empty() || *at == 0 && line.starts_with("#version")));
        let merges = lines.map(|(_, line)| pair(&self.path, line)).collect::<Result<_, _>>()?;
        Ok(Vocabulary { tokens: self.tokens.iter().map(String::as_str).collect(), merges })
    }
}

/// Tokens and their numbers, in the order of the file: no table is needed on the way.
struct Numbered(Vec<(String, usize)>);

impl<'de> Deserialize<'de> for Numbered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumbersVisitor;

        impl<'de> Visitor<'de> for NumbersVisitor {
            type Value = Numbered;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("numbers by token")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Numbered, A::Error> {
                std::iter::from_fn(|| map.next_entry().transpose()).collect::<Result<_, _>>().map(Numbered)
            }
        }

        deserializer.deserialize_map(NumbersVisitor)
    }
}

fn pair<'a>(path: &Path, text: &'a str) -> Result<(&'a str, &'a str), WeightsError> {
    text.split_once(' ').filter(|(first, second)| !first.is_empty() && !second.is_empty()).ok_or_else(|| {
        let damage = VocabularyDamage::Merge { line: short(text) };
        WeightsError::Damaged { path: path.to_owned(), what: damage.into() }
    })
}
