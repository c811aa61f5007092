//! Weights inside a text, as AUTOMATIC1111 reads them: `(word)`, `(word:1.2)`, `[word]`, `\(`, `BREAK`.
//!
//! The rules are those of `parse_prompt_attention` in that program's `modules/prompt_parser.py`. They never reject
//! plain human text: a closing bracket without its opening one is text (`:)`), and an opening one without its
//! closing one stresses what follows.

/// A place in a text that cannot be read, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {problem}")]
pub struct SyntaxError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What was found and what was expected.
    pub problem: SyntaxProblem,
}

/// What cannot be read in a text. The text form is English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxProblem {
    /// The weight of a word, of an option or of both is no number.
    #[error("\"{found}\" is no weight: expected a number, such as {example}")]
    NoWeight {
        /// What was written.
        found: String,
        /// How it is written.
        example: &'static str,
    },
    /// How many options to take is no count or range.
    #[error("\"{found}\" is no count: expected such as {{2$$a|b|c}} or {{1-2$$a|b|c}}")]
    NoCount {
        /// What was written.
        found: String,
    },
    /// A brace that is not closed.
    #[error("this {{ has no }}: expected {{a|b}}; write \\{{ for a plain brace")]
    OpenBrace,
    /// A wildcard that is not closed.
    #[error("the wildcard __{name} has no end: expected __{name}__")]
    OpenWildcard {
        /// Its name so far.
        name: String,
    },
    /// Braces inside braces, too many.
    #[error("braces inside braces go {depth} deep; at most {limit} are read")]
    TooDeep {
        /// How deep they go.
        depth: usize,
        /// How deep they may go.
        limit: usize,
    },
    /// A wildcard that leads to itself, or nearly.
    #[error("__{name}__ stands inside itself or deeper than {limit} files")]
    Loop {
        /// The wildcard.
        name: String,
        /// How deep files may name files.
        limit: usize,
    },
    /// There is no such wildcard file.
    #[error("no wildcard file is named \"{name}\": expected {name}.txt where they are kept")]
    UnknownWildcard {
        /// The wildcard.
        name: String,
    },
    /// A wildcard file without a line.
    #[error("the wildcard file \"{name}\" has no line")]
    EmptyWildcard {
        /// The wildcard.
        name: String,
    },
    /// A line of a wildcard file cannot be read.
    #[error("in the line \"{line}\" of __{name}__, {inner}")]
    InLine {
        /// The wildcard.
        name: String,
        /// The line.
        line: String,
        /// Where in the line, and why.
        inner: Box<SyntaxError>,
    },
    /// The text that comes out is too long.
    #[error("the text grows beyond {limit} characters")]
    TooLong {
        /// How long it may be.
        limit: usize,
    },
}

/// A run of text with one weight, or a mark that starts a new chunk of tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text to be read with a weight.
    Text {
        /// The text, without brackets, weights and escapes.
        text: String,
        /// How strongly it counts; 1 is as usual.
        weight: f32,
    },
    /// `BREAK`: what follows begins a new chunk.
    Break,
}

/// What one round bracket multiplies by.
const ROUND: f32 = 1.1;
/// What one square bracket multiplies by.
const SQUARE: f32 = 1.0 / 1.1;

/// Splits a text into runs of one weight. Neighbours of equal weight are one run; an empty text is one empty run.
///
/// # Errors
/// A weight that is no finite number, such as `(cat:1.2.3)`, with its column.
pub fn weighted(text: &str) -> Result<Vec<Piece>, SyntaxError> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut round, mut square) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let column = || text[..text.len() - rest.len()].chars().count() + 1;
        let taken = match first {
            '\\' => {
                let escaped = rest[1..].chars().next().filter(|c| matches!(c, '(' | ')' | '[' | ']' | '\\'));
                pieces.push(plain(escaped.map(String::from).unwrap_or_default()));
                1 + escaped.map_or(0, char::len_utf8)
            }
            '(' => {
                round.push(pieces.len());
                1
            }
            '[' => {
                square.push(pieces.len());
                1
            }
            ')' if !round.is_empty() => {
                scale(&mut pieces, round.pop(), ROUND);
                1
            }
            ']' if !square.is_empty() => {
                scale(&mut pieces, square.pop(), SQUARE);
                1
            }
            ':' => match weight_at(rest).filter(|_| !round.is_empty()) {
                Some((number, length)) => {
                    let weight = number.parse::<f32>().ok().filter(|w| w.is_finite()).ok_or_else(|| SyntaxError {
                        column: column() + 1,
                        problem: SyntaxProblem::NoWeight { found: number.to_owned(), example: "(word:1.2)" },
                    })?;
                    scale(&mut pieces, round.pop(), weight);
                    length
                }
                None => {
                    pieces.push(plain(":".into()));
                    1
                }
            },
            ')' | ']' => {
                pieces.push(plain(first.into()));
                1
            }
            _ => {
                let length = rest.find(['\\', '(', ')', '[', ']', ':']).unwrap_or(rest.len());
                push_breaking(&mut pieces, &rest[..length]);
                length
            }
        };
        rest = &rest[taken..];
    }
    for start in round {
        scale(&mut pieces, Some(start), ROUND);
    }
    for start in square {
        scale(&mut pieces, Some(start), SQUARE);
    }
    Ok(merged(pieces))
}

fn plain(text: String) -> Piece {
    Piece::Text { text, weight: 1.0 }
}

/// Multiplies the weight of every piece from `start` on.
fn scale(pieces: &mut [Piece], start: Option<usize>, factor: f32) {
    for piece in start.and_then(|start| pieces.get_mut(start..)).into_iter().flatten() {
        if let Piece::Text { weight, .. } = piece {
            *weight *= factor;
        }
    }
}

/// Reads `: 1.2 )` at the start of `rest`: the number, and the length of the whole.
fn weight_at(rest: &str) -> Option<(&str, usize)> {
    let close = rest.find(')')?;
    let number = rest[1..close].trim();
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    let is_number = !digits.is_empty() && digits.chars().all(|c| c == '.' || c.is_ascii_digit());
    is_number.then_some((number, close + 1))
}

/// Appends text, split where the word `BREAK` stands; the white space around the word goes with it.
fn push_breaking(pieces: &mut Vec<Piece>, text: &str) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut start, mut from) = (0, 0);
    while let Some(found) = text[from..].find("BREAK").map(|at| at + from) {
        from = found + "BREAK".len();
        if text[..found].ends_with(is_word) || text[from..].starts_with(is_word) {
            continue;
        }
        pieces.extend([plain(text[start..found].trim_end().into()), Piece::Break]);
        from = text.len() - text[from..].trim_start().len();
        start = from;
    }
    pieces.push(plain(text[start..].into()));
}

/// Joins neighbours of equal weight and drops empty runs.
fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut result: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (result.last_mut(), piece) {
            (_, Piece::Text { text, .. }) if text.is_empty() => {}
            (Some(Piece::Text { text, weight }), Piece::Text { text: more, weight: same })
                if weight.to_bits() == same.to_bits() =>
            {
                text.push_str(&more);
            }
            (_, piece) => result.push(piece),
        }
    }
    if result.is_empty() {
        result.push(plain(String::new()));
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One line a case: the text, then its runs as `text|weight`, `BREAK` for a break.
    fn shown(text: &str) -> String {
        let pieces = weighted(text).unwrap();
        let shown = pieces.iter().map(|piece| match piece {
            Piece::Text { text, weight } => format!("{text}|{}", (weight * 1000.0).round() / 1000.0),
            Piece::Break => "BREAK".into(),
        });
        shown.collect::<Vec<_>>().join(" / ")
    }

    #[test]
    fn weights_are_read_as_the_original_reads_them() {
        for (text, expected) in [
            ("normal text", "normal text|1"),
            ("an (important) word", "an |1 / important|1.1 /  word|1"),
            ("(unbalanced", "unbalanced|1.1"),
            ("\\(literal\\]", "(literal]|1"),
            ("(unnecessary)(parens)", "unnecessaryparens|1.1"),
            (
                "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
                "a |1 / house|1.573 /  |1.1 / on|1 /  a |1.1 / hill|0.55 / , sun, |1.1 / sky|1.464 / .|1.1",
            ),
            ("[word]", "word|0.909"),
            ("[[word]]", "word|0.826"),
            ("(a:0)", "a|0"),
            ("(a:-1.5)", "a|-1.5"),
            ("(a: 1.5 )", "a|1.5"),
            ("a smile :) and ]", "a smile :) and ]|1"),
            ("ratio 3:4", "ratio 3:4|1"),
            ("b:1.2)", "b:1.2)|1"),
            ("one BREAK two", "one|1 / BREAK / two|1"),
            ("BREAK", "BREAK"),
            ("UNBREAKABLE BREAKS", "UNBREAKABLE BREAKS|1"),
            ("a, BREAK\n (b)", "a,|1 / BREAK / b|1.1"),
            ("(a BREAK b)", "a|1.1 / BREAK / b|1.1"),
            ("a \\word", "a word|1"),
            ("", "|1"),
            ("(猫:1.2)和[狗]", "猫|1.2 / 和|1 / 狗|0.909"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_weight_that_is_no_number_is_pointed_at() {
        let error = weighted("a 猫 (b:1.2.3)").unwrap_err();
        assert_eq!(error.column, 8);
        assert!(error.to_string().contains("1.2.3"), "{error}");
        assert!(weighted(&format!("(a:{})", "9".repeat(400))).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(near in "[()\\[\\]:\\\\.0-9a猫 BREAK-]{0,40}", any in "(?s).{0,60}") {
            for text in [near, any] {
                if let Err(error) = weighted(&text) {
                    prop_assert!((1..=text.chars().count()).contains(&error.column));
                }
            }
        }

        #[test]
        fn plain_text_loses_no_character(text in "[a-z ,.:;!?猫狗]{1,40}") {
            let pieces = weighted(&text).unwrap();
            prop_assert_eq!(pieces, vec![Piece::Text { text, weight: 1.0 }]);
        }
    }
}
