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

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chatsd_gallery::Gallery;
use chatsd_prompt::StyleLibrary;
use chatsd_types::{ImageModel, ModelCard};

pub use again::AgainJob;
pub use choices::{ControlChoice, ImagePromptChoice, PictureChoices, PromptChoices};
pub use draft::{Draft, Drafts};
pub use error::{Remedy, StudioError};
pub use event::{Event, Events};
pub use models::{ModelError, Models, OpenModel};
pub use outpaint::{Margins, Region, extend};
pub use pace::Pace;
pub use paint::{DryRun, PaintJob};
pub use plan::{Composed, Plan, blank_request, compose};
use predict::predict;
pub use predict::{OnePicture, Prediction, predict_one};
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
    folder: PathBuf,
    /// The gallery, once a job has opened it: what one job writes is not for the next to recover.
    gallery: Arc<Mutex<Option<Arc<Gallery>>>>,
}

impl Studio {
    /// Where jobs are done, with the gallery in `folder`. Nothing is opened yet.
    #[must_use]
    pub fn new(
        models: Arc<dyn Models>,
        library: Arc<StyleLibrary>,
        wildcards: Arc<SharedWildcards>,
        folder: PathBuf,
    ) -> Self {
        Self { models, library, wildcards, folder, gallery: Arc::default() }
    }

    /// The folder of the gallery.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The gallery. Who opens it first is told what was taken up that an interrupted program had left.
    fn gallery(&self, events: &mut Events<'_>) -> Result<Arc<Gallery>, StudioError> {
        let mut opened = self.gallery.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gallery) = &*opened {
            return Ok(Arc::clone(gallery));
        }
        let gallery = Arc::new(Gallery::open(&self.folder)?);
        let entries = gallery.recovered().adopted.len();
        if entries > 0 {
            events(Event::Recovered { entries, folder: self.folder.clone() });
        }
        Ok(Arc::clone(opened.insert(gallery)))
    }

    /// A model by its name or path; without a name, the usual one.
    fn open(&self, name: Option<&str>) -> Result<Arc<dyn OpenModel>, StudioError> {
        let name = name.unwrap_or(self.models.usual());
        self.models.open(name).map_err(|source| StudioError::Model { name: name.to_owned(), source })
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

/// The card of a model that is open, with its hash.
fn card_of(opened: &dyn OpenModel, meta: &dyn ImageModel) -> Result<ModelCard, StudioError> {
    let hash = opened.hash().map_err(|source| cannot_load(opened, source))?;
    Ok(ModelCard { hash, ..meta.card().clone() })
}

fn cannot_load(opened: &dyn OpenModel, source: ModelError) -> StudioError {
    StudioError::Model { name: opened.name().to_owned(), source }
}
