//! Why a picture model cannot be used.

use std::error::Error;

use chatsd_types::{FileKind, PaintError};
use chatsd_weights::WeightsError;

use crate::{learned::EmbeddingError, network::NetworkError, tokenizer::VocabularyError};

/// A model that cannot be loaded. What goes wrong while painting is a `PaintError` of `chatsd-types`.
#[derive(Debug, thiserror::Error)]
pub enum DiffusionError {
    /// A file is missing or damaged.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A network cannot be made.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The tokenizer cannot be made.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// The pipeline's settings are not the JSON expected.
    #[error("the settings of the model's pipeline cannot be read: {0}; get the model again")]
    Settings(#[from] serde_json::Error),
    /// The vectors of a textual inversion cannot be used.
    #[error(transparent)]
    Embedding(#[from] EmbeddingError),
    /// A number of the pipeline's settings that no picture can be painted with.
    #[error(
        "this picture model is not supported: {name} is {found} in its settings, expected a number from {low} to {high}"
    )]
    Setting {
        /// Its name in the settings.
        name: &'static str,
        /// What it is.
        found: f64,
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// An image encoder makes other vectors than an IP-Adapter reads.
    #[error("{name} makes vectors of {found} values, expected {expected}")]
    ImageEncoderChannels {
        /// Name of the image encoder's file.
        name: &'static str,
        /// Values of the vectors that it makes.
        found: usize,
        /// Values of the vectors that the IP-Adapter reads.
        expected: usize,
    },
    /// No image encoder makes the vectors that an IP-Adapter reads.
    #[error("it needs an image encoder of {channels} values, such as {example}")]
    NoImageEncoder {
        /// Values of the vectors that the IP-Adapter reads.
        channels: usize,
        /// Name of the file of one.
        example: &'static str,
        /// What is wrong with the one that was found.
        source: Option<Box<Self>>,
    },
    /// Parts that may each be in order but make no pipeline together, or one that is not built here.
    #[error("this picture model is not supported: {0}")]
    Unsupported(String),
}

/// That a file which a request names cannot be used, and why.
pub(crate) fn unusable(kind: FileKind, name: &str, why: impl Into<Box<dyn Error + Send + Sync>>) -> PaintError {
    PaintError::Unusable { kind, name: name.to_owned(), source: why.into() }
}
