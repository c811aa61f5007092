//! From a sentence to requests.

use std::hash::{BuildHasher, Hasher, RandomState};

use chatsd_prompt::{Note, StyleLibrary, Wildcards, WriteOptions, Written, understand, write};
use chatsd_types::{
    Adapted, Adapter, GUIDANCE_LIMIT, Idea, ImageModel, LearnedWord, Masking, ModelCard, NoiseSource, Prompt, Request,
    STEPS_LIMIT, SecondPass, Size, TokenCount, Variation, adapter_of_tag, take_tags,
};
use serde::Serialize;

use crate::{Draft, Drafts, Larger, PictureChoices, PromptChoices, SecondChoices, Studio, StudioError, draft::Chosen};

/// Pictures on a sheet when nobody says how many.
const COUNT: usize = 9;
/// More pictures than anyone looks at.
pub(crate) const COUNT_LIMIT: usize = 999;
/// How much the second pass paints anew when nobody says.
pub(crate) const SECOND_STRENGTH: f32 = 0.7;
/// Adapters that work so many times as strongly as trained only burn colours.
const ADAPTER_LIMIT: f32 = 10.0;
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
    within("the number of pictures", count as f64, 1.0, COUNT_LIMIT as f64)?;
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

impl Studio<'_> {
    /// Understands a sentence, writes its prompts and makes each a request. The seeds of the pictures follow each
    /// other from the seed of the plan, so that each picture can be made alone.
    ///
    /// # Errors
    /// A sentence, style, size or number that cannot be used.
    pub fn plan(&self, sentence: &str, prompt: &PromptChoices, picture: &PictureChoices) -> Result<Plan, StudioError> {
        let count_tokens = |text: &str| self.model.count_tokens(text);
        let family = &self.model.card().family;
        let composed = compose(sentence, prompt, family, &count_tokens, self.library, self.wildcards)?;
        let mut notes = composed.notes();
        let has_negative = !prompt.negative.trim().is_empty() || !composed.idea.excluded.is_empty();
        let mut adapters = adapters(&composed.idea.subject, picture);
        let adapted = adapt(self.model, &mut adapters)?;
        let requests = (0..).zip(composed.prompts).map(|(offset, written)| {
            request(&adapted.card, &composed.idea, written.prompt, picture, seeds(picture, composed.seed, offset))
        });
        let mut requests = requests.collect::<Result<Vec<_>, _>>()?;
        for request in &mut requests {
            request.adapters.clone_from(&adapters);
            request.learned_words = learned_words(self.model, request);
        }
        let drafts = self.draft(&mut requests, &adapted.card, &composed.idea, picture)?;
        if let Some(first) = requests.first() {
            notes.extend(adapter_notes(&adapted, first));
            notes.extend(picture_notes(first, &adapted.card, has_negative));
        }
        Ok(Plan { idea: composed.idea, requests, notes, drafts, ..Plan::default() })
    }

    /// Makes the requests drafts, where that is wanted.
    fn draft(
        &self,
        requests: &mut [Request],
        card: &ModelCard,
        idea: &Idea,
        choices: &PictureChoices,
    ) -> Result<Option<Drafts>, StudioError> {
        let chosen = Chosen {
            size: choices.size.or(idea.size).is_some(),
            steps: choices.steps.is_some(),
            sampler: choices.sampler.or(choices.schedule.map(|_| card.sampler)).is_some(),
        };
        let wanted = match choices.draft {
            Draft::On => true,
            Draft::Off => false,
            // A starting picture, a second pass or a number of steps is asked for by who knows what they want.
            Draft::Auto => {
                let plain = choices.init.is_none() && choices.second.is_none() && !chosen.steps;
                plain && requests.len() > 1 && Drafts::are_wanted(card)
            }
        };
        let Some(first) = requests.first().filter(|_| wanted) else { return Ok(None) };
        let drafts = Drafts::of(card, first, chosen);
        let tiny = Drafts::finds_tiny(first, self.model);
        for request in requests {
            drafts.put_into(request, tiny, chosen);
            check(request, card)?;
        }
        Ok(Some(drafts))
    }

    /// A request for nothing yet, as the model likes it best: what is known of a picture is put into it.
    #[must_use]
    pub fn blank(&self) -> Request {
        let card = self.model.card();
        request_of(card, &Idea::default(), Prompt::default(), &PictureChoices::default(), (0, None))
    }

    /// The plan of one request that is there already, such as that of an entry.
    ///
    /// # Errors
    /// A size or number that the model cannot paint.
    pub fn plan_again(&self, mut request: Request, parents: Vec<String>) -> Result<Plan, StudioError> {
        check(&request, self.model.card())?;
        adapt(self.model, &mut request.adapters)?;
        if !parents.is_empty() {
            // Another picture than before: it reads the words that there are now.
            request.learned_words = learned_words(self.model, &request);
        }
        let Prompt { own, subject, .. } = &request.prompt;
        let words = if own.is_empty() { &request.prompt.positive } else { own };
        let idea = Idea {
            sentence: words.clone(),
            subject: words.clone(),
            subject_english: subject.clone(),
            ..Idea::default()
        };
        let parents = if parents.is_empty() { Vec::new() } else { vec![parents] };
        Ok(Plan { idea, requests: vec![request], parents, ..Plan::default() })
    }
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

/// Looks adapters up, and tells what they make of the model.
fn adapt(model: &dyn ImageModel, adapters: &mut [Adapter]) -> Result<Adapted, StudioError> {
    for adapter in adapters.iter() {
        for weight in [adapter.weight, adapter.text_weight.unwrap_or(0.0)] {
            let limit = f64::from(ADAPTER_LIMIT);
            within("the weight of a LoRA", f64::from(weight), -limit, limit)?;
        }
    }
    Ok(model.adapted(adapters)?)
}

/// The learned words in the texts of a request.
fn learned_words(model: &dyn ImageModel, request: &Request) -> Vec<LearnedWord> {
    let Prompt { positive, negative, .. } = &request.prompt;
    model.learned_words(&format!("{positive}\n{negative}"))
}

/// What the user should know about adapters.
fn adapter_notes(adapted: &Adapted, request: &Request) -> Vec<Note> {
    let Request { steps, sampler, schedule, guidance, .. } = request;
    let how = format!("{steps} steps, {sampler}, {schedule}, guidance {guidance}");
    let few = adapted.few_steps.iter().map(|adapter| Note::FewSteps { adapter: adapter.clone(), how: how.clone() });
    let unmatched = adapted
        .unmatched
        .iter()
        .map(|(adapter, parts)| Note::Unmatched { adapter: adapter.clone(), parts: parts.clone() });
    few.chain(unmatched).collect()
}

/// A prompt with all that is needed to make the picture: the user's choices, else the sentence's, else the model's.
fn request(
    card: &ModelCard,
    idea: &Idea,
    prompt: Prompt,
    choices: &PictureChoices,
    seeds: (u64, Option<Variation>),
) -> Result<Request, StudioError> {
    let mut request = request_of(card, idea, prompt, choices, seeds);
    request.second_pass = choices.second.as_ref().map(|second| second_pass(card, request.size, second));
    check(&request, card)?;
    Ok(request)
}

/// The seed of a picture, and the second one. Where there are two, the second ones follow each other, as in
/// stable-diffusion-webui.
fn seeds(choices: &PictureChoices, seed: u64, offset: u64) -> (u64, Option<Variation>) {
    match choices.variation_strength {
        Some(strength) if strength > 0.0 => {
            let first = choices.variation_seed.unwrap_or(seed.wrapping_add(1));
            (seed, Some(Variation { seed: first.wrapping_add(offset), strength }))
        }
        _ => (seed.wrapping_add(offset), None),
    }
}

fn request_of(
    card: &ModelCard,
    idea: &Idea,
    prompt: Prompt,
    choices: &PictureChoices,
    (seed, variation): (u64, Option<Variation>),
) -> Request {
    let of_shape = || Some(idea.shape?.at(card.size, card.size_step));
    Request {
        prompt,
        model: card.name.clone(),
        model_hash: card.hash.clone(),
        model_licence: card.licence.clone(),
        size: choices.size.or(idea.size).or_else(of_shape).unwrap_or(card.size),
        steps: choices.steps.unwrap_or(card.steps),
        guidance: choices.guidance.unwrap_or(card.guidance),
        guidance_rescale: choices.guidance_rescale.unwrap_or(0.0),
        image_guidance: choices.image_guidance,
        sampler: choices.sampler.unwrap_or(card.sampler),
        schedule: choices.schedule.unwrap_or(card.schedule),
        seed,
        noise: choices.noise.unwrap_or(NoiseSource::Cpu),
        sampling: choices.sampling,
        variation,
        seed_resize: choices.seed_resize,
        noise_seed_delta: choices.noise_seed_delta.unwrap_or(0),
        decoder: choices.decoder.unwrap_or_default(),
        clip_skip: choices.clip_skip,
        init: choices.init.clone(),
        strength: if choices.init.is_some() { choices.strength.unwrap_or(STRENGTH) } else { 1.0 },
        mask: choices.mask.clone(),
        masking: if choices.mask.is_some() { choices.masking } else { Masking::default() },
        ..Request::default()
    }
}

/// The second pass over a picture of `size`. So many times is brought to the nearest size that the model paints.
fn second_pass(card: &ModelCard, size: Size, choices: &SecondChoices) -> SecondPass {
    let (larger, strength) = (choices.larger.of(size), choices.strength.unwrap_or(SECOND_STRENGTH));
    let rounds = strength > 0.0 && matches!(choices.larger, Larger::Times(_));
    SecondPass {
        size: if rounds { card.nearest_size(larger) } else { larger },
        steps: choices.steps.unwrap_or(0),
        strength,
        upscaler: choices.upscaler.clone().unwrap_or_else(|| "latent".into()),
    }
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

/// Whether the model can paint a request, as far as numbers tell.
pub(crate) fn check(request: &Request, card: &ModelCard) -> Result<(), StudioError> {
    let second = request.second_pass.as_ref();
    let first = Some(request.size).filter(|_| request.paints());
    for size in first.into_iter().chain(second.filter(|second| second.strength > 0.0).map(|second| second.size)) {
        let near = card.nearest_size(size);
        if size != near {
            let (model, step, limit) = (card.name.clone(), card.size_step, card.size_limit);
            return Err(StudioError::Size { found: size, model, step, limit, near });
        }
    }
    if let Some(second) = second {
        within("the number of steps", f64::from(second.steps), 0.0, f64::from(STEPS_LIMIT))?;
        within("the strength", f64::from(second.strength), 0.0, 1.0)?;
    }
    within("the number of steps", f64::from(request.steps), 1.0, f64::from(STEPS_LIMIT))?;
    within("the guidance", f64::from(request.guidance), 0.0, f64::from(GUIDANCE_LIMIT))?;
    within("the image guidance", f64::from(request.image_guidance.unwrap_or(1.0)), 0.0, f64::from(GUIDANCE_LIMIT))?;
    within("the guidance rescale", f64::from(request.guidance_rescale), 0.0, 1.0)?;
    if let Some(Variation { strength, .. }) = request.variation {
        within("the strength of the variation", f64::from(strength), 0.0, 1.0)?;
    }
    for (what, found, high) in request.sampling.limits() {
        within(what, f64::from(found), 0.0, f64::from(high))?;
    }
    within("the strength", f64::from(request.strength), 0.0, 1.0)
}

pub(crate) fn within(what: &'static str, found: f64, low: f64, high: f64) -> Result<(), StudioError> {
    if (low..=high).contains(&found) { Ok(()) } else { Err(StudioError::Range { what, found, low, high }) }
}

/// A seed that nobody chose, of 32 bits, because other programs read no more.
#[must_use]
pub fn new_seed() -> u64 {
    RandomState::new().build_hasher().finish() & u64::from(u32::MAX)
}
