//! The text other programs write into their pictures under `parameters`, and read there.
//!
//! Form and quoting are those of AUTOMATIC1111's stable-diffusion-webui (`modules/infotext_utils.py`,
//! `modules/processing.py`): the prompt, `Negative prompt: …`, and one last line of at least three `Key: value`.
//! The form cannot hold every text: blanks at the ends of lines are lost, and so is a line of the user's own that
//! begins with `Negative prompt:`. That is why a picture carries its exact request as well.

use std::{fmt, sync::LazyLock};

use chatsd_types::{
    Control, LearnedWord, NamedSampler, NoiseSource, Request, Sampler, SamplerOptions, Schedule, SecondPass, Size,
    Variation, adapter_of_tag, tag_of_adapter, take_tags,
};
use regex::Regex;

const NEGATIVE: &str = "Negative prompt:";
/// A last line with fewer pairs belongs to the prompt.
const LEAST_PAIRS: usize = 3;

/// `re_param_code` of stable-diffusion-webui.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)"#).expect("the pattern is a constant")
});

/// A text and the `Key: value` pairs that go with it, as any program may have written them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Infotext {
    /// The positive prompt.
    pub prompt: String,
    /// The negative prompt.
    pub negative: String,
    /// Pairs in the order of the file, values without their quotes.
    pub values: Vec<(String, String)>,
}

/// What became of an [`Infotext`] when it was applied to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Keys that were understood.
    pub taken: Vec<String>,
    /// Pairs that say nothing here, or whose value could not be read: the picture may come out otherwise.
    pub left: Vec<(String, String)>,
}

impl Infotext {
    /// What other programs shall read about `request`. It depends on the request alone, so that the same request gives
    /// the same file.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let mut values = Vec::new();
        let mut push = |key: &str, value: String| values.push((key.to_owned(), value));
        push("Steps", request.steps.to_string());
        push("Sampler", sampler_label(request.sampler).to_owned());
        push("Schedule type", schedule_label(request.schedule).to_owned());
        push("CFG scale", request.guidance.to_string());
        push("Seed", request.seed.to_string());
        push("Size", request.size.to_string());
        if let Some(variation) = request.variation {
            push("Variation seed", variation.seed.to_string());
            push("Variation seed strength", variation.strength.to_string());
        }
        if let Some(size) = request.seed_resize {
            push("Seed resize from", size.to_string());
        }
        if !request.model_hash.is_empty() {
            push("Model hash", request.model_hash.clone());
        }
        push("Model", request.model.clone());
        if request.init.is_some() {
            push("Denoising strength", request.strength.to_string());
        }
        if request.mask.is_some() {
            push("Mask blur", request.masking.blur.to_string());
            push("Masked content", request.masking.fill.to_string());
            if request.masking.only_masked {
                push("Inpaint area", "Only masked".to_owned());
                push("Masked area padding", request.masking.padding.to_string());
            }
        }
        for (index, control) in request.controls.iter().enumerate() {
            push(&format!("ControlNet {index}"), control_text(control));
        }
        if let Some(second) = &request.second_pass {
            if request.init.is_none() {
                push("Denoising strength", second.strength.to_string());
            }
            push("Hires resize", second.size.to_string());
            if second.steps > 0 {
                push("Hires steps", second.steps.to_string());
            }
            push("Hires upscaler", upscaler_label(&second.upscaler).to_owned());
        }
        if let Some(image_guidance) = request.image_guidance {
            push("Image CFG scale", image_guidance.to_string());
        }
        if request.guidance_rescale > 0.0 {
            push("CFG rescale", request.guidance_rescale.to_string());
        }
        if let Some(skip) = request.clip_skip {
            push("Clip skip", skip.to_string());
        }
        if request.noise_seed_delta > 0 {
            push("ENSD", request.noise_seed_delta.to_string());
        }
        push_options(&mut push, request);
        let hashes = request.adapters.iter().map(|adapter| (adapter.name.as_str(), adapter.hash.as_str()));
        if let Some(hashes) = hashes_text(hashes) {
            push("Lora hashes", hashes);
        }
        let hashes = request.learned_words.iter().map(|word| (word.name.as_str(), word.hash.as_str()));
        if let Some(hashes) = hashes_text(hashes) {
            push("TI hashes", hashes);
        }
        push("RNG", noise_label(request.noise).to_owned());
        if !request.prompt.style.is_empty() {
            push("Style", request.prompt.style.clone());
        }
        push("Version", "ChatSD".to_owned());
        // Adapters stand in the prompt as tags there.
        let tags = request.adapters.iter().map(|adapter| format!(" {}", tag_of_adapter(adapter)));
        let prompt = request.prompt.positive.clone() + &tags.collect::<String>();
        Self { prompt, negative: request.prompt.negative.clone(), values }
    }

    /// Reads any text: where there is no line of pairs, all is prompt.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (head, last) = text.rsplit_once('\n').unwrap_or(("", text));
        let pairs = PAIR.captures_iter(last).map(|pair| (pair[1].to_owned(), unquote(&pair[2])));
        let (lines, values) = match pairs.collect::<Vec<_>>() {
            values if values.len() >= LEAST_PAIRS => (head, values),
            _ => (text, Vec::new()),
        };
        let mut parts = [Vec::new(), Vec::new()];
        let mut part = 0;
        for line in lines.split('\n') {
            let mut line = line.trim();
            if let Some(rest) = line.strip_prefix(NEGATIVE) {
                part = 1;
                line = rest.trim();
            }
            // As there: a line that is empty while its part is empty leaves no trace.
            if !(line.is_empty() && parts[part].is_empty()) {
                parts[part].push(line);
            }
        }
        let [prompt, negative] = parts.map(|lines| lines.join("\n"));
        Self { prompt, negative, values }
    }

    /// The value of `key`; capitals do not matter.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(found, _)| found.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// The spread of noise levels, where it can be told: by its name, by the older name of a sampler with the schedule in
    /// it ("DPM++ 2M Karras"), or, where the name is "Automatic", by what that means there for the sampler.
    fn schedule(&self) -> Option<Schedule> {
        let named = self.value("Sampler").and_then(|name| name.parse::<NamedSampler>().ok());
        match self.value("Schedule type").and_then(read_schedule) {
            Some(Schedule::Automatic) => named.map(|named| named.sampler.usual_schedule()),
            Some(schedule) => Some(schedule),
            None => named?.schedule,
        }
    }

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
        let mut applied = Applied::default();
        if let Some(schedule) = self.schedule() {
            request.schedule = schedule;
        }
        for (key, value) in &self.values {
            if apply_pair(request, &key.to_lowercase(), value).is_some() {
                applied.taken.push(key.clone());
            } else {
                applied.left.push((key.clone(), value.clone()));
            }
        }
        // There the one strength is that of the second pass where there is one.
        if let Some(second) = request.second_pass.as_mut().filter(|_| request.init.is_none()) {
            second.strength = std::mem::replace(&mut request.strength, 1.0);
        }
        applied
    }
}

/// The second pass that is read, as it is before anything is known of it.
fn second_pass(request: &mut Request) -> &mut SecondPass {
    let (size, upscaler) = (request.size, "latent".to_owned());
    request.second_pass.get_or_insert(SecondPass { size, steps: 0, strength: 1.0, upscaler })
}

/// A ControlNet as the extension of that name for stable-diffusion-webui writes one.
fn control_text(control: &Control) -> String {
    let Control { name, hash, preprocessor, weight, start, end, .. } = control;
    format!(
        "Module: {preprocessor}, Model: {name} [{hash}], Weight: {weight}, Guidance Start: {start}, Guidance End: {end}"
    )
}

/// Upscalers that need no file, as stable-diffusion-webui writes them.
const UPSCALERS: [(&str, &str); 2] = [("latent", "Latent"), ("lanczos", "Lanczos")];

fn upscaler_label(name: &str) -> &str {
    UPSCALERS.iter().find(|(own, _)| *own == name).map_or(name, |(_, label)| label)
}

fn upscaler_of(label: &str) -> &str {
    UPSCALERS.iter().find(|(_, known)| *known == label).map_or(label, |(own, _)| own)
}

/// Settings of the sampler that are not the usual ones.
fn push_options(push: &mut impl FnMut(&str, String), request: &Request) {
    let (options, usual) = (request.sampling, SamplerOptions::default());
    if let Some(eta) = options.eta {
        push(if request.sampler == Sampler::Ddim { "Eta DDIM" } else { "Eta" }, eta.to_string());
    }
    for (key, value, usual) in [
        ("Sigma churn", options.s_churn, usual.s_churn),
        ("Sigma tmin", options.s_tmin, usual.s_tmin),
        ("Sigma noise", options.s_noise, usual.s_noise),
    ] {
        if value != usual {
            push(key, value.to_string());
        }
    }
    if let Some(limit) = options.s_tmax {
        push("Sigma tmax", limit.to_string());
    }
    if options.discard_penultimate {
        push("Discard penultimate sigma", "True".to_owned());
    }
}

/// Puts one pair into the request; nothing where it is not understood. `key` is in lower case.
fn apply_pair(request: &mut Request, key: &str, value: &str) -> Option<()> {
    match key {
        "steps" => request.steps = value.parse().ok()?,
        "cfg scale" => request.guidance = number(value)?,
        "image cfg scale" => request.image_guidance = Some(number(value)?),
        "cfg rescale" => request.guidance_rescale = number(value)?,
        "denoising strength" => request.strength = number(value)?,
        "mask blur" => request.masking.blur = value.parse().ok()?,
        "masked content" => request.masking.fill = value.parse().ok()?,
        "inpaint area" => request.masking.only_masked = value.eq_ignore_ascii_case("only masked"),
        "masked area padding" => request.masking.padding = value.parse().ok()?,
        "hires resize" => second_pass(request).size = value.parse().ok()?,
        "hires upscale" => {
            let (times, Size { width, height }) = (number(value)?, request.size);
            let side = |side: u32| (side as f32 * times) as u32;
            second_pass(request).size = Size { width: side(width), height: side(height) };
        }
        "hires steps" => second_pass(request).steps = value.parse().ok()?,
        "hires upscaler" => upscaler_of(value).clone_into(&mut second_pass(request).upscaler),
        "seed" => request.seed = value.parse().ok()?,
        "size" => request.size = value.parse().ok()?,
        "rng" => request.noise = value.parse::<NoiseSource>().ok()?,
        "style" => value.clone_into(&mut request.prompt.style),
        // Together with the sampler, by `Infotext::schedule`.
        "schedule type" => _ = read_schedule(value)?,
        "sampler" => request.sampler = value.parse::<NamedSampler>().ok()?.sampler,
        "variation seed" => request.variation.get_or_insert(NO_VARIATION).seed = value.parse().ok()?,
        "variation seed strength" => request.variation.get_or_insert(NO_VARIATION).strength = portion(value)?,
        "seed resize from" => request.seed_resize = Some(value.parse().ok()?),
        "ensd" => request.noise_seed_delta = value.parse().ok()?,
        "clip skip" => request.clip_skip = Some(value.parse().ok().filter(|&skip| skip > 0)?),
        "eta" | "eta ddim" => request.sampling.eta = Some(portion(value)?),
        "sigma churn" => request.sampling.s_churn = number(value).filter(|churn| *churn >= 0.0)?,
        "sigma tmin" => request.sampling.s_tmin = number(value).filter(|sigma| *sigma >= 0.0)?,
        "sigma tmax" => request.sampling.s_tmax = Some(number(value).filter(|sigma| *sigma >= 0.0)?),
        "sigma noise" => request.sampling.s_noise = number(value).filter(|noise| *noise >= 0.0)?,
        "discard penultimate sigma" => request.sampling.discard_penultimate = value.eq_ignore_ascii_case("true"),
        "lora hashes" => {
            for (name, hash) in hashes_of(value) {
                let named = request.adapters.iter_mut().filter(|adapter| adapter.name == name);
                named.for_each(|adapter| hash.clone_into(&mut adapter.hash));
            }
        }
        "ti hashes" => {
            let word = |(name, hash): (&str, &str)| LearnedWord { name: name.to_owned(), hash: hash.to_owned() };
            request.learned_words = hashes_of(value).map(word).collect();
        }
        // Says who wrote the file, nothing about the picture.
        "version" => {}
        _ => return None,
    }
    Some(())
}

/// A variation of which one of both keys is known.
const NO_VARIATION: Variation = Variation { seed: 0, strength: 0.0 };

fn portion(value: &str) -> Option<f32> {
    number(value).filter(|number| (0.0..=1.0).contains(number))
}

/// Names with their hashes, as stable-diffusion-webui lists files beside the model; nothing where there is none.
fn hashes_text<'a>(hashes: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let hashes: Vec<String> =
        hashes.filter(|(_, hash)| !hash.is_empty()).map(|(name, hash)| format!("{name}: {hash}")).collect();
    (!hashes.is_empty()).then(|| hashes.join(", "))
}

/// Reads [`hashes_text`].
fn hashes_of(value: &str) -> impl Iterator<Item = (&str, &str)> {
    value.split(',').filter_map(|pair| pair.rsplit_once(':')).map(|(name, hash)| (name.trim(), hash.trim()))
}

fn number(value: &str) -> Option<f32> {
    value.parse().ok().filter(|number: &f32| number.is_finite())
}

impl fmt::Display for Infotext {
    /// The text as other programs read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values.iter().map(|(key, value)| format!("{key}: {}", quote(value))).collect();
        let mut parts = vec![self.prompt.clone(), values.join(", ")];
        if !self.negative.is_empty() {
            parts.insert(1, format!("{NEGATIVE} {}", self.negative));
        }
        // A NUL would end the text for every reader of PNG.
        f.write_str(&parts.join("\n").trim().replace('\0', "\u{FFFD}"))
    }
}

/// Quotes what would be misread, as JSON does.
fn quote(value: &str) -> String {
    if value.contains([',', ':', '\n', '"']) || value != value.trim() {
        serde_json::Value::from(value).to_string()
    } else {
        value.to_owned()
    }
}

fn unquote(value: &str) -> String {
    let quoted = value.starts_with('"').then(|| serde_json::from_str(value).ok()).flatten();
    quoted.unwrap_or_else(|| value.to_owned())
}

/// The name of a sampler in stable-diffusion-webui (`modules/sd_samplers_kdiffusion.py`), where it has it.
fn sampler_label(sampler: Sampler) -> &'static str {
    match sampler {
        Sampler::Euler => "Euler",
        Sampler::EulerAncestral => "Euler a",
        Sampler::Lms => "LMS",
        Sampler::Heun => "Heun",
        Sampler::Dpm2 => "DPM2",
        Sampler::Dpm2Ancestral => "DPM2 a",
        Sampler::DpmPlusPlus2SAncestral => "DPM++ 2S a",
        Sampler::DpmPlusPlus2M => "DPM++ 2M",
        Sampler::DpmPlusPlusSde => "DPM++ SDE",
        Sampler::DpmPlusPlus2MSde => "DPM++ 2M SDE",
        Sampler::DpmPlusPlus2MSdeHeun => "DPM++ 2M SDE Heun",
        Sampler::DpmPlusPlus3MSde => "DPM++ 3M SDE",
        Sampler::DpmFast => "DPM fast",
        Sampler::DpmAdaptive => "DPM adaptive",
        Sampler::Restart => "Restart",
        Sampler::Ddim => "DDIM",
        Sampler::Plms => "PLMS",
        Sampler::UniPc => "UniPC",
        Sampler::Lcm => "LCM",
        Sampler::Tcd => "TCD",
    }
}

/// The label of a schedule in stable-diffusion-webui (`modules/sd_schedulers.py`), where it has it.
fn schedule_label(schedule: Schedule) -> &'static str {
    match schedule {
        Schedule::Automatic => "Automatic",
        Schedule::Uniform => "Uniform",
        Schedule::Karras => "Karras",
        Schedule::Exponential => "Exponential",
        Schedule::Polyexponential => "Polyexponential",
        Schedule::SgmUniform => "SGM Uniform",
        Schedule::KlOptimal => "KL Optimal",
        Schedule::AlignYourSteps => "Align Your Steps",
        Schedule::Simple => "Simple",
        Schedule::Normal => "Normal",
        Schedule::Ddim => "DDIM",
        Schedule::Beta => "Beta",
        Schedule::BetaSteps => "Beta Steps",
        Schedule::Trailing => "Trailing",
        Schedule::Leading => "Leading",
        Schedule::Linspace => "Linspace",
        Schedule::Flow => "Flow",
    }
}

fn read_schedule(value: &str) -> Option<Schedule> {
    let labelled = Schedule::ALL.iter().find(|&&schedule| schedule_label(schedule).eq_ignore_ascii_case(value));
    labelled.copied().or_else(|| value.replace(' ', "_").parse().ok())
}

/// As stable-diffusion-webui names its sources of noise; "NV" is the generator of NVIDIA cards.
fn noise_label(noise: NoiseSource) -> &'static str {
    match noise {
        NoiseSource::Cpu => "CPU",
        NoiseSource::Gpu => "NV",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::tests::request;
    use chatsd_types::{Adapter, Fill, Masking};
    use proptest::prelude::*;

    #[test]
    fn a_request_is_written_as_others_read_it() {
        let mut request = request("a cat, \"cute\": yes");
        request.prompt.negative = "dog".into();
        request.model = "one, two".into();
        assert_eq!(
            Infotext::of(&request).to_string(),
            "a cat, \"cute\": yes\nNegative prompt: dog\nSteps: 12, Sampler: Euler a, Schedule type: Karras, \
             CFG scale: 3.5, Seed: 18446744073709551615, Size: 8x4, Model hash: 0123456789, Model: \"one, two\", \
             RNG: CPU, Style: sticker, Version: ChatSD"
        );
    }

    #[test]
    fn a_foreign_text_is_read_as_well_as_can_be() {
        let text = "masterpiece, <lora:cat:0.8>\nsecond line\nNegative prompt: bad, ugly\nworse\n\
            Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 42, Size: 512x768, Model hash: 6ce0161689, \
            Model: v1-5, Clip skip: 2, RNG: NV, Lora hashes: \"cat: abc, dog: def\", Version: v1.10.0";
        let infotext = Infotext::parse(text);
        assert_eq!(infotext.prompt, "masterpiece, <lora:cat:0.8>\nsecond line");
        assert_eq!(infotext.negative, "bad, ugly\nworse");
        assert_eq!(infotext.value("lora hashes"), Some("cat: abc, dog: def"));
        let mut request = request("");
        let applied = infotext.apply(&mut request);
        assert_eq!((request.steps, request.seed, request.size), (20, 42, Size { width: 512, height: 768 }));
        assert_eq!((request.sampler, request.schedule), (Sampler::DpmPlusPlus2M, Schedule::Karras));
        assert_eq!((request.noise, request.clip_skip), (NoiseSource::Gpu, Some(2)));
        let left: Vec<_> = applied.left.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(left, ["Model hash", "Model"]);
        assert_eq!(request.prompt.positive, "masterpiece, second line");
        assert_eq!((request.adapters[0].weight, request.adapters[0].hash.as_str()), (0.8, "abc"));
        assert_eq!(infotext.to_string(), text);
    }

    #[test]
    fn masks_and_second_passes_read_back() {
        let mut written = request("a cat");
        written.mask = Some("00".into());
        written.init = Some("11".into());
        written.strength = 0.5;
        written.masking = Masking { blur: 7, fill: Fill::Noise, only_masked: true, padding: 9 };
        let mut read = request("");
        Infotext::parse(&Infotext::of(&written).to_string()).apply(&mut read);
        assert_eq!((read.masking, read.strength), (written.masking, 0.5));
        let second = |upscaler: &str, size| SecondPass { size, steps: 6, strength: 0.25, upscaler: upscaler.into() };
        for upscaler in ["latent", "lanczos", "4x-something"] {
            let size = Size { width: 64, height: 32 };
            let written = Request { second_pass: Some(second(upscaler, size)), ..request("a cat") };
            let mut read = request("");
            Infotext::parse(&Infotext::of(&written).to_string()).apply(&mut read);
            assert_eq!((read.second_pass, read.strength), (written.second_pass, 1.0));
        }
        let foreign = "a cat\nSteps: 20, Sampler: Euler, Size: 512x768, Denoising strength: 0.25, \
                       Hires upscale: 1.5, Hires steps: 6, Hires upscaler: Latent";
        let mut read = request("");
        Infotext::parse(foreign).apply(&mut read);
        assert_eq!(read.second_pass, Some(second("latent", Size { width: 768, height: 1152 })));
    }

    #[test]
    fn adapters_and_learned_words_are_written_and_read_as_there() {
        let mut asked = request("a cat, lynx");
        let adapter = |name: &str, hash: &str, weight, text_weight| Adapter {
            name: name.into(),
            hash: hash.into(),
            weight,
            text_weight,
        };
        asked.adapters = vec![adapter("fur", "0123456789ab", 0.8, None), adapter("ink", "ab", 1.0, Some(0.5))];
        asked.learned_words = vec![LearnedWord { name: "lynx".into(), hash: "cdef".into() }];
        let text = Infotext::of(&asked).to_string();
        assert!(text.starts_with("a cat, lynx <lora:fur:0.8> <lora:ink:0.5:1>\n"), "{text}");
        assert!(text.contains("Lora hashes: \"fur: 0123456789ab, ink: ab\", TI hashes: \"lynx: cdef\""), "{text}");
        let mut read = request("");
        Infotext::parse(&text).apply(&mut read);
        assert_eq!(read.prompt.positive, "a cat, lynx");
        assert_eq!((read.adapters, read.learned_words), (asked.adapters, asked.learned_words));
    }

    #[test]
    fn without_a_line_of_pairs_all_is_prompt() {
        let infotext = Infotext::parse("a cat: happy, dog: sad");
        assert_eq!((infotext.prompt.as_str(), infotext.values.len()), ("a cat: happy, dog: sad", 0));
        assert_eq!(Infotext::parse(""), Infotext::default());
    }

    #[test]
    fn every_label_reads_back() {
        for &schedule in Schedule::ALL {
            assert_eq!(read_schedule(schedule_label(schedule)), Some(schedule));
        }
        for &sampler in Sampler::ALL {
            assert_eq!(sampler_label(sampler).parse(), Ok(sampler));
        }
        assert_eq!(read_schedule("Bong tangent"), None);
    }

    #[test]
    fn how_the_noise_goes_is_written_and_read_back() {
        let mut asked = request("a cat");
        asked.sampler = Sampler::Dpm2Ancestral;
        asked.variation = Some(Variation { seed: 7, strength: 0.25 });
        asked.seed_resize = Some(Size { width: 512, height: 768 });
        (asked.noise_seed_delta, asked.clip_skip) = (31337, Some(2));
        let churn =
            SamplerOptions { s_churn: 4.0, s_tmin: 0.5, s_tmax: Some(10.0), s_noise: 1.003, ..Default::default() };
        asked.sampling = SamplerOptions { eta: Some(0.5), discard_penultimate: true, ..churn };
        let text = Infotext::of(&asked).to_string();
        assert!(
            text.contains(
                "Seed: 18446744073709551615, Size: 8x4, Variation seed: 7, Variation seed strength: 0.25, \
                 Seed resize from: 512x768, "
            ) && text.contains(
                "Clip skip: 2, ENSD: 31337, Eta: 0.5, Sigma churn: 4, Sigma tmin: 0.5, Sigma noise: 1.003, \
                 Sigma tmax: 10, Discard penultimate sigma: True, RNG: CPU"
            ),
            "{text}"
        );
        let mut read = request("");
        Infotext::parse(&text).apply(&mut read);
        let noise = |request: &Request| {
            let Request { sampler, schedule, sampling, variation, .. } = *request;
            let Request { seed_resize, noise_seed_delta, clip_skip, .. } = *request;
            (sampler, schedule, sampling, variation, seed_resize, noise_seed_delta, clip_skip)
        };
        assert_eq!(noise(&read), noise(&asked));
    }

    #[test]
    fn automatic_means_what_it_means_there() {
        for (pairs, sampler, schedule) in [
            ("Sampler: Euler a, Schedule type: Automatic", Sampler::EulerAncestral, Schedule::Uniform),
            ("Sampler: DPM++ 2M, Schedule type: Automatic", Sampler::DpmPlusPlus2M, Schedule::Karras),
            ("Schedule type: Automatic, Sampler: DPM++ 3M SDE", Sampler::DpmPlusPlus3MSde, Schedule::Exponential),
            ("Sampler: DPM++ 2M SDE Exponential", Sampler::DpmPlusPlus2MSde, Schedule::Exponential),
            ("Sampler: DPM++ 2M, Schedule type: SGM Uniform", Sampler::DpmPlusPlus2M, Schedule::SgmUniform),
        ] {
            let mut read = request("");
            Infotext::parse(&format!("a cat\nSteps: 20, {pairs}, Seed: 1")).apply(&mut read);
            assert_eq!((read.sampler, read.schedule), (sampler, schedule), "{pairs}");
        }
    }

    /// What the form can hold: lines without blanks at their ends, no empty line first or last.
    fn normal(text: &str) -> String {
        let lines: Vec<_> = text.split('\n').map(str::trim).collect();
        lines.join("\n").trim().replace('\0', "\u{FFFD}")
    }

    fn prose() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z,:\"'\\\\\n\t(){}\\[\\]<>|小猫🐱é ]{0,60}", any::<String>()]
    }

    proptest! {
        #[test]
        fn any_prompt_reads_back(prompt in prose(), negative in prose(), model in prose(), style in prose()) {
            let mut request = request(&normal(&prompt));
            request.prompt.negative = normal(&negative);
            request.model = model.replace('\0', "");
            request.prompt.style = style.replace('\0', "");
            let written = Infotext::of(&request);
            prop_assert_eq!(Infotext::parse(&written.to_string()), written);
        }

        #[test]
        fn any_text_can_be_parsed(text in prose()) {
            let parsed = Infotext::parse(&text);
            let applied = parsed.apply(&mut request(""));
            prop_assert_eq!(applied.taken.len() + applied.left.len(), parsed.values.len());
        }
    }
}
