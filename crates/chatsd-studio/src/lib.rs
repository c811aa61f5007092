//! The use cases: a sentence comes in, entries go out. Knows the traits, not the engines; no HTTP, no tensors, no
//! talk: whoever asks is told through [`Event`]s.
//!
//! [`Studio::plan`] turns a sentence into a [`Plan`] of requests; [`Studio::paint`] paints them one by one, keeps each
//! as soon as it is finished, and ends with the sheet. Requests are changed by [`vary()`], [`Studio::refined`] and [`Studio::variations`];
//! [`Studio::predict`] tells what a plan takes.

mod choices;
mod draft;
mod error;
mod event;
mod extend;
mod masked;
mod pace;
mod paint;
mod plan;
mod predict;
mod refine;
mod variations;
mod vary;

pub use choices::{Larger, PictureChoices, PromptChoices, SecondChoices};
pub use draft::{Draft, Drafts};
pub use error::StudioError;
pub use event::Event;
pub use extend::{Margins, extended};
pub use pace::Pace;
pub use paint::Outcome;
pub use plan::{Composed, Plan, compose, new_seed};
pub use predict::Prediction;
pub use refine::RefineChoices;
pub use vary::{VARIABLE, vary};

use chatsd_prompt::{StyleLibrary, Wildcards};
use chatsd_types::ImageModel;

/// Where pictures are planned and painted.
pub struct Studio<'a> {
    /// Paints.
    pub model: &'a dyn ImageModel,
    /// The styles that are known.
    pub library: &'a StyleLibrary,
    /// Lines of wildcard files.
    pub wildcards: &'a Wildcards<'a>,
}
