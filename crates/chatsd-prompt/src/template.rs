//! Choices inside a text, as the Dynamic Prompts extension writes them: `{a|b}`, `{2$$a|b|c}`, `{1-2$$ and $$a|b}`,
//! `{3::a|b}`, `__wildcard__`. A text is read into nodes, and the nodes are played out by a seed.

use chatsd_types::{SyntaxError, SyntaxProblem};

use crate::random::Random;

/// Gives the lines of the wildcard file of that name, `None` where there is no such file.
pub type Wildcards<'a> = dyn Fn(&str) -> Option<Vec<String>> + 'a;

/// What joins several chosen options.
const JOINER: &str = ", ";
/// Braces within braces, and wildcards within wildcards, to this depth.
const DEPTH_LIMIT: usize = 16;
/// Characters that a played-out text may have.
const LENGTH_LIMIT: usize = 16_000;

/// Plays out every choice in `text`. The same seed gives the same text.
///
/// A brace or double underscore that opens nothing readable is an error; `\{`, `\|` and `\}` stand for themselves,
/// a `}` or `|` outside braces too. Several options of one choice are all different; asked for more than there are,
/// all are taken.
///
/// # Errors
/// [`SyntaxError`] with the column in `text`: an unclosed `{` or `__`, an unreadable number or weight, an unknown or
/// empty wildcard, too deep nesting, too long a result.
pub fn expand(text: &str, seed: u64, wildcards: &Wildcards<'_>) -> Result<String, SyntaxError> {
    if !text.contains(['{', '\\']) && !text.contains("__") {
        return Ok(text.to_owned());
    }
    let mut player = Player { random: Random::new(seed), wildcards, length: 0 };
    let mut result = String::with_capacity(text.len());
    player.play(&parse(text)?, 0, None, &mut result)?;
    Ok(result)
}

/// Whether the choices in `text` can be read. Which wildcard files there are is not asked.
pub(crate) fn check(text: &str) -> Result<(), SyntaxError> {
    parse(text).map(drop)
}

/// A part of a text.
enum Node {
    Text(String),
    Wildcard { name: String, column: usize },
    Choice { options: Vec<(f64, Vec<Node>)>, least: usize, most: usize, joiner: String },
}

fn error<T>(column: usize, problem: SyntaxProblem) -> Result<T, SyntaxError> {
    Err(SyntaxError { column, problem })
}

fn parse(text: &str) -> Result<Vec<Node>, SyntaxError> {
    let mut reader = Reader { chars: text.chars().collect(), at: 0 };
    reader.nodes(0)
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn starts_with(&self, wanted: &str) -> bool {
        wanted.chars().enumerate().all(|(ahead, c)| self.chars.get(self.at + ahead) == Some(&c))
    }

    /// Reads to the end, or inside braces to the `|` or `}` that ends an option (which stays).
    fn nodes(&mut self, depth: usize) -> Result<Vec<Node>, SyntaxError> {
        let (mut nodes, mut plain) = (Vec::new(), String::new());
        while let Some(&c) = self.chars.get(self.at) {
            let node = match c {
                '|' | '}' if depth > 0 => break,
                '\\' if matches!(self.chars.get(self.at + 1), Some('{' | '|' | '}')) => {
                    plain.push(self.chars[self.at + 1]);
                    self.at += 2;
                    continue;
                }
                '{' => self.choice(depth + 1)?,
                '_' if self.starts_with("__") && self.opens_wildcard() => self.wildcard()?,
                _ => {
                    plain.push(c);
                    self.at += 1;
                    continue;
                }
            };
            if !plain.is_empty() {
                nodes.push(Node::Text(std::mem::take(&mut plain)));
            }
            nodes.push(node);
        }
        if !plain.is_empty() {
            nodes.push(Node::Text(plain));
        }
        Ok(nodes)
    }

    /// `a__b` and `___` are text; `__b` opens a wildcard.
    fn opens_wildcard(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.chars[at]);
        let after = self.chars.get(self.at + 2);
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
            && after.is_some_and(|c| is_name(*c) && *c != '_')
    }

    fn wildcard(&mut self) -> Result<Node, SyntaxError> {
        let column = self.at + 1;
        self.at += 2;
        let mut name = String::new();
        while !self.starts_with("__") {
            match self.chars.get(self.at) {
                Some(&c) if is_name(c) => name.push(c),
                _ => return error(column, SyntaxProblem::OpenWildcard { name }),
            }
            self.at += 1;
        }
        self.at += 2;
        Ok(Node::Wildcard { name, column })
    }

    fn choice(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        let column = self.at + 1;
        if depth > DEPTH_LIMIT {
            return error(column, SyntaxProblem::TooDeep { depth, limit: DEPTH_LIMIT });
        }
        self.at += 1;
        let (least, most, joiner) = self.head()?;
        let mut options = Vec::new();
        loop {
            let weight = self.weight()?;
            options.push((weight, self.nodes(depth)?));
            match self.chars.get(self.at) {
                Some('|') => self.at += 1,
                Some(_) => break,
                None => return error(column, SyntaxProblem::OpenBrace),
            }
        }
        self.at += 1;
        Ok(Node::Choice { options, least, most, joiner })
    }

    /// Reads `2$$`, `1-3$$` or `2$$ and $$`, if it stands here: fewest, most, joiner.
    fn head(&mut self) -> Result<(usize, usize, String), SyntaxError> {
        let column = self.at + 1;
        let until_mark = |from: usize| -> Option<String> {
            let rest = self.chars.get(from..)?;
            let end = rest.windows(2).position(|pair| pair == ['$', '$'])?;
            let found: String = rest[..end].iter().collect();
            (!found.contains(['{', '|', '}'])).then_some(found)
        };
        let Some(range) = until_mark(self.at) else { return Ok((1, 1, JOINER.into())) };
        let mut next = self.at + range.chars().count() + 2;
        let joiner = until_mark(next);
        if let Some(joiner) = &joiner {
            next += joiner.chars().count() + 2;
        }
        let number = |part: &str| part.trim().parse::<usize>().ok();
        let bounds = match range.split_once('-') {
            // `{-2$$` is "up to two", `{2-$$` "two or more".
            Some((low, high)) if !(low.trim().is_empty() && high.trim().is_empty()) => {
                let low = if low.trim().is_empty() { Some(0) } else { number(low) };
                let high = if high.trim().is_empty() { Some(usize::MAX) } else { number(high) };
                low.zip(high)
            }
            Some(_) => None,
            None => number(&range).map(|count| (count, count)),
        };
        match bounds {
            Some((least, most)) if least <= most => {
                self.at = next;
                Ok((least, most, joiner.unwrap_or_else(|| JOINER.into())))
            }
            _ => error(column, SyntaxProblem::NoCount { found: format!("{range}$$") }),
        }
    }

    /// Reads `0.5::`, if it stands here.
    fn weight(&mut self) -> Result<f64, SyntaxError> {
        let rest = &self.chars[self.at..];
        let digits = rest.iter().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ' ')).count();
        if digits == 0 || rest.get(digits..digits + 2) != Some(&[':', ':']) {
            return Ok(1.0);
        }
        let found: String = rest[..digits].iter().collect();
        match found.trim().parse::<f64>() {
            Ok(weight) if weight.is_finite() => {
                self.at += digits + 2;
                Ok(weight)
            }
            _ => error(self.at + 1, SyntaxProblem::NoWeight { found: format!("{found}::"), example: "{0.5::a|b}" }),
        }
    }
}

/// What the name of a wildcard is made of.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.' | '*')
}

/// Plays nodes out.
struct Player<'a> {
    random: Random,
    wildcards: &'a Wildcards<'a>,
    /// Characters written so far, in all branches.
    length: usize,
}

impl Player<'_> {
    /// `inside` is the column of the wildcard whose line is being played: errors point into the text that was typed.
    fn play(
        &mut self,
        nodes: &[Node],
        depth: usize,
        inside: Option<usize>,
        result: &mut String,
    ) -> Result<(), SyntaxError> {
        for node in nodes {
            match node {
                Node::Text(text) => {
                    self.length += text.chars().count();
                    if self.length > LENGTH_LIMIT {
                        return error(inside.unwrap_or(1), SyntaxProblem::TooLong { limit: LENGTH_LIMIT });
                    }
                    result.push_str(text);
                }
                Node::Wildcard { name, column } => {
                    let column = inside.unwrap_or(*column);
                    if depth >= DEPTH_LIMIT {
                        return error(column, SyntaxProblem::Loop { name: name.clone(), limit: DEPTH_LIMIT });
                    }
                    let Some(lines) = (self.wildcards)(name) else {
                        return error(column, SyntaxProblem::UnknownWildcard { name: name.clone() });
                    };
                    let Some(line) = lines.get(self.random.below(lines.len())) else {
                        return error(column, SyntaxProblem::EmptyWildcard { name: name.clone() });
                    };
                    let nodes = parse(line).map_err(|inner| SyntaxError {
                        column,
                        problem: SyntaxProblem::InLine {
                            name: name.clone(),
                            line: line.clone(),
                            inner: Box::new(inner),
                        },
                    })?;
                    self.play(&nodes, depth + 1, Some(column), result)?;
                }
                Node::Choice { options, least, most, joiner } => {
                    let (least, most) = ((*least).min(options.len()), (*most).min(options.len()));
                    let count = least + self.random.below(most - least + 1);
                    let mut left: Vec<&(f64, Vec<Node>)> = options.iter().collect();
                    for turn in 0..count {
                        if turn > 0 {
                            result.push_str(joiner);
                        }
                        let (_, chosen) = left.remove(self.pick(&left));
                        self.play(chosen, depth, inside, result)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// An index, as likely as its weight; all alike where every weight is 0.
    fn pick(&mut self, options: &[&(f64, Vec<Node>)]) -> usize {
        let total: f64 = options.iter().map(|(weight, _)| weight).sum();
        if total <= 0.0 || !total.is_finite() {
            return self.random.below(options.len());
        }
        let mut point = self.random.unit() * total;
        options
            .iter()
            .position(|(weight, _)| {
                point -= weight;
                point < 0.0
            })
            .unwrap_or(options.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn files(name: &str) -> Option<Vec<String>> {
        let lines: &[&str] = match name {
            "animal" => &["cat", "dog"],
            "动物" => &["猫"],
            "nested" => &["{a|b} __animal__"],
            "loop" => &["__loop__"],
            "broken" => &["{a"],
            "empty" => &[],
            _ => return None,
        };
        Some(lines.iter().map(|line| (*line).to_owned()).collect())
    }

    /// Every text that 200 seeds give.
    fn all(text: &str) -> BTreeSet<String> {
        (0..200).map(|seed| expand(text, seed, &files).unwrap()).collect()
    }

    #[test]
    fn choices_give_what_the_extension_gives() {
        for (text, expected) in [
            ("plain :) text | } _ __", "plain :) text | } _ __"),
            ("snake__case__name", "snake__case__name"),
            ("{a|b}", "a/b"),
            ("{a}", "a"),
            ("x{|y}", "x/xy"),
            ("{2$$a|b}", "a, b/b, a"),
            ("{1-2$$a|b}", "a/b/a, b/b, a"),
            ("{-1$$a|b}", "/a/b"),
            ("{2-$$a|b}", "a, b/b, a"),
            ("{2$$ and $$a|b}", "a and b/b and a"),
            ("{9$$+$$a|b}", "a+b/b+a"),
            ("{0::a|b}", "b"),
            ("{{a|b} c|d}", "a c/b c/d"),
            ("\\{a\\|b\\}", "{a|b}"),
            ("__animal__!", "cat!/dog!"),
            ("__动物__和狗", "猫和狗"),
            ("__nested__", "a cat/a dog/b cat/b dog"),
            ("{2$$__animal__}", "cat/dog"),
            ("cost {5$|6$}", "cost 5$/cost 6$"),
        ] {
            let expected: BTreeSet<String> = expected.split('/').map(str::to_owned).collect();
            assert_eq!(all(text), expected, "{text}");
        }
    }

    #[test]
    fn weights_lean_the_choice() {
        let heavy = (0..2000).filter(|&seed| expand("{3::a|b}", seed, &files).unwrap() == "a").count();
        assert!((1350..1650).contains(&heavy), "{heavy} of 2000, expected about 1500");
    }

    #[test]
    fn errors_point_at_the_column() {
        for (text, column, word) in [
            ("a 猫 {b|c", 5, "no }"),
            ("{a|{b}", 1, "no }"),
            ("{x$$a|b}", 2, "x$$"),
            ("{3-1$$a|b}", 2, "3-1$$"),
            ("{a|1.2.3::b}", 4, "1.2.3"),
            ("a __animal", 3, "__animal__"),
            ("a __animal b__", 3, "__animal"),
            ("ab __nosuch__", 4, "nosuch"),
            ("__empty__", 1, "no line"),
            ("x __loop__", 3, "inside itself"),
            ("x __broken__", 3, "no }"),
        ] {
            let error = expand(text, 1, &files).expect_err(text);
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
        assert!(expand(&"{".repeat(4000), 1, &files).is_err());
        let growing = |_: &str| Some(vec!["aaaaaaaa __x__ __x__".to_owned()]);
        assert!(expand("__x__", 1, &growing).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[{}|$:_\\\\a1.\\- 猫]{0,40}", any in "(?s).{0,60}", seed: u64) {
            for text in [text, any] {
                let first = expand(&text, seed, &files);
                prop_assert_eq!(&first, &expand(&text, seed, &files));
                if let Err(error) = first {
                    prop_assert!(error.column >= 1 && error.column <= text.chars().count());
                }
            }
        }
    }
}
