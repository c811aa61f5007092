//! "512x768", "16:9", "wide", "portrait format", "竖图".

use std::ops::Range;

use chatsd_types::{AspectRatio, Size};

use super::text::Text;

/// Below this many pixels a pair such as "4x4" is no size.
const SMALLEST: u32 = 16;
/// Ratios that people give pictures; others, such as 10:30, are times and scores.
const RATIOS: [(u32, u32); 9] = [(1, 1), (3, 2), (2, 3), (4, 3), (3, 4), (16, 9), (9, 16), (21, 9), (9, 21)];
const CHINESE: [(&str, AspectRatio); 26] = [
    ("正方形构图", AspectRatio::SQUARE),
    ("正方形图片", AspectRatio::SQUARE),
    ("方形构图", AspectRatio::SQUARE),
    ("正方形图", AspectRatio::SQUARE),
    ("方形图", AspectRatio::SQUARE),
    ("方图", AspectRatio::SQUARE),
    ("方圖", AspectRatio::SQUARE),
    ("横构图", AspectRatio::WIDE),
    ("横向构图", AspectRatio::WIDE),
    ("横幅", AspectRatio::WIDE),
    ("横图", AspectRatio::WIDE),
    ("横版", AspectRatio::WIDE),
    ("横屏", AspectRatio::WIDE),
    ("橫圖", AspectRatio::WIDE),
    ("橫版", AspectRatio::WIDE),
    ("宽屏", AspectRatio::WIDE),
    ("宽图", AspectRatio::WIDE),
    ("竖构图", AspectRatio::TALL),
    ("竖向构图", AspectRatio::TALL),
    ("竖图", AspectRatio::TALL),
    ("竖版", AspectRatio::TALL),
    ("竖屏", AspectRatio::TALL),
    ("豎圖", AspectRatio::TALL),
    ("豎版", AspectRatio::TALL),
    ("直圖", AspectRatio::TALL),
    ("长图", AspectRatio::TALL),
];

/// Takes the first size and the first shape.
pub(super) fn take(text: &mut Text) -> (Option<Size>, Option<AspectRatio>) {
    let size = pair(text, &['x', 'X', '×', '*']).filter(|(_, pair)| pair.0 >= SMALLEST && pair.1 >= SMALLEST);
    let size = size.map(|(range, (width, height))| {
        cut_with_lead(text, range);
        Size { width, height }
    });
    let ratio = pair(text, &[':', '：']).filter(|(_, pair)| RATIOS.contains(pair));
    let ratio = ratio.map(|(range, (across, down))| {
        cut_with_lead(text, range);
        AspectRatio { across, down }
    });
    (size, ratio.or_else(|| chinese(text)).or_else(|| english(text)))
}

/// The first two whole numbers with a sign of `signs` between, and a unit behind.
fn pair(text: &Text, signs: &[char]) -> Option<(Range<usize>, (u32, u32))> {
    let (whole, opaque) = (text.as_str(), text.opaque());
    let mut before = ' ';
    for (at, c) in whole.char_indices() {
        let starts = c.is_ascii_digit() && !before.is_ascii_alphanumeric() && !matches!(before, '.' | ':' | '(');
        before = c;
        if !starts || opaque.iter().any(|range| range.contains(&at)) {
            continue;
        }
        let Some((first, rest)) = number(&whole[at..]) else { continue };
        let Some(rest) = rest.trim_start().strip_prefix(signs) else { continue };
        let Some((second, rest)) = number(rest.trim_start()) else { continue };
        if rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.') && !rest.starts_with("px") {
            continue;
        }
        let unit = ["pixels", "px", "像素"].into_iter().find_map(|unit| rest.trim_start().strip_prefix(unit));
        // 512x512像素风 asks for a style, too.
        let rest = unit.filter(|rest| !rest.starts_with(['风', '画', '艺'])).unwrap_or(rest);
        return Some((at..whole.len() - rest.len(), (first, second)));
    }
    None
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok().map(|number| (number, &text[end..]))
}

/// Takes a piece out, and the words that lead to it: "at 512x512", "尺寸：512x512".
fn cut_with_lead(text: &mut Text, range: Range<usize>) {
    let mut head = text.as_str()[..range.start].trim_end();
    for _ in 0..2 {
        for lead in [":", "：", "尺寸", "大小", "比例", "分辨率"] {
            head = head.strip_suffix(lead).unwrap_or(head).trim_end();
        }
        for lead in ["size", "resolution", "ratio", "aspect", "in", "at", "with"] {
            let before = head.len().checked_sub(lead.len()).filter(|&at| head.is_char_boundary(at));
            let is_word =
                |at: &usize| head[*at..].eq_ignore_ascii_case(lead) && !head[..*at].ends_with(char::is_alphanumeric);
            if let Some(at) = before.filter(is_word) {
                head = head[..at].trim_end();
            }
        }
    }
    let start = if head.len() < range.start { head.len() } else { range.start };
    text.cut(start..range.end);
}

fn chinese(text: &mut Text) -> Option<AspectRatio> {
    let opaque = text.opaque();
    let (at, name, shape) = CHINESE
        .iter()
        .filter_map(|(name, shape)| text.as_str().find(name).map(|at| (at, *name, *shape)))
        .find(|(at, ..)| !opaque.iter().any(|range| range.contains(at)))?;
    let end = at + name.len();
    let end = if text.as_str()[end..].starts_with('的') { end + '的'.len_utf8() } else { end };
    text.cut(at..end);
    Some(shape)
}

fn english(text: &mut Text) -> Option<AspectRatio> {
    let words = text.words();
    for (at, word) in words.iter().enumerate() {
        // "portrait" and "landscape" are also what a picture shows: they stay where nothing says more.
        let (shape, also_subject) = match word.small.as_str() {
            "wide" | "widescreen" | "horizontal" => (AspectRatio::WIDE, false),
            "landscape" => (AspectRatio::WIDE, true),
            "tall" | "vertical" => (AspectRatio::TALL, false),
            "portrait" => (AspectRatio::TALL, true),
            "square" => (AspectRatio::SQUARE, false),
            _ => continue,
        };
        let follows = |ahead: usize, wanted: &[&str]| {
            words.get(at + ahead).is_some_and(|word| word.joined && wanted.contains(&word.small.as_str()))
        };
        const FORMAT: [&str; 10] =
            ["format", "orientation", "picture", "image", "size", "mode", "layout", "aspect", "ratio", "canvas"];
        let extra = (1..).take_while(|&ahead| follows(ahead, &FORMAT)).count();
        let end = words[at + extra].range.end;
        let mut start = at;
        while start > 0 && words[start].joined && ["in", "as", "a", "an"].contains(&words[start - 1].small.as_str()) {
            start -= 1;
        }
        let start = words[start].range.start;
        let whole = text.clause_ends_before(start) && text.clause_ends_at(end);
        if extra > 0 {
            // "a wide picture of a lake" stays a picture of a lake.
            let of = text.as_str()[end..].trim_start().starts_with("of ");
            text.cut(if of { word.range.clone() } else { start..end });
            return Some(shape);
        }
        if whole && text.as_str().trim() != &text.as_str()[start..end] {
            if !also_subject {
                text.cut(start..end);
            }
            return Some(shape);
        }
    }
    None
}
