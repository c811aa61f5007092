//! Why no picture came.

use std::error::Error;

use crate::{FileKind, ParameterError, Size, SourceRole, SyntaxError};

/// Why no picture came. What is said here in English, the front says in the user's language, variant by variant.
#[derive(Debug, thiserror::Error)]
pub enum PaintError {
    /// The observer asked to stop: not a failure.
    #[error("stopped after step {step} of {steps}")]
    Stopped {
        /// Steps that were done.
        step: u32,
        /// Steps that were asked for.
        steps: u32,
    },
    /// A parameter out of its range, or without what it works on.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A size that the model does not paint.
    #[error(
        "the size {found} is not for the model {model}: expected multiples of {step} pixels from {step} to {limit}; \
         the nearest is {nearest}"
    )]
    Size {
        /// What was asked for.
        found: Size,
        /// Name of the model.
        model: String,
        /// Both sides must be multiples of this many pixels.
        step: u32,
        /// Neither side may be longer, in pixels.
        limit: u32,
        /// The nearest size that fits.
        nearest: Size,
    },
    /// A side that no picture and no noise may have.
    #[error("a picture of {found}: expected sides of 1 to {limit} pixels")]
    Side {
        /// What was asked for.
        found: Size,
        /// Neither side may be longer, in pixels.
        limit: u32,
    },
    /// What a request names beside the model shall count more than makes sense.
    #[error("the weight of the {} {name} is {found}: expected {low} to {high}", kind.label())]
    Weight {
        /// What it is.
        kind: FileKind,
        /// As the request names it.
        name: String,
        /// What was asked for.
        found: f32,
        /// The least.
        low: f32,
        /// The most.
        high: f32,
    },
    /// A ControlNet shall work in a part of the steps that is none.
    #[error("{name} works from {start} to {end} of the steps: expected shares from 0 to 1, the first not the larger")]
    StepRange {
        /// As the request names it.
        name: String,
        /// Share of the steps after which it begins.
        start: f32,
        /// Share of the steps after which it ends.
        end: f32,
    },
    /// A prompt whose weights or schedule cannot be read.
    #[error("the {}, {source}", if *negative { "negative prompt" } else { "prompt" })]
    Syntax {
        /// Whether it is the negative one.
        negative: bool,
        /// Where, and what was expected.
        source: SyntaxError,
    },
    /// A picture that the request names was not given.
    #[error("the request has {role}, which was not given: give it again")]
    NoSource {
        /// What it is for.
        role: SourceRole,
    },
    /// More or fewer pictures than the request names.
    #[error("the request has {expected} × {role}, and {found} were given: give as many")]
    SourceCount {
        /// What they are for.
        role: SourceRole,
        /// Pictures that were given.
        found: usize,
        /// Pictures that the request names.
        expected: usize,
    },
    /// A picture of another size than the request's, or without all of its pixels.
    #[error("{role} is {found} ({pixels} pixels), the request {expected}: make them equal")]
    SourceSize {
        /// What it is for.
        role: SourceRole,
        /// Its size.
        found: Size,
        /// Pixels that it has.
        pixels: usize,
        /// The size of the request.
        expected: Size,
    },
    /// A strength below 1 with nothing to keep.
    #[error("strength {found} without a starting picture: give one, or leave it at 1")]
    StrengthAlone {
        /// What was asked for.
        found: f32,
    },
    /// A mask over nothing.
    #[error("a mask without a starting picture: give the picture to keep")]
    MaskAlone,
    /// A second pass over masked painting.
    #[error("a second pass over masked painting: leave out the mask, or the second pass")]
    MaskedSecondPass,
    /// A ControlNet is to follow the mask, and there is none.
    #[error("{name} follows a mask, and there is none: give one, or another preprocessor")]
    UnmaskedControl {
        /// As the request names it.
        name: String,
    },
    /// A model that edits pictures has none to edit.
    #[error("the model {model} edits a picture, and there is none: give it with --init")]
    NothingToEdit {
        /// Name of the model.
        model: String,
    },
    /// A layer that the text encoder does not have.
    #[error("the clip skip is {found}: expected 1 to {layers}, the layers of the text encoder")]
    ClipSkip {
        /// What was asked for.
        found: u32,
        /// Layers there are.
        layers: u32,
    },
    /// The network's numbers ran away: the picture would be black or noise.
    #[error("the network returned NaN or infinite values at step {step}; a lower guidance or another sampler may help")]
    NotANumber {
        /// The step at which it was seen.
        step: u32,
    },
    /// The autoencoder's numbers ran away though the latent is in order.
    #[error(
        "the autoencoder produced NaN or infinite pixels: its file is damaged, as one saved in f16 after an overflow; \
         use another with --vae, or --decoder tiny"
    )]
    NotPixels,
    /// A file that the request names cannot be used.
    #[error("the {} {name:?} cannot be used", kind.label())]
    Unusable {
        /// What it is.
        kind: FileKind,
        /// As the request names it.
        name: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file that the request names was made for another family of models.
    #[error(
        "the {} {name:?} has {found} {property}, the model {model} has {expected}: use one that was made for {family}",
        kind.label()
    )]
    WrongFamily {
        /// What it is.
        kind: FileKind,
        /// As the request names it.
        name: String,
        /// In what they differ.
        property: Property,
        /// Of the file.
        found: usize,
        /// Of the model.
        expected: usize,
        /// Name of the model.
        model: String,
        /// Family of the model.
        family: String,
    },
    /// The model takes no changes to its weights.
    #[error("the model {model} takes no LoRA: leave out {adapter}")]
    NoAdapters {
        /// Name of the model.
        model: String,
        /// Name of the adapter.
        adapter: String,
    },
    /// The model cannot tell what a request takes.
    #[error("the model {model} cannot tell what a picture takes")]
    NotCounted {
        /// Name of the model.
        model: String,
    },
}

/// In what a file beside a model and the model must be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// Channels of the states of the text encoders.
    ContextChannels,
    /// Channels of the latent.
    LatentChannels,
    /// Pixels to a pixel of the latent, along a side.
    LatentFactor,
    /// Whether a vector of the whole prompt is taken: 1, or 0.
    PooledVectors,
    /// Layers of the network.
    Layers,
    /// Channels of a layer.
    LayerChannels,
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ContextChannels => "channels of a token",
            Self::LatentChannels => "latent channels",
            Self::LatentFactor => "pixels to a latent pixel",
            Self::PooledVectors => "pooled vectors",
            Self::Layers => "layers",
            Self::LayerChannels => "channels in a layer",
        })
    }
}
