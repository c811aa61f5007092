//! One file for each command.

pub mod again;
pub mod bench;
pub mod completions;
pub mod doctor;
pub mod gallery;
pub mod models;
pub mod paint;
pub mod refine;
pub mod styles;
pub mod upscale;
pub mod vary;
pub mod write;
