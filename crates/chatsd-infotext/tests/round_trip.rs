//! What is written is what others read, and reads back; what others write is read as well as can be.

use chatsd_infotext::Infotext;
use chatsd_types::{
    Adapter, Fill, LearnedWord, Masking, NoiseSource, PARAMETERS, Prompt, Request, Sampler, SamplerOptions, Schedule,
    SecondPass, Size, Variation, sample_request, unusual_value,
};
use proptest::prelude::*;

/// What is read of a text into a request that is blank but for its pictures.
fn read_with_pictures(text: &str) -> Request {
    let mut read = Request { init: Some("11".into()), mask: Some("00".into()), ..Request::default() };
    Infotext::parse(text).apply(&mut read);
    read
}

/// Whoever adds a parameter with a label to the table need not come here.
#[test]
fn every_parameter_with_a_label_is_written_and_read_back() {
    let second_pass = SecondPass { size: Size { width: 8, height: 8 }, steps: 1, strength: 0.5, upscaler: "x".into() };
    for parameter in PARAMETERS.iter().filter(|parameter| !parameter.label.is_empty()) {
        let mut asked = Request { init: Some("11".into()), mask: Some("00".into()), ..Request::default() };
        asked.masking.only_masked = true;
        asked.second_pass = Some(second_pass.clone());
        let usual = (parameter.get)(&asked);
        parameter.put(&mut asked, &unusual_value(parameter.values)).unwrap();
        let value = (parameter.get)(&asked);
        assert!(value.is_some() && (value != usual || parameter.key == "only_masked"), "{}: {usual:?}", parameter.key);
        let infotext = Infotext::of(&asked);
        assert!(infotext.value(parameter.label).is_some(), "{}", parameter.label);
        assert_eq!((parameter.get)(&read_with_pictures(&infotext.to_string())), value, "{}", parameter.key);
    }
}

#[test]
fn what_no_parameter_may_be_is_left() {
    let mut read = Request::default();
    let pairs = "Steps: 0, Steps: 1001, CFG scale: inf, Clip skip: 0, Eta: 1.5, Denoising strength: -0.1, Sigma noise: x, \
                 Hires upscale: nan, Discard penultimate sigma: maybe, : 3, Prompt: y, Sampler: Bong";
    let applied = Infotext::parse(&format!("a cat\n{pairs}")).apply(&mut read);
    assert_eq!(applied.taken, [""; 0]);
    assert_eq!(applied.left.len(), 11, "{:?}", applied.left);
    let prompt = Prompt { own: "a cat".into(), subject: "a cat".into(), positive: "a cat".into(), ..Prompt::default() };
    assert_eq!(read, Request { prompt, ..Request::default() });
}

/// A pair without a key is none of the parameters that have no label.
#[test]
fn an_empty_key_is_no_parameter() {
    let infotext = Infotext { values: vec![(String::new(), "3".into())], ..Infotext::default() };
    assert_eq!(infotext.apply(&mut Request::default()).left.len(), 1);
}

#[test]
fn a_request_is_written_as_others_read_it() {
    let mut request = sample_request("a cat, \"cute\": yes");
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
    let mut request = sample_request("");
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
    let mut written = sample_request("a cat");
    written.mask = Some("00".into());
    written.init = Some("11".into());
    written.strength = 0.5;
    written.masking = Masking { blur: 7, fill: Fill::Noise, only_masked: true, padding: 9 };
    let mut read = sample_request("");
    Infotext::parse(&Infotext::of(&written).to_string()).apply(&mut read);
    assert_eq!((read.masking, read.strength), (written.masking, 0.5));
    let second = |upscaler: &str, size| SecondPass { size, steps: 6, strength: 0.25, upscaler: upscaler.into() };
    for upscaler in ["latent", "lanczos", "4x-something"] {
        let size = Size { width: 64, height: 32 };
        let written = Request { second_pass: Some(second(upscaler, size)), ..sample_request("a cat") };
        let mut read = sample_request("");
        Infotext::parse(&Infotext::of(&written).to_string()).apply(&mut read);
        assert_eq!((read.second_pass, read.strength), (written.second_pass, 1.0));
    }
    let foreign = "a cat\nSteps: 20, Sampler: Euler, Size: 512x768, Denoising strength: 0.25, \
                   Hires upscale: 1.5, Hires steps: 6, Hires upscaler: Latent";
    let mut read = sample_request("");
    Infotext::parse(foreign).apply(&mut read);
    assert_eq!(read.second_pass, Some(second("latent", Size { width: 768, height: 1152 })));
}

#[test]
fn adapters_and_learned_words_are_written_and_read_as_there() {
    let mut asked = sample_request("a cat, lynx");
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
    let mut read = sample_request("");
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
fn how_the_noise_goes_is_written_and_read_back() {
    let mut asked = sample_request("a cat");
    asked.sampler = Sampler::Dpm2Ancestral;
    asked.variation = Some(Variation { seed: 7, strength: 0.25 });
    asked.seed_resize = Some(Size { width: 512, height: 768 });
    (asked.noise_seed_delta, asked.clip_skip) = (31337, Some(2));
    let churn = SamplerOptions { s_churn: 4.0, s_tmin: 0.5, s_tmax: Some(10.0), s_noise: 1.003, ..Default::default() };
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
    let mut read = sample_request("");
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
        ("Sampler: DDIM, Schedule type: DDIM Uniform", Sampler::Ddim, Schedule::Ddim),
    ] {
        let mut read = sample_request("");
        let applied = Infotext::parse(&format!("a cat\nSteps: 20, {pairs}, Seed: 1")).apply(&mut read);
        assert_eq!(applied.left, [], "{pairs}");
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
        let mut request = sample_request(&normal(&prompt));
        request.prompt.negative = normal(&negative);
        request.model = model.replace('\0', "");
        request.prompt.style = style.replace('\0', "");
        let written = Infotext::of(&request);
        prop_assert_eq!(Infotext::parse(&written.to_string()), written);
    }

    #[test]
    fn any_text_can_be_parsed(text in prose()) {
        let parsed = Infotext::parse(&text);
        let applied = parsed.apply(&mut sample_request(""));
        prop_assert_eq!(applied.taken.len() + applied.left.len(), parsed.values.len());
    }
}
