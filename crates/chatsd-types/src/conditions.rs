//! What steers a picture besides its words: adapters, controls, pictures as prompts, masked painting, a second pass.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Size,
    bilingual::{Bilingual, bilingual},
    named::named,
};

/// A LoRA or one of its relatives, and how strongly it works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adapter {
    /// Name of its file, as it is looked up.
    pub name: String,
    /// First twelve hex digits of the SHA-256 of its tensors, without the file's header ("AutoV3", by which picture
    /// programs name it); empty until it was found.
    #[serde(default)]
    pub hash: String,
    /// Factor of the changes to the picture network; 1 is as trained.
    pub weight: f32,
    /// Factor of the changes to the text encoders, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_weight: Option<f32>,
}

/// A learned word that the prompt used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedWord {
    /// Name of its file, the word in the prompt.
    pub name: String,
    /// First twelve hex digits of the SHA-256 of its file.
    pub hash: String,
}

/// A ControlNet, the picture it follows, and how strongly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Name of its file, as it is looked up.
    pub name: String,
    /// First ten hex digits of the SHA-256 of its file; empty until it was found.
    #[serde(default)]
    pub hash: String,
    /// SHA-256 of the picture it was given, in hex.
    pub image: String,
    /// What made the network's input of that picture; `none` when the picture is such an input already.
    #[serde(default)]
    pub preprocessor: Preprocessor,
    /// Factor of what it adds.
    pub weight: f32,
    /// Share of the steps after which it begins to work, 0 to 1.
    pub start: f32,
    /// Share of the steps after which it works no more, 0 to 1.
    pub end: f32,
}

/// A picture that is looked at like a prompt (IP-Adapter).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImagePrompt {
    /// Name of the IP-Adapter's file, as it is looked up.
    pub name: String,
    /// First ten hex digits of the SHA-256 of its file; empty until it was found.
    #[serde(default)]
    pub hash: String,
    /// SHA-256 of the picture, in hex.
    pub image: String,
    /// Factor of what it adds.
    pub weight: f32,
}

named!(
    /// What makes a ControlNet's input of a picture, in plain code.
    #[derive(Default)]
    Preprocessor, "preprocessor", "预处理", {
    /// The picture is given to the network as it is.
    #[default]
    None = "none",
    /// Canny's edges, thresholds 100 and 200.
    Canny = "canny",
    /// Lines made of edges.
    Lineart = "lineart",
    /// A sketch with a broad pen.
    Scribble = "scribble",
    /// The picture, made small and large again.
    Tile = "tile",
    /// The picture in large squares of one colour.
    Colour = "colour" | "color" | "t2ia_color_grid",
    /// The picture with what the mask covers marked as missing.
    Inpaint = "inpaint",
    /// Black and white exchanged.
    Invert = "invert",
});

named!(
    /// Which autoencoder makes pixels of the latent.
    #[derive(Default)]
    Decoder, "decoder", "解码器", {
    /// The model's own.
    #[default]
    Automatic = "automatic" | "auto",
    /// The large one.
    Full = "full",
    /// The tiny one (TAESD): a tenth of the time, a little less detail.
    Tiny = "tiny" | "taesd",
});

named!(
    /// What stands under the mask before painting begins.
    #[derive(Default)]
    Fill, "fill", "填充", {
    /// The starting picture.
    #[default]
    Original = "original",
    /// Colours drawn in from around the mask.
    Blur = "fill",
    /// Noise alone.
    Noise = "latent noise",
    /// Nothing: a latent of zeros.
    Nothing = "latent nothing",
});

/// What a picture that a request names is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceRole {
    /// The starting picture of image to image.
    Init,
    /// The mask of masked painting.
    Mask,
    /// The picture that a ControlNet follows.
    Control,
    /// The picture of an image prompt.
    ImagePrompt,
}

impl SourceRole {
    /// What people call it.
    #[must_use]
    pub const fn label(self) -> Bilingual {
        match self {
            Self::Init => bilingual("the starting picture", "起始图片"),
            Self::Mask => bilingual("the mask", "蒙版"),
            Self::Control => bilingual("the picture for a ControlNet", "ControlNet 的图片"),
            Self::ImagePrompt => bilingual("the picture of an image prompt", "作为提示词的图片"),
        }
    }
}

impl fmt::Display for SourceRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.label().fmt(f)
    }
}

/// How masked painting is done. Names and meaning as in stable-diffusion-webui.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Masking {
    /// Pixels over which the edge of the mask is softened (standard deviation of the blur).
    pub blur: u32,
    /// What stands under the mask at first.
    pub fill: Fill,
    /// Whether only the masked part is painted, at the request's whole size, and put back.
    pub only_masked: bool,
    /// Pixels around the masked part that are seen, too, where only that is painted.
    pub padding: u32,
}

impl Default for Masking {
    fn default() -> Self {
        Self { blur: 4, fill: Fill::Original, only_masked: false, padding: 32 }
    }
}

/// A second pass over the picture made larger ("hires fix").
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecondPass {
    /// Size of the final picture.
    pub size: Size,
    /// Steps of the second pass; 0 is as many as the first has.
    pub steps: u32,
    /// How much is painted anew, 0 to 1; 0 makes the picture larger and paints nothing.
    pub strength: f32,
    /// What makes it larger: `latent`, `lanczos`, or the name of an upscaler's file.
    pub upscaler: String,
}
