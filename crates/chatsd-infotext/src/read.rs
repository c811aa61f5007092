//! A text of any program as a request.

use std::mem;

use chatsd_types::{
    LearnedWord, NamedSampler, PARAMETERS, Request, Schedule, Size, adapter_of_tag, parameter, take_tags,
};

use crate::{Infotext, hashes, spelling};

/// What became of an [`Infotext`] when it was applied to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Keys that were understood.
    pub taken: Vec<String>,
    /// Pairs that say nothing here, or whose value is none that the parameter may have: the picture may come out
    /// otherwise.
    pub left: Vec<(String, String)>,
}

impl Infotext {
    /// Puts into `request` what can be understood, as well as it can be, and tells what could not.
    /// Model and model hash are left to the caller, who knows which models there are.
    pub fn apply(&self, request: &mut Request) -> Applied {
        let (words, tags) = take_tags(&self.prompt);
        request.adapters = tags.iter().filter_map(|tag| adapter_of_tag(tag)).collect();
        let prompt = &mut request.prompt;
        for text in [&mut prompt.own, &mut prompt.subject, &mut prompt.positive] {
            text.clone_from(&words);
        }
        prompt.negative.clone_from(&self.negative);
        prompt.added.clear();
        prompt.style.clear();
        let schedule = self.schedule().unwrap_or(request.schedule);
        let mut applied = Applied::default();
        for (key, value) in &self.values {
            if take(request, key, value).is_some() {
                applied.taken.push(key.clone());
            } else {
                applied.left.push((key.clone(), value.clone()));
            }
        }
        // The name of a sampler and the schedule's own pair may each tell it, in any order.
        request.schedule = schedule;
        // There the one strength is that of the second pass where there is one.
        if let (None, Some(second)) = (&request.init, &mut request.second_pass) {
            second.strength = mem::replace(&mut request.strength, 1.0);
        }
        applied
    }

    /// The spread of noise levels, where it can be told: by its name, by the older name of a sampler with the schedule in
    /// it ("DPM++ 2M Karras"), or, where the name is "Automatic", by what that means there for the sampler.
    fn schedule(&self) -> Option<Schedule> {
        let named = self.value("Sampler").and_then(|name| name.parse::<NamedSampler>().ok());
        match self.value("Schedule type").and_then(|label| spelling::schedule_name(label).parse().ok()) {
            Some(Schedule::Automatic) => named.map(|named| named.sampler.usual_schedule()),
            Some(schedule) => Some(schedule),
            None => named?.schedule,
        }
    }
}

/// Puts one pair into the request; nothing where it is not understood.
fn take(request: &mut Request, key: &str, value: &str) -> Option<()> {
    match key.to_lowercase().as_str() {
        "lora hashes" => {
            for (name, hash) in hashes::read(value) {
                let named = request.adapters.iter_mut().filter(|adapter| adapter.name == name);
                named.for_each(|adapter| hash.clone_into(&mut adapter.hash));
            }
            Some(())
        }
        "ti hashes" => {
            let word = |(name, hash): (&str, &str)| LearnedWord { name: name.to_owned(), hash: hash.to_owned() };
            request.learned_words = hashes::read(value).map(word).collect();
            Some(())
        }
        // Says who wrote the file, nothing about the picture.
        "version" => Some(()),
        "hires upscale" => {
            let times: f32 = value.parse().ok().filter(|times: &f32| times.is_finite())?;
            // Cut, not rounded, as there.
            let side = |side: u32| (side as f32 * times) as u32;
            let size = Size { width: side(request.size.width), height: side(request.size.height) };
            parameter("hires").ok()?.put(request, &size.to_string()).ok()
        }
        label => {
            let label = if label.eq_ignore_ascii_case(spelling::ETA_OF_DDIM) { "eta" } else { label };
            let mut labelled = PARAMETERS.iter().filter(|parameter| !parameter.label.is_empty());
            let parameter = labelled.find(|parameter| parameter.label.eq_ignore_ascii_case(label))?;
            parameter.put(request, &spelling::read(parameter, value)).ok()
        }
    }
}
