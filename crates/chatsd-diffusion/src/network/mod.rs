//! The networks of a picture model, each written once and shaped by its config.
//!
//! Every network has three parts: a config (what it is: the JSON that diffusers and transformers save), its layers
//! (what it learned), and what its `forward` makes on the way. Names of tensors are those libraries' names.

pub mod autoencoder;
mod clip_layer;
mod config;
mod error;
mod image_encoder;
mod resnet;
pub mod text_encoder;
mod time;
pub mod unet;
mod upscaler;

pub use autoencoder::Autoencoder;
pub use error::{NetworkError, NetworkFlaw};
pub use image_encoder::ImageEncoder;
pub use text_encoder::{Encoded, TextEncoder};
pub use unet::{Added, AddedEmbedding, Context, ControlNet, ImageAdapter, UNet};
pub use upscaler::Upscaler;
