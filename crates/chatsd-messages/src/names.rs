//! What files, the parts of models and what to do with them are called, in both languages.

use std::fmt::Display;

use chatsd_hub::Badge;
use chatsd_weights::{ForeignNetwork, KindAdvice, ModelPart, Variant, WeightsKind};

use crate::Lang;

/// A kind of file.
pub fn named(lang: Lang, kind: WeightsKind) -> String {
    let chinese = match kind {
        WeightsKind::Checkpoint => "图片模型",
        WeightsKind::PictureNetwork => "单独的图片网络",
        WeightsKind::TextEncoder => "单独的文本编码器",
        WeightsKind::Autoencoder => "单独的自编码器（VAE）",
        WeightsKind::ControlNet => "ControlNet",
        WeightsKind::Lora => "LoRA",
        WeightsKind::Embedding => "文本反转嵌入",
        WeightsKind::Upscaler => "放大模型",
        WeightsKind::IpAdapter => "IP-Adapter",
        WeightsKind::VisionEncoder => "CLIP 图像编码器",
        WeightsKind::Other(network) => foreign(network),
        WeightsKind::Unknown => "不认识的张量文件",
    };
    match kind {
        WeightsKind::Autoencoder => lang.pick("an autoencoder (VAE) alone", chinese).to_owned(),
        _ => english_or(lang, kind, chinese),
    }
}

/// A model that is known and not built here.
fn foreign(network: ForeignNetwork) -> &'static str {
    match network {
        ForeignNetwork::Flux => "Flux 模型：这里不支持",
        ForeignNetwork::StableDiffusion3 => "Stable Diffusion 3 模型：这里不支持",
        ForeignNetwork::StableCascade => "Stable Cascade 模型：这里不支持",
        ForeignNetwork::WanOrFlux => "Wan 或 Flux 类模型：这里不支持",
        ForeignNetwork::PixArtOrSana => "PixArt 或 Sana 模型：这里不支持",
        ForeignNetwork::T5TextEncoder => "T5 文本编码器：这里不支持",
        ForeignNetwork::MotionModule => "运动模块：这里不支持",
        ForeignNetwork::LanguageModel => "语言模型：这里不支持",
    }
}

/// A part of a picture model.
pub fn part(lang: Lang, part: &ModelPart) -> String {
    let chinese = match part {
        ModelPart::PictureNetwork => "图片网络",
        ModelPart::TextEncoder => "文本编码器",
        ModelPart::SecondTextEncoder => "第二文本编码器",
        ModelPart::Autoencoder => "自编码器（VAE）",
        ModelPart::ControlNet => "ControlNet",
        ModelPart::Other(component) => component,
    };
    match part {
        ModelPart::SecondTextEncoder => lang.pick("text encoder 2", chinese).to_owned(),
        _ => english_or(lang, part, chinese),
    }
}

/// What tells a picture network from the first of its family.
pub fn variant(lang: Lang, variant: Variant) -> String {
    let chinese = match variant {
        Variant::Inpainting => "局部重绘",
        Variant::InstructPix2Pix => "按指令改图（instruct-pix2pix）",
        Variant::LatentConsistency => "潜在一致性（LCM）",
        Variant::NoMiddleAttention => "蒸馏，中间没有注意力",
        Variant::OneLayerBlocks => "蒸馏，每块一层",
    };
    english_or(lang, variant, chinese)
}

/// What to do with a file of weights.
pub fn advice(lang: Lang, advice: KindAdvice) -> String {
    let chinese = match advice {
        KindAdvice::GiveOneWithVae => "用 --vae 给出",
        KindAdvice::GiveOneWithTextEncoder => "用 --text-encoder 给出",
        KindAdvice::GiveAsModel => "用 --model 给出",
        KindAdvice::GiveOtherParts => "用 --text-encoder 和 --vae 给出其他部分",
        KindAdvice::GiveAsTextEncoder => "与 --model 一起，用 --text-encoder 给出",
        KindAdvice::GiveAsVae => "与 --model 一起，用 --vae 给出",
        KindAdvice::GiveAsControl => "与 --model 一起，用 --control 给出",
        KindAdvice::GiveAsLora => "与 --model 一起，用 --lora 给出",
        KindAdvice::PutIntoEmbeddings => "放进嵌入文件夹，在提示词里写它的名字",
        KindAdvice::ForFinishedPictures => "它把画好的图放大：请用 --model 给出图片模型",
        KindAdvice::ForPicturesAsPrompts => "它用于以图为提示：请用 --model 给出图片模型",
        KindAdvice::GiveKnownModel => "请给出 Stable Diffusion 1、2、XL 系列的模型，或 chatsd models convert 写的文件",
    };
    english_or(lang, advice, chinese)
}

/// What the room of weights says itself, or the same in Chinese.
fn english_or(lang: Lang, english: impl Display, chinese: &str) -> String {
    match lang {
        Lang::En => english.to_string(),
        Lang::Zh => chinese.to_owned(),
    }
}

impl Lang {
    /// What may be done with a model, in one word.
    pub const fn badge(self, badge: Badge) -> &'static str {
        match badge {
            Badge::Free => self.pick("free", "自由使用"),
            Badge::Rules => self.pick("with rules", "有使用规则"),
            Badge::Community => self.pick("community", "社区许可"),
            Badge::NonCommercial => self.pick("non-commercial", "禁止商用"),
        }
    }
}
