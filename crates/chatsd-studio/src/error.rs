//! Why a job cannot be done.

use std::path::PathBuf;

use chatsd_gallery::GalleryError;
use chatsd_prompt::PromptError;
use chatsd_types::{PaintError, ParameterError, Size, SourceRole};

use crate::ModelError;

/// Why a job cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The sentence or the styles cannot be used.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// More pictures than anyone looks at, or none.
    #[error("the number of pictures is {found}: expected 1 to {limit}")]
    Count {
        /// What was asked for.
        found: usize,
        /// The most.
        limit: usize,
    },
    /// A parameter that is not known, or a value that it does not take.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The model could not paint a picture of the sheet.
    #[error("picture {number} could not be painted")]
    Paint {
        /// Place on the sheet, from 1.
        number: u32,
        /// Why.
        source: PaintError,
    },
    /// The model cannot paint what is asked for.
    #[error(transparent)]
    Request(#[from] PaintError),
    /// The model cannot be used.
    #[error("the model {name} cannot be loaded")]
    Model {
        /// As it was asked for.
        name: String,
        /// Why.
        source: ModelError,
    },
    /// Painting would take more memory than there is.
    #[error("this would take {} MB of memory, and {} MB are free; {}", needed.div_ceil(1 << 20), room >> 20, remedies_text(.remedies))]
    TooLarge {
        /// Bytes that it would take.
        needed: u64,
        /// Bytes that there are.
        room: u64,
        /// What would make it fit, each alone.
        remedies: Vec<Remedy>,
    },
    /// A picture to paint from cannot be read.
    #[error("{role} cannot be used")]
    Source {
        /// What it was for.
        role: SourceRole,
        /// Why.
        source: GalleryError,
    },
    /// What was named is neither a file nor in a gallery.
    #[error("{target} is no file, and {folder} is no gallery: expected a picture, or an id and --out", folder = folder.display())]
    NoTarget {
        /// What was named.
        target: String,
        /// Where the gallery should be.
        folder: PathBuf,
    },
    /// There is no gallery to pick pictures from.
    #[error("there is no gallery in {folder} to pick from; --out names another", folder = folder.display())]
    NoGallery {
        /// Where it should be.
        folder: PathBuf,
    },
    /// The gallery could not keep or find it.
    #[error(transparent)]
    Gallery(#[from] GalleryError),
}

/// A change that would make a plan fit into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The tiny autoencoder.
    TinyDecoder,
    /// A smaller picture.
    Size(Size),
    /// Weights in 8-bit blocks.
    EightBits,
}

impl std::fmt::Display for Remedy {
    /// As the flag that asks for it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TinyDecoder => f.write_str("--decoder tiny"),
            Self::Size(size) => write!(f, "--size {size}"),
            Self::EightBits => f.write_str("--store q8_0"),
        }
    }
}

fn remedies_text(remedies: &[Remedy]) -> String {
    if remedies.is_empty() {
        return "close other programs, or choose a smaller model".to_owned();
    }
    let remedies: Vec<String> = remedies.iter().map(ToString::to_string).collect();
    format!("there is room for it with {}", remedies.join(" or "))
}
