//! A picture model running here: text encoder, network, denoiser, samplers, autoencoder.

mod adapted;
mod betas;
mod cache;
mod check;
mod chunks;
mod companions;
mod conditioning;
mod controls;
mod cost;
mod denoiser;
mod error;
mod extra_channels;
mod families;
mod few_steps;
mod fill;
mod finder;
mod guidance;
mod image_prompts;
mod network;
mod networks;
mod noise;
mod picture_model;
mod picture_upscaler;
mod pipeline_settings;
mod pixel_maker;
mod pixels;
mod preprocess;
mod preview;
mod prompt_reader;
mod sampler;
mod schedule;
mod second_pass;
mod start;
mod text_to_image;
mod textual_inversion;
mod tiles;
mod tokenizer;

pub use error::{DiffusionError, Fit, ModelFlaw};
pub use finder::Finder;
pub use network::{NetworkError, NetworkFlaw};
pub use picture_model::PictureModel;
pub use picture_upscaler::PictureUpscaler;
pub use prompt_reader::PromptReader;
pub use textual_inversion::EmbeddingError;
pub use tokenizer::{TokenRole, VocabularyError};

/// What the tests of this room compare piece by piece with other programs. Nothing else uses it, and it may change.
#[doc(hidden)]
pub mod testing {
    pub use crate::{
        chunks::{Chunk, Window, emphasise, encode, split},
        denoiser::{Parameters, PredictionType},
        network::{Added, Autoencoder, Context, ControlNet, ImageAdapter, ImageEncoder, TextEncoder, UNet, Upscaler},
        noise::{BrownianPath, Noise, starting},
        sampler::{SamplingRun, sampler},
        schedule::NoiseLevels,
        tokenizer::Tokenizer,
    };
}
