//! Numbers in Chinese: 三, 十二, 一百, 3, and the measure words behind them.

/// A number as it stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) value: usize,
    /// Characters it takes.
    pub(crate) length: usize,
}

/// English words of the numbers up to twenty.
pub(crate) const ENGLISH: [&str; 21] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// Measure words, which English does not say.
const MEASURES: &str =
    "个只条张位头匹朵棵座辆艘架把件颗粒栋间家名尊枚幅根块片口顶支枝扇台部道本册首盏株隻張條輛個顆棟間";
/// Measure words that English says, and whether what follows can be counted: a group of cats, a cup of coffee.
const COLLECTIVES: [(char, &str, bool); 12] = [
    ('群', "group of", true),
    ('对', "pair of", true),
    ('双', "pair of", true),
    ('束', "bunch of", true),
    ('篮', "basket of", true),
    ('堆', "pile of", true),
    ('串', "string of", true),
    ('排', "row of", true),
    ('杯', "cup of", false),
    ('碗', "bowl of", false),
    ('瓶', "bottle of", false),
    ('盘', "plate of", false),
];

fn digit(c: char) -> Option<usize> {
    match c {
        '〇' | '零' => Some(0),
        '两' | '兩' => Some(2),
        '０'..='９' => Some(c as usize - '０' as usize),
        _ => "一二三四五六七八九"
            .chars()
            .position(|d| d == c)
            .map(|at| at + 1)
            .or_else(|| c.to_digit(10).map(|d| d as usize)),
    }
}

/// Reads the number at the start of `chars`: digits, or Chinese numerals up to 九千九百九十九.
pub(crate) fn number_at(chars: &[char]) -> Option<Number> {
    let plain = |c: &char| c.is_ascii_digit() || ('０'..='９').contains(c);
    let digits = chars.iter().take_while(|c| plain(c)).count();
    if digits > 0 {
        let value =
            chars[..digits].iter().try_fold(0_usize, |value, &c| value.checked_mul(10)?.checked_add(digit(c)?))?;
        return Some(Number { value, length: digits });
    }
    let (mut total, mut last, mut length) = (0, None, 0);
    for &c in chars.iter().take(8) {
        let unit = match c {
            '十' => 10,
            '百' => 100,
            '千' => 1000,
            _ => match digit(c) {
                Some(value) if last.is_none() || last == Some(0) => {
                    last = Some(value);
                    length += 1;
                    continue;
                }
                _ => break,
            },
        };
        total += last.take().unwrap_or(1) * unit;
        length += 1;
    }
    (length > 0).then_some(Number { value: total + last.unwrap_or(0), length })
}

/// A number with what stands behind it, in English.
pub(super) struct Counted {
    pub(super) english: String,
    /// Whether more than one thing follows.
    pub(super) many: bool,
    /// Characters it takes.
    pub(super) length: usize,
}

/// Reads a number and its measure word: 三只 "three", 一群 "a group of", 两杯 "two cups of".
pub(super) fn counted_at(chars: &[char]) -> Option<Counted> {
    let Number { value, length } = number_at(chars)?;
    let measure = chars.get(length).copied();
    let one = value == 1;
    if let Some((_, of, things)) = COLLECTIVES.iter().find(|(c, ..)| Some(*c) == measure) {
        let english =
            if one { format!("a {of}") } else { format!("{} {}", english(value), of.replacen(" of", "s of", 1)) };
        return Some(Counted { english, many: *things, length: length + 1 });
    }
    let measured = measure.is_some_and(|c| MEASURES.contains(c));
    let english = if one && measured { "a".into() } else { english(value) };
    Some(Counted { english, many: !one, length: length + usize::from(measured) })
}

/// A number in English words up to twenty, in digits above.
fn english(value: usize) -> String {
    ENGLISH.get(value).map_or_else(|| value.to_string(), |word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        for (text, value, length) in [
            ("三只", 3, 1),
            ("十二个", 12, 2),
            ("二十张", 20, 2),
            ("九十九", 99, 3),
            ("一百零五", 105, 4),
            ("9张", 9, 1),
            ("１２", 12, 2),
            ("两", 2, 1),
        ] {
            let chars: Vec<char> = text.chars().collect();
            assert_eq!(number_at(&chars), Some(Number { value, length }), "{text}");
        }
        assert_eq!(number_at(&['猫']), None);
        assert_eq!(number_at(&"9".repeat(40).chars().collect::<Vec<_>>()), None);
    }
}
