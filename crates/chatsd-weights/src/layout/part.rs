//! The parts of a picture model.

use std::fmt;

/// A part of a picture model, by what it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ModelPart {
    /// `unet`.
    PictureNetwork,
    /// `text_encoder`.
    TextEncoder,
    /// `text_encoder_2`.
    SecondTextEncoder,
    /// `vae`.
    Autoencoder,
    /// `controlnet`.
    ControlNet,
    /// Any other component, by its name.
    Other(String),
}

impl ModelPart {
    /// By the name of the component, which is that of its folder in a model of diffusers.
    #[must_use]
    pub fn of(component: &str) -> Self {
        match component {
            "unet" => Self::PictureNetwork,
            "text_encoder" => Self::TextEncoder,
            "text_encoder_2" => Self::SecondTextEncoder,
            "vae" => Self::Autoencoder,
            "controlnet" => Self::ControlNet,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for ModelPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::PictureNetwork => "picture network",
            Self::TextEncoder => "text encoder",
            Self::SecondTextEncoder => "second text encoder",
            Self::Autoencoder => "autoencoder",
            Self::ControlNet => "ControlNet",
            Self::Other(component) => component,
        })
    }
}
