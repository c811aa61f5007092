//! A picture model running here: text encoder, network, denoiser, samplers, autoencoder.

pub mod chunks;
pub mod network;
pub mod tokenizer;
