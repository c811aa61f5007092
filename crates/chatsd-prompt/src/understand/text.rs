//! A sentence out of which pieces are taken, and its words.

use std::ops::Range;

use chatsd_types::{Passes, scheduled};

use crate::lexicon::is_han;

/// Stands where something was taken out. No sentence holds it: control characters were replaced before.
const GAP: char = '\u{1}';

/// The outermost places between two marks, with them.
fn enclosed(text: &str, open: char, close: char) -> Vec<Range<usize>> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, c) in text.char_indices() {
        if c == open {
            if depth == 0 {
                start = at;
            }
            depth += 1;
        } else if c == close && depth > 0 {
            depth -= 1;
            if depth == 0 {
                found.push(start..at + c.len_utf8());
            }
        }
    }
    found
}

/// The square brackets that mean more than a weight.
fn changing(text: &str) -> Vec<Range<usize>> {
    let mut found = enclosed(text, '[', ']');
    found.retain(|range| {
        let turns = scheduled(&text[range.clone()], Passes { count: 2, before: None });
        turns.len() > 1 || turns.iter().any(|turn| turn.text != text[range.clone()])
    });
    found
}

/// A sentence out of which pieces are taken.
pub(super) struct Text {
    text: String,
}

/// A Latin word or number with its place.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) range: Range<usize>,
    /// In small letters.
    pub(super) small: String,
    /// Whether only white space lies between the word before and this one.
    pub(super) joined: bool,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Takes out a piece.
    pub(super) fn cut(&mut self, range: Range<usize>) {
        self.text.replace_range(range, GAP.encode_utf8(&mut [0; 4]));
    }

    /// The places that are not plain language: `{…}`, `__…__`, `<…>`, and brackets that change while a picture is
    /// painted, such as `[a|b]`.
    pub(super) fn opaque(&self) -> Vec<Range<usize>> {
        let text = &self.text;
        let mut found = changing(text);
        found.extend(enclosed(text, '{', '}'));
        for (open, close) in [("__", "__"), ("<", ">")] {
            let mut from = 0;
            while let Some(at) = text[from..].find(open).map(|at| at + from) {
                let inner = at + open.len();
                let Some(end) = text[inner..].find(close).map(|end| inner + end + close.len()) else { break };
                if text[inner..end].contains(char::is_whitespace) {
                    from = inner;
                } else {
                    found.push(at..end);
                    from = end;
                }
            }
        }
        found
    }

    /// The Latin words and numbers, in order, without those in opaque places.
    pub(super) fn words(&self) -> Vec<Word> {
        let opaque = self.opaque();
        let mut words: Vec<Word> = Vec::new();
        let mut start = None;
        let ends = self.text.char_indices().chain([(self.text.len(), ' ')]);
        for (at, c) in ends {
            let inside = c.is_alphanumeric() && !is_han(c)
                || start.is_some()
                    && matches!(c, '-' | '\'' | '’' | '_')
                    && self.text[at + c.len_utf8()..].starts_with(char::is_alphanumeric);
            match (inside, start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    start = None;
                    if opaque.iter().any(|range| range.contains(&from)) {
                        continue;
                    }
                    let joined = words.last().is_some_and(|last| is_blank(&self.text[last.range.end..from]));
                    words.push(Word { range: from..at, small: self.text[from..at].to_lowercase(), joined });
                }
                _ => {}
            }
        }
        words
    }

    /// Whether the clause begins (`before`) or ends here: at the rim, a mark or a gap, white space aside.
    pub(super) fn clause_ends_before(&self, at: usize) -> bool {
        self.text[..at].trim_end().chars().next_back().is_none_or(is_border)
    }

    /// As [`clause_ends_before`](Self::clause_ends_before), looking forward.
    pub(super) fn clause_ends_at(&self, at: usize) -> bool {
        self.text[at..].trim_start().chars().next().is_none_or(is_border)
    }

    /// What is left, with the white space and commas around the gaps put right. Without a gap nothing is changed.
    pub(super) fn finish(self) -> String {
        if !self.text.contains(GAP) {
            return self.text;
        }
        let mut result = String::with_capacity(self.text.len());
        for (at, part) in self.text.split(GAP).enumerate() {
            if at == 0 {
                result.push_str(part);
                continue;
            }
            // One separator is enough, none is needed at the rim, words keep apart, and empty brackets go.
            result.truncate(result.trim_end().len());
            let mut part = part.trim_start();
            let emptied = [("(", ")"), ("[", "]"), ("（", "）")]
                .into_iter()
                .find_map(|(open, close)| result.strip_suffix(open).zip(part.strip_prefix(close)))
                .map(|(before, after)| (before.trim_end().len(), after));
            if let Some((length, after)) = emptied {
                result.truncate(length);
                part = after.trim_start();
            }
            if result.is_empty() || result.ends_with(is_border) {
                part = part.trim_start_matches(|c: char| is_border(c) || c.is_whitespace());
                if result.ends_with([',', ';', '.', '!', '?']) && !part.is_empty() {
                    result.push(' ');
                }
            } else if !(part.starts_with(is_border) || result.ends_with(is_han) || part.starts_with(is_han)) {
                result.push(' ');
            }
            result.push_str(part);
        }
        let rim = |c: char| c.is_whitespace() || is_separator(c);
        result.trim_end_matches(rim).trim_start_matches(|c| rim(c) || matches!(c, ':' | '：')).to_owned()
    }
}

/// A comma or its like.
pub(super) fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '，' | '、' | '；')
}

/// What ends a clause.
pub(super) fn is_border(c: char) -> bool {
    is_separator(c) || matches!(c, '.' | '!' | '?' | '。' | '！' | '？' | '…' | GAP)
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}
