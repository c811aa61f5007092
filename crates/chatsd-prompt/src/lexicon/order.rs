//! Puts the words of a Chinese phrase into the order of an English one, where the difference is heard.
//!
//! 桌子上的猫 "table on cat" → "cat on table"; 戴帽子的狐狸 "wearing hat fox" → "fox wearing hat"; 三只猫 → "three
//! cats". Words without such a frame keep their order.

use super::{PartOfSpeech, segment::TranslatedWord};

pub(super) fn english_order(words: Vec<TranslatedWord>) -> Vec<TranslatedWord> {
    let words = words.into_iter().filter(|word| word.kind != PartOfSpeech::Particle).collect();
    plural(behind_the_head(places(words)))
}

/// Puts "on", "in" … before the place: 在桌子上 and 桌子上 → "on table"; 在 alone is "at", before a verb nothing.
/// 被森林包围 → "surrounded by forest".
fn places(words: Vec<TranslatedWord>) -> Vec<TranslatedWord> {
    let stands = |word: &TranslatedWord| {
        matches!(word.kind, PartOfSpeech::Noun | PartOfSpeech::Plain | PartOfSpeech::Unknown | PartOfSpeech::Count(_))
    };
    let mut result: Vec<TranslatedWord> = Vec::with_capacity(words.len());
    for word in words {
        let start = result.iter().rposition(|word| !stands(word)).map_or(0, |at| at + 1);
        let bare = start == result.len();
        let before = start.checked_sub(1).filter(|&at| result[at].kind == PartOfSpeech::At);
        match (word.kind, before) {
            (PartOfSpeech::Place, Some(at)) => result[at].english = word.english,
            // Right behind a verb it says where to: 坐上.
            (PartOfSpeech::Place, None) if bare => result.push(TranslatedWord { kind: PartOfSpeech::Plain, ..word }),
            (PartOfSpeech::Place, None) => result.insert(start, TranslatedWord { kind: PartOfSpeech::At, ..word }),
            (PartOfSpeech::Verb, Some(at)) if result[at].english == PASSIVE && !bare => result.insert(at, word),
            (PartOfSpeech::Verb, Some(at)) if bare => result[at] = word,
            // 天上 is "in the sky" by itself.
            (PartOfSpeech::Plain | PartOfSpeech::Noun, Some(at)) if bare && has_preposition(&word.english) => {
                result[at].english = word.english;
            }
            _ => result.push(word),
        }
    }
    result
}

/// What 被 says.
const PASSIVE: &str = "by";

fn has_preposition(english: &str) -> bool {
    ["in ", "on ", "at "].iter().any(|preposition| english.starts_with(preposition))
}

/// Moves what is done or where it is behind what it is said of: `verb … 的 head` → `head verb …`.
fn behind_the_head(mut words: Vec<TranslatedWord>) -> Vec<TranslatedWord> {
    let begins = |word: &TranslatedWord| matches!(word.kind, PartOfSpeech::Verb | PartOfSpeech::At);
    let mut start = 0;
    while start < words.len() {
        let fresh = start == 0 || matches!(words[start - 1].kind, PartOfSpeech::Binder | PartOfSpeech::Count(_));
        let binds = (start..words.len()).find(|&at| words[at].kind == PartOfSpeech::Binder);
        if let (true, true, Some(binds)) = (fresh, begins(&words[start]), binds)
            // "flying bird" is said as it stands, "playing piano owl" is not.
            && (binds > start + 1 || words[start].english.contains(' '))
        {
            let last = (binds + 1..words.len()).take_while(|&at| !begins(&words[at])).last();
            if let Some(last) = last {
                words.remove(binds);
                words[start..last].rotate_left(binds - start);
                start = last;
                continue;
            }
        }
        start += 1;
    }
    words
}

/// More than one: the noun that ends the counted phrase.
fn plural(mut words: Vec<TranslatedWord>) -> Vec<TranslatedWord> {
    for at in 0..words.len() {
        if words[at].kind != PartOfSpeech::Count(true) {
            continue;
        }
        let in_phrase = |&at: &usize| match words[at].kind {
            PartOfSpeech::Verb => words.get(at + 1).is_some_and(|next| next.kind == PartOfSpeech::Binder),
            PartOfSpeech::Noun | PartOfSpeech::Binder => true,
            PartOfSpeech::Plain => !["and", "or"].contains(&words[at].english.as_str()),
            _ => false,
        };
        let last =
            (at + 1..words.len()).take_while(in_phrase).filter(|&at| words[at].kind == PartOfSpeech::Noun).last();
        if let Some(last) = last {
            words[last].english = plural_of(&words[last].english);
        }
    }
    words
}

fn plural_of(noun: &str) -> String {
    const SAME: [&str; 8] = ["sheep", "fish", "deer", "people", "water", "grass", "hair", "snow"];
    const OWN: [(&str, &str); 14] = [
        ("man", "men"),
        ("child", "children"),
        ("person", "people"),
        ("mouse", "mice"),
        ("goose", "geese"),
        ("tooth", "teeth"),
        ("foot", "feet"),
        ("leaf", "leaves"),
        ("wolf", "wolves"),
        ("elf", "elves"),
        ("knife", "knives"),
        ("tomato", "tomatoes"),
        ("potato", "potatoes"),
        ("hero", "heroes"),
    ];
    if SAME.iter().any(|same| noun.ends_with(same)) || noun.ends_with('s') && !noun.ends_with("ss") {
        return noun.to_owned();
    }
    let own = OWN.iter().find_map(|(one, many)| noun.strip_suffix(one).map(|stem| (stem, *many)));
    if let Some((stem, many)) = own.filter(|(stem, _)| !stem.ends_with("hu")) {
        return format!("{stem}{many}");
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if ["ss", "sh", "ch", "x"].iter().any(|hiss| noun.ends_with(hiss)) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_have_their_plural() {
        for (one, many) in [
            ("cat", "cats"),
            ("butterfly", "butterflies"),
            ("toy", "toys"),
            ("fox", "foxes"),
            ("snowman", "snowmen"),
            ("human", "humans"),
            ("maple leaf", "maple leaves"),
            ("bookshelf", "bookshelves"),
            ("goldfish", "goldfish"),
            ("glasses", "glasses"),
            ("dress", "dresses"),
        ] {
            assert_eq!(plural_of(one), many);
        }
    }
}
