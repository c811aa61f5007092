//! Models for a front without a terminal: the built-in one, loaded once, on one engine.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use chatsd_diffusion::{Finder, PictureModel};
use chatsd_prompt::StyleLibrary;
use chatsd_studio::{ModelError, Models, OpenModel, PaintJob, Studio};
use chatsd_tensor::{Engine, Options};
use chatsd_types::{FileKind, ImageModel, ImageUpscaler, PaintError};
use chatsd_weights::ModelFiles;

const POCKET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/pocket.gguf");

/// The built-in model, whatever name is asked for.
pub struct BuiltIn {
    files: ModelFiles,
    engine: Engine,
    loaded: Mutex<Option<Arc<PictureModel>>>,
}

impl BuiltIn {
    fn open() -> Arc<Self> {
        let files = ModelFiles::open(Path::new(POCKET)).unwrap();
        Arc::new(Self { files, engine: Engine::cpu(Options::default()).unwrap(), loaded: Mutex::default() })
    }
}

/// Open, and not yet loaded.
struct Opened(Arc<BuiltIn>);

/// A studio with a gallery in this folder.
pub fn studio(folder: &Path) -> Studio {
    let library = Arc::new(StyleLibrary::builtin().clone());
    Studio::new(Arc::new(Shared(BuiltIn::open())), library, Arc::new(|_: &str| None), folder.join("images"))
}

/// A job of so many pictures, the same for the same sentence.
pub fn job(sentence: &str, count: usize) -> PaintJob {
    let mut job = PaintJob { sentence: sentence.into(), ..PaintJob::default() };
    (job.prompt.count, job.prompt.seed) = (Some(count), Some(7));
    job
}

struct Shared(Arc<BuiltIn>);

impl Models for Shared {
    fn usual(&self) -> &str {
        "pocket"
    }

    fn open(&self, _name: &str) -> Result<Arc<dyn OpenModel>, ModelError> {
        Ok(Arc::new(Opened(Arc::clone(&self.0))))
    }

    fn upscaler(&self, name: &str) -> Result<Box<dyn ImageUpscaler>, PaintError> {
        Err(PaintError::Unusable { kind: FileKind::Upscaler, name: name.into(), source: "there is none".into() })
    }

    fn file_hash(&self, kind: FileKind, name: &str) -> Result<String, PaintError> {
        Err(PaintError::Unusable { kind, name: name.into(), source: "there is none".into() })
    }

    fn memory_budget(&self) -> Option<u64> {
        None
    }
}

impl OpenModel for Opened {
    fn name(&self) -> &str {
        "pocket"
    }

    fn meta(&self) -> Result<Arc<dyn ImageModel>, ModelError> {
        Ok(Arc::new(PictureModel::meta(&self.0.files, "pocket")?))
    }

    fn meta_in_eight_bits(&self) -> Option<Arc<dyn ImageModel>> {
        None
    }

    fn load(&self) -> Result<Arc<dyn ImageModel>, ModelError> {
        let mut loaded = self.0.loaded.lock().unwrap();
        if loaded.is_none() {
            let model = PictureModel::load(&self.0.files, "pocket", self.0.engine.clone())?;
            *loaded = Some(Arc::new(model.with_finder(Finder::default())));
        }
        Ok(Arc::clone(loaded.as_ref().unwrap()) as Arc<dyn ImageModel>)
    }

    fn hash(&self) -> Result<String, ModelError> {
        Ok(PictureModel::hash_of(&self.0.files)?)
    }

    fn pace(&self) -> Option<f64> {
        PictureModel::pace_of(&self.0.engine)
    }
}
