//! The shared words of ChatSD, one type for one idea, and the trait that joins the floors. No I/O.
//!
//! `sentence` → [`Idea`] → [`Prompt`] → [`Request`] → latent → [`Image`] → entry → sheet.

mod adapted;
mod adapter_tag;
mod attention;
mod blur;
mod conditions;
mod file_kind;
mod idea;
mod image;
mod image_model;
mod prompt;
mod prompt_schedule;
mod request;
mod resample;
mod sampling;

#[cfg(feature = "fake")]
mod fake;

pub use adapted::Adapted;
pub use adapter_tag::{adapter, adapter_of_tag, tag_of_adapter, take_tags};
pub use attention::{Piece, SyntaxError, SyntaxProblem, weighted};
pub use blur::blurred;
pub use conditions::{Adapter, Control, Decoder, Fill, ImagePrompt, LearnedWord, Masking, Preprocessor, SecondPass};
#[cfg(feature = "fake")]
pub use fake::FakeImageModel;
pub use file_kind::FileKind;
pub use idea::{Idea, Language, Shape};
pub use image::{Image, Mask, Size};
pub use image_model::{
    Cost, GUIDANCE_LIMIT, ImageModel, ModelCard, PaintError, Preview, Progress, STEPS_LIMIT, Source, TokenCount,
};
pub use prompt::Prompt;
pub use prompt_schedule::{Part, Passes, Turn, composed, scheduled};
pub use request::{Request, UnknownName};
pub use resample::Kernel;
pub use sampling::{NamedSampler, NoiseSource, Sampler, SamplerOptions, Schedule, Variation};
