//! The same words in another style.

use chatsd_types::{Prompt, composed};

use crate::{Style, StyleLibrary, fit::Parts, write::negative_of};

/// The prompt with the words of its style given up for those of another. What was added besides the style stays, and
/// so does what the user does not want to see.
#[must_use]
pub fn restyle(prompt: &Prompt, style: &Style, library: &StyleLibrary) -> Prompt {
    let subject = &prompt.subject;
    let old = library.find(&prompt.style);
    // What follows the old style's words; nothing where its words had to be cut to fit.
    let first = |text: &str| composed(text).swap_remove(0).text;
    let besides = first(&prompt.positive);
    let besides = old.and_then(|old| besides.strip_prefix(&old.frame(&first(subject)))).unwrap_or_default();
    let besides: Vec<&str> = besides.split(", ").filter(|piece| !piece.is_empty()).collect();
    let (before, after) = style.sides(subject);
    let parts = Parts::new(before, subject, &after, &besides);
    let of_style = |phrase: &str| old.is_some_and(|old| old.negative.split(',').any(|other| other.trim() == phrase));
    let own: Vec<&str> = prompt.negative.split(',').map(str::trim).filter(|phrase| !of_style(phrase)).collect();
    Prompt {
        own: prompt.own.clone(),
        subject: subject.clone(),
        added: parts.added(),
        positive: parts.positive(),
        negative: negative_of(&own, style, subject),
        style: style.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_style_changes() {
        let library = StyleLibrary::builtin();
        let flat = library.find("flat").unwrap();
        let prompt = Prompt {
            own: "a cat".into(),
            subject: "a cat".into(),
            added: "flat style, red".into(),
            positive: "a cat, flat style, red".into(),
            negative: "dog".into(),
            style: "flat".into(),
        };
        let line = restyle(&prompt, library.find("line-icon").unwrap(), library);
        assert_eq!(line.positive, "a cat, line icon, red");
        assert_eq!(
            (line.added.as_str(), line.negative.as_str(), line.style.as_str()),
            ("line icon, red", "dog", "line-icon")
        );
        assert_eq!(restyle(&line, flat, library), prompt, "and back");

        let both = Prompt { subject: "a cat :1.2 AND a dog".into(), ..prompt.clone() };
        let both = Prompt { positive: "a cat, flat style, red :1.2 AND a dog, flat style, red".into(), ..both };
        let line = restyle(&both, library.find("line-icon").unwrap(), library);
        assert_eq!(line.positive, "a cat, line icon, red :1.2 AND a dog, line icon, red");
        assert_eq!(restyle(&line, flat, library), both, "and back, each part of it");

        let painting = library.styles().iter().find(|style| !style.negative.is_empty()).unwrap();
        let painted = restyle(&prompt, painting, library);
        assert!(painted.negative.starts_with("dog, ") && painted.negative.ends_with(&painting.negative), "{painted:?}");
        assert_eq!(restyle(&painted, flat, library), prompt, "the style's own negatives go with it");
    }
}
