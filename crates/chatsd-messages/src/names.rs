//! What files, the parts of models and what to do with them are called, in both languages.

use chatsd_hub::Badge;
use chatsd_weights::Kind;

use crate::Lang;

/// A kind of file.
pub fn named(lang: Lang, kind: Kind) -> &'static str {
    let [english, chinese] = match kind {
        Kind::Checkpoint => ["a picture model", "图片模型"],
        Kind::PictureNetwork => ["a picture network alone", "单独的图片网络"],
        Kind::TextEncoder => ["a text encoder alone", "单独的文本编码器"],
        Kind::Autoencoder => ["an autoencoder (VAE) alone", "单独的自编码器（VAE）"],
        Kind::ControlNet => ["a ControlNet", "ControlNet"],
        Kind::Lora => ["a LoRA", "LoRA"],
        Kind::Embedding => ["a textual inversion", "文本反转嵌入"],
        Kind::Upscaler => ["an upscaler", "放大模型"],
        Kind::IpAdapter => ["an IP-Adapter", "IP-Adapter"],
        Kind::VisionEncoder => ["a picture encoder of CLIP", "CLIP 图片编码器"],
        Kind::Other(name) => [name, "这里不支持的模型"],
        Kind::Unknown => ["a file of tensors of no known model", "不认识的张量文件"],
    };
    lang.pick(english, chinese)
}

/// A part of a picture model, by the name of its component.
pub fn part(lang: Lang, component: &str) -> &str {
    let [english, chinese] = match component {
        "unet" => ["picture network", "图片网络"],
        "text_encoder" => ["text encoder", "文本编码器"],
        "text_encoder_2" => ["text encoder 2", "第二文本编码器"],
        "vae" => ["autoencoder", "自编码器（VAE）"],
        "controlnet" => ["ControlNet", "ControlNet"],
        other => [other, other],
    };
    lang.pick(english, chinese)
}

/// What tells a picture network from the first of its family.
pub fn variant(lang: Lang, english: &'static str) -> &'static str {
    let chinese = match english {
        "inpainting" => "局部重绘",
        "instruct-pix2pix" => "按指令改图（instruct-pix2pix）",
        "latent consistency" => "潜在一致性（LCM）",
        "distilled, without attention in the middle" => "蒸馏，中间没有注意力",
        "distilled, one layer a block" => "蒸馏，每块一层",
        other => other,
    };
    lang.pick(english, chinese)
}

/// What to do with a file of a kind that has no `component`; with no component, with any of that kind.
pub fn advice(lang: Lang, kind: Kind, component: &str) -> &'static str {
    let chinese = match (kind, component) {
        (Kind::Checkpoint | Kind::PictureNetwork, "vae") => "用 --vae 给出",
        (Kind::Checkpoint | Kind::PictureNetwork, "text_encoder" | "text_encoder_2") => "用 --text-encoder 给出",
        (Kind::Checkpoint, _) => "用 --model 给出",
        (Kind::PictureNetwork, _) => "用 --text-encoder 和 --vae 给出其他部分",
        (Kind::TextEncoder, _) => "与 --model 一起，用 --text-encoder 给出",
        (Kind::Autoencoder, _) => "与 --model 一起，用 --vae 给出",
        (Kind::ControlNet, _) => "与 --model 一起，用 --control 给出",
        (Kind::Lora, _) => "与 --model 一起，用 --lora 给出",
        (Kind::Embedding, _) => "放进嵌入文件夹，在提示词里写它的名字",
        (Kind::Upscaler, _) => "它把画好的图放大：请用 --model 给出图片模型",
        (Kind::IpAdapter | Kind::VisionEncoder, _) => "它用于以图为提示：请用 --model 给出图片模型",
        (Kind::Other(_) | Kind::Unknown, _) => {
            "请给出 Stable Diffusion 1、2、XL 系列的模型，或 chatsd models convert 写的文件"
        }
    };
    lang.pick(kind.advice_for(component), chinese)
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
