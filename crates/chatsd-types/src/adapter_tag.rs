//! Tags such as `<lora:name:0.8>`: orders to load something, not words. Written and read as in stable-diffusion-webui
//! (`extra_networks.py`, `extra_networks_lora.py`): the first number is the weight in the text encoders, the second that
//! in the picture network; where there is one it is both. `te=` and `unet=` name them.

use crate::Adapter;

/// What a tag begins with, after the `<`.
const KINDS: [&str; 3] = ["lora:", "lyco:", "hypernet:"];

/// The text without its tags, and the tags as they were written. A tag that is not closed is text.
#[must_use]
pub fn take_tags(text: &str) -> (String, Vec<String>) {
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

/// What a tag with its brackets loads; nothing for one that loads no adapter, such as `<hypernet:…>`.
#[must_use]
pub fn adapter_of_tag(tag: &str) -> Option<Adapter> {
    let inside = tag.strip_prefix('<')?.strip_suffix('>')?;
    let (kind, rest) = inside.split_once(':')?;
    (kind.eq_ignore_ascii_case("lora") || kind.eq_ignore_ascii_case("lyco")).then(|| adapter(rest))
}

/// Reads `name`, `name:weight`, `name:text weight:network weight`, or weights by name. What is no weight belongs to the
/// name, which may be a path.
#[must_use]
pub fn adapter(text: &str) -> Adapter {
    let number = |text: &str| text.trim().parse::<f32>().ok().filter(|number| number.is_finite());
    let (mut name, mut numbers, mut text_weight, mut network) = (text.trim(), Vec::new(), None, None);
    while let Some((before, last)) = name.rsplit_once(':') {
        match (last.split_once('='), number(last)) {
            (None, Some(weight)) if numbers.len() < 2 => numbers.insert(0, weight),
            (Some(("te", weight)), _) if number(weight).is_some() => text_weight = number(weight),
            (Some(("unet", weight)), _) if number(weight).is_some() => network = number(weight),
            // How many of its ranks are used: all of them.
            (Some(("dyn", _)), _) => {}
            _ => break,
        }
        name = before;
    }
    let text_weight = text_weight.or(numbers.first().copied()).unwrap_or(1.0);
    let weight = network.or(numbers.get(1).copied()).unwrap_or(text_weight);
    let text_weight = (text_weight != weight).then_some(text_weight);
    Adapter { name: name.trim().to_owned(), hash: String::new(), weight, text_weight }
}

/// An adapter as a tag.
#[must_use]
pub fn tag_of_adapter(adapter: &Adapter) -> String {
    let Adapter { name, weight, text_weight, .. } = adapter;
    match text_weight {
        Some(text_weight) => format!("<lora:{name}:{text_weight}:{weight}>"),
        None => format!("<lora:{name}:{weight}>"),
    }
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
            assert_eq!(
                take_tags(text),
                (left.to_owned(), tags.iter().map(|tag| (*tag).to_owned()).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn weights_are_read_as_the_original_reads_them() {
        for (text, name, weight, text_weight) in [
            ("<lora:detail>", "detail", 1.0, None),
            ("<lora:detail:0.8>", "detail", 0.8, None),
            ("<lyco:detail:0.5:0.9>", "detail", 0.9, Some(0.5)),
            ("<lora:detail:te=0.5:unet=0.8>", "detail", 0.8, Some(0.5)),
            ("<lora:detail:0.7:unet=0.2>", "detail", 0.2, Some(0.7)),
            ("<LORA:a:b:-1>", "a:b", -1.0, None),
        ] {
            let found = adapter_of_tag(text).unwrap();
            assert_eq!((found.name.as_str(), found.weight, found.text_weight), (name, weight, text_weight), "{text}");
            assert_eq!(adapter_of_tag(&tag_of_adapter(&found)), Some(found));
        }
        assert_eq!(adapter_of_tag("<hypernet:a:1>"), None);
        assert_eq!(adapter("/a/b.safetensors:0.5").name, "/a/b.safetensors");
    }

    proptest! {
        #[test]
        fn every_tag_is_taken_and_no_letter_besides(text in "(<lora:[a-z]{1,3}:1>|[a-z小,，<>: ]){0,20}") {
            let (left, tags) = take_tags(&text);
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            prop_assert_eq!(letters(&left) + tags.iter().map(|tag| letters(tag)).sum::<usize>(), letters(&text));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = take_tags(&text);
        }
    }
}
