//! What files and the parts of models are called in Chinese.

use chatsd_weights::Kind;

/// A kind of file.
pub fn chinese(kind: Kind) -> &'static str {
    match kind {
        Kind::Checkpoint => "图片模型",
        Kind::PictureNetwork => "单独的图片网络",
        Kind::TextEncoder => "单独的文本编码器",
        Kind::Autoencoder => "单独的自编码器（VAE）",
        Kind::ControlNet => "ControlNet",
        Kind::Lora => "LoRA",
        Kind::Embedding => "文本反转嵌入",
        Kind::Upscaler => "放大模型",
        Kind::IpAdapter => "IP-Adapter",
        Kind::VisionEncoder => "CLIP 图片编码器",
        Kind::Other(_) => "这里不支持的模型",
        Kind::Unknown => "不认识的张量文件",
    }
}

/// A part of a picture model, by the name of its component.
pub fn chinese_part(component: &str) -> &str {
    match component {
        "unet" => "图片网络",
        "text_encoder" => "文本编码器",
        "text_encoder_2" => "第二文本编码器",
        "vae" => "自编码器（VAE）",
        other => other,
    }
}
