//! Numbers in Chinese: 三, 十二, 一百, 3, and the measure words behind them.

/// A number as it stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) value: usize,
    /// Characters it takes.
    pub(crate) length: usize,
}

/// Measure words, which English does not say.
const MEASURES: &str =
    "个只条张位头匹朵棵座辆艘架把件颗粒栋间家名尊枚幅根块片口顶支枝扇台部道本册首盏株隻張條輛個顆棟間";
/// Measure words that English says.
const COLLECTIVES: &[(char, &str)] = &[
    ('群', "group of"),
    ('对', "pair of"),
    ('双', "pair of"),
    ('束', "bunch of"),
    ('杯', "cup of"),
    ('碗', "bowl of"),
    ('瓶', "bottle of"),
    ('盘', "plate of"),
    ('篮', "basket of"),
    ('堆', "pile of"),
    ('串', "string of"),
    ('排', "row of"),
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

/// What stands behind a number: how many characters, and what English says for it.
pub(crate) fn measure_at(chars: &[char]) -> Option<(usize, &'static str)> {
    let first = chars.first()?;
    if MEASURES.contains(*first) {
        return Some((1, ""));
    }
    COLLECTIVES.iter().find(|(c, _)| c == first).map(|(_, english)| (1, *english))
}

/// A number in English words up to twenty, in digits above.
pub(crate) fn english(value: usize) -> String {
    const WORDS: [&str; 21] = [
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
    WORDS.get(value).map_or_else(|| value.to_string(), |word| (*word).to_owned())
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
