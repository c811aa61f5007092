//! Cuts a run of Chinese into words: fewest unknown characters, then fewest words, then the longest ones, then the
//! longest first.

use super::{
    PartOfSpeech, is_han, lookup,
    number::{Counted, counted_at},
    simple,
};

/// A word of the run, already in English; empty where English says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TranslatedWord {
    pub(super) english: String,
    pub(super) kind: PartOfSpeech,
}

/// The longest key, in atoms.
const LONGEST: usize = 12;

/// Where each atom begins, and the end. An atom is one Chinese character, or one Latin word or number.
fn atoms(chars: &[char]) -> Vec<usize> {
    let begins = |&at: &usize| at == 0 || is_han(chars[at]) || is_han(chars[at - 1]);
    (0..chars.len()).filter(begins).chain([chars.len()]).collect()
}

/// How good a cut is; smaller is better.
type Cost = (usize, usize, isize);

/// The step from an atom to a later one.
struct Step {
    cost: Cost,
    next: usize,
    word: TranslatedWord,
}

/// Cuts `run`, which holds only Chinese characters and ASCII letters and digits.
pub(super) fn segment(run: &str) -> Vec<TranslatedWord> {
    let original: Vec<char> = run.chars().collect();
    let plain: Vec<char> = simple(run).chars().collect();
    let starts = atoms(&original);
    let count = starts.len() - 1;
    let mut best: Vec<Option<Step>> = (0..count).map(|_| None).collect();
    for at in (0..count).rev() {
        let mut offer = |next: usize, unknown: usize, word: TranslatedWord| {
            let (mut cost, rest) = ((unknown, 1, 0), best.get(next).and_then(Option::as_ref));
            let length = (next - at) as isize;
            cost.2 = -length * length;
            if let Some(step) = rest {
                cost = (cost.0 + step.cost.0, cost.1 + step.cost.1, cost.2 + step.cost.2);
            }
            if best[at].as_ref().is_none_or(|known| cost <= known.cost) {
                best[at] = Some(Step { cost, next, word });
            }
        };
        let first: String = original[starts[at]..starts[at + 1]].iter().collect();
        let kind = if is_han(original[starts[at]]) { PartOfSpeech::Unknown } else { PartOfSpeech::Plain };
        offer(at + 1, usize::from(kind == PartOfSpeech::Unknown), TranslatedWord { english: first, kind });
        if let Some(Counted { english, many, length }) = counted_at(&original[starts[at]..])
            && let Ok(next) = starts.binary_search(&(starts[at] + length))
        {
            offer(next, 0, TranslatedWord { english, kind: PartOfSpeech::Count(many) });
        }
        for next in at + 1..=count.min(at + LONGEST) {
            let key: String = plain[starts[at]..starts[next]].iter().collect();
            if let Some(entry) = lookup(&key) {
                offer(next, 0, TranslatedWord { english: entry.english.to_owned(), kind: entry.kind });
            }
        }
    }
    let mut words: Vec<TranslatedWord> = Vec::new();
    let mut at = 0;
    while let Some(step) = best.get_mut(at).and_then(Option::take) {
        match words.last_mut() {
            Some(last) if last.kind == PartOfSpeech::Unknown && step.word.kind == PartOfSpeech::Unknown => {
                last.english.push_str(&step.word.english);
            }
            _ => words.push(step.word),
        }
        at = step.next;
    }
    words
}
