//! What a file beside the model is for.

use crate::{
    bilingual::{Bilingual, bilingual},
    named::named,
};

named!(
    /// What a file of weights is for. Each kind has folders of its own in every program that keeps such files.
    FileKind, "kind of file", "文件种类", {
    /// A whole picture model.
    Model = "model" | "checkpoint",
    /// An autoencoder alone (VAE), full or tiny.
    Autoencoder = "autoencoder" | "vae",
    /// A text encoder alone.
    TextEncoder = "text encoder" | "clip",
    /// Changes to a model's weights: LoRA and its relatives.
    Adapter = "adapter" | "lora",
    /// Learned words: textual inversion.
    Embedding = "embedding",
    /// A ControlNet.
    Control = "control" | "controlnet",
    /// An IP-Adapter.
    ImagePrompt = "image prompt" | "ip-adapter",
    /// What an IP-Adapter sees a picture with: CLIP's image encoder.
    ImageEncoder = "image encoder" | "clip vision",
    /// A network that makes pictures larger: ESRGAN and its relatives.
    Upscaler = "upscaler",
});

impl FileKind {
    /// What people call such a file.
    #[must_use]
    pub const fn label(self) -> Bilingual {
        match self {
            Self::Model => bilingual("model", "模型"),
            Self::Autoencoder => bilingual("autoencoder (VAE)", "自编码器（VAE）"),
            Self::TextEncoder => bilingual("text encoder", "文本编码器"),
            Self::Adapter => bilingual("LoRA", "LoRA"),
            Self::Embedding => bilingual("embedding", "嵌入"),
            Self::Control => bilingual("ControlNet", "ControlNet"),
            Self::ImagePrompt => bilingual("IP-Adapter", "IP-Adapter"),
            Self::ImageEncoder => bilingual("image encoder", "图像编码器"),
            Self::Upscaler => bilingual("upscaler", "放大器"),
        }
    }
}
