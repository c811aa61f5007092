//! What kinds of files there are, told from the names and shapes of their tensors.

use std::fmt;

use serde_json::Value;

use super::{ModelPart, shapes::Shapes};
use crate::adapter::{has_width_of_words, is_of_adapter};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightsKind {
    /// A whole picture model: network, text encoders and autoencoder.
    Checkpoint,
    /// A picture network alone.
    PictureNetwork,
    /// A text encoder alone, or several.
    TextEncoder,
    /// An autoencoder alone.
    Autoencoder,
    /// A ControlNet.
    ControlNet,
    /// A LoRA or one of its relatives (LoHa, LoKr, OFT, full differences).
    Lora,
    /// A textual inversion.
    Embedding,
    /// A network that makes pictures larger.
    Upscaler,
    /// An IP-Adapter.
    IpAdapter,
    /// CLIP's picture encoder.
    VisionEncoder,
    /// A model that is known and not built here.
    Other(ForeignNetwork),
    /// Nothing known.
    Unknown,
}

impl fmt::Display for WeightsKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Checkpoint => "a picture model",
            Self::PictureNetwork => "a picture network alone",
            Self::TextEncoder => "a text encoder alone",
            Self::Autoencoder => "an autoencoder alone",
            Self::ControlNet => "a ControlNet",
            Self::Lora => "a LoRA",
            Self::Embedding => "a textual inversion",
            Self::Upscaler => "an upscaler",
            Self::IpAdapter => "an IP-Adapter",
            Self::VisionEncoder => "a picture encoder of CLIP",
            Self::Other(network) => return network.fmt(formatter),
            Self::Unknown => "a file of tensors of no known model",
        })
    }
}

impl WeightsKind {
    /// One word for programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::PictureNetwork => "unet",
            Self::TextEncoder => "text_encoder",
            Self::Autoencoder => "vae",
            Self::ControlNet => "controlnet",
            Self::Lora => "lora",
            Self::Embedding => "embedding",
            Self::Upscaler => "upscaler",
            Self::IpAdapter => "ip_adapter",
            Self::VisionEncoder => "vision_encoder",
            Self::Other(_) => "other",
            Self::Unknown => "unknown",
        }
    }

    /// What to do with such a file where a picture model was wanted.
    #[must_use]
    pub fn advice(self) -> KindAdvice {
        match self {
            Self::Checkpoint => KindAdvice::GiveAsModel,
            Self::PictureNetwork => KindAdvice::GiveOtherParts,
            Self::TextEncoder => KindAdvice::GiveAsTextEncoder,
            Self::Autoencoder => KindAdvice::GiveAsVae,
            Self::ControlNet => KindAdvice::GiveAsControl,
            Self::Lora => KindAdvice::GiveAsLora,
            Self::Embedding => KindAdvice::PutIntoEmbeddings,
            Self::Upscaler => KindAdvice::ForFinishedPictures,
            Self::IpAdapter | Self::VisionEncoder => KindAdvice::ForPicturesAsPrompts,
            Self::Other(_) | Self::Unknown => KindAdvice::GiveKnownModel,
        }
    }

    /// What to do with such a file that has no `part`.
    #[must_use]
    pub fn advice_for(self, part: &ModelPart) -> KindAdvice {
        match (self, part) {
            (Self::Checkpoint | Self::PictureNetwork, ModelPart::Autoencoder) => KindAdvice::GiveOneWithVae,
            (Self::Checkpoint | Self::PictureNetwork, ModelPart::TextEncoder | ModelPart::SecondTextEncoder) => {
                KindAdvice::GiveOneWithTextEncoder
            }
            _ => self.advice(),
        }
    }
}

/// What to do with a file of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the text of a variant says what it is")]
pub enum KindAdvice {
    GiveAsModel,
    GiveOtherParts,
    GiveAsTextEncoder,
    GiveAsVae,
    GiveAsControl,
    GiveAsLora,
    PutIntoEmbeddings,
    ForFinishedPictures,
    ForPicturesAsPrompts,
    GiveKnownModel,
    GiveOneWithVae,
    GiveOneWithTextEncoder,
}

impl fmt::Display for KindAdvice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::GiveAsModel => "give it with --model",
            Self::GiveOtherParts => "give the other parts with --text-encoder and --vae",
            Self::GiveAsTextEncoder => "give it with --text-encoder, beside a --model",
            Self::GiveAsVae => "give it with --vae, beside a --model",
            Self::GiveAsControl => "give it with --control, beside a --model",
            Self::GiveAsLora => "give it with --lora, beside a --model",
            Self::PutIntoEmbeddings => "put it into the folder of embeddings and write its name into the prompt",
            Self::ForFinishedPictures => "it makes finished pictures larger: give a picture model with --model",
            Self::ForPicturesAsPrompts => "it belongs to pictures as prompts: give a picture model with --model",
            Self::GiveKnownModel => {
                "give a model of the families Stable Diffusion 1, 2 or XL, or one that `chatsd models convert` wrote"
            }
            Self::GiveOneWithVae => "give the file of one with --vae",
            Self::GiveOneWithTextEncoder => "give the file of one with --text-encoder",
        })
    }
}

/// A model that is known and not built here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the text of a variant says what it is")]
pub enum ForeignNetwork {
    Flux,
    StableDiffusion3,
    StableCascade,
    WanOrFlux,
    PixArtOrSana,
    T5TextEncoder,
    MotionModule,
    LanguageModel,
}

impl fmt::Display for ForeignNetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Flux => "a Flux model: not built here",
            Self::StableDiffusion3 => "a Stable Diffusion 3 model: not built here",
            Self::StableCascade => "a Stable Cascade model: not built here",
            Self::WanOrFlux => "a Wan or Flux relative: not built here",
            Self::PixArtOrSana => "a PixArt or Sana model: not built here",
            Self::T5TextEncoder => "a T5 text encoder: not built here",
            Self::MotionModule => "a motion module: not built here",
            Self::LanguageModel => "a language model: not built here",
        })
    }
}

/// Which of Stable Diffusion's families a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ModelFamily {
    /// Stable Diffusion 1: reads CLIP-L's 768 values a token.
    Sd1,
    /// Stable Diffusion 2: OpenCLIP-H's 1024.
    Sd2,
    /// Stable Diffusion XL: CLIP-L's and OpenCLIP-bigG's, 2048 together, and pooled vectors.
    Sdxl,
    /// The second network of XL, which goes over its pictures: OpenCLIP-bigG's 1280.
    SdxlRefiner,
}

impl ModelFamily {
    /// As the style library and the catalog name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sd1 => "sd1",
            Self::Sd2 => "sd2",
            Self::Sdxl => "sdxl",
            Self::SdxlRefiner => "sdxl-refiner",
        }
    }

    /// By the width of the words that its picture network reads, and whether it takes pooled vectors.
    pub(super) fn of(context: usize, pooled: bool) -> Self {
        match (context, pooled) {
            (1280, true) => Self::SdxlRefiner,
            (_, true) => Self::Sdxl,
            (1024, false) => Self::Sd2,
            _ => Self::Sd1,
        }
    }

    /// By the config of a picture network or ControlNet.
    pub(crate) fn of_config(config: &Value) -> Option<Self> {
        let context = config.get("cross_attention_dim")?.as_u64().and_then(|width| usize::try_from(width).ok())?;
        Some(Self::of(context, config.get("addition_embed_type").is_some_and(|kind| !kind.is_null())))
    }

    /// The family whose words have `width` values, where a tensor tells no more.
    pub(crate) fn of_words(width: usize) -> Option<Self> {
        match width {
            768 => Some(Self::Sd1),
            1024 => Some(Self::Sd2),
            2048 => Some(Self::Sdxl),
            1280 => Some(Self::SdxlRefiner),
            _ => None,
        }
    }

    /// By what latents are multiplied for its picture network (the `scale_factor` of the published configurations).
    pub(crate) fn latent_scale(self) -> f64 {
        match self {
            Self::Sd1 | Self::Sd2 => 0.182_15,
            Self::Sdxl | Self::SdxlRefiner => 0.130_25,
        }
    }

    /// The text encoders that its picture network reads.
    pub(crate) fn text_encoders(self) -> &'static [&'static str] {
        match self {
            Self::Sd1 | Self::Sd2 => &["text_encoder"],
            Self::Sdxl => &["text_encoder", "text_encoder_2"],
            Self::SdxlRefiner => &["text_encoder_2"],
        }
    }
}

impl fmt::Display for ModelFamily {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sd1 => "Stable Diffusion 1",
            Self::Sd2 => "Stable Diffusion 2",
            Self::Sdxl => "Stable Diffusion XL",
            Self::SdxlRefiner => "Stable Diffusion XL refiner",
        })
    }
}

/// Names that show what a file is: some tensor begins with, ends with, or is called so.
const SIGNS: [(WeightsKind, &str); 19] = [
    (WeightsKind::IpAdapter, "image_proj."),
    (WeightsKind::IpAdapter, "ip_adapter."),
    (WeightsKind::Embedding, "string_to_param."),
    (WeightsKind::Embedding, "emb_params"),
    (WeightsKind::Upscaler, "model.1.sub."),
    (WeightsKind::Upscaler, "RRDB_trunk."),
    (WeightsKind::Upscaler, "body.0.rdb1."),
    (WeightsKind::Upscaler, "body.0.RDB1."),
    (WeightsKind::Upscaler, "params_ema."),
    (WeightsKind::VisionEncoder, "vision_model."),
    (WeightsKind::VisionEncoder, "visual."),
    (WeightsKind::Other(ForeignNetwork::Flux), "double_blocks."),
    (WeightsKind::Other(ForeignNetwork::StableDiffusion3), "joint_blocks."),
    (WeightsKind::Other(ForeignNetwork::StableCascade), "clip_txt_mapper."),
    (WeightsKind::Other(ForeignNetwork::WanOrFlux), "patch_embedding."),
    (WeightsKind::Other(ForeignNetwork::PixArtOrSana), "t_block.1."),
    (WeightsKind::Other(ForeignNetwork::T5TextEncoder), "encoder.block.0.layer.0.SelfAttention."),
    (WeightsKind::Other(ForeignNetwork::MotionModule), "down_blocks.0.motion_modules."),
    (WeightsKind::Other(ForeignNetwork::LanguageModel), "model.layers.0."),
];

/// What a file is that holds no part of a picture model, and of which family.
pub(super) fn other_kind(shapes: &Shapes) -> (WeightsKind, Option<ModelFamily>) {
    if shapes.names().any(is_of_adapter) {
        return (WeightsKind::Lora, adapter_family(shapes));
    }
    for (kind, sign) in SIGNS {
        // Wrappers such as `params.` or `model.diffusion_model.` may stand before it.
        let anywhere = format!(".{sign}");
        if let Some(name) = shapes.names().find(|name| name.starts_with(sign) || name.contains(&anywhere)) {
            let width = shapes.get(name).and_then(|shape| shape.last().copied());
            return (kind, width.filter(|_| kind == WeightsKind::Embedding).and_then(ModelFamily::of_words));
        }
    }
    // The compact network: convolutions and the slopes of its rectifiers take turns.
    let extents = |name: String| shapes.get(&name).map(<[usize]>::len);
    let layer = |before: &str, index: u8| extents(format!("{before}body.{index}.weight"));
    if shapes.before("body.0.weight").into_iter().any(|at| (layer(at, 0), layer(at, 1)) == (Some(4), Some(1))) {
        return (WeightsKind::Upscaler, None);
    }
    // A few vectors as wide as words, and nothing else.
    let words = |name: &str| match shapes.get(name) {
        Some(&[width] | &[1..=256, width]) => ModelFamily::of_words(width),
        _ => None,
    };
    let families: Option<Vec<ModelFamily>> = shapes.names().take(4).map(words).collect();
    match families.as_deref() {
        Some([family]) => (WeightsKind::Embedding, Some(*family)),
        Some([_, _]) if shapes.has("clip_g") => (WeightsKind::Embedding, Some(ModelFamily::Sdxl)),
        _ => (WeightsKind::Unknown, None),
    }
}

/// Which networks an adapter fits: told by the width of the words that it changes the reading of.
fn adapter_family(shapes: &Shapes) -> Option<ModelFamily> {
    if shapes.has_from("lora_te2_") || shapes.has_from("text_encoder_2.") {
        return Some(ModelFamily::Sdxl);
    }
    let widths = shapes.names().filter(|name| has_width_of_words(name)).filter_map(|name| shapes.get(name)?.get(1));
    widths.copied().find_map(ModelFamily::of_words)
}
