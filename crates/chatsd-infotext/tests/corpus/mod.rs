//! Requests and foreign texts of every kind, the same ones at every run.

use chatsd_types::{
    Adapter, Control, Decoder, Fill, ImagePrompt, LearnedWord, Masking, NoiseSource, Preprocessor, Prompt, Request,
    Sampler, SamplerOptions, Schedule, SecondPass, Size, Variation,
};

/// A linear congruential generator (Knuth's MMIX).
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number from 0 to `count - 1`.
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// A number from 0 to `most`, often with many digits.
    fn number(&mut self, most: f32) -> f32 {
        let share = self.pick(&[0.0, 0.1, 0.25, 0.5, 1.0 / 3.0, 0.999, 1.0]);
        if self.one_in(2) { most * share } else { most * (self.below(1 << 20) as f32 / (1 << 20) as f32) }
    }

    fn text(&mut self) -> String {
        const TEXTS: &[&str] = &[
            "a cat",
            "a cat, \"cute\": yes",
            "可爱的小猫，开心",
            "two\nlines, of: words",
            "(a:1.2) [b:c:0.5] \\(d\\)",
            " blanks at both ends ",
            "one, two",
            "C:\\models\\x",
            "a\0b",
            "é 🐱",
            "Steps: 20, Sampler: Euler, Seed: 1",
            "<lora:tag:0.5> in the words",
            "",
        ];
        self.pick(TEXTS).to_owned()
    }

    fn name(&mut self) -> String {
        const NAMES: &[&str] =
            &["pocket", "4x-something", "canny_v1.5", "one, two", "a: b", "小猫", "latent", "lanczos"];
        self.pick(NAMES).to_owned()
    }

    fn hash(&mut self) -> String {
        self.pick(&["", "0123456789", "abcdef012345"]).to_owned()
    }

    fn size(&mut self) -> Size {
        Size { width: 8 * (1 + self.below(256) as u32), height: 8 * (1 + self.below(256) as u32) }
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(2).then(|| make(self))
    }

    fn several<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.pick(&[0, 0, 1, 2]);
        (0..count).map(|_| make(self)).collect()
    }

    fn prompt(&mut self) -> Prompt {
        let (own, added) = (self.text(), self.text());
        let style = self.pick(&["", "sticker", "flat icon", "odd, style: \"x\""]).to_owned();
        Prompt { subject: own.clone(), positive: self.text(), negative: self.text(), own, added, style }
    }

    fn sampling(&mut self) -> SamplerOptions {
        let mut options = SamplerOptions { eta: self.maybe(|chance| chance.number(1.0)), ..SamplerOptions::default() };
        if self.one_in(3) {
            options.s_churn = self.number(80.0);
            options.s_tmin = self.number(1.0);
        }
        if self.one_in(3) {
            options.s_tmax = Some(self.number(1000.0));
            options.s_noise = self.number(2.0);
        }
        options.discard_penultimate = self.one_in(3);
        options
    }

    /// A request of which every field is something.
    pub fn request(&mut self) -> Request {
        let size = self.size();
        Request {
            prompt: self.prompt(),
            model: self.name(),
            model_hash: self.hash(),
            model_licence: String::new(),
            size,
            steps: 1 + self.below(1000) as u32,
            guidance: self.number(100.0),
            guidance_rescale: self.maybe(|chance| chance.number(1.0)).unwrap_or(0.0),
            sampler: self.pick(Sampler::ALL),
            schedule: self.pick(Schedule::ALL),
            seed: self.pick(&[0, 1, 42, u64::MAX]),
            noise: self.pick(NoiseSource::ALL),
            sampling: self.sampling(),
            variation: self.maybe(|chance| Variation { seed: chance.below(99) as u64, strength: chance.number(1.0) }),
            seed_resize: self.maybe(Self::size),
            noise_seed_delta: self.pick(&[0, 1, 31337, u32::MAX]),
            batch_index: self.pick(&[0, 3]),
            init: self.maybe(|_| "11".repeat(32)),
            strength: self.pick(&[1.0, 0.6, 0.123_456_79]),
            mask: self.maybe(|_| "22".repeat(32)),
            masking: Masking {
                blur: self.below(64) as u32,
                fill: self.pick(Fill::ALL),
                only_masked: self.one_in(2),
                padding: self.below(99) as u32,
            },
            clip_skip: self.maybe(|chance| 1 + chance.below(12) as u32),
            decoder: self.pick(Decoder::ALL),
            adapters: self.several(|chance| Adapter {
                name: chance.name(),
                hash: chance.hash(),
                weight: chance.number(2.0),
                text_weight: chance.maybe(|chance| chance.number(2.0)),
            }),
            learned_words: self.several(|chance| LearnedWord { name: chance.name(), hash: chance.hash() }),
            controls: self.several(|chance| Control {
                name: chance.name(),
                hash: chance.hash(),
                image: "33".repeat(32),
                preprocessor: chance.pick(Preprocessor::ALL),
                weight: chance.number(2.0),
                start: chance.number(0.5),
                end: 0.5 + chance.number(0.5),
            }),
            image_prompts: self.several(|chance| ImagePrompt {
                name: chance.name(),
                hash: chance.hash(),
                image: "44".repeat(32),
                weight: chance.number(2.0),
            }),
            image_guidance: self.maybe(|chance| chance.number(10.0)),
            second_pass: self.maybe(|chance| SecondPass {
                size: chance.size(),
                steps: chance.pick(&[0, 6, 1000]),
                strength: chance.number(1.0),
                upscaler: chance.name(),
            }),
        }
    }

    /// A text as other programs write it: any pairs in any order.
    pub fn foreign(&mut self) -> String {
        const PAIRS: &[&str] = &[
            "Steps: 20",
            "steps: 1000",
            "Steps: many",
            "Sampler: Euler a",
            "Sampler: DPM++ 2M Karras",
            "Sampler: k_dpmpp_2m_sde_exp",
            "Sampler: Bong",
            "Schedule type: Automatic",
            "Schedule type: SGM Uniform",
            "schedule type: kl optimal",
            "Schedule type: align your steps",
            "Schedule type: Bong tangent",
            "CFG scale: 7",
            "CFG SCALE: 7.5",
            "Seed: 42",
            "Seed: -1",
            "Size: 512x768",
            "Size: -1x-1",
            "Variation seed: 5, Variation seed strength: 0.25",
            "Seed resize from: 512x512",
            "Seed resize from: -1x-1",
            "Model hash: 6ce0161689",
            "Model: \"v1, 5\"",
            "VAE hash: 735e4c3a44",
            "Denoising strength: 0.25",
            "Mask blur: 7",
            "Masked content: latent noise",
            "Masked content: void",
            "Inpaint area: Only masked",
            "Inpaint area: Whole picture",
            "Masked area padding: 9",
            "ControlNet 0: \"Module: canny, Model: c [ab], Weight: 1\"",
            "Hires upscale: 1.5",
            "Hires upscale: 1.337",
            "Hires resize: 1024x1536",
            "Hires steps: 6",
            "Hires steps: 0",
            "Hires upscaler: Latent",
            "Hires upscaler: Lanczos",
            "Hires upscaler: R-ESRGAN 4x+",
            "Hires CFG Scale: 5",
            "Image CFG scale: 1.5",
            "CFG rescale: 0.7",
            "Clip skip: 2",
            "Clip skip: 0",
            "ENSD: 31337",
            "ENSD: -31337",
            "Eta: 0.5",
            "Eta DDIM: 0.25",
            "Eta: 1.5",
            "Sigma churn: 4",
            "Sigma tmin: 0.5",
            "Sigma tmax: 10",
            "Sigma noise: 1.003",
            "Discard penultimate sigma: True",
            "Discard penultimate sigma: False",
            "Lora hashes: \"tag: abc, other: def\"",
            "TI hashes: \"lynx: cdef\"",
            "RNG: NV",
            "RNG: CPU",
            "RNG: GPU",
            "RNG: dice",
            "Style: sticker",
            "Version: v1.10.0",
        ];
        let count = 3 + self.below(12);
        let pairs: Vec<&str> = (0..count).map(|_| self.pick(PAIRS)).collect();
        format!("{}\nNegative prompt: {}\n{}", self.text(), self.text(), pairs.join(", "))
    }
}
