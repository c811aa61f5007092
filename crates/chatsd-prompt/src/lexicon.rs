//! Chinese words in the words a picture model knows.
//!
//! The table (`data/lexicon.tsv`, made by `data/lexicon.py`) is sorted by key, so that it is searched where it lies.
//! A run of Chinese is cut into the fewest known words, and the words are put into the order of English.

mod number;
mod order;
mod segment;

use std::sync::LazyLock;

pub(crate) use number::{ENGLISH, number_at};
use segment::segment;

/// What a word does in a phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartOfSpeech {
    /// A thing, a quality, or anything else that stands where it stands.
    Plain,
    /// A thing of which there can be several.
    Noun,
    /// Something done: 戴 "wearing".
    Verb,
    /// 在: a place follows.
    At,
    /// What follows a place: 上 "on", 里 "in".
    Place,
    /// 的: binds a quality to its thing.
    Binder,
    /// 了, 着 and the like: says nothing.
    Particle,
    /// How many; `true` where more than one thing follows.
    Count(bool),
    /// Not known.
    Unknown,
}

/// An entry of the table.
pub(crate) struct Entry {
    key: &'static str,
    pub(crate) english: &'static str,
    pub(crate) kind: PartOfSpeech,
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let lines = include_str!("../data/lexicon.tsv").lines();
    lines
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let (key, english) = (cells.next()?, cells.next()?);
            let kind = match cells.next().unwrap_or_default() {
                "n" => PartOfSpeech::Noun,
                "v" => PartOfSpeech::Verb,
                "at" => PartOfSpeech::At,
                "l" => PartOfSpeech::Place,
                "c" => PartOfSpeech::Count(true),
                "d" => PartOfSpeech::Binder,
                "x" => PartOfSpeech::Particle,
                _ => PartOfSpeech::Plain,
            };
            Some(Entry { key, english, kind })
        })
        .collect()
});

/// Pairs of a traditional character and its simple form, sorted.
static TRADITIONAL: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let pairs = include_str!("../data/traditional.txt").lines();
    pairs
        .filter_map(|line| {
            let mut chars = line.chars();
            Some((chars.next()?, chars.next()?))
        })
        .collect()
});

/// What became of a Chinese text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    /// The text in English; what was not Chinese and what is not known stand as they stood.
    pub english: String,
    /// The Chinese words that no entry covers, in order, each once.
    pub untranslated: Vec<String>,
}

/// How many entries the table has.
#[must_use]
pub fn len() -> usize {
    TABLE.len()
}

/// The English of one word, if it is an entry; empty for a particle. Traditional characters are read as simple ones.
#[must_use]
pub fn word(chinese: &str) -> Option<&'static str> {
    lookup(&simple(chinese)).map(|entry| entry.english)
}

/// Whether `c` is a Chinese character.
#[must_use]
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '〇')
}

pub(crate) fn lookup(simple: &str) -> Option<&'static Entry> {
    TABLE.binary_search_by(|entry| entry.key.cmp(simple)).ok().map(|at| &TABLE[at])
}

/// Small letters and simple characters; as many characters as before.
fn simple(text: &str) -> String {
    let map = |c: char| match TRADITIONAL.binary_search_by_key(&c, |pair| pair.0) {
        Ok(at) => TRADITIONAL[at].1,
        Err(_) => c.to_ascii_lowercase(),
    };
    text.chars().map(map).collect()
}

/// Turns the Chinese in `text` into English. Latin text, brackets, weights and wildcards stay as they are, full-width
/// marks become half-width ones.
#[must_use]
pub fn translate(text: &str) -> Translation {
    let mut result = Translation::default();
    if !text.chars().any(|c| is_han(c) || full_width(c).is_some()) {
        text.clone_into(&mut result.english);
        return result;
    }
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = opaque(rest) {
            push_word(&mut result.english, &rest[..length]);
            length
        } else if is_han(first) || first.is_ascii_alphanumeric() {
            let length = rest.find(|c: char| !(is_han(c) || c.is_ascii_alphanumeric())).unwrap_or(rest.len());
            push_run(&mut result, &rest[..length]);
            length
        } else {
            // English keeps brackets and words apart, and puts a space behind a comma.
            if matches!(first, '(' | '[' | '{') && text[..text.len() - rest.len()].ends_with(is_han) {
                result.english.push(' ');
            }
            push_mark(&mut result.english, first);
            if matches!(first, ',' | ';') && rest[1..].starts_with(is_han) {
                result.english.push(' ');
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    let kept = result.english.trim().trim_end_matches([',', ';']).len();
    result.english.truncate(result.english.len() - result.english.trim_start().len() + kept);
    result.english = result.english.trim().to_owned();
    result
}

/// The length of a `__wildcard__` or `<tag>` at the start of `text`.
fn opaque(text: &str) -> Option<usize> {
    let (open, close) = if text.starts_with("__") { ("__", "__") } else { ("<", ">") };
    let inner = text.strip_prefix(open)?;
    let end = inner.find(close)?;
    (end > 0 && !inner[..end].contains(char::is_whitespace)).then_some(open.len() + end + close.len())
}

fn push_run(result: &mut Translation, run: &str) {
    if !run.contains(is_han) {
        push_word(&mut result.english, run);
        return;
    }
    let words = order::english_order(segment(run));
    for (at, word) in words.iter().enumerate() {
        if word.kind == PartOfSpeech::Unknown && !result.untranslated.contains(&word.english) {
            result.untranslated.push(word.english.clone());
        }
        let next = words[at + 1..].iter().find(|word| !word.english.is_empty());
        if word.english == "a" && next.is_some_and(|next| next.english.starts_with(['a', 'e', 'i', 'o', 'u'])) {
            push_word(&mut result.english, "an");
        } else {
            push_word(&mut result.english, &word.english);
        }
    }
}

/// Appends a word, with a space where two words would touch.
fn push_word(english: &mut String, word: &str) {
    if word.is_empty() {
        return;
    }
    let glued = |c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '}' | '>');
    let opened = english.ends_with("__") || english.ends_with(glued);
    if opened {
        english.push(' ');
    }
    english.push_str(word);
}

fn push_mark(english: &mut String, mark: char) {
    match full_width(mark) {
        Some(mark) => {
            if matches!(mark.chars().next(), Some(',' | ';' | ':')) {
                english.truncate(english.trim_end().len());
                // Neither a comma at the beginning nor two in a row.
                if english.is_empty() || english.ends_with(',') {
                    return;
                }
            }
            english.push_str(mark);
        }
        None if mark == ' ' && english.ends_with(", ") => {}
        None => english.push(mark),
    }
}

/// The half-width text for a full-width mark. Brackets become commas: round ones would mean a weight.
fn full_width(mark: char) -> Option<&'static str> {
    Some(match mark {
        '，' | '、' | '。' | '！' | '？' | '（' | '）' | '【' | '】' | '…' | '～' => ", ",
        '；' => "; ",
        '：' => ": ",
        '“' | '”' | '「' | '」' | '《' | '》' | '『' | '』' | '\u{3000}' => " ",
        '·' => " ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
