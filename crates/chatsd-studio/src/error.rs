//! Why there is no plan or no picture.

use chatsd_gallery::GalleryError;
use chatsd_prompt::PromptError;
use chatsd_types::{PaintError, Size};

/// Why there is no plan or no picture.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The sentence or the styles cannot be used.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// A size that the model cannot paint.
    #[error(
        "the size {found} is not for the model {model}: expected multiples of {step} pixels from {step} to {limit}; the nearest is {near}"
    )]
    Size {
        /// What was asked for.
        found: Size,
        /// Name of the model.
        model: String,
        /// Both sides must be multiples of this.
        step: u32,
        /// Neither side may be larger.
        limit: u32,
        /// The nearest size that fits.
        near: Size,
    },
    /// A number outside its range.
    #[error("{what} is {found}: expected {low} to {high}")]
    Range {
        /// What the number is.
        what: &'static str,
        /// What was asked for.
        found: f64,
        /// Smallest that is allowed.
        low: f64,
        /// Largest that is allowed.
        high: f64,
    },
    /// A request has no such part, or it may not be changed.
    #[error("a picture cannot be varied by \"{key}\": expected one of {expected}")]
    UnknownPart {
        /// What was named.
        key: String,
        /// What can be changed.
        expected: String,
    },
    /// A part of a request cannot have that value.
    #[error("{key} cannot be \"{value}\": {reason}")]
    BadPart {
        /// The part.
        key: String,
        /// What it should become.
        value: String,
        /// Why not.
        reason: String,
    },
    /// The model could not paint it.
    #[error("picture {number} could not be painted: {source}")]
    Paint {
        /// Place on the sheet, from 1.
        number: u32,
        /// Why.
        source: PaintError,
    },
    /// The model cannot be used as asked.
    #[error(transparent)]
    Model(#[from] PaintError),
    /// The gallery could not keep it.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
}

impl StudioError {
    /// Whether it was asked for in a way that makes no sense, so that asking again will not help.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Paint { source, .. } => matches!(source, PaintError::Unsupported(_)),
            Self::Gallery(_) => false,
            _ => true,
        }
    }
}
