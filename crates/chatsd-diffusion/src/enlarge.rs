//! What makes a picture larger.

use chatsd_tensor::Engine;
use chatsd_types::{Image, Kernel, PaintError, Size};

use crate::Finder;

/// What makes a picture larger before, or instead of, the second pass.
pub(crate) enum Enlarger {
    /// The latent is enlarged; pixels as [`Enlarger::Lanczos`] does.
    Latent,
    /// Lanczos' kernel.
    Lanczos,
}

impl Enlarger {
    /// What a request calls `name`: `latent` or `lanczos`.
    ///
    /// # Errors
    /// When it is called otherwise.
    pub(crate) fn find(_finder: &Finder, name: &str) -> Result<Self, PaintError> {
        match name {
            "latent" => Ok(Self::Latent),
            "lanczos" => Ok(Self::Lanczos),
            _ => Err(PaintError::Unsupported(format!("the upscaler {name:?}: expected latent or lanczos"))),
        }
    }

    /// The picture at `size`.
    pub(crate) fn image(&self, _engine: &Engine, image: &Image, size: Size) -> Image {
        match self {
            Self::Latent | Self::Lanczos => image.resized(size, Kernel::Lanczos),
        }
    }
}
