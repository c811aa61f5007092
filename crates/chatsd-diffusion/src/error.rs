//! Why a picture model cannot be used.

use std::error::Error;

use chatsd_types::{FileKind, PaintError, Size};
use chatsd_weights::WeightsError;

use crate::{network::NetworkError, textual_inversion::EmbeddingError, tokenizer::VocabularyError};

/// A model that cannot be loaded. What goes wrong while painting is a `PaintError` of `chatsd-types`.
#[derive(Debug, thiserror::Error)]
pub enum DiffusionError {
    /// A file is missing or damaged.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Whoever knows the folders does not find a file.
    #[error(transparent)]
    Lookup(Box<dyn Error + Send + Sync>),
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
    Unsupported(#[from] ModelFlaw),
}

/// What makes a model's parts no pipeline that is built here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelFlaw {
    /// A number of the pipeline's settings out of its range.
    #[error("{name} is {found} in its settings, expected a number from {low} to {high}")]
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
    /// A size of its own that it does not paint.
    #[error("its own size is {found}, but it paints multiples of {step} pixels up to {limit}: expected {nearest}")]
    Size {
        /// In its settings, or of its family.
        found: Size,
        /// Both sides must be multiples of this many pixels.
        step: u32,
        /// Neither side may be longer, in pixels.
        limit: u32,
        /// The nearest size that it paints.
        nearest: Size,
    },
    /// The picture network and the others do not fit.
    #[error(
        "its picture network has {} {property}, its other networks {}: expected the same",
        or_none(*of_unet),
        or_none(*of_others)
    )]
    Fit {
        /// In what they differ.
        property: Fit,
        /// `None` where the network has none.
        of_unet: Option<usize>,
        /// `None` where the others have none.
        of_others: Option<usize>,
    },
    /// A picture network that is given something unknown beside the latent.
    #[error(
        "its picture network reads {found} channels, expected {latent} of a latent, {} with a picture to edit, or {} \
         with a mask and what it leaves",
        2 * latent,
        2 * latent + 1
    )]
    InputChannels {
        /// Channels that it reads.
        found: usize,
        /// Channels of a latent.
        latent: usize,
    },
    /// No text encoder.
    #[error("it has no text encoder: get the whole model again")]
    NoTextEncoder,
    /// A text encoder that has no room for a word.
    #[error("its text encoder sees {found} tokens at once, expected {least} or more")]
    SequenceLength {
        /// Tokens.
        found: usize,
        /// The least.
        least: usize,
    },
    /// A scheduler of another kind of model.
    #[error("its scheduler is {class}, expected one of a model with betas")]
    Scheduler {
        /// Its class in diffusers.
        class: String,
    },
    /// An unknown prediction.
    #[error("its prediction is {found:?}, expected epsilon, v_prediction, sample or flow")]
    Prediction {
        /// In the settings.
        found: String,
    },
    /// Betas that are no shares of noise.
    #[error("betas from {first} to {last}, expected numbers between 0 and 1")]
    Betas {
        /// `beta_start`.
        first: f64,
        /// `beta_end`.
        last: f64,
    },
    /// Too few betas.
    #[error("{found} trained_betas, expected {least} or more")]
    TrainedBetas {
        /// How many.
        found: usize,
        /// The least.
        least: usize,
    },
    /// An unknown spread of betas.
    #[error("beta_schedule is {found:?}, expected scaled_linear, linear or squaredcos_cap_v2")]
    BetaSchedule {
        /// In the settings.
        found: String,
    },
    /// Betas that cannot be stretched until nothing is left of the picture.
    #[error("its betas cannot be stretched as rescale_betas_zero_snr asks for")]
    ZeroSnr,
}

/// In what the picture network and the other networks of a model must be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fit {
    /// Channels that it predicts, and of a latent.
    #[error("channels to return")]
    OutChannels,
    /// Values of a token.
    #[error("values of a token")]
    ContextChannels,
    /// Values of a pooled vector.
    #[error("values of a whole prompt")]
    PooledChannels,
}

fn or_none(number: Option<usize>) -> String {
    number.map_or_else(|| "none".to_owned(), |number| number.to_string())
}

/// That a file which a request names cannot be used, and why.
pub(crate) fn unusable(kind: FileKind, name: &str, why: impl Into<Box<dyn Error + Send + Sync>>) -> PaintError {
    PaintError::Unusable { kind, name: name.to_owned(), source: why.into() }
}
