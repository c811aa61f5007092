//! From a sentence to an idea: instructions are taken out, every other word stays as it was typed.

mod asked;
mod count;
mod excluded;
mod size;
mod text;

use chatsd_types::{Idea, Language, take_tags, weighted};
use text::Text;

use crate::{
    PromptError, StyleLibrary,
    lexicon::{self, is_han},
    template,
};

/// Characters that a sentence may have.
pub const LENGTH_LIMIT: usize = 4_000;

/// Reads a sentence in English, Chinese or both.
///
/// Taken out of the subject and kept in their own fields: a number of pictures, a size or shape, styles asked for
/// ("in flat style", "像素风", a trailing `--styles a,b` or `-- a,b`), and what must not be seen. What is inside
/// `{…}`, `__…__`, `<…>` and `[…]` with a `|` or a time is never read as an instruction. Control characters become spaces.
///
/// # Errors
/// An empty, overlong or wordless sentence, one with nothing but instructions, unreadable choices or weights, and an
/// unknown name in `--styles`.
pub fn understand(sentence: &str, library: &StyleLibrary) -> Result<Idea, PromptError> {
    if sentence.len() > LENGTH_LIMIT {
        let found = sentence.chars().count();
        if found > LENGTH_LIMIT {
            return Err(PromptError::TooLong { found, limit: LENGTH_LIMIT });
        }
    }
    let clean: String = sentence.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.trim().is_empty() {
        return Err(PromptError::Empty);
    }
    // Before anything is taken out, so that columns are those of the sentence.
    template::check(&clean)?;
    weighted(&clean)?;
    let mut text = Text::new(clean.trim());
    let mut styles = asked::take_list(&mut text, library)?;
    let (size, shape) = size::take(&mut text);
    let count = count::take(&mut text);
    asked::take(&mut text, library, &mut styles);
    // "六张水彩风格的龙" is a number of pictures once the style is out.
    let count = count.or_else(|| count::take(&mut text));
    let (excluded, unknown) = excluded::take(&mut text);
    let subject = text.finish();
    let (words, _) = take_tags(&subject);
    if !words.chars().any(is_content) {
        let found = clean.trim().chars().take(40).collect();
        return Err(PromptError::NothingToPaint { found });
    }
    let language = language(&words);
    let mut translation = lexicon::translate(&words);
    translation.untranslated.extend(unknown);
    Ok(Idea {
        sentence: sentence.to_owned(),
        language,
        subject,
        subject_english: translation.english,
        untranslated: translation.untranslated,
        count,
        size,
        shape,
        styles,
        excluded,
    })
}

/// A letter, a digit or a pictograph; not a mark.
fn is_content(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{2600}'..='\u{27BF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Chinese where Chinese characters outnumber the words of other scripts.
fn language(text: &str) -> Language {
    let han = text.chars().filter(|&c| is_han(c)).count();
    let words = text.split(|c: char| !c.is_alphabetic() || is_han(c)).filter(|word| !word.is_empty()).count();
    if han > words { Language::Chinese } else { Language::English }
}

#[cfg(test)]
mod tests;
