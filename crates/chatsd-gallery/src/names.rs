//! Names of folders and files: readable, short, safe on every file system.

use jiff::ZonedDateTime;

/// Name of the picture of a sheet.
pub(crate) const SHEET_FILE: &str = "sheet.png";
/// Longest slug in characters.
const SLUG_LENGTH: usize = 20;

/// The words of `text` in lower case, joined by hyphens: whole words while they fit, at least a part of the first.
/// Letters and digits of every script stay, all else separates. Empty where there is no letter.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut length = 0;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        let needed = word.chars().count() + usize::from(length > 0);
        if length > 0 && length + needed > SLUG_LENGTH {
            break;
        }
        if length > 0 {
            slug.push('-');
        }
        slug.extend(word.chars().take(SLUG_LENGTH));
        length += needed;
        if length >= SLUG_LENGTH {
            break;
        }
    }
    slug
}

/// Name of the folder of a sheet begun at `time`: `2026-11-24-1315-07-logo-of-cat-cute`.
pub(crate) fn sheet_folder(time: &ZonedDateTime, sentence: &str) -> String {
    let slug = slug(sentence);
    let slug = if slug.is_empty() { "sheet" } else { &slug };
    format!("{}-{slug}", time.strftime("%Y-%m-%d-%H%M-%S"))
}

/// Whether `name` begins as [`sheet_folder`] does.
pub(crate) fn is_sheet_folder(name: &str) -> bool {
    const PATTERN: &[u8] = b"0000-00-00-0000-00-";
    name.len() > PATTERN.len()
        && name.bytes().zip(PATTERN).all(|(found, pattern)| match pattern {
            b'0' => found.is_ascii_digit(),
            _ => found == *pattern,
        })
}

/// Name of the file of an entry: `1-sticker.png`.
pub(crate) fn picture_file(number: u32, style: &str) -> String {
    let slug = slug(style);
    let slug = if slug.is_empty() { "picture" } else { &slug };
    format!("{number}-{slug}.png")
}

/// The number that [`picture_file`] put before the name; nothing for a file of another kind.
pub(crate) fn picture_number(file: &str) -> Option<u32> {
    let (number, _) = file.strip_suffix(".png")?.split_once('-')?;
    number.parse().ok()
}

/// `name`, then `name-2`, `name-3` …: for the first that is free.
pub(crate) fn numbered(name: &str) -> impl Iterator<Item = String> + use<> {
    let name = name.to_owned();
    (1_u32..).map(move |number| if number == 1 { name.clone() } else { format!("{name}-{number}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn slugs_keep_words_of_every_script() {
        for (text, expected) in [
            ("logo of cat, cute, happy, smile", "logo-of-cat-cute"),
            ("可爱的小猫标志,开心,微笑", "可爱的小猫标志-开心-微笑"),
            ("  ../../etc/passwd\0 ", "etc-passwd"),
            ("CON", "con"),
            ("…!?", ""),
            ("Donaudampfschifffahrtsgesellschaft", "donaudampfschifffahr"),
            ("abcde fghij klmno pq", "abcde-fghij-klmno-pq"),
            ("abcde fghij klmno pqr", "abcde-fghij-klmno"),
        ] {
            assert_eq!(slug(text), expected);
        }
    }

    #[test]
    fn names_tell_what_they_are() {
        let time = "2026-11-24T13:15:07[UTC]".parse().unwrap();
        assert_eq!(sheet_folder(&time, "logo of cat, cute, happy"), "2026-11-24-1315-07-logo-of-cat-cute");
        assert_eq!(sheet_folder(&time, "!"), "2026-11-24-1315-07-sheet");
        assert!(
            is_sheet_folder("2026-11-24-1315-07-sheet")
                && !is_sheet_folder("2026-11-24")
                && !is_sheet_folder("sources")
        );
        assert_eq!(picture_number(&picture_file(12, "flat icon")), Some(12));
        assert_eq!(picture_file(3, ""), "3-picture.png");
        assert_eq!(picture_number("sheet.png"), None);
        assert_eq!(numbered("a").take(3).collect::<Vec<_>>(), ["a", "a-2", "a-3"]);
    }

    proptest! {
        #[test]
        fn slugs_are_safe(text in ".*") {
            let slug = slug(&text);
            // One letter may become up to three in lower case.
            prop_assert!(slug.chars().count() <= SLUG_LENGTH + 1);
            prop_assert!(slug.len() <= 4 * (SLUG_LENGTH + 1));
            prop_assert!(!slug.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
        }
    }
}
