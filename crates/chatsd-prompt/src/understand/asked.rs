//! Styles that the sentence asks for: "in flat style", "as pixel art", "像素风", a trailing list behind `--`.

use super::text::{Text, is_separator};
use crate::{Needs, PromptError, Style, StyleLibrary, lexicon::is_han};

/// Words of the longest name.
const LONGEST: usize = 4;
/// Characters of the longest Chinese name.
const LONGEST_CHINESE: usize = 10;
const ENDINGS: [&str; 8] = ["绘画风格", "艺术风格", "风格", "風格", "画风", "畫風", "风", "風"];
/// Families whose names, standing alone between commas, can only mean the way to paint.
const MEDIA: [&str; 5] = ["painting", "print", "comic", "pixel", "period"];

/// Families whose names after a bare "in" or "as" are what the picture shows: a penguin in ice.
const STUFF: [&str; 2] = ["material", "photo"];
/// What makes another word of 风: 中国风景 is a view of China.
const NOT_STYLE: &str = "景光车車筝箏扇铃鈴暴雪雨味情衣吹琴帆信湿沙声聲浪";

/// Takes a trailing `--styles a,b`. A bare `-- a,b` is a list where its first name is a style; else it is text.
pub(super) fn take_list(text: &mut Text, library: &StyleLibrary) -> Result<Vec<String>, PromptError> {
    let whole = text.as_str();
    let marks = ["--styles", "--style", "—styles", "--"];
    let found = marks.iter().find_map(|mark| {
        let at = whole.rfind(mark)?;
        let after = &whole[at + mark.len()..];
        let apart = whole[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || is_han(c));
        (apart && after.starts_with(|c: char| c.is_whitespace() || c == '=')).then_some((at, *mark, after))
    });
    let Some((at, mark, after)) = found else { return Ok(Vec::new()) };
    let names = after.trim_start_matches('=').split(is_separator).map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<&str> = names.collect();
    if names.is_empty() || mark == "--" && library.find(names[0]).is_none() {
        return Ok(Vec::new());
    }
    let mut styles = Vec::new();
    for name in names {
        push(&mut styles, library.get(name)?);
    }
    let whole = at..text.as_str().len();
    text.cut(whole);
    Ok(styles)
}

/// Takes styles asked for in words. A medium that stands alone between commas is asked for, too, and stays.
pub(super) fn take(text: &mut Text, library: &StyleLibrary, styles: &mut Vec<String>) {
    while let Some((range, style)) = english(text, library).or_else(|| chinese(text, library)) {
        push(styles, style);
        text.cut(range);
    }
    for clause in text.as_str().split(is_separator) {
        let alone = library.find(clause.trim()).filter(|style| {
            let is_name = [&style.id, &style.name, &style.name_zh].iter().any(|name| same(name, clause));
            is_name && style.needs == Needs::Sd && MEDIA.contains(&style.family.as_str())
        });
        if let Some(style) = alone {
            push(styles, style);
        }
    }
}

fn same(name: &str, clause: &str) -> bool {
    crate::library::plain(name) == crate::library::plain(clause)
}

fn push(styles: &mut Vec<String>, style: &Style) {
    if !styles.contains(&style.id) {
        styles.push(style.id.clone());
    }
}

type Found<'a> = (std::ops::Range<usize>, &'a Style);

fn english<'a>(text: &Text, library: &'a StyleLibrary) -> Option<Found<'a>> {
    let words = text.words();
    let name_of = |from: usize, to: usize| -> Option<&'a Style> {
        (from < to && words[from + 1..to].iter().all(|word| word.joined))
            .then(|| library.find(&text.as_str()[words[from].range.start..words[to - 1].range.end]))?
    };
    let is = |at: usize, wanted: &[&str]| words.get(at).is_some_and(|word| wanted.contains(&word.small.as_str()));
    for at in 0..words.len() {
        let joined = |place: usize| words.get(place).is_some_and(|word| word.joined);
        // "[in a] flat style"
        if is(at, &["style"]) && words[at].joined {
            let found =
                (1..=LONGEST.min(at)).rev().find_map(|count| name_of(at - count, at).map(|style| (at - count, style)));
            if let Some((mut start, style)) = found {
                while start > 0
                    && words[start].joined
                    && is(start - 1, &["in", "a", "an", "the", "with", "as", "using"])
                {
                    // "a flat style cat" is a cat: the article goes with the noun.
                    let bare_article = is(start - 1, &["a", "an", "the"])
                        && !(start > 1 && words[start - 1].joined && is(start - 2, &["in", "with", "as", "using"]));
                    if bare_article {
                        break;
                    }
                    start -= 1;
                }
                return Some((words[start].range.start..words[at].range.end, style));
            }
        }
        if !is(at, &["in", "as"]) {
            continue;
        }
        // "in the style of [a] watercolor [painting]", "in pixel art", "as a line icon"
        let mut first = at + 1;
        let spelled = is(first, &["the"]) && is(first + 1, &["style"]) || is(first, &["style"]);
        if spelled {
            first += 1 + usize::from(is(first, &["the"]));
            if !is(first, &["of"]) {
                continue;
            }
            first += 1;
        }
        if is(first, &["a", "an", "the"]) {
            first += 1;
        }
        if !(at + 1..=first).all(joined) {
            continue;
        }
        let ends = (first + 1..=words.len().min(first + LONGEST)).rev();
        let found = ends
            .filter(|&end| text.clause_ends_at(words[end - 1].range.end))
            .find_map(|end| name_of(first, end).map(|style| (end, style)))
            .filter(|(_, style)| spelled || !STUFF.contains(&style.family.as_str()));
        if let Some((end, style)) = found {
            return Some((words[at].range.start..words[end - 1].range.end, style));
        }
    }
    None
}

fn chinese<'a>(text: &Text, library: &'a StyleLibrary) -> Option<Found<'a>> {
    let (whole, opaque) = (text.as_str(), text.opaque());
    for (at, _) in whole.char_indices() {
        let Some(ending) = ENDINGS.iter().find(|ending| whole[at..].starts_with(**ending)) else { continue };
        if opaque.iter().any(|range| range.contains(&at)) {
            continue;
        }
        if ending.chars().count() == 1 && whole[at + ending.len()..].starts_with(|c| NOT_STYLE.contains(c)) {
            continue;
        }
        let head = whole[..at].trim_end();
        let starts = head.char_indices().rev().take(LONGEST_CHINESE + 12).map(|(start, _)| start).collect::<Vec<_>>();
        // The longest name that ends here and does not begin inside a Latin word.
        let found = starts.into_iter().rev().find_map(|start| {
            let inside = head[start..].starts_with(|c: char| c.is_ascii_alphanumeric())
                && head[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
            let name = &head[start..];
            (!inside && !name.starts_with(char::is_whitespace)).then(|| library.find(name))?.map(|style| (start, style))
        });
        let Some((mut start, style)) = found else { continue };
        let mut end = at + ending.len();
        if whole[end..].starts_with('的') {
            end += '的'.len_utf8();
        }
        for lead in ["以", "用", "采用", "使用", "画成", "做成"] {
            if whole[..start].ends_with(lead) {
                start -= lead.len();
                break;
            }
        }
        return Some((start..end, style));
    }
    None
}
