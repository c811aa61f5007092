//! Keeps additions within the room that the user's words leave in a chunk of tokens.

use chatsd_types::{Note, Part, Piece, TokenCount, composed, weighted};

/// A positive text in its parts.
pub(crate) struct Parts<'a> {
    /// What the style puts before the subject: "watercolor painting of ".
    pub(crate) before: &'a str,
    /// The user's words.
    pub(crate) subject: &'a str,
    /// What follows: the first with its own joint, the others after commas.
    pub(crate) after: Vec<String>,
}

/// The text that fits, and what it is made of.
pub(crate) struct Fitted {
    pub(crate) positive: String,
    /// Everything that is not the user's; `…` stands for the subject where something comes before it.
    pub(crate) added: String,
    pub(crate) tokens: TokenCount,
    pub(crate) notes: Vec<Note>,
}

impl<'a> Parts<'a> {
    /// The sides of a style around the subject, then the additions.
    pub(crate) fn new(before: &'a str, subject: &'a str, after: &str, additions: &[&str]) -> Self {
        let mut pieces = after.split(", ");
        let joint = pieces.next().unwrap_or_default();
        let mut after = vec![joint.to_owned()];
        after.extend(pieces.chain(additions.iter().copied()).map(|piece| format!(", {piece}")));
        after.retain(|piece| !piece.is_empty());
        Self { before, subject, after }
    }

    /// The whole text. Parts that the user joined by `AND` are painted each by itself, so what is not the user's stands
    /// around each of them; their weights stay at their ends.
    pub(crate) fn positive(&self) -> String {
        let after = self.after.concat();
        let around = |text: &str| format!("{}{text}{after}", self.before);
        match composed(self.subject).as_slice() {
            [_] => around(self.subject),
            parts => {
                let part = |part: &Part| match part.weight {
                    1.0 => around(part.text.trim()),
                    weight => format!("{} :{weight}", around(part.text.trim())),
                };
                parts.iter().map(part).collect::<Vec<_>>().join(" AND ")
            }
        }
    }

    pub(crate) fn added(&self) -> String {
        let after = self.after.concat();
        match (self.before.trim(), after.starts_with(", ")) {
            ("", true) => after[2..].to_owned(),
            ("", false) if after.is_empty() => after,
            (before, _) => format!("{before} …{after}").trim_start().to_owned(),
        }
    }

    /// Drops additions from the end until the text takes no more chunks than the user's words alone.
    pub(crate) fn fit(mut self, count_tokens: &dyn Fn(&str) -> TokenCount) -> Fitted {
        let mut notes = Vec::new();
        let mut tokens = count_tokens(&self.positive());
        // No need to measure the sentence alone where everything fits.
        if tokens.tokens > tokens.chunk && tokens.chunk > 0 {
            let own = count_tokens(self.subject);
            // A chunk that the user ended with BREAK counts as full, but is not too long.
            let words = count_tokens(&unbroken(self.subject));
            if words.tokens > words.chunk {
                notes.push(Note::LongSentence { tokens: words.tokens, room: words.chunk });
            }
            let room = own.tokens.div_ceil(own.chunk.max(1)).max(1) * own.chunk;
            let mut left_out = Vec::new();
            while tokens.tokens > room {
                let dropped = match self.after.pop() {
                    Some(piece) => piece.trim_start_matches(", ").trim().to_owned(),
                    None if !self.before.is_empty() => std::mem::take(&mut self.before).trim().to_owned(),
                    None => break,
                };
                left_out.push(dropped);
                tokens = count_tokens(&self.positive());
            }
            if !left_out.is_empty() {
                notes.push(Note::LeftOut { words: left_out, room });
            }
        }
        Fitted { positive: self.positive(), added: self.added(), tokens, notes }
    }
}

/// A text without weights and without `BREAK`.
fn unbroken(text: &str) -> String {
    let pieces = weighted(text).unwrap_or_default().into_iter().filter_map(|piece| match piece {
        Piece::Text { text, .. } => Some(text),
        Piece::Break => None,
    });
    pieces.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(chunk: usize) -> impl Fn(&str) -> TokenCount {
        move |text| TokenCount { tokens: text.split_whitespace().count(), chunk }
    }

    fn fitted(subject: &str, chunk: usize) -> Fitted {
        Parts::new("drawing of ", subject, ", fine lines, paper", &["red", "calm"]).fit(&words(chunk))
    }

    #[test]
    fn everything_stays_where_there_is_room() {
        let all = fitted("a cat", 30);
        assert_eq!(all.positive, "drawing of a cat, fine lines, paper, red, calm");
        assert_eq!(all.added, "drawing of …, fine lines, paper, red, calm");
        assert!(all.notes.is_empty() && all.tokens.tokens == 9);
        let behind = Parts::new("", "a cat", " in ice", &[]).fit(&words(9));
        assert_eq!((behind.positive.as_str(), behind.added.as_str()), ("a cat in ice", "… in ice"));
    }

    #[test]
    fn additions_go_from_the_end_and_the_users_words_stay() {
        let some = fitted("a cat", 7);
        assert_eq!(some.positive, "drawing of a cat, fine lines, paper");
        assert_eq!(some.notes, [Note::LeftOut { words: vec!["calm".into(), "red".into()], room: 7 }]);
        let none = fitted("one two three four five", 5);
        assert_eq!((none.positive.as_str(), none.added.as_str()), ("one two three four five", ""));
    }

    #[test]
    fn a_long_sentence_is_kept_and_said() {
        let long = fitted("one two three four five six", 5);
        assert_eq!(long.positive, "drawing of one two three four five six, fine lines");
        assert_eq!(long.notes[0], Note::LongSentence { tokens: 6, room: 5 });
        assert_eq!(long.tokens, TokenCount { tokens: 10, chunk: 5 });
    }

    #[test]
    fn each_part_of_a_composed_text_is_painted_in_the_style() {
        let all = Parts::new("drawing of ", "a cat :1.2 AND a dog", ", fine lines", &["red"]).fit(&words(30));
        assert_eq!(all.positive, "drawing of a cat, fine lines, red :1.2 AND drawing of a dog, fine lines, red");
        assert_eq!(all.added, "drawing of …, fine lines, red");
    }

    #[test]
    fn a_break_is_not_a_long_sentence() {
        let count = |text: &str| {
            let chunks: Vec<usize> = text.split("BREAK").map(|part| part.split_whitespace().count()).collect();
            TokenCount { tokens: 5 * (chunks.len() - 1) + chunks[chunks.len() - 1], chunk: 5 }
        };
        let broken = Parts::new("", "a (cat:1.2) BREAK a dog", ", red, calm", &[]).fit(&count);
        assert_eq!(broken.positive, "a (cat:1.2) BREAK a dog, red, calm");
        assert!(broken.notes.is_empty(), "{:?}", broken.notes);
    }
}
