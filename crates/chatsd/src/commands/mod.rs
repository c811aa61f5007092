//! One file for each command.

pub mod again;
pub mod bench;
pub mod completions;
pub mod doctor;
pub mod fit;
pub mod gallery;
pub mod models;
pub mod paint;
mod picked;
pub mod refine;
pub mod styles;
pub mod upscale;
pub mod vary;
pub mod write;
