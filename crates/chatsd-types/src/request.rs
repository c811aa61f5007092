//! A prompt with everything needed to make the picture again, and the table of its parameters: whoever adds one adds a
//! field and a row here. What a request comes to stands in `painting.rs`.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    Adapter, Control, Decoder, Fill, ImagePrompt, LearnedWord, Masking, NamedSampler, NoiseSource, Prompt, Sampler,
    SamplerOptions, Schedule, SecondPass, Size, UpscaleTarget, Variation,
    bilingual::bilingual,
    parameter::{Parameter, ParameterError, ParameterValues, Prerequisite},
};

/// Enough to make the picture again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What to paint.
    pub prompt: Prompt,
    /// Name of the model ("pocket" is the built-in one).
    pub model: String,
    /// Hash of the model's weights: first ten hex digits of SHA-256, as other programs write it.
    pub model_hash: String,
    /// Licence of the model, as an SPDX expression where there is one; empty where nobody asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model_licence: String,
    /// Pixels.
    pub size: Size,
    /// Passes of the sampler.
    pub steps: u32,
    /// Classifier-free guidance; 1 is none.
    pub guidance: f32,
    /// Guidance rescale of Lin et al. 2023, 0 to 1; 0 is none.
    #[serde(default)]
    pub guidance_rescale: f32,
    /// The stepping rule.
    pub sampler: Sampler,
    /// How the noise levels are spread.
    pub schedule: Schedule,
    /// Seed of the starting noise.
    pub seed: u64,
    /// The generator of the starting noise.
    pub noise: NoiseSource,
    /// Settings of the stepping rule that are not the usual ones.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sampling: SamplerOptions,
    /// A second seed, and how far the starting noise is turned toward its noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<Variation>,
    /// The starting noise is that of a picture of this size in the middle, and new around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed_resize: Option<Size>,
    /// Added to the seed for the noise that is drawn after the starting noise: other programs' "ENSD".
    #[serde(default, skip_serializing_if = "is_default")]
    pub noise_seed_delta: u32,
    /// Pictures of the same seed before this one: its starting noise is drawn after theirs, as in other programs' batches.
    #[serde(default, skip_serializing_if = "is_default")]
    pub batch_index: u32,
    /// Image to image: SHA-256 of the starting picture, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<String>,
    /// Image to image: how much is painted anew, 0 to 1. Without a starting picture it is 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub strength: f32,
    /// Masked painting: SHA-256 of the mask, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Masked painting: how.
    #[serde(default, skip_serializing_if = "is_default")]
    pub masking: Masking,
    /// Which layer of the text encoder is read, counted from the last, which is 1; `None` is the model's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_skip: Option<u32>,
    /// Which autoencoder makes the pixels.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decoder: Decoder,
    /// LoRAs and their relatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adapters: Vec<Adapter>,
    /// Learned words that the prompt uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learned_words: Vec<LearnedWord>,
    /// ControlNets; their pictures stand in the same order in [`crate::Source::controls`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<Control>,
    /// Pictures looked at like prompts; they stand in the same order in [`crate::Source::image_prompts`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_prompts: Vec<ImagePrompt>,
    /// Models that edit a picture by an instruction: how closely the starting picture is kept; `None` is 1.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_guidance: Option<f32>,
    /// A second pass over the picture made larger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_pass: Option<SecondPass>,
}

impl Default for Request {
    /// Nothing asked for yet: no words, no size, one step without guidance.
    fn default() -> Self {
        Self {
            prompt: Prompt::default(),
            model: String::new(),
            model_hash: String::new(),
            model_licence: String::new(),
            size: Size { width: 0, height: 0 },
            steps: 1,
            guidance: 1.0,
            guidance_rescale: 0.0,
            sampler: Sampler::Euler,
            schedule: Schedule::Automatic,
            seed: 0,
            noise: NoiseSource::Cpu,
            sampling: SamplerOptions::default(),
            variation: None,
            seed_resize: None,
            noise_seed_delta: 0,
            batch_index: 0,
            init: None,
            strength: 1.0,
            mask: None,
            masking: Masking::default(),
            clip_skip: None,
            decoder: Decoder::default(),
            adapters: Vec::new(),
            learned_words: Vec::new(),
            controls: Vec::new(),
            image_prompts: Vec::new(),
            image_guidance: None,
            second_pass: None,
        }
    }
}

/// Most steps a request may ask for: a model has 1000 training time steps, and no sampler gains from more.
const STEPS_LIMIT: u64 = 1000;
/// Guidance beyond this only burns colours.
const GUIDANCE_LIMIT: f32 = 100.0;
/// No model that is known has noise levels near this.
const SIGMA_LIMIT: f32 = 1e6;
/// More noise than this only burns colours.
const NOISE_LIMIT: f32 = 10.0;
/// No text encoder has so many layers.
const LAYERS_LIMIT: u64 = 100;
/// Pixels; a softer edge is no edge.
const BLUR_LIMIT: u64 = 1024;
/// Pixels; no picture is larger.
const PADDING_LIMIT: u64 = 1 << 14;
/// Pictures of one seed before this one: their noise is drawn and thrown away.
const BATCH_LIMIT: u64 = 1000;
/// How much the second pass paints anew when nobody says.
pub(crate) const SECOND_PASS_STRENGTH: f32 = 0.7;
/// A variation of which only the seed or only the strength is given.
const VARIATION: Variation = Variation { seed: 1, strength: 0.1 };

/// Every parameter of a request, in the order in which a picture's `parameters` text names them.
pub static PARAMETERS: &[Parameter] = &[
    Parameter {
        key: "steps",
        name: bilingual("the number of steps", "步数"),
        help: bilingual("Passes of the sampler", "采样步数"),
        otherwise: bilingual("the model's", "随模型"),
        values: ParameterValues::Whole { low: 1, high: STEPS_LIMIT },
        needs: None,
        has_flag: true,
        label: "Steps",
        get: |request| Some(request.steps.to_string()),
        set: |request, text| store(&mut request.steps, text),
    },
    Parameter {
        key: "sampler",
        name: bilingual("the sampler", "采样器"),
        help: bilingual(
            "Stepping rule; a schedule may follow: \"dpm++ 2m karras\"",
            "采样器；后面可以跟噪声调度：\"dpm++ 2m karras\"",
        ),
        otherwise: bilingual("the model's", "随模型"),
        values: ParameterValues::Name { all: Sampler::names },
        needs: None,
        has_flag: true,
        label: "Sampler",
        get: |request| Some(request.sampler.to_string()),
        set: |request, text| {
            let NamedSampler { sampler, schedule } = text.parse().ok()?;
            (request.sampler, request.schedule) = (sampler, schedule.unwrap_or(request.schedule));
            Some(())
        },
    },
    Parameter {
        key: "schedule",
        name: bilingual("the schedule", "噪声调度"),
        help: bilingual("Spread of the noise levels over the steps", "噪声在各步中的分布"),
        otherwise: bilingual("the model's", "随模型"),
        values: ParameterValues::Name { all: Schedule::names },
        needs: None,
        has_flag: true,
        label: "Schedule type",
        get: |request| Some(request.schedule.to_string()),
        set: |request, text| store(&mut request.schedule, text),
    },
    Parameter {
        key: "guidance",
        name: bilingual("the guidance", "引导强度"),
        help: bilingual("How strongly the prompt rules; 1 is not at all", "提示词的引导强度；1 表示不引导"),
        otherwise: bilingual("the model's", "随模型"),
        values: ParameterValues::Number { low: 0.0, high: GUIDANCE_LIMIT },
        needs: None,
        has_flag: true,
        label: "CFG scale",
        get: |request| Some(request.guidance.to_string()),
        set: |request, text| store(&mut request.guidance, text),
    },
    Parameter {
        key: "seed",
        name: bilingual("the seed", "种子"),
        help: bilingual("Seed of the starting noise", "初始噪声的种子"),
        otherwise: bilingual("chance", "随机"),
        values: ParameterValues::Whole { low: 0, high: u64::MAX },
        needs: None,
        has_flag: false,
        label: "Seed",
        get: |request| Some(request.seed.to_string()),
        set: |request, text| store(&mut request.seed, text),
    },
    Parameter {
        key: "size",
        name: bilingual("the size", "尺寸"),
        help: bilingual("Width and height in pixels, such as 128x128", "宽和高（像素），如 128x128"),
        otherwise: bilingual("the model's", "随模型"),
        values: ParameterValues::Size,
        needs: None,
        has_flag: true,
        label: "Size",
        get: |request| Some(request.size.to_string()),
        set: |request, text| store(&mut request.size, text),
    },
    Parameter {
        key: "variation_seed",
        name: bilingual("the variation seed", "变化种子"),
        help: bilingual(
            "A second seed, whose noise the starting noise is turned toward",
            "第二个种子，初始噪声转向它的噪声",
        ),
        otherwise: bilingual("the seed's next", "种子的下一个"),
        values: ParameterValues::Whole { low: 0, high: u64::MAX },
        needs: None,
        has_flag: true,
        label: "Variation seed",
        get: |request| Some(request.variation?.seed.to_string()),
        set: |request, text| store(&mut request.variation.get_or_insert(VARIATION).seed, text),
    },
    Parameter {
        key: "variation_strength",
        name: bilingual("the strength of the variation", "变化程度"),
        help: bilingual(
            "How far the starting noise is turned toward that of the second seed, 0 to 1",
            "初始噪声向第二个种子的噪声转多远，0 到 1",
        ),
        otherwise: bilingual("0", "0"),
        values: ParameterValues::Number { low: 0.0, high: 1.0 },
        needs: None,
        has_flag: true,
        label: "Variation seed strength",
        get: |request| Some(request.variation?.strength.to_string()),
        set: |request, text| store(&mut request.variation.get_or_insert(VARIATION).strength, text),
    },
    Parameter {
        key: "seed_resize",
        name: bilingual("the size of the starting noise", "初始噪声的尺寸"),
        help: bilingual(
            "Size of the picture whose starting noise is taken, such as 512x512",
            "初始噪声取自这一尺寸的图片，如 512x512",
        ),
        otherwise: bilingual("the picture's", "图片的尺寸"),
        values: ParameterValues::Size,
        needs: None,
        has_flag: true,
        label: "Seed resize from",
        get: |request| Some(request.seed_resize?.to_string()),
        set: |request, text| store_some(&mut request.seed_resize, text),
    },
    Parameter {
        key: "strength",
        name: bilingual("the strength", "重画程度"),
        help: bilingual("How much of the starting picture is painted anew, 0 to 1", "起始图片重画的程度，0 到 1"),
        otherwise: bilingual("0.6 with a starting picture", "有起始图片时为 0.6"),
        values: ParameterValues::Number { low: 0.0, high: 1.0 },
        needs: Some(Prerequisite::Init),
        has_flag: true,
        label: "Denoising strength",
        get: |request| request.init.as_ref().map(|_| request.strength.to_string()),
        set: |request, text| store(&mut request.strength, text),
    },
    Parameter {
        key: "mask_blur",
        name: bilingual("the blur of the mask", "蒙版柔化"),
        help: bilingual("Pixels over which the edge of the mask is softened", "蒙版边缘柔化的像素数"),
        otherwise: bilingual("4", "4"),
        values: ParameterValues::Whole { low: 0, high: BLUR_LIMIT },
        needs: Some(Prerequisite::Mask),
        has_flag: true,
        label: "Mask blur",
        get: |request| masking(request).map(|masking| masking.blur.to_string()),
        set: |request, text| store(&mut request.masking.blur, text),
    },
    Parameter {
        key: "mask_fill",
        name: bilingual("the fill of the mask", "蒙版填充"),
        help: bilingual("What stands under the mask at first", "蒙版下面先放什么"),
        otherwise: bilingual("original", "original"),
        values: ParameterValues::Name { all: Fill::names },
        needs: Some(Prerequisite::Mask),
        has_flag: true,
        label: "Masked content",
        get: |request| masking(request).map(|masking| masking.fill.to_string()),
        set: |request, text| store(&mut request.masking.fill, text),
    },
    Parameter {
        key: "only_masked",
        name: bilingual("\"only masked\"", "“只画蒙版”"),
        help: bilingual(
            "Paint only the masked part, at the whole size, and put it back",
            "只画蒙版盖住的部分，用全部尺寸，再放回去",
        ),
        otherwise: bilingual("false", "false"),
        values: ParameterValues::Truth,
        needs: Some(Prerequisite::Mask),
        has_flag: true,
        label: "Inpaint area",
        get: |request| masking(request).filter(|masking| masking.only_masked).map(|_| true.to_string()),
        set: |request, text| store(&mut request.masking.only_masked, text),
    },
    Parameter {
        key: "mask_padding",
        name: bilingual("the padding of the mask", "蒙版边距"),
        help: bilingual(
            "Pixels around the masked part that are seen with --only-masked",
            "用 --only-masked 时，蒙版周围看得见的像素数",
        ),
        otherwise: bilingual("32", "32"),
        values: ParameterValues::Whole { low: 0, high: PADDING_LIMIT },
        needs: Some(Prerequisite::Mask),
        has_flag: true,
        label: "Masked area padding",
        get: |request| {
            masking(request).filter(|masking| masking.only_masked).map(|masking| masking.padding.to_string())
        },
        set: |request, text| store(&mut request.masking.padding, text),
    },
    Parameter {
        key: "hires",
        name: bilingual("the size of the second pass", "第二遍的尺寸"),
        help: bilingual(
            "Paint once more over the picture made larger: so many times, or to this size",
            "放大后再画一遍：倍数，或尺寸",
        ),
        otherwise: bilingual("no second pass", "不画第二遍"),
        values: ParameterValues::UpscaleTarget,
        needs: None,
        has_flag: true,
        label: "Hires resize",
        get: |request| Some(request.second_pass.as_ref()?.size.to_string()),
        set: |request, text| {
            let size = text.parse::<UpscaleTarget>().ok()?.of(request.size);
            second_pass(request).size = size;
            Some(())
        },
    },
    Parameter {
        key: "hires_steps",
        name: bilingual("the number of steps of the second pass", "第二遍的步数"),
        help: bilingual("Steps of the second pass", "第二遍的步数"),
        otherwise: bilingual("as many as the first", "与第一遍相同"),
        values: ParameterValues::Whole { low: 0, high: STEPS_LIMIT },
        needs: Some(Prerequisite::SecondPass),
        has_flag: true,
        label: "Hires steps",
        get: |request| {
            request.second_pass.as_ref().filter(|second| second.steps > 0).map(|second| second.steps.to_string())
        },
        set: |request, text| store(&mut second_pass(request).steps, text),
    },
    Parameter {
        key: "hires_strength",
        name: bilingual("the strength of the second pass", "第二遍的重画程度"),
        help: bilingual(
            "How much the second pass paints anew, 0 to 1; 0 makes larger and paints nothing",
            "第二遍重画的程度，0 到 1；0 只放大不重画",
        ),
        otherwise: bilingual("0.7", "0.7"),
        values: ParameterValues::Number { low: 0.0, high: 1.0 },
        needs: Some(Prerequisite::SecondPass),
        has_flag: true,
        label: "",
        get: |request| Some(request.second_pass.as_ref()?.strength.to_string()),
        set: |request, text| store(&mut second_pass(request).strength, text),
    },
    Parameter {
        key: "hires_upscaler",
        name: bilingual("the upscaler of the second pass", "第二遍的放大器"),
        help: bilingual(
            "What makes the picture larger: latent, lanczos, or an upscaler's file",
            "用什么放大：latent、lanczos，或放大模型的文件",
        ),
        otherwise: bilingual("latent", "latent"),
        values: ParameterValues::Text,
        needs: Some(Prerequisite::SecondPass),
        has_flag: true,
        label: "Hires upscaler",
        get: |request| Some(request.second_pass.as_ref()?.upscaler.clone()),
        set: |request, text| store(&mut second_pass(request).upscaler, text),
    },
    Parameter {
        key: "image_guidance",
        name: bilingual("the image guidance", "图片引导强度"),
        help: bilingual(
            "How closely a model that edits pictures keeps to the starting one",
            "会编辑图片的模型在多大程度上保留起始图片",
        ),
        otherwise: bilingual("1.5 in such a model", "在这类模型中为 1.5"),
        values: ParameterValues::Number { low: 0.0, high: GUIDANCE_LIMIT },
        needs: None,
        has_flag: true,
        label: "Image CFG scale",
        get: |request| Some(request.image_guidance?.to_string()),
        set: |request, text| store_some(&mut request.image_guidance, text),
    },
    Parameter {
        key: "guidance_rescale",
        name: bilingual("the guidance rescale", "引导重缩放"),
        help: bilingual(
            "How far the contrast that guidance adds is taken back, 0 to 1",
            "收回引导增加的对比度，0 到 1",
        ),
        otherwise: bilingual("0", "0"),
        values: ParameterValues::Number { low: 0.0, high: 1.0 },
        needs: None,
        has_flag: true,
        label: "CFG rescale",
        get: |request| (request.guidance_rescale != 0.0).then(|| request.guidance_rescale.to_string()),
        set: |request, text| store(&mut request.guidance_rescale, text),
    },
    Parameter {
        key: "clip_skip",
        name: bilingual("the clip skip", "clip skip"),
        help: bilingual(
            "Layer of the text encoder that is read, counted from the last: 1 is the last, 2 the one before",
            "读文本编码器的哪一层，从最后数起：1 是最后一层，2 是它前面的一层",
        ),
        otherwise: bilingual("the model's", "随模型"),
        values: ParameterValues::Whole { low: 1, high: LAYERS_LIMIT },
        needs: None,
        has_flag: true,
        label: "Clip skip",
        get: |request| Some(request.clip_skip?.to_string()),
        set: |request, text| store_some(&mut request.clip_skip, text),
    },
    Parameter {
        key: "noise_seed_delta",
        name: bilingual("the noise seed delta", "噪声种子增量"),
        help: bilingual(
            "Added to the seed for the noise after the starting noise (ENSD)",
            "初始噪声之后的噪声，其种子加上这个数（ENSD）",
        ),
        otherwise: bilingual("0", "0"),
        values: ParameterValues::Whole { low: 0, high: u32::MAX as u64 },
        needs: None,
        has_flag: true,
        label: "ENSD",
        get: |request| (request.noise_seed_delta > 0).then(|| request.noise_seed_delta.to_string()),
        set: |request, text| store(&mut request.noise_seed_delta, text),
    },
    Parameter {
        key: "eta",
        name: bilingual("eta", "eta"),
        help: bilingual("How much of the noise a step makes anew, 0 to 1", "每步重新生成多少噪声，0 到 1"),
        otherwise: bilingual("the sampler's", "随采样器"),
        values: ParameterValues::Number { low: 0.0, high: 1.0 },
        needs: None,
        has_flag: true,
        label: "Eta",
        get: |request| Some(request.sampling.eta?.to_string()),
        set: |request, text| store_some(&mut request.sampling.eta, text),
    },
    Parameter {
        key: "s_churn",
        name: bilingual("s_churn", "s_churn"),
        help: bilingual(
            "Noise that is added before the steps of Euler, Heun and DPM2 (Karras et al. 2022)",
            "Euler、Heun、DPM2 每步之前加入的噪声（Karras 等 2022）",
        ),
        otherwise: bilingual("0", "0"),
        values: ParameterValues::Number { low: 0.0, high: SIGMA_LIMIT },
        needs: None,
        has_flag: true,
        label: "Sigma churn",
        get: |request| unusual(request, |sampling| sampling.s_churn),
        set: |request, text| store(&mut request.sampling.s_churn, text),
    },
    Parameter {
        key: "s_tmin",
        name: bilingual("s_tmin", "s_tmin"),
        help: bilingual("Noise level from which s_churn adds noise", "s_churn 起作用的最低噪声"),
        otherwise: bilingual("0", "0"),
        values: ParameterValues::Number { low: 0.0, high: SIGMA_LIMIT },
        needs: None,
        has_flag: true,
        label: "Sigma tmin",
        get: |request| unusual(request, |sampling| sampling.s_tmin),
        set: |request, text| store(&mut request.sampling.s_tmin, text),
    },
    Parameter {
        key: "s_noise",
        name: bilingual("s_noise", "s_noise"),
        help: bilingual("Factor of all noise but the starting one", "初始噪声以外的噪声的倍数"),
        otherwise: bilingual("1", "1"),
        values: ParameterValues::Number { low: 0.0, high: NOISE_LIMIT },
        needs: None,
        has_flag: true,
        label: "Sigma noise",
        get: |request| unusual(request, |sampling| sampling.s_noise),
        set: |request, text| store(&mut request.sampling.s_noise, text),
    },
    Parameter {
        key: "s_tmax",
        name: bilingual("s_tmax", "s_tmax"),
        help: bilingual("Noise level up to which s_churn adds noise", "s_churn 起作用的最高噪声"),
        otherwise: bilingual("no limit", "不限"),
        values: ParameterValues::Number { low: 0.0, high: SIGMA_LIMIT },
        needs: None,
        has_flag: true,
        label: "Sigma tmax",
        get: |request| Some(request.sampling.s_tmax?.to_string()),
        set: |request, text| store_some(&mut request.sampling.s_tmax, text),
    },
    Parameter {
        key: "discard_penultimate",
        name: bilingual("\"discard penultimate\"", "“略过倒数第二个噪声”"),
        help: bilingual("Pass over the last noise level before 0", "略过 0 之前的最后一个噪声"),
        otherwise: bilingual("false", "false"),
        values: ParameterValues::Truth,
        needs: None,
        has_flag: true,
        label: "Discard penultimate sigma",
        get: |request| request.sampling.discard_penultimate.then(|| true.to_string()),
        set: |request, text| store(&mut request.sampling.discard_penultimate, text),
    },
    Parameter {
        key: "noise",
        name: bilingual("the source of the noise", "噪声来源"),
        help: bilingual(
            "Generator of the starting noise: cpu (as PyTorch) or gpu (Philox)",
            "初始噪声的生成器：cpu（同 PyTorch）或 gpu（Philox）",
        ),
        otherwise: bilingual("cpu", "cpu"),
        values: ParameterValues::Name { all: NoiseSource::names },
        needs: None,
        has_flag: true,
        label: "RNG",
        get: |request| Some(request.noise.to_string()),
        set: |request, text| store(&mut request.noise, text),
    },
    Parameter {
        key: "batch_index",
        name: bilingual("the place in the batch", "批内位置"),
        help: bilingual(
            "Pictures of the same seed before this one, as in other programs' batches",
            "同一种子在它之前的图片数，如其他程序的批次",
        ),
        otherwise: bilingual("0", "0"),
        values: ParameterValues::Whole { low: 0, high: BATCH_LIMIT },
        needs: None,
        has_flag: true,
        label: "",
        get: |request| (request.batch_index > 0).then(|| request.batch_index.to_string()),
        set: |request, text| store(&mut request.batch_index, text),
    },
    Parameter {
        key: "decoder",
        name: bilingual("the decoder", "解码器"),
        help: bilingual("Autoencoder that makes the pixels", "生成像素的自编码器"),
        otherwise: bilingual("the model's own", "模型自带的"),
        values: ParameterValues::Name { all: Decoder::names },
        needs: None,
        has_flag: true,
        label: "",
        get: |request| (request.decoder != Decoder::Automatic).then(|| request.decoder.to_string()),
        set: |request, text| store(&mut request.decoder, text),
    },
    Parameter {
        key: "prompt",
        name: bilingual("the prompt", "提示词"),
        help: bilingual("The whole positive prompt", "整个正面提示词"),
        otherwise: bilingual("as it is written from the sentence", "由句子写成"),
        values: ParameterValues::Text,
        needs: None,
        has_flag: false,
        label: "",
        get: |request| Some(request.prompt.positive.clone()),
        set: |request, text| {
            let prompt = &mut request.prompt;
            for part in [&mut prompt.own, &mut prompt.subject, &mut prompt.positive] {
                text.clone_into(part);
            }
            prompt.added.clear();
            prompt.style.clear();
            Some(())
        },
    },
    Parameter {
        key: "negative",
        name: bilingual("the negative prompt", "负面提示词"),
        help: bilingual("What must not be seen", "画面中不要有的东西"),
        otherwise: bilingual("as the style says", "随风格"),
        values: ParameterValues::Text,
        needs: None,
        has_flag: false,
        label: "",
        get: |request| Some(request.prompt.negative.clone()),
        set: |request, text| store(&mut request.prompt.negative, text),
    },
    Parameter {
        key: "style",
        name: bilingual("the style", "风格"),
        help: bilingual("Id of the style", "风格的编号"),
        otherwise: bilingual("as different as can be", "尽量不同"),
        values: ParameterValues::Text,
        needs: None,
        has_flag: false,
        label: "Style",
        get: |request| (!request.prompt.style.is_empty()).then(|| request.prompt.style.clone()),
        set: |request, text| store(&mut request.prompt.style, text),
    },
];

/// The parameter of a key; dashes are read as underscores.
///
/// # Errors
/// [`ParameterError::Unknown`].
pub fn parameter(key: &str) -> Result<&'static Parameter, ParameterError> {
    let wanted = key.replace('-', "_");
    PARAMETERS.iter().find(|parameter| parameter.key == wanted).ok_or_else(|| ParameterError::Unknown {
        key: key.to_owned(),
        expected: PARAMETERS.iter().map(|parameter| parameter.key).collect(),
    })
}

/// Reads a text into its place; `None` and nothing changed where it is not read.
fn store<T: FromStr>(place: &mut T, text: &str) -> Option<()> {
    *place = text.parse().ok()?;
    Some(())
}

/// Reads a text into a place that may be empty; `None` and nothing changed where it is not read.
fn store_some<T: FromStr>(place: &mut Option<T>, text: &str) -> Option<()> {
    *place = Some(text.parse().ok()?);
    Some(())
}

/// The masking of a request that has a mask.
fn masking(request: &Request) -> Option<Masking> {
    request.mask.as_ref().map(|_| request.masking)
}

/// The second pass of a request, made as it usually is where there is none.
fn second_pass(request: &mut Request) -> &mut SecondPass {
    let (size, upscaler) = (request.size, "latent".to_owned());
    request.second_pass.get_or_insert(SecondPass { size, steps: 0, strength: SECOND_PASS_STRENGTH, upscaler })
}

/// A setting of the sampler as text, where it is not the usual one.
fn unusual(request: &Request, setting: fn(&SamplerOptions) -> f32) -> Option<String> {
    let value = setting(&request.sampling);
    (value != setting(&SamplerOptions::default())).then(|| value.to_string())
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn one() -> f32 {
    1.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_one(value: &f32) -> bool {
    value.to_bits() == 1.0_f32.to_bits()
}

#[cfg(any(test, feature = "fake"))]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
