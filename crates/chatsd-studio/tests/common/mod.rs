//! A studio with a model that paints plain colours, and jobs for it.

use std::{
    ops::ControlFlow,
    sync::{Arc, atomic::AtomicBool},
};

use chatsd_gallery::Gallery;
use chatsd_prompt::StyleLibrary;
use chatsd_studio::{ModelError, Models, OpenModel, Outcome, PaintJob, PictureChoices, Studio, StudioError};
use chatsd_types::{
    FakeImageModel, FileKind, Image, ImageModel, ImageUpscaler, Kernel, PaintError, ParameterChoices, Size,
};
use tempfile::TempDir;

/// Opens the fake model, whatever name is asked for but `missing`.
#[derive(Default)]
pub struct FakeModels {
    pub room: Option<u64>,
    pub model: Arc<FakeImageModel>,
}

struct FakeOpen(Arc<FakeImageModel>);

impl Models for FakeModels {
    fn usual(&self) -> &str {
        "fake"
    }

    fn open(&self, name: &str) -> Result<Arc<dyn OpenModel>, ModelError> {
        if name == "missing" { Err("there is none".into()) } else { Ok(Arc::new(FakeOpen(Arc::clone(&self.model)))) }
    }

    fn upscaler(&self, name: &str) -> Result<Box<dyn ImageUpscaler>, PaintError> {
        match name {
            "lanczos" => Ok(Box::new(Lanczos)),
            _ => Err(PaintError::Unusable { kind: FileKind::Upscaler, name: name.into(), source: "no".into() }),
        }
    }

    fn file_hash(&self, _kind: FileKind, _name: &str) -> Result<String, PaintError> {
        Ok("0011223344".into())
    }

    fn memory_budget(&self) -> Option<u64> {
        self.room
    }
}

impl OpenModel for FakeOpen {
    fn name(&self) -> &str {
        "fake"
    }

    fn meta(&self) -> Result<Arc<dyn ImageModel>, ModelError> {
        Ok(Arc::clone(&self.0) as _)
    }

    fn meta_in_eight_bits(&self) -> Option<Arc<dyn ImageModel>> {
        None
    }

    fn load(&self) -> Result<Arc<dyn ImageModel>, ModelError> {
        self.meta()
    }

    fn hash(&self) -> Result<String, ModelError> {
        Ok(self.0.card.hash.clone())
    }

    fn pace(&self) -> Option<f64> {
        self.0.pace()
    }
}

struct Lanczos;

impl ImageUpscaler for Lanczos {
    fn scale(&self) -> u32 {
        2
    }

    fn upscale(
        &self,
        image: &Image,
        size: Size,
        observer: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Option<Image> {
        observer(1, 1).is_continue().then(|| image.resized(size, Kernel::Lanczos))
    }
}

/// A studio whose gallery lies in a folder that goes away with it.
pub struct Place {
    pub folder: TempDir,
    pub studio: Studio,
}

impl Place {
    pub fn new() -> Self {
        Self::with(FakeModels::default())
    }

    pub fn with(models: FakeModels) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = Arc::new(StyleLibrary::builtin().clone());
        let images = folder.path().join("images");
        let studio = Studio::new(Arc::new(models), library, Arc::new(|_: &str| None), images);
        Self { folder, studio }
    }

    pub fn gallery(&self) -> Gallery {
        Gallery::open(self.studio.folder()).unwrap()
    }

    /// Paints with nobody to stop it.
    pub fn paint(&self, job: &PaintJob) -> Result<Outcome, StudioError> {
        self.studio.paint(job, &mut |_| {}, &AtomicBool::new(false))
    }
}

/// A job of so many pictures of a cat, with a fixed seed and these parameters.
pub fn job(count: usize, parameters: &[(&str, &str)]) -> PaintJob {
    let mut job = PaintJob { sentence: "a cat".into(), ..PaintJob::default() };
    (job.prompt.count, job.prompt.seed) = (Some(count), Some(7));
    job.picture = picture(parameters);
    job
}

/// Choices of these parameters.
pub fn picture(parameters: &[(&str, &str)]) -> PictureChoices {
    let mut choices = ParameterChoices::default();
    parameters.iter().for_each(|(key, value)| choices.choose(key, value).unwrap());
    PictureChoices { parameters: choices, ..PictureChoices::default() }
}

pub fn size(width: u32, height: u32) -> Size {
    Size { width, height }
}
