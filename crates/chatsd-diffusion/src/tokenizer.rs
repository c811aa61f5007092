//! CLIP's tokenizer: byte pairs joined inside lower-case words (Sennrich et al. 2016; `simple_tokenizer.py` of CLIP).

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range, sync::Arc};

use chatsd_weights::Vocabulary;
use foldhash::{HashMap, HashMapExt};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::textual_inversion::{FIRST, place_of};

/// A vocabulary that is none of CLIP's kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tokenizer's vocabulary has no token {token:?}, which {role}; get the model again")]
pub struct VocabularyError {
    /// The token's text.
    pub token: String,
    /// Why there must be one.
    pub role: TokenRole,
}

/// What a token that every vocabulary has is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRole {
    /// A byte inside a word.
    #[error("stands for a byte")]
    Byte,
    /// A byte at the end of a word.
    #[error("stands for a byte that ends a word")]
    LastByte,
    /// One of the two that a merge joins.
    #[error("a merge joins")]
    Joined,
    /// What a merge makes of two.
    #[error("a merge makes")]
    Made,
    /// Begin or end of a text.
    #[error("marks where a text begins or ends")]
    Mark,
}

const BEGIN: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";
/// Marks a token that ends a word.
const WORD_END: &str = "</w>";
/// What English words shed, longest ambiguities resolved by order.
const CONTRACTIONS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

/// Turns text into the numbers of its tokens.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    /// The token of each byte inside a word.
    inner: [u32; 256],
    /// The token of each byte that ends a word.
    last: [u32; 256],
    /// For two neighbours that are joined: how early, and what they become.
    merges: Arc<HashMap<(u32, u32), (u32, u32)>>,
    begin: u32,
    end: u32,
    /// The words of textual inversions and their tokens, the longest first.
    inversions: Arc<[(String, Range<u32>)]>,
}

impl Tokenizer {
    /// From a model's vocabulary.
    ///
    /// # Errors
    /// When a byte, a joined pair, or one of the marks for begin and end has no token.
    pub fn new(vocabulary: &Vocabulary<'_>) -> Result<Self, VocabularyError> {
        let numbers: HashMap<&str, u32> = vocabulary.tokens.iter().copied().zip(0..).collect();
        let number = |token: &str, role| {
            numbers.get(token).copied().ok_or_else(|| VocabularyError { token: token.to_owned(), role })
        };
        let (mut inner, mut last) = ([0; 256], [0; 256]);
        for (byte, letter) in byte_letters().into_iter().enumerate() {
            inner[byte] = number(&letter.to_string(), TokenRole::Byte)?;
            last[byte] = number(&format!("{letter}{WORD_END}"), TokenRole::LastByte)?;
        }
        let mut merges = HashMap::with_capacity(vocabulary.merges.len());
        let mut next = 0;
        for (rank, (left, right)) in (0..).zip(&vocabulary.merges) {
            let pair = (number(left, TokenRole::Joined)?, number(right, TokenRole::Joined)?);
            // Nearly always the token after the one that the merge before made: no need to look it up.
            let is_next = vocabulary.tokens.get(next).and_then(|token| token.strip_prefix(left)) == Some(right);
            let joined = if is_next { next as u32 } else { number(&format!("{left}{right}"), TokenRole::Made)? };
            next = joined as usize + 1;
            merges.entry(pair).or_insert((rank, joined));
        }
        let (begin, end) = (number(BEGIN, TokenRole::Mark)?, number(END, TokenRole::Mark)?);
        Ok(Self { inner, last, merges: Arc::new(merges), begin, end, inversions: Arc::default() })
    }

    /// The token before a text.
    #[must_use]
    pub fn begin(&self) -> u32 {
        self.begin
    }

    /// The token after a text.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.end
    }

    /// The token of a comma on its own.
    #[must_use]
    pub fn comma(&self) -> u32 {
        self.last[usize::from(b',')]
    }

    /// The same tokenizer, which knows the words of textual inversions and how many vectors each has. Their tokens follow
    /// each other from [`FIRST`] on, in the order given.
    #[must_use]
    pub(crate) fn with_inversions<'a>(&self, words: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        let mut next = FIRST;
        let mut inversions: Vec<(String, Range<u32>)> = Vec::new();
        for (name, vectors) in words {
            let tokens = next..next + vectors as u32;
            next = tokens.end;
            inversions.push((name.to_owned(), tokens));
        }
        inversions.sort_by_key(|(name, _)| Reverse(name.len()));
        Self { inversions: inversions.into(), ..self.clone() }
    }

    /// How many tokens belong together from this one on: those of a textual inversion that begins with it.
    pub(crate) fn run(&self, token: u32) -> usize {
        let word = self.inversions.iter().find(|(_, tokens)| tokens.start == token);
        word.map_or(1, |(_, tokens)| tokens.len().max(1))
    }

    /// The tokens of a text, without marks for begin and end. A mark written out in the text is that mark.
    #[must_use]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut tokens = Vec::new();
        let mut rest = text;
        while let Some((place, taken)) = self.first_special(rest) {
            self.encode_plain(&rest[..place.start], &mut tokens);
            tokens.extend(taken);
            rest = &rest[place.end..];
        }
        self.encode_plain(rest, &mut tokens);
        tokens
    }

    /// Where the first mark or word of a textual inversion stands in a text, and its tokens.
    fn first_special(&self, text: &str) -> Option<(Range<usize>, Range<u32>)> {
        let mark = first_mark(text).map(|(at, mark)| {
            let token = if mark == BEGIN { self.begin } else { self.end };
            (at..at + mark.len(), token..token + 1)
        });
        let words = self.inversions.iter().filter_map(|(name, tokens)| Some((place_of(name, text)?, tokens.clone())));
        // Of words that begin at the same place the longest is meant.
        mark.into_iter().chain(words).min_by_key(|(place, _)| (place.start, Reverse(place.end)))
    }

    fn encode_plain(&self, text: &str, tokens: &mut Vec<u32>) {
        let text: String = text.nfc().flat_map(char::to_lowercase).collect();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let length = word_length(rest, first);
            if !first.is_whitespace() {
                self.encode_word(&rest.as_bytes()[..length], tokens);
            }
            rest = &rest[length..];
        }
    }

    /// Joins the pair that was joined earliest in training, then the next, until none is left. Time grows with the
    /// word's length times its logarithm.
    fn encode_word(&self, word: &[u8], tokens: &mut Vec<u32>) {
        let mut pieces: Vec<u32> = word.iter().map(|&byte| self.inner[usize::from(byte)]).collect();
        if let (Some(piece), Some(&byte)) = (pieces.last_mut(), word.last()) {
            *piece = self.last[usize::from(byte)];
        }
        // Neighbours of each piece that is left; a piece that was joined to the one before it is its own next.
        let len = pieces.len();
        let mut next: Vec<usize> = (1..=len).collect();
        let mut previous: Vec<Option<usize>> = (0..len).map(|at| at.checked_sub(1)).collect();
        let joins = |pieces: &[u32], left: usize, right: usize| {
            let pair = (*pieces.get(left)?, *pieces.get(right)?);
            self.merges.get(&pair).map(|&(rank, joined)| (rank, left, right, pair, joined))
        };
        let mut waiting: BinaryHeap<Reverse<_>> =
            (1..len).filter_map(|right| joins(&pieces, right - 1, right)).map(Reverse).collect();
        while let Some(Reverse((_, left, right, pair, joined))) = waiting.pop() {
            let gone = next[left] == left || next[left] != right;
            if gone || (pieces[left], pieces[right]) != pair {
                continue;
            }
            pieces[left] = joined;
            next[left] = next[right];
            next[right] = right;
            if let Some(previous) = previous.get_mut(next[left]) {
                *previous = Some(left);
            }
            let before = previous[left].and_then(|before| joins(&pieces, before, left));
            waiting.extend(before.into_iter().chain(joins(&pieces, left, next[left])).map(Reverse));
        }
        tokens.extend(pieces.iter().zip(&next).enumerate().filter(|(at, (_, next))| at != *next).map(|(_, (p, _))| *p));
    }
}

/// Where the first mark in a text is, and which.
fn first_mark(text: &str) -> Option<(usize, &'static str)> {
    [BEGIN, END].into_iter().filter_map(|mark| text.find(mark).map(|at| (at, mark))).min()
}

/// Bytes of the word that `text` begins with: a contraction, letters, one digit, or other signs; of white space, all.
fn word_length(text: &str, first: char) -> usize {
    if let Some(word) = CONTRACTIONS.iter().find(|word| text.starts_with(**word)) {
        return word.len();
    }
    let kind = LetterClass::of(first);
    if kind == LetterClass::Digit {
        return first.len_utf8();
    }
    text.find(|letter| LetterClass::of(letter) != kind).unwrap_or(text.len())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LetterClass {
    Space,
    Letter,
    Digit,
    Sign,
}

impl LetterClass {
    fn of(letter: char) -> Self {
        match letter.general_category_group() {
            _ if letter.is_whitespace() => Self::Space,
            GeneralCategoryGroup::Letter => Self::Letter,
            GeneralCategoryGroup::Number => Self::Digit,
            _ => Self::Sign,
        }
    }
}

/// The letter that stands for each byte in a vocabulary: itself where it prints, else one from 256 on (GPT-2).
fn byte_letters() -> [char; 256] {
    let mut spare = '\u{100}'..;
    let mut letters = ['\0'; 256];
    for (byte, letter) in (0..=255_u8).zip(&mut letters) {
        let prints = matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
        *letter = if prints { char::from(byte) } else { spare.next().unwrap_or_default() };
    }
    letters
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All bytes, and a few joins.
    fn small() -> Tokenizer {
        let letters = byte_letters();
        let mut tokens: Vec<String> = letters.iter().map(char::to_string).collect();
        tokens.extend(letters.iter().map(|letter| format!("{letter}{WORD_END}")));
        let merges = [("a", "a"), ("aa", "aa"), ("a", "t</w>"), ("c", "at</w>")];
        tokens.extend(merges.iter().map(|(left, right)| format!("{left}{right}")));
        tokens.extend([BEGIN, END].map(String::from));
        let tokens = tokens.iter().map(String::as_str).collect();
        Tokenizer::new(&Vocabulary { tokens, merges: merges.to_vec() }).unwrap()
    }

    #[test]
    fn textual_inversions_are_their_tokens() {
        let tokenizer = small().with_inversions([("bad", 2), ("bad-hands", 1), ("猫咪", 1)]);
        let text = |text: &str| small().encode(text);
        let [bad, also, hands, cat] = [FIRST, FIRST + 1, FIRST + 2, FIRST + 3];
        assert_eq!(tokenizer.encode("Bad,bad-HANDS"), [&[bad, also][..], &text(","), &[hands]].concat());
        assert_eq!(tokenizer.encode("embedding:bad embedding:x"), [&[bad, also][..], &text("embedding:x")].concat());
        assert_eq!(tokenizer.encode("badly"), text("badly"));
        assert_eq!(tokenizer.encode("<bad>猫咪"), [&text("<")[..], &[bad, also], &text(">"), &[cat]].concat());
        assert_eq!((tokenizer.run(bad), tokenizer.run(also), tokenizer.run(7)), (2, 1, 1));
    }

    #[test]
    fn joins_go_by_rank_then_place() {
        let tokenizer = small();
        let letter = |letter: u8| u32::from(letter);
        assert_eq!(tokenizer.encode("cat CAT"), [515, 515]);
        assert_eq!(tokenizer.encode("aaaaax"), [513, letter(b'a'), 256 + letter(b'x')]);
        assert_eq!(tokenizer.encode("it's"), [letter(b'i'), 256 + letter(b't'), letter(b'\''), 256 + letter(b's')]);
        assert_eq!(tokenizer.encode(" \t\n"), [0_u32; 0]);
        assert_eq!(tokenizer.encode("a<|endoftext|>"), [256 + letter(b'a'), 517]);
    }

    #[test]
    fn a_vocabulary_with_a_hole_is_refused() {
        let error = Tokenizer::new(&Vocabulary { tokens: vec!["a"], merges: Vec::new() }).unwrap_err();
        assert_eq!(error, VocabularyError { token: "Ā".into(), role: TokenRole::Byte });
    }

    #[test]
    fn a_million_letters_take_no_quadratic_time() {
        let start = std::time::Instant::now();
        assert_eq!(small().encode(&"a".repeat(1_000_001)).len(), 250_001);
        assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
    }

    proptest! {
        #[test]
        fn every_byte_of_a_word_is_in_some_token(text in "\\PC*|.*") {
            let tokenizer = small();
            let tokens = tokenizer.encode(&text);
            // Tokens of one byte each but those the four merges make.
            let sizes = |token: u32| match token { 512 | 514 => 2, 513 => 4, 515 => 3, _ => 1 };
            let visible: usize = text.nfc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()).map(char::len_utf8).sum();
            prop_assume!(first_mark(&text).is_none());
            prop_assert_eq!(tokens.into_iter().map(sizes).sum::<usize>(), visible);
        }
    }
}
