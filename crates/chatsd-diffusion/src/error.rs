//! Why a picture model cannot be used.

use chatsd_weights::WeightsError;

use crate::{network::NetworkError, tokenizer::VocabularyError};

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
    /// Parts that may each be in order but make no pipeline together, or one that is not built here.
    #[error("this picture model is not supported: {0}")]
    Unsupported(String),
}
