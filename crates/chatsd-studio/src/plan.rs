//! From a sentence to requests.

use std::hash::{BuildHasher, Hasher, RandomState};

use chatsd_gallery::source_name;
use chatsd_prompt::{StyleLibrary, Wildcards, WriteOptions, Written, understand, write};
use chatsd_types::{
    Adapted, Adapter, Idea, ImageModel, LearnedWord, ModelCard, Note, Prompt, Request, Source, TokenCount,
    UpscaleTarget, Variation, adapter_of_tag, take_tags,
};
use serde::Serialize;

use crate::{Draft, Drafts, PictureChoices, PromptChoices, Studio, StudioError};

/// Pictures on a sheet when nobody says how many.
const COUNT: usize = 9;
/// More pictures than anyone looks at.
const COUNT_LIMIT: usize = 999;
/// How much of a starting picture is painted anew when nobody says.
const STRENGTH: f32 = 0.6;

/// A sentence with the prompts that were written for it.
#[derive(Clone, Debug, Serialize)]
pub struct Composed {
    /// What was understood.
    pub idea: Idea,
    /// Where chance began.
    pub seed: u64,
    /// The prompts.
    pub prompts: Vec<Written>,
}

impl Composed {
    /// What the user should know, each once.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        for note in self.prompts.iter().flat_map(|written| &written.notes) {
            if !notes.contains(note) {
                notes.push(note.clone());
            }
        }
        notes
    }
}

/// Understands a sentence and writes its prompts, for a model of `family`. Needs the model's tokenizer, not the model.
///
/// # Errors
/// A sentence or styles that cannot be used, a count out of range.
pub fn compose(
    sentence: &str,
    choices: &PromptChoices,
    family: &str,
    count_tokens: &dyn Fn(&str) -> TokenCount,
    library: &StyleLibrary,
    wildcards: &Wildcards<'_>,
) -> Result<Composed, StudioError> {
    let idea = understand(sentence, library)?;
    let count = choices.count.or(idea.count).unwrap_or(COUNT);
    check_count(count)?;
    let seed = choices.seed.unwrap_or_else(new_seed);
    let options = WriteOptions {
        count,
        seed,
        family: family.to_owned(),
        styles: choices.styles.clone(),
        negative: choices.negative.clone(),
        all_styles: choices.all_styles,
        wildcards,
    };
    let prompts = write(&idea, &options, library, count_tokens)?;
    Ok(Composed { idea, seed, prompts })
}

/// Requests that answer one sentence.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    /// What was understood from the sentence.
    pub idea: Idea,
    /// One for each picture, in the order of the sheet.
    pub requests: Vec<Request>,
    /// What the user should know, each once.
    pub notes: Vec<Note>,
    /// What each picture is made from: ids or SHA-256 of other entries. Empty where none is made from another.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Vec<String>>,
    /// What the pictures are drafts of, when they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drafts: Option<Drafts>,
    /// Seconds that painting may take; what does not fit is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_seconds: Option<f64>,
}

impl Studio {
    /// Understands a sentence, writes its prompts and makes each a request for `model`. The seeds of the pictures
    /// follow each other from the seed of the plan, so that each picture can be made alone. `source` is what they are
    /// painted from.
    ///
    /// # Errors
    /// A sentence, style, size or number that cannot be used.
    pub(crate) fn plan_sentence(
        &self,
        model: &dyn ImageModel,
        sentence: &str,
        prompt: &PromptChoices,
        picture: &PictureChoices,
        source: &Source,
    ) -> Result<Plan, StudioError> {
        let count_tokens = |text: &str| model.count_tokens(text);
        let family = &model.card().family;
        let composed = compose(sentence, prompt, family, &count_tokens, &self.library, &*self.wildcards)?;
        let mut notes = composed.notes();
        let has_negative = !prompt.negative.trim().is_empty() || !composed.idea.excluded.is_empty();
        let mut adapters = adapters(&composed.idea.subject, picture);
        let adapted = model.adapted(&mut adapters)?;
        let card = &adapted.card;
        let controls = crate::sources::controls(&picture.controls, &*self.models)?;
        let image_prompts = crate::sources::image_prompts(&picture.image_prompts, &*self.models)?;
        let template = Request {
            adapters,
            controls,
            image_prompts,
            init: source.init.as_ref().map(source_name),
            strength: if source.init.is_some() { STRENGTH } else { 1.0 },
            mask: source.mask.as_ref().map(|mask| source_name(&mask.to_image())),
            ..request_of(card, &composed.idea)
        };
        let template = chosen(template, card, picture)?;
        let mut requests = Vec::with_capacity(composed.prompts.len());
        for (offset, written) in (0..).zip(composed.prompts) {
            let (seed, variation) = seeds(&template, picture, composed.seed, offset);
            let mut request = Request { prompt: written.prompt, seed, variation, ..template.clone() };
            request.learned_words = learned_words(model, &request);
            card.check(&request)?;
            requests.push(request);
        }
        let drafts = draft(model, &mut requests, card, &composed.idea, picture)?;
        if let Some(first) = requests.first() {
            notes.extend(adapter_notes(&adapted, first));
            notes.extend(picture_notes(first, card, has_negative));
        }
        Ok(Plan { idea: composed.idea, requests, notes, drafts, ..Plan::default() })
    }
}

/// Makes the requests drafts, where that is wanted.
fn draft(
    model: &dyn ImageModel,
    requests: &mut [Request],
    card: &ModelCard,
    idea: &Idea,
    choices: &PictureChoices,
) -> Result<Option<Drafts>, StudioError> {
    let chosen = |key: &str| choices.parameters.has(key);
    let wanted = match choices.draft {
        Draft::On => true,
        Draft::Off => false,
        // A starting picture, a second pass or a number of steps is asked for by who knows what they want.
        Draft::Auto => {
            let starts = requests.iter().any(|request| request.init.is_some());
            let plain = !starts && !chosen("hires") && !chosen("steps");
            plain && requests.len() > 1 && Drafts::are_wanted(card)
        }
    };
    let Some(first) = requests.first().filter(|_| wanted) else { return Ok(None) };
    let drafts = Drafts::of(card, first, chosen("size") || idea.size.is_some(), chosen("steps"));
    let tiny = Drafts::finds_tiny(first, model);
    let keeps_sampler = chosen("sampler") || chosen("schedule");
    for request in requests {
        drafts.put_into(request, tiny, keeps_sampler);
        card.check(request)?;
    }
    Ok(Some(drafts))
}

/// A request for nothing yet, as a model likes it best: what is known of a picture is put into it.
#[must_use]
pub fn blank_request(card: &ModelCard) -> Request {
    request_of(card, &Idea::default())
}

/// The plan of one request that is there already, such as that of an entry.
///
/// # Errors
/// A size or number that the model cannot paint.
pub(crate) fn plan_again(
    model: &dyn ImageModel,
    card: &ModelCard,
    mut request: Request,
    parents: Vec<String>,
) -> Result<Plan, StudioError> {
    card.check(&request)?;
    model.adapted(&mut request.adapters)?;
    if !parents.is_empty() {
        // Another picture than before: it reads the words that there are now.
        request.learned_words = learned_words(model, &request);
    }
    let Prompt { own, subject, .. } = &request.prompt;
    let words = if own.is_empty() { &request.prompt.positive } else { own };
    let idea =
        Idea { sentence: words.clone(), subject: words.clone(), subject_english: subject.clone(), ..Idea::default() };
    let parents = if parents.is_empty() { Vec::new() } else { vec![parents] };
    Ok(Plan { idea, requests: vec![request], parents, ..Plan::default() })
}

pub(crate) fn check_count(found: usize) -> Result<(), StudioError> {
    if (1..=COUNT_LIMIT).contains(&found) { Ok(()) } else { Err(StudioError::Count { found, limit: COUNT_LIMIT }) }
}

/// The adapters that were chosen, then those that the sentence names; each once.
fn adapters(subject: &str, choices: &PictureChoices) -> Vec<Adapter> {
    let mut adapters = choices.adapters.clone();
    for adapter in take_tags(subject).1.iter().filter_map(|tag| adapter_of_tag(tag)) {
        if !adapters.iter().any(|known| known.name == adapter.name) {
            adapters.push(adapter);
        }
    }
    adapters
}

/// The learned words in the texts of a request.
fn learned_words(model: &dyn ImageModel, request: &Request) -> Vec<LearnedWord> {
    let Prompt { positive, negative, .. } = &request.prompt;
    model.learned_words(&format!("{positive}\n{negative}"))
}

/// What the user should know about adapters.
fn adapter_notes(adapted: &Adapted, request: &Request) -> Vec<Note> {
    let Request { steps, sampler, schedule, guidance, .. } = *request;
    let few = adapted.few_steps.iter().map(|adapter| Note::FewSteps {
        adapter: adapter.clone(),
        steps,
        sampler,
        schedule,
        guidance,
    });
    let unmatched = adapted
        .unmatched
        .iter()
        .map(|(adapter, parts)| Note::Unmatched { adapter: adapter.clone(), parts: parts.clone() });
    few.chain(unmatched).collect()
}

/// A request with what was chosen for it.
fn chosen(mut request: Request, card: &ModelCard, choices: &PictureChoices) -> Result<Request, StudioError> {
    choices.parameters.apply(&mut request)?;
    if let Some(target) = choices.parameters.value("hires") {
        settle_second_pass(&mut request, card, target);
    }
    Ok(request)
}

/// Brings a second pass of so many times to the nearest size that the model paints.
pub(crate) fn settle_second_pass(request: &mut Request, card: &ModelCard, target: UpscaleTarget) {
    if let (Some(second), UpscaleTarget::Times(_)) = (&mut request.second_pass, target)
        && second.strength > 0.0
    {
        second.size = card.nearest_size(second.size);
    }
}

/// The seed of a picture, and the second one. Where there are two, the second ones follow each other, as in
/// stable-diffusion-webui.
fn seeds(template: &Request, choices: &PictureChoices, seed: u64, offset: u64) -> (u64, Option<Variation>) {
    // A second seed alone turns nothing.
    match template.variation.filter(|_| choices.parameters.has("variation_strength")) {
        Some(Variation { strength, .. }) if strength > 0.0 => {
            let first = choices.parameters.value("variation_seed").unwrap_or(seed.wrapping_add(1));
            (seed, Some(Variation { seed: first.wrapping_add(offset), strength }))
        }
        _ => (seed.wrapping_add(offset), None),
    }
}

/// A request for nothing yet: as the sentence says, else as the model likes it best.
fn request_of(card: &ModelCard, idea: &Idea) -> Request {
    let of_shape = || Some(idea.shape?.at(card.size, card.size_step));
    Request {
        size: idea.size.or_else(of_shape).unwrap_or(card.size),
        steps: card.steps,
        guidance: card.guidance,
        sampler: card.sampler,
        schedule: card.schedule,
        ..Request::default()
    }
    .for_model(card)
}

/// What the user should know about how the pictures are painted.
fn picture_notes(request: &Request, card: &ModelCard, has_negative: bool) -> Vec<Note> {
    let mut notes = Vec::new();
    if has_negative && request.guidance == 1.0 {
        notes.push(Note::NegativeUnheard);
    }
    // Larger networks take other sizes well.
    if card.family == "pocket" && request.size != card.size {
        notes.push(Note::OtherSize { found: request.size, trained: card.size });
    }
    notes
}

/// A seed that nobody chose, of 32 bits, because other programs read no more.
pub(crate) fn new_seed() -> u64 {
    RandomState::new().build_hasher().finish() & u64::from(u32::MAX)
}
