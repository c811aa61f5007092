//! Tags such as `<lora:name:0.8>`, which other programs read as orders to load something, not as words.

/// What a tag begins with, after the `<`.
const KINDS: [&str; 3] = ["lora:", "lyco:", "hypernet:"];

/// The text without its tags, and the tags as they were written. A tag that is not closed is text.
pub(crate) fn take(text: &str) -> (String, Vec<String>) {
    let (mut left, mut tags) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some((start, end)) = next(rest) {
        left.push_str(&rest[..start]);
        tags.push(rest[start..end].to_owned());
        rest = &rest[end..];
        let after = rest.trim_start();
        let between_commas = left.trim_end().is_empty() || left.trim_end().ends_with([',', '，']);
        if between_commas && (after.is_empty() || after.starts_with([',', '，'])) {
            // The comma that went with it.
            left.truncate(left.trim_end().trim_end_matches([',', '，']).len());
            if left.is_empty() {
                rest = after.trim_start_matches([',', '，']).trim_start();
            }
        } else if left.ends_with(' ') || left.is_empty() {
            rest = after;
        }
    }
    left.push_str(rest);
    if !tags.is_empty() {
        left.truncate(left.trim_end().len());
    }
    (left, tags)
}

/// Where the next tag begins and ends.
fn next(text: &str) -> Option<(usize, usize)> {
    text.match_indices('<').find_map(|(start, _)| {
        let inside = &text[start + 1..];
        let is_tag =
            KINDS.iter().any(|kind| inside.get(..kind.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(kind)));
        let end = inside.find(['<', '>', '\n']).filter(|&end| is_tag && inside[end..].starts_with('>'))?;
        Some((start, start + end + 2))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_are_taken_out_with_their_comma() {
        for (text, left, tags) in [
            ("a cat", "a cat", &[][..]),
            ("a cat <lora:x:0.8>", "a cat", &["<lora:x:0.8>"]),
            ("<LoRA:x:0.8>, a cat", "a cat", &["<LoRA:x:0.8>"]),
            ("a cat, <lora:x:1>, red", "a cat, red", &["<lora:x:1>"]),
            ("猫，<lyco:x:1>，红色", "猫，红色", &["<lyco:x:1>"]),
            ("a <lora:x:1> cat <hypernet:y:1>", "a cat", &["<lora:x:1>", "<hypernet:y:1>"]),
            ("<lora:x:1>", "", &["<lora:x:1>"]),
            ("1 < 2, <b>, <lora:x", "1 < 2, <b>, <lora:x", &[]),
        ] {
            assert_eq!(take(text), (left.to_owned(), tags.iter().map(|tag| (*tag).to_owned()).collect()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_tag_is_taken_and_no_letter_besides(text in "(<lora:[a-z]{1,3}:1>|[a-z小,，<>: ]){0,20}") {
            let (left, tags) = take(&text);
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            prop_assert_eq!(letters(&left) + tags.iter().map(|tag| letters(tag)).sum::<usize>(), letters(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = take(&text);
        }
    }
}
