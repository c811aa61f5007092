//! How many pictures: "9 pictures of …", "画六张…", "来三张", "九宫格". "Three cats" is what the picture shows.

use super::text::Text;
use crate::lexicon::{ENGLISH, number_at};

const PICTURES: [&str; 12] = [
    "picture",
    "pictures",
    "image",
    "images",
    "pic",
    "pics",
    "photo",
    "photos",
    "variation",
    "variations",
    "versions",
    "variants",
];
const ORDERS: [&str; 15] = [
    "please", "draw", "paint", "make", "generate", "create", "give", "show", "me", "us", "i", "want", "need", "can",
    "you",
];
const BETWEEN: [&str; 4] = ["different", "more", "new", "various"];

/// Takes the number of pictures.
pub(super) fn take(text: &mut Text) -> Option<usize> {
    english(text).or_else(|| chinese(text))
}

fn english(text: &mut Text) -> Option<usize> {
    let words = text.words();
    for at in 0..words.len() {
        let small = words[at].small.as_str();
        let number = small.parse().ok().or_else(|| ENGLISH.iter().position(|number| *number == small));
        let number = number.or_else(|| (small == "dozen").then_some(12)).filter(|&number| number > 0);
        let Some(number) = number else { continue };
        let next = |place: usize, wanted: &[&str]| {
            words.get(place).is_some_and(|word| word.joined && wanted.contains(&word.small.as_str()))
        };
        let noun = at + 1 + usize::from(next(at + 1, &BETWEEN));
        if !next(noun, &PICTURES) {
            continue;
        }
        let mut start = at;
        if small == "dozen" && start > 0 && words[start].joined && words[start - 1].small == "a" {
            start -= 1;
        }
        let number_start = start;
        while start > 0 && words[start].joined && ORDERS.contains(&words[start - 1].small.as_str()) {
            start -= 1;
        }
        let of = next(noun + 1, &["of", "with", "showing"]);
        let ordered = start < number_start;
        let end = words[noun].range.end;
        if !(of || ordered || text.clause_ends_before(words[start].range.start) && text.clause_ends_at(end)) {
            continue;
        }
        let end = if next(noun + 1, &["of"]) { words[noun + 1].range.end } else { end };
        text.cut(words[start].range.start..end);
        return Some(number);
    }
    None
}

const CHINESE_ORDERS: [&str; 24] = [
    "请",
    "請",
    "帮我",
    "幫我",
    "给我",
    "給我",
    "麻烦",
    "我想要",
    "我要",
    "我想",
    "想要",
    "画出",
    "绘制",
    "制作",
    "生成",
    "做出",
    "画",
    "畫",
    "绘",
    "来",
    "來",
    "要",
    "做",
    "出",
];
/// 三张桌子 are three tables.
const FLAT_THINGS: &str = "桌椅床纸紙脸臉嘴沙弓网網票卡地皮餐凳钞邮";

fn chinese(text: &mut Text) -> Option<usize> {
    if let Some(at) = text.as_str().find("九宫格").or_else(|| text.as_str().find("九宮格")) {
        let end = at + "九宫格".len();
        let end = if text.as_str()[end..].starts_with('的') { end + '的'.len_utf8() } else { end };
        text.cut(at..end);
        return Some(9);
    }
    let opaque = text.opaque();
    let whole = text.as_str();
    let places: Vec<(usize, char)> = whole.char_indices().collect();
    let chars: Vec<char> = places.iter().map(|place| place.1).collect();
    let mut at = 0;
    while at < chars.len() {
        let Some(number) = number_at(&chars[at..]) else {
            at += 1;
            continue;
        };
        let start = places[at].0;
        at += number.length;
        let unit = at + chars[at..].iter().take_while(|c| **c == ' ').count();
        if !matches!(chars.get(unit), Some('张' | '張' | '幅')) || opaque.iter().any(|range| range.contains(&start))
        {
            continue;
        }
        let mut rest = &whole[places.get(unit + 1).map_or(whole.len(), |place| place.0)..];
        let different = ["不同的", "不一样的", "不同风格的"].into_iter().find_map(|between| rest.strip_prefix(between));
        rest = different.unwrap_or(rest);
        let thing = rest.trim_start_matches(char::is_control);
        if thing.starts_with(|c| FLAT_THINGS.contains(c)) || number.value == 0 {
            continue;
        }
        let noun =
            ["图片", "圖片", "图像", "照片", "画作", "图", "圖"].into_iter().find_map(|noun| rest.strip_prefix(noun));
        let named = noun.is_some();
        rest = noun.unwrap_or(rest);
        let mut head = whole[..start].trim_end();
        while let Some(shorter) = CHINESE_ORDERS.iter().find_map(|order| head.strip_suffix(order)) {
            head = shorter.trim_end();
        }
        let ordered = head.len() < whole[..start].trim_end().len();
        let from = if ordered { head.len() } else { start };
        let end = whole.len() - rest.len();
        if !(ordered
            || (named || different.is_some()) && text.clause_ends_before(from)
            || text.clause_ends_before(from) && text.clause_ends_at(end))
        {
            continue;
        }
        let rest = ["，", ",", "的", "关于"]
            .into_iter()
            .find_map(|mark| rest.strip_prefix(mark).filter(|_| named))
            .unwrap_or(rest);
        let end = whole.len() - rest.len();
        text.cut(from..end);
        return Some(number.value);
    }
    None
}
