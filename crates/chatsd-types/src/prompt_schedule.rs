//! Prompts that change while a picture is painted, and prompts of several parts, as AUTOMATIC1111 reads them:
//! `[from:to:when]`, `[a|b]`, `a AND b`.
//!
//! The rules are those of `get_learned_conditioning_prompt_schedules` and `get_multicond_prompt_list` in that program's
//! `modules/prompt_parser.py`, version 1.10, also where they surprise: a text with a `|` outside brackets does not
//! change at all, and what cannot be read is text.

use std::collections::BTreeSet;

/// A part of a text that is painted together with others, each guiding the picture by itself (Liu et al. 2022,
/// "Compositional visual generation with composable diffusion models").
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The text, which may change itself.
    pub text: String,
    /// How strongly it guides; 1 is as usual.
    pub weight: f32,
}

/// What a text says until a pass of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The last pass that is told this, counted from 0.
    pub until: u32,
    /// The text at that time, its weights unread.
    pub text: String,
}

/// The passes that a text's changes are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// How many there are: a whole number in a text counts them, a number with a point is a share of them.
    pub count: u32,
    /// For a second walk, how many the first one had: whole numbers count on from these, shares from 1.
    pub before: Option<u32>,
}

/// Brackets within brackets are read to this depth; deeper ones are text.
const DEPTH_LIMIT: usize = 64;

/// Splits a text at each word `AND`. A number after a colon at the end of a part is its weight.
///
/// Unlike in AUTOMATIC1111 a text without `AND` has no such weight: there a sentence that ends with "at 10:30" is painted
/// with thirty times the guidance.
#[must_use]
pub fn composed(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, word) in text.match_indices("AND") {
        let end = at + word.len();
        if !text[..at].ends_with(is_word) && !text[end..].starts_with(is_word) {
            parts.push(&text[start..at]);
            start = end;
        }
    }
    if parts.is_empty() {
        return vec![Part { text: text.to_owned(), weight: 1.0 }];
    }
    parts.push(&text[start..]);
    parts.into_iter().map(weighed).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A part and its weight: `text : 1.2`.
fn weighed(part: &str) -> Part {
    let part = part.trim_end();
    let weight = part.rsplit_once(':').and_then(|(text, number)| {
        let number = number.trim_start();
        let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
        let is_number = digits.chars().all(|c| c == '.' || c.is_ascii_digit());
        let weight: f32 = number.parse().ok().filter(|weight: &f32| is_number && weight.is_finite())?;
        Some(Part { text: text.trim_end().to_owned(), weight })
    });
    weight.unwrap_or_else(|| Part { text: part.to_owned(), weight: 1.0 })
}

/// The turns that a text takes, in order; the last one is until the last pass.
///
/// `[from:to:when]` says `from` until the pass `when`, `[to:when]` and `[from::when]` one of them alone; `[a|b|c]` goes
/// through its options pass by pass. They may stand in one another, and weights in them and around. As there, the first
/// turn is a pass longer than it says, for passes are counted from 0. Where brackets are left over and a text can be
/// read in two ways, the one with more changes is taken.
#[must_use]
pub fn scheduled(text: &str, passes: Passes) -> Vec<Turn> {
    let last = passes.count;
    let Some(nodes) = Reader::new(text, passes).all().filter(|nodes| nodes.iter().any(Node::changes)) else {
        return vec![Turn { until: last, text: text.to_owned() }];
    };
    let mut ends = BTreeSet::from([last]);
    nodes.iter().for_each(|node| node.ends(last, &mut ends));
    let said = |until: u32| {
        let mut text = String::new();
        nodes.iter().for_each(|node| node.say(until, &mut text));
        Turn { until, text }
    };
    ends.into_iter().map(said).collect()
}

/// Something in a text.
enum Node<'a> {
    Plain(&'a str),
    /// Brackets that mean a weight: they stay in the text.
    Bracketed {
        open: &'a str,
        inside: Vec<Node<'a>>,
        close: &'a str,
    },
    Scheduled {
        before: Vec<Node<'a>>,
        after: Vec<Node<'a>>,
        /// The last pass of `before`; less than 1 is never.
        when: i64,
    },
    Alternate(Vec<Vec<Node<'a>>>),
}

impl Node<'_> {
    fn changes(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Bracketed { inside, .. } => inside.iter().any(Self::changes),
            Self::Scheduled { .. } | Self::Alternate(_) => true,
        }
    }

    /// The passes at which this changes.
    fn ends(&self, last: u32, ends: &mut BTreeSet<u32>) {
        let mut all = |nodes: &[Self]| nodes.iter().for_each(|node| node.ends(last, ends));
        match self {
            Self::Plain(_) => {}
            Self::Bracketed { inside, .. } => all(inside),
            Self::Scheduled { before, after, when } => {
                all(before);
                all(after);
                ends.extend(u32::try_from(*when).ok().filter(|when| *when >= 1));
            }
            Self::Alternate(options) => {
                options.iter().for_each(|option| all(option));
                ends.extend(1..=last);
            }
        }
    }

    /// Adds what this says in the turn that ends at a pass.
    fn say(&self, until: u32, text: &mut String) {
        let mut all = |nodes: &[Self]| nodes.iter().for_each(|node| node.say(until, text));
        match self {
            Self::Plain(plain) => text.push_str(plain),
            Self::Bracketed { open, inside, close } => {
                text.push_str(open);
                inside.iter().for_each(|node| node.say(until, text));
                text.push_str(close);
            }
            Self::Scheduled { before, after, when } => all(if i64::from(until) <= *when { before } else { after }),
            Self::Alternate(options) => all(&options[(until.max(1) - 1) as usize % options.len()]),
        }
    }
}

/// Reads from left to right.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    passes: Passes,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, passes: Passes) -> Self {
        Self { text, at: 0, passes }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn takes(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    /// The whole text; `None` where there is a `|` outside brackets or a backslash before nothing.
    fn all(mut self) -> Option<Vec<Node<'a>>> {
        let mut nodes = Vec::new();
        while !self.rest().is_empty() {
            nodes.extend(self.prompt(0));
            let mark = self.rest();
            if mark.starts_with(['[', ']', '(', ')', ':']) {
                nodes.push(Node::Plain(&mark[..1]));
                self.at += 1;
            } else if !mark.is_empty() {
                return None;
            }
        }
        Some(nodes)
    }

    /// As much as can be read up to a mark that must mean something outside.
    fn prompt(&mut self, depth: usize) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        loop {
            let start = self.at;
            let plain = self.plain();
            if !plain.is_empty() {
                nodes.push(Node::Plain(plain));
                continue;
            }
            let node = match self.rest().chars().next() {
                _ if depth >= DEPTH_LIMIT => None,
                Some('(') => self.round(depth + 1),
                Some('[') => self.square(depth + 1),
                _ => None,
            };
            match node {
                Some(node) => nodes.push(node),
                None => {
                    self.at = start;
                    return nodes;
                }
            }
        }
    }

    /// Text without marks; a backslash keeps the meaning from what follows.
    fn plain(&mut self) -> &'a str {
        let rest = self.rest();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next() {
                None => break rest.len(),
                Some((at, '[' | ']' | '(' | ')' | ':' | '|')) => break at,
                Some((at, '\\')) => {
                    if chars.next().is_none_or(|(_, c)| c == '\n') {
                        break at;
                    }
                }
                Some(_) => {}
            }
        };
        self.at += end;
        &rest[..end]
    }

    /// `(…)` or `(…:…)`.
    fn round(&mut self, depth: usize) -> Option<Node<'a>> {
        self.at += 1;
        let mut inside = self.prompt(depth);
        if self.takes(':') {
            inside.push(Node::Plain(":"));
            inside.extend(self.prompt(depth));
        }
        self.takes(')').then_some(Node::Bracketed { open: "(", inside, close: ")" })
    }

    /// `[…]`, `[…|…]`, `[…:when]` or `[…:…:when]`.
    fn square(&mut self, depth: usize) -> Option<Node<'a>> {
        self.at += 1;
        let first = self.prompt(depth);
        if self.takes(']') {
            return Some(Node::Bracketed { open: "[", inside: first, close: "]" });
        }
        if self.rest().starts_with('|') {
            let mut options = vec![first];
            while self.takes('|') {
                options.push(self.prompt(depth));
            }
            return self.takes(']').then_some(Node::Alternate(options));
        }
        if !self.takes(':') {
            return None;
        }
        if let Some(when) = self.when() {
            return Some(Node::Scheduled { before: Vec::new(), after: first, when });
        }
        let after = self.prompt(depth);
        let when = self.takes(':').then(|| self.when())??;
        Some(Node::Scheduled { before: first, after, when })
    }

    /// A number and the closing bracket, as the pass it means; nothing is taken where they do not stand here.
    fn when(&mut self) -> Option<i64> {
        let begin = self.rest().trim_start();
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let (number, end) = begin.split_at(begin.find(|c| !is_part(c))?);
        let after = end.trim_start().strip_prefix(']')?;
        let value: f64 = number.parse().ok().filter(|_| number.ends_with(|c: char| c.is_ascii_digit()))?;
        self.at = self.text.len() - after.len();
        let count = f64::from(self.passes.count);
        let pass = match (number.contains('.'), self.passes.before) {
            (true, before) => (value - before.map_or(0.0, |_| 1.0)) * count,
            (false, before) => value - f64::from(before.unwrap_or(0)),
        };
        Some(pass.min(count) as i64)
    }
}
#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Table {
        scheduled: Vec<Scheduled>,
        composed: Vec<(String, Vec<(String, f32)>)>,
    }

    #[derive(Deserialize)]
    struct Scheduled {
        text: String,
        passes: u32,
        #[serde(default)]
        before: Option<u32>,
        turns: Vec<(u32, String)>,
    }

    /// What AUTOMATIC1111 makes of each text.
    fn table() -> Table {
        serde_json::from_str(include_str!("prompt_cases.json")).unwrap()
    }

    #[test]
    fn texts_change_as_in_the_table() {
        for Scheduled { text, passes, before, turns } in table().scheduled {
            let found: Vec<_> = scheduled(&text, Passes { count: passes, before }).into_iter().collect();
            let expected: Vec<_> = turns.into_iter().map(|(until, text)| Turn { until, text }).collect();
            assert_eq!(found, expected, "{text}, {passes} passes, {before:?}");
        }
    }

    #[test]
    fn texts_have_the_parts_of_the_table() {
        for (text, parts) in table().composed {
            let expected: Vec<_> = parts.into_iter().map(|(text, weight)| Part { text, weight }).collect();
            assert_eq!(composed(&text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(
            near in "(\\[|\\]|\\(|\\)|:|\\||[0-9.]|0\\.5|AND| |a|猫|\\\\){0,40}",
            any in "(?s).{0,60}",
            count in 1_u32..50,
            before in prop::option::of(0_u32..50),
        ) {
            for text in [near, any] {
                let turns = scheduled(&text, Passes { count, before });
                prop_assert!(turns.is_sorted_by(|a, b| a.until < b.until));
                prop_assert_eq!(turns.last().map(|turn| turn.until), Some(count));
                prop_assert!(!composed(&text).is_empty());
            }
        }

        #[test]
        fn plain_text_stays(text in "[a-z ,.;!?猫狗()]{0,40}") {
            prop_assert_eq!(scheduled(&text, Passes { count: 9, before: None }), [Turn { until: 9, text: text.clone() }]);
            prop_assert_eq!(composed(&text), [Part { text, weight: 1.0 }]);
        }
    }

    #[test]
    fn deep_and_long_texts_are_read_in_time() {
        for text in ["[".repeat(20_000), "[a:".repeat(20_000), format!("{}{}", "[".repeat(5000), ":1]".repeat(5000))] {
            assert!(!scheduled(&text, Passes { count: 20, before: None }).is_empty());
        }
    }
}
