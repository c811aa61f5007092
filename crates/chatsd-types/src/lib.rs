//! The shared words of ChatSD, one type for one idea, and the trait that joins the floors. No I/O.
//!
//! `sentence` → [`Idea`] → [`Prompt`] → [`Request`] → latent → [`Image`] → entry → sheet.

mod adapted;
mod adapter_tag;
mod attention;
mod bilingual;
mod blur;
mod check;
mod conditions;
mod file_kind;
mod idea;
mod image;
mod image_model;
mod image_upscaler;
mod named;
mod note;
mod paint_error;
mod painting;
mod parameter;
mod parameter_choices;
mod preview;
mod prompt;
mod prompt_schedule;
mod request;
mod resample;
mod sampling;
mod upscale_target;
mod value_error;

#[cfg(feature = "fake")]
mod fake;

pub use adapted::Adapted;
pub use adapter_tag::{adapter, adapter_of_tag, tag_of_adapter, take_tags};
pub use attention::{Piece, SyntaxError, SyntaxProblem, weighted};
pub use bilingual::Bilingual;
pub use blur::blurred;
pub use check::check_sides;
pub use conditions::{
    Adapter, Control, Decoder, Fill, ImagePrompt, LearnedWord, Masking, Preprocessor, SecondPass, SourceRole,
};
#[cfg(feature = "fake")]
pub use fake::FakeImageModel;
pub use file_kind::FileKind;
pub use idea::{AspectRatio, Idea, Language};
pub use image::{Image, Mask, Size};
pub use image_model::{Cost, ImageModel, ModelCard, Progress, Source, TokenCount};
pub use image_upscaler::ImageUpscaler;
pub use named::UnknownName;
pub use note::Note;
pub use paint_error::{PaintError, Property};
pub use parameter::{Parameter, ParameterError, ParameterValues, Prerequisite};
pub use parameter_choices::ParameterChoices;
pub use preview::Preview;
pub use prompt::Prompt;
pub use prompt_schedule::{Part, Passes, Turn, composed, scheduled};
#[cfg(feature = "fake")]
pub use request::sample::{sample_request, unusual_value};
pub use request::{PARAMETERS, Request, parameter};
pub use resample::Kernel;
pub use sampling::{NamedSampler, NoiseSource, Sampler, SamplerOptions, Schedule, Variation};
pub use upscale_target::UpscaleTarget;
pub use value_error::{ExpectedValue, ValueError};
