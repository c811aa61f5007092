//! What must not be seen: "no …", "without …", "不要…", "没有…".

use std::ops::Range;

use super::text::{Text, is_border};
use crate::lexicon::{Translation, is_han, translate, word};

/// Words that end what is excluded.
const STOPS: [&str; 44] = [
    "on", "in", "at", "under", "with", "near", "by", "behind", "over", "above", "below", "beside", "between", "into",
    "from", "for", "to", "but", "while", "who", "that", "which", "is", "are", "and", "or", "wearing", "holding",
    "sitting", "standing", "flying", "running", "eating", "riding", "looking", "as", "like", "during", "around",
    "through", "inside", "of", "break", "no",
];
/// "no entry" is a sign, "no. 5" a number.
const NOT_EXCLUDED: [&str; 9] = ["entry", "smoking", "parking", "one", "longer", "matter", "way", "more", "idea"];
const ARTICLES: [&str; 6] = ["a", "an", "the", "any", "some", "visible"];

const TRIGGERS: [&str; 27] = [
    "不要出现",
    "不要出現",
    "不要有",
    "不需要",
    "不要",
    "不想要",
    "没有任何",
    "没有",
    "沒有",
    "不带",
    "不帶",
    "不包含",
    "不含",
    "不戴",
    "不穿",
    "不能有",
    "去掉",
    "去除",
    "别画",
    "别有",
    "别要",
    "別畫",
    "除去",
    "不出现",
    "不显示",
    "无任何",
    "无",
];

/// Takes what must not be seen, in English, and those words of it that no lexicon entry covers.
pub(super) fn take(text: &mut Text) -> (Vec<String>, Vec<String>) {
    let (mut excluded, mut untranslated) = (Vec::new(), Vec::new());
    while let Some((range, things)) = english(text).or_else(|| chinese(text)) {
        for Translation { english, untranslated: unknown } in things.iter().map(|thing| translate(thing)) {
            if !english.is_empty() && !excluded.contains(&english) {
                excluded.push(english);
                untranslated.extend(unknown);
            }
        }
        text.cut(range);
    }
    (excluded, untranslated)
}

fn english(text: &Text) -> Option<(Range<usize>, Vec<String>)> {
    let words = text.words();
    for at in 0..words.len() {
        let small = |place: usize| words.get(place).filter(|word| word.joined).map(|word| word.small.as_str());
        let mut first = at + 1;
        match words[at].small.as_str() {
            "no" if is_name(text, &words[at].range) => continue,
            "no" if small(first).is_some_and(|next| {
                !NOT_EXCLUDED.contains(&next) && !next.starts_with(|c: char| c.is_ascii_digit())
            }) => {}
            "without" => {}
            "don't" | "dont" if small(first) == Some("want") => first += 1,
            _ => continue,
        }
        let mut start = at;
        let mut things: Vec<String> = Vec::new();
        let mut end = None;
        loop {
            while small(first).is_some_and(|next| ARTICLES.contains(&next)) {
                first += 1;
            }
            let mut last = first;
            while small(last).is_some_and(|next| !STOPS.contains(&next)) && !touches_han(text, words[last].range.start)
            {
                last += 1;
            }
            if last == first {
                break;
            }
            things.push(text.as_str()[words[first].range.start..words[last - 1].range.end].to_owned());
            end = Some(words[last - 1].range.end);
            // "hat or glasses", "hat and glasses"; but "no hat and a dog" goes on with a dog.
            let linked = match small(last) {
                Some("or") => true,
                Some("and") => small(last + 1)
                    .is_some_and(|next| !ARTICLES.contains(&next) && !["two", "three", "no"].contains(&next)),
                _ => false,
            };
            if !linked {
                break;
            }
            first = last + 1;
        }
        let Some(end) = end else { continue };
        while start > 0
            && words[start].joined
            && ["and", "but", "with", "there", "is", "i", "please"].contains(&words[start - 1].small.as_str())
        {
            start -= 1;
        }
        return Some((words[start].range.start..end, things));
    }
    None
}

/// "No" with a capital inside a clause belongs to a name.
fn is_name(text: &Text, range: &Range<usize>) -> bool {
    text.as_str()[range.clone()].starts_with('N') && !text.clause_ends_before(range.start)
}

/// Whether a Chinese character stands right before.
fn touches_han(text: &Text, at: usize) -> bool {
    text.as_str()[..at].ends_with(is_han)
}

fn chinese(text: &Text) -> Option<(Range<usize>, Vec<String>)> {
    let (whole, opaque) = (text.as_str(), text.opaque());
    for (at, _) in whole.char_indices() {
        let Some(trigger) = TRIGGERS.iter().find(|trigger| whole[at..].starts_with(**trigger)) else { continue };
        if opaque.iter().any(|range| range.contains(&at)) {
            continue;
        }
        let from = at + trigger.len();
        let stop = |c: char| is_border(c) && c != '、' || c.is_whitespace() || matches!(c, '的' | '但' | '而' | '{');
        let end = whole[from..].find(stop).map_or(whole.len(), |end| from + end);
        let things = whole[from..end].trim_matches('、');
        // 无 is also the beginning of a word: 无人机 is a drone.
        if *trigger == "无" && (!text.clause_ends_before(at) || starts_word(&whole[at..end])) {
            continue;
        }
        if things.is_empty() {
            continue;
        }
        let start = ["但是", "并且", "而且", "但", "且", "并", "也", "请"]
            .iter()
            .find_map(|link| whole[..at].strip_suffix(link))
            .map_or(at, str::len);
        let end = if whole[end..].starts_with('的') { end + '的'.len_utf8() } else { end };
        let parts = things.split(['、', '和', '与', '或', '及']);
        return Some((start..end, parts.map(str::to_owned).collect()));
    }
    None
}

/// Whether a known word of three or more characters begins here.
fn starts_word(text: &str) -> bool {
    text.char_indices().skip(3).map(|(end, _)| end).chain([text.len()]).any(|end| {
        let start = &text[..end];
        start.chars().count() >= 3 && start.chars().count() <= 6 && word(start).is_some()
    })
}
