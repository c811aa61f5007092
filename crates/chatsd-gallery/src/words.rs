//! How texts are cut into words for the search, one way for what is kept and for what is asked.
//!
//! Scripts without spaces give every character and every pair of neighbours, so that any part of a Chinese text is
//! found; other letters and digits give whole words in lower case, which a question may shorten.

/// What a character is to the search.
#[derive(PartialEq, Eq)]
enum CharClass {
    /// Part of a word set off by spaces.
    Letter,
    /// A word by itself: Han, kana, hangul.
    Syllable,
    /// A word by itself that makes no pairs: a pictogram.
    Pictogram,
    /// Between words.
    Gap,
}

fn class(c: char) -> CharClass {
    match u32::from(c) {
        // Hiragana and katakana; the ideographs with their extensions; hangul.
        0x3041..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x20000..=0x323AF
            if c.is_alphanumeric() =>
        {
            CharClass::Syllable
        }
        0x2600..=0x27BF | 0x1F300..=0x1FAFF => CharClass::Pictogram,
        _ if c.is_alphanumeric() => CharClass::Letter,
        _ => CharClass::Gap,
    }
}

/// Cuts `text` into runs of one class, without the gaps.
fn runs(text: &str) -> Vec<(CharClass, String)> {
    let mut runs: Vec<(CharClass, String)> = Vec::new();
    for c in text.chars() {
        let class = class(c);
        match runs.last_mut() {
            Some((last, run)) if *last == class => run.push(c),
            _ => runs.push((class, c.to_string())),
        }
    }
    runs.retain(|(class, _)| *class != CharClass::Gap);
    runs
}

/// Neighbours of a run, two by two.
fn pairs(run: &str) -> impl Iterator<Item = String> {
    run.chars().zip(run.chars().skip(1)).map(|(first, second)| [first, second].iter().collect())
}

/// The words of a text that is kept, joined by spaces.
pub(crate) fn indexed(text: &str) -> String {
    let mut words = Vec::new();
    for (class, run) in runs(text) {
        match class {
            CharClass::Letter => words.push(run.to_lowercase()),
            _ => {
                words.extend(run.chars().map(String::from));
                if class == CharClass::Syllable {
                    words.extend(pairs(&run));
                }
            }
        }
    }
    words.join(" ")
}

/// The question in the language of FTS5: all words must be there, spaced words may be longer there.
/// Nothing where the question has no word.
pub(crate) fn query(text: &str) -> Option<String> {
    let mut terms = Vec::new();
    for (class, run) in runs(text) {
        match class {
            CharClass::Letter => terms.push(format!("\"{}\"*", run.to_lowercase())),
            CharClass::Syllable if run.chars().nth(1).is_some() => {
                terms.extend(pairs(&run).map(|pair| format!("\"{pair}\"")))
            }
            _ => terms.extend(run.chars().map(|c| format!("\"{c}\""))),
        }
    }
    (!terms.is_empty()).then(|| terms.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scripts_are_cut() {
        assert_eq!(indexed("Logo, of a CAT!"), "logo of a cat");
        assert_eq!(indexed("小猫logo2"), "小 猫 小猫 logo2");
        assert_eq!(indexed("🐱🐶"), "🐱 🐶");
        assert_eq!(query("可爱小 Ca").as_deref(), Some("\"可爱\" \"爱小\" \"ca\"*"));
        assert_eq!(query("猫").as_deref(), Some("\"猫\""));
        assert_eq!(query("\" * ( ) : ^ - \0"), None);
    }
}
