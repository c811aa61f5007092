//! From an idea to prompts that differ on purpose: first in the family of the style, then in the style, then in
//! palette, composition and mood.

use std::collections::BTreeMap;

use chatsd_types::{Idea, Note, Prompt, TokenCount, adapter_of_tag, take_tags, weighted};
use serde::Serialize;

use crate::{
    Needs, PromptError, Style, StyleLibrary, Wildcards, additions::Additions, expand, fit::Parts, lexicon,
    random::Random, suits::kinds,
};

/// What to write.
#[derive(Clone)]
pub struct WriteOptions<'a> {
    /// How many prompts; [`all_styles`](Self::all_styles) goes before.
    pub count: usize,
    /// Decides every choice.
    pub seed: u64,
    /// Family of the model that will read the prompts: `pocket`, `sd1`, `sd2`, `sdxl`.
    pub family: String,
    /// Names of the styles to use, in order; empty for those of the idea, or a spread.
    pub styles: Vec<String>,
    /// What must not be seen, besides what the idea excludes; Chinese words are translated.
    pub negative: String,
    /// One prompt for each style the model knows.
    pub all_styles: bool,
    /// Lines of wildcard files.
    pub wildcards: &'a Wildcards<'a>,
}

impl Default for WriteOptions<'_> {
    /// Nine prompts for the built-in model.
    fn default() -> Self {
        Self {
            count: 9,
            seed: 0,
            family: "pocket".into(),
            styles: Vec::new(),
            negative: String::new(),
            all_styles: false,
            wildcards: &|_| None,
        }
    }
}

/// A prompt with its measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Written {
    /// The prompt.
    pub prompt: Prompt,
    /// Tokens of the positive text.
    #[serde(serialize_with = "tokens")]
    pub tokens: TokenCount,
    /// What the user should know.
    pub notes: Vec<Note>,
}

fn tokens<S: serde::Serializer>(count: &TokenCount, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    let mut fields = serializer.serialize_struct("TokenCount", 2)?;
    fields.serialize_field("tokens", &count.tokens)?;
    fields.serialize_field("chunk", &count.chunk)?;
    fields.end()
}

/// Writes prompts for an idea. The same idea, options and library give the same prompts.
///
/// The idea's subject stands whole and in order in every prompt, its parts joined by `AND` each in the style; `{a|b}` and `__wildcard__` in it are played out anew
/// for each. No style comes twice before each has come once, unless fewer were asked for than prompts.
///
/// # Errors
/// An unknown style in the options, one that the model cannot paint, or unreadable choices or weights in the subject,
/// in a wildcard's line, in the negative or in a style.
pub fn write(
    idea: &Idea,
    options: &WriteOptions<'_>,
    library: &StyleLibrary,
    count_tokens: &dyn Fn(&str) -> TokenCount,
) -> Result<Vec<Written>, PromptError> {
    let mut random = Random::new(options.seed);
    let own_negative = lexicon::translate(&options.negative);
    let mut notes = common_notes(idea, &own_negative.untranslated);
    let usable: Vec<&Style> = library.usable(&options.family).collect();
    if usable.is_empty() {
        return Err(PromptError::NoStyle { family: options.family.clone(), styles: library.styles().len() });
    }
    let asked = asked_styles(idea, options, library, &usable, &mut notes)?;
    let (styles, count) = if options.all_styles {
        let all = spread(&usable, &idea.subject_english, &options.family, &mut random);
        let count = all.len();
        (all, count)
    } else if asked.is_empty() {
        (spread(&usable, &idea.subject_english, &options.family, &mut random), options.count)
    } else {
        (asked, options.count)
    };
    let additions = Additions::new(&idea.subject_english, &mut random);
    let negative = [own_negative.english.as_str()].into_iter().chain(idea.excluded.iter().map(String::as_str));
    let negative: Vec<&str> = negative.collect();
    let mut result = Vec::with_capacity(count.min(4096));
    for turn in 0..count {
        let (place, round) = (turn % styles.len(), turn / styles.len());
        let style = styles[place];
        let subject = expand(&idea.subject_english, random.next(), options.wildcards)?;
        let mut notes = notes.clone();
        let subject = if subject == idea.subject_english {
            subject
        } else {
            let played = lexicon::translate(&subject);
            note_untranslated(&mut notes, &played.untranslated);
            played.english
        };
        let added = if options.family == "pocket" {
            additions.pocket(round, place, style)
        } else {
            additions.general(place, round, style)
        };
        let (before, after) = style.sides(&subject);
        let fitted = Parts::new(before, &subject, &after, &added).fit(count_tokens);
        notes.extend(fitted.notes);
        let negative = negative_of(&negative, style, &subject);
        for text in [&fitted.positive, &negative] {
            weighted(text)?;
        }
        result.push(Written {
            prompt: Prompt {
                own: idea.subject.clone(),
                added: fitted.added,
                positive: fitted.positive,
                negative,
                style: style.id.clone(),
                subject,
            },
            tokens: fitted.tokens,
            notes,
        });
    }
    Ok(result)
}

/// What is true of every prompt.
fn common_notes(idea: &Idea, untranslated: &[String]) -> Vec<Note> {
    let mut notes = Vec::new();
    let count = idea.sentence.chars().filter(|c| c.is_control()).count();
    if count > 0 {
        notes.push(Note::ControlCharacters { count });
    }
    note_untranslated(&mut notes, &idea.untranslated);
    let (_, mut tags) = take_tags(&idea.subject);
    tags.retain(|tag| adapter_of_tag(tag).is_none());
    if !tags.is_empty() {
        notes.push(Note::Tags { tags });
    }
    note_untranslated(&mut notes, untranslated);
    notes
}

/// Says which words no lexicon entry covers, each once.
fn note_untranslated(notes: &mut Vec<Note>, words: &[String]) {
    let said =
        |word: &String| notes.iter().any(|note| matches!(note, Note::Untranslated { words } if words.contains(word)));
    let words: Vec<String> = words.iter().filter(|word| !said(word)).cloned().collect();
    if !words.is_empty() {
        notes.push(Note::Untranslated { words });
    }
}

/// The styles of the options, else those of the idea that the model knows.
fn asked_styles<'a>(
    idea: &Idea,
    options: &WriteOptions<'_>,
    library: &'a StyleLibrary,
    usable: &[&'a Style],
    notes: &mut Vec<Note>,
) -> Result<Vec<&'a Style>, PromptError> {
    let mut asked: Vec<&Style> = Vec::new();
    let family = &options.family;
    for name in &options.styles {
        let style = library.get(name)?;
        if !style.needs.met_by(family) {
            let usable = usable.iter().map(|style| style.id.clone()).collect();
            return Err(PromptError::StyleNotForModel { style: style.id.clone(), family: family.clone(), usable });
        }
        asked.push(style);
    }
    if options.styles.is_empty() {
        for style in idea.styles.iter().filter_map(|id| library.find(id)) {
            if style.needs.met_by(family) {
                asked.push(style);
            } else {
                // A sentence is a wish, not an order: the picture is painted all the same.
                let near = style.near.as_deref().and_then(|id| usable.iter().find(|usable| usable.id == id));
                asked.extend(near.filter(|near| !asked.iter().any(|known| known.id == near.id)));
                notes.push(Note::StyleNotForModel {
                    style: style.id.clone(),
                    family: family.clone(),
                    instead: near.map(|near| near.id.clone()),
                });
            }
        }
    }
    Ok(asked)
}

/// Every usable style once: one of each family, then the next of each family, and so on; then those made for another
/// kind of model. Within a family, those that suit the subject come first.
fn spread<'a>(usable: &[&'a Style], subject: &str, family: &str, random: &mut Random) -> Vec<&'a Style> {
    let kinds = kinds(subject);
    let is_foreign = |style: &&&Style| (family == "pocket") != (style.needs == Needs::Pocket);
    let (foreign, native): (Vec<&Style>, Vec<&Style>) = usable.iter().partition(is_foreign);
    let mut result = Vec::with_capacity(usable.len());
    for styles in [native, foreign] {
        let mut families: BTreeMap<&str, Vec<&Style>> = BTreeMap::new();
        for style in styles {
            families.entry(&style.family).or_default().push(style);
        }
        let mut families: Vec<Vec<&Style>> = families.into_values().collect();
        random.shuffle(&mut families);
        for styles in &mut families {
            random.shuffle(styles);
            let suits = |style: &Style, kind: &str| style.suits.iter().any(|suited| suited == kind);
            styles.sort_by_key(|style| kinds.iter().filter(|kind| !suits(style, kind)).count());
        }
        let rounds = families.iter().map(Vec::len).max().unwrap_or(0);
        result
            .extend((0..rounds).flat_map(|round| families.iter().filter_map(move |styles| styles.get(round).copied())));
    }
    result
}

/// What must not be seen: what the user said, then what the style says, without a phrase that has come before, and
/// without a phrase of the style's that the user wants to see.
pub(crate) fn negative_of(own: &[&str], style: &Style, subject: &str) -> String {
    fn phrases(text: &str) -> impl Iterator<Item = &str> {
        text.split(',').map(str::trim).filter(|phrase| !phrase.is_empty())
    }
    let small = subject.to_lowercase();
    let wanted: Vec<&str> = small.split(|c: char| !c.is_alphanumeric()).collect();
    let is_wanted = |phrase: &&str| phrase.split_whitespace().all(|word| wanted.contains(&word));
    let own = own.iter().flat_map(|text| phrases(text));
    let mut result: Vec<&str> = Vec::new();
    for phrase in own.chain(phrases(&style.negative).filter(|phrase| !is_wanted(phrase))) {
        if !result.contains(&phrase) {
            result.push(phrase);
        }
    }
    result.join(", ")
}

#[cfg(test)]
mod tests;
