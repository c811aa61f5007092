//! The use cases: a job comes in, entries go out. Knows the traits, not the engines; no HTTP, no tensors, no talk:
//! whoever asks is told through [`Event`]s, and what goes wrong is a [`StudioError`].
//!
//! A job is all that was asked for, typed and finished; whoever builds one needs no request, entry or gallery.
//! [`Studio::paint`] answers a sentence with a sheet, [`Studio::again`] makes a picture again from its own metadata,
//! [`Studio::refine`] and [`Studio::vary`] go on from pictures that were picked, [`Studio::upscale`] makes one larger.

mod again;
mod change;
mod choices;
mod draft;
mod error;
mod event;
mod masking;
mod memory;
mod models;
mod outpaint;
mod pace;
mod paint;
mod picked;
mod plan;
mod predict;
mod refine;
mod sheet;
mod sources;
mod target;
mod upscale;
mod vary;

use std::{path::PathBuf, sync::Arc};

use chatsd_gallery::Gallery;
use chatsd_prompt::StyleLibrary;
use chatsd_types::ImageModel;

pub use again::AgainJob;
pub use choices::{ControlChoice, ImagePromptChoice, PictureChoices, PromptChoices};
pub use draft::{Draft, Drafts};
pub use error::{Remedy, StudioError};
pub use event::{Event, Events};
pub use models::{ModelError, Models, OpenModel};
pub use outpaint::{Margins, extend};
pub use pace::Pace;
pub use paint::{DryRun, PaintJob};
pub use plan::{Composed, Plan, blank_request, compose};
pub use predict::{Prediction, predict};
pub use refine::{RefineChoices, RefineJob};
pub use sheet::Outcome;
pub use sources::read_source;
pub use target::Target;
pub use upscale::UpscaleJob;
pub use vary::VaryJob;

/// Lines of a wildcard file, by its name; shared by threads.
pub type SharedWildcards = dyn Fn(&str) -> Option<Vec<String>> + Send + Sync;

/// Where jobs are done. Clones share everything, and any thread may do a job.
#[derive(Clone)]
pub struct Studio {
    /// Opens models.
    pub models: Arc<dyn Models>,
    /// The styles that are known.
    pub library: Arc<StyleLibrary>,
    /// Lines of wildcard files.
    pub wildcards: Arc<SharedWildcards>,
    /// The folder of the gallery.
    pub gallery: PathBuf,
}

impl Studio {
    /// Opens the gallery, and tells what was taken up that an interrupted program had left.
    fn open_gallery(&self, events: &mut Events<'_>) -> Result<Gallery, StudioError> {
        let gallery = Gallery::open(&self.gallery)?;
        let entries = gallery.recovered().adopted.len();
        if entries > 0 {
            events(Event::Recovered { entries, folder: self.gallery.clone() });
        }
        Ok(gallery)
    }

    /// A model by its name or path.
    fn open(&self, name: Option<&str>) -> Result<Arc<dyn OpenModel>, StudioError> {
        let wrong = |source| StudioError::Model { name: name.unwrap_or_default().to_owned(), source };
        self.models.open(name).map_err(wrong)
    }

    /// A model without its weights.
    fn meta(&self, opened: &dyn OpenModel) -> Result<Arc<dyn ImageModel>, StudioError> {
        opened.meta().map_err(|source| cannot_load(opened, source))
    }

    /// A model, ready to paint.
    fn load(&self, opened: &dyn OpenModel) -> Result<Arc<dyn ImageModel>, StudioError> {
        opened.load().map_err(|source| cannot_load(opened, source))
    }
}

fn cannot_load(opened: &dyn OpenModel, source: ModelError) -> StudioError {
    StudioError::Model { name: opened.name().to_owned(), source }
}
