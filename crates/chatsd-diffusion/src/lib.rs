//! A picture model running here: text encoder, network, denoiser, samplers, autoencoder.

mod adapted;
mod beside;
mod betas;
pub mod chunks;
mod controls;
mod cost;
pub mod denoiser;
mod enlarge;
mod error;
mod few_steps;
mod fill;
mod finder;
pub mod guidance;
mod learned;
pub mod model_card;
pub mod network;
pub mod noise;
mod picture_model;
mod pixels;
pub mod preprocess;
mod reader;
mod request;
pub mod sampler;
pub mod schedule;
mod second_pass;
mod shelf;
mod start;
mod text_to_image;
mod tiles;
pub mod tokenizer;
mod words;

pub use enlarge::Enlarger;
pub use error::DiffusionError;
pub use finder::Finder;
pub use picture_model::PictureModel;
pub use reader::Reader;
