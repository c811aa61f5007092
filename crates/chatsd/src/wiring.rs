//! The only place that joins the rooms: settings choose the model's files, the engine and what was brought along.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError},
};

use anyhow::{Context, Result};
use chatsd_diffusion::{Finder, PictureModel, PictureUpscaler, PromptReader};
use chatsd_hub::{LookupError, ModelFolders};
use chatsd_messages::Lang;
use chatsd_prompt::StyleLibrary;
use chatsd_studio::{ModelError, Models, OpenModel, Pace, SharedWildcards, Studio};
use chatsd_tensor::{Engine, Format, Instructions, Options};
use chatsd_types::{FileKind, Image, ImageModel, ImageUpscaler, PaintError, Size};
use chatsd_weights::ModelFiles;

use crate::{
    args::{
        config,
        settings::Settings,
        values::{InstructionSet, Store},
    },
    failure::ProgramError,
    memory, model_names,
};

/// The built-in model.
static POCKET: &[u8] = include_bytes!("../../../models/pocket.gguf");
/// Its name.
pub const BUILT_IN: &str = "pocket";
/// Bytes of a megabyte, as programs count memory.
const MEGABYTE: u64 = 1 << 20;

/// Everything that is opened and kept for one run of the program, as its settings want it: one engine and the folders
/// that were found. Clones share it.
#[derive(Clone)]
pub struct House(Arc<Inside>);

struct Inside {
    settings: Settings,
    /// Looking for the folders of other programs waits until a name is looked up.
    folders: LazyLock<ModelFolders, Box<dyn FnOnce() -> ModelFolders + Send + Sync>>,
    engine: Mutex<Option<Engine>>,
}

impl House {
    /// As the settings want it. Nothing is opened yet.
    pub fn new(settings: &Settings) -> Self {
        let for_folders = settings.clone();
        let folders: Box<dyn FnOnce() -> ModelFolders + Send + Sync> =
            Box::new(move || model_names::folders(&for_folders));
        let (settings, folders) = (settings.clone(), LazyLock::new(folders));
        Self(Arc::new(Inside { settings, folders, engine: Mutex::default() }))
    }

    /// The engine, made when it is first asked for.
    ///
    /// # Errors
    /// When the processor lacks the instructions or threads cannot be started.
    pub fn engine(&self) -> Result<Engine> {
        let mut kept = self.0.engine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = &*kept {
            return Ok(engine.clone());
        }
        let Settings { threads, instructions, .. } = &self.0.settings;
        let instructions = instructions.map(|set| match set {
            InstructionSet::Portable => Instructions::Portable,
            InstructionSet::Avx2 => Instructions::Avx2,
            InstructionSet::Avx512 => Instructions::Avx512,
        });
        let engine = Engine::cpu(Options { threads: *threads, instructions })?;
        Ok(kept.insert(engine).clone())
    }

    /// Where a model lies; `None` for the built-in one.
    ///
    /// # Errors
    /// When no file has that name.
    pub fn model_path(&self, name: &str) -> Result<Option<PathBuf>, LookupError> {
        if name == BUILT_IN { Ok(None) } else { self.find(FileKind::Model, name).map(Some) }
    }

    /// The file of a kind that a name or a path means.
    ///
    /// # Errors
    /// When there is none: says the nearest names there are.
    pub fn find(&self, kind: FileKind, name: &str) -> Result<PathBuf, LookupError> {
        if let Some(path) = self.0.settings.given.get(name) {
            return Ok(path.clone());
        }
        chatsd_hub::find(model_names::own_folder().ok().as_deref(), &self.0.folders, kind, name)
    }

    /// Finds files that requests name beside the model.
    fn finder(&self) -> Finder {
        let (house, listed) = (self.clone(), self.clone());
        let finder = Finder::new(move |kind, name| {
            let path = house.find(kind, name)?;
            Ok::<_, ModelError>(ModelFiles::open(&path)?)
        });
        finder.listing(move |kind| listed.0.folders.list(kind).into_iter().map(|found| found.name).collect())
    }

    /// The name of the chosen model.
    pub fn chosen_model(&self) -> &str {
        self.0.settings.model.as_deref().unwrap_or(BUILT_IN)
    }

    /// A model by its name or path. Weights are not read yet.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(&self, name: &str) -> Result<OpenedModel> {
        let store = self.0.settings.store;
        let files = self.files(name)?.stored_as(store.map(|store| match store {
            Store::F32 => Format::F32,
            Store::F16 => Format::F16,
            Store::Q8_0 => Format::Q8_0,
        }));
        let name = if name == BUILT_IN { name.to_owned() } else { model_names::name(name) };
        Ok(OpenedModel { house: self.clone(), name, files, meta: OnceLock::new() })
    }

    /// The files of a model, with the parts that were chosen beside it.
    ///
    /// # Errors
    /// When there is no model.
    pub fn files(&self, name: &str) -> Result<ModelFiles> {
        let settings = &self.0.settings;
        let lang = settings.lang();
        let built_in = || ModelFiles::from_static(POCKET).with_context(|| lang.model_not_read(BUILT_IN));
        let open = |path: &Path| ModelFiles::open(path).with_context(|| lang.no_model_in(path.display()));
        let mut files = match self.model_path(name)? {
            None => built_in()?,
            // Checkpoints come without the words of CLIP's tokenizer, which is the built-in model's as well.
            Some(path) => open(&path)?.with_words_of(built_in()?),
        };
        if let Some(name) = &settings.vae {
            files = files.with_component("vae", open(&self.find(FileKind::Autoencoder, name)?)?)?;
        }
        for name in settings.text_encoder.iter().flat_map(|names| &names.0) {
            let other = open(&self.find(FileKind::TextEncoder, name)?)?;
            // A file tells by its width which of the two it is; what is neither is refused with its kind.
            let second = other.has("text_encoder_2") && !other.has("text_encoder");
            files = files.with_component(if second { "text_encoder_2" } else { "text_encoder" }, other)?;
        }
        Ok(files.predicting(settings.predicts))
    }

    /// Where jobs are done.
    ///
    /// # Errors
    /// When the user's own styles cannot be read, or a folder of wildcard files was named that is none.
    pub fn studio(&self) -> Result<Studio> {
        let settings = &self.0.settings;
        let wildcards: Arc<SharedWildcards> = Arc::new(wildcards(settings)?);
        let library = Arc::new(library(settings.lang())?);
        Ok(Studio::new(Arc::new(self.clone()), library, wildcards, settings.out()))
    }
}

/// An error of `anyhow` as the studio takes one, so that its type is still found.
fn model_error(error: anyhow::Error) -> ModelError {
    error.reallocate_into_boxed_dyn_error_without_backtrace()
}

impl Models for House {
    fn usual(&self) -> &str {
        self.chosen_model()
    }

    fn open(&self, name: &str) -> Result<Arc<dyn OpenModel>, ModelError> {
        Ok(Arc::new(Self::open(self, name).map_err(model_error)?))
    }

    fn upscaler(&self, name: &str) -> Result<Box<dyn ImageUpscaler>, PaintError> {
        let upscaler = PictureUpscaler::find(&self.finder(), name)?;
        let engine = self.engine().map_err(|error| unusable(FileKind::Upscaler, name, model_error(error)))?;
        Ok(Box::new(UpscalerOn { upscaler, engine }))
    }

    fn file_hash(&self, kind: FileKind, name: &str) -> Result<String, PaintError> {
        let components: &[&str] = if kind == FileKind::Control { &["controlnet"] } else { &[] };
        let hash = self.finder().find(kind, name).and_then(|files| Ok(files.short_hash(components)?));
        hash.map_err(|error| unusable(kind, name, error.into()))
    }

    fn memory_budget(&self) -> Option<u64> {
        let limit = self.0.settings.memory_limit.map(|megabytes| megabytes.saturating_mul(MEGABYTE));
        limit.or_else(|| memory::memory().map(|memory| memory.available))
    }
}

fn unusable(kind: FileKind, name: &str, source: Box<dyn Error + Send + Sync>) -> PaintError {
    PaintError::Unusable { kind, name: name.to_owned(), source }
}

/// What makes pictures larger, with the engine that it runs on.
struct UpscalerOn {
    upscaler: PictureUpscaler,
    engine: Engine,
}

impl ImageUpscaler for UpscalerOn {
    fn scale(&self) -> u32 {
        self.upscaler.scale() as u32
    }

    fn upscale(
        &self,
        image: &Image,
        size: Size,
        observer: &mut dyn FnMut(usize, usize) -> std::ops::ControlFlow<()>,
    ) -> Option<Image> {
        self.upscaler.upscale(&self.engine, image, size, observer).continue_value()
    }
}

/// A model whose files are open.
pub struct OpenedModel {
    house: House,
    name: String,
    files: ModelFiles,
    meta: OnceLock<PictureModel>,
}

impl OpenedModel {
    /// The model, ready to paint.
    ///
    /// # Errors
    /// When it cannot be read or is of a kind that is not known.
    pub fn picture_model(&self) -> Result<PictureModel> {
        let model = self.meta_model()?.with_weights(&self.files, self.house.engine()?)?;
        Ok(model.with_finder(self.house.finder()))
    }

    /// The model without its weights, with what is known of it beside its files: it tells what pictures take, and reads
    /// prompts. Made once.
    ///
    /// # Errors
    /// As [`OpenedModel::picture_model`].
    pub fn meta_model(&self) -> Result<PictureModel> {
        if let Some(model) = self.meta.get() {
            return Ok(model.clone());
        }
        let hash = || PictureModel::hash_of(&self.files).ok();
        let model = PictureModel::meta(&self.files, &self.name)?
            .with_card(|card| model_names::advise(self.files.path(), card, hash))
            .with_finder(self.house.finder());
        Ok(self.meta.get_or_init(|| model).clone())
    }

    /// The part of the model that reads, without its networks.
    ///
    /// # Errors
    /// As [`OpenedModel::picture_model`].
    pub fn reader(&self) -> Result<PromptReader> {
        Ok(PromptReader::open(&self.files)?.with_finder(self.house.finder()))
    }
}

impl OpenModel for OpenedModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn meta(&self) -> Result<Arc<dyn ImageModel>, ModelError> {
        Ok(Arc::new(self.meta_model().map_err(model_error)?))
    }

    fn meta_in_eight_bits(&self) -> Option<Arc<dyn ImageModel>> {
        if self.house.0.settings.store == Some(Store::Q8_0) {
            return None;
        }
        let Self { house, name, files, .. } = self;
        let (house, name, files) = (house.clone(), name.clone(), files.clone().stored_as(Some(Format::Q8_0)));
        let meta = Self { house, name, files, meta: OnceLock::new() }.meta_model().ok()?;
        Some(Arc::new(meta))
    }

    fn load(&self) -> Result<Arc<dyn ImageModel>, ModelError> {
        Ok(Arc::new(self.picture_model().map_err(model_error)?))
    }

    fn hash(&self) -> Result<String, ModelError> {
        Ok(PictureModel::hash_of(&self.files)?)
    }

    fn pace(&self) -> Option<f64> {
        PictureModel::pace_of(&self.house.engine().ok()?)
    }
}

/// Where the user's own styles are kept.
pub fn own_styles() -> Result<PathBuf> {
    Ok(config::data_folder()?.join("styles.csv"))
}

/// The styles that come with the program, and the user's own.
///
/// # Errors
/// When the user's own cannot be read.
pub fn library(lang: Lang) -> Result<StyleLibrary> {
    let mut library = StyleLibrary::builtin().clone();
    if let Ok(path) = own_styles()
        && let Some(text) = read_if_there(&path, lang)?
    {
        library.import_csv(&text).with_context(|| lang.in_file(path.display()))?;
    }
    Ok(library)
}

/// The folder of wildcard files; `None` where there is no home to have one in.
///
/// # Errors
/// When a folder was named that is none.
pub fn wildcard_folder(settings: &Settings) -> Result<Option<PathBuf>> {
    match &settings.wildcards {
        Some(folder) if folder.is_dir() => Ok(Some(folder.clone())),
        Some(folder) => Err(ProgramError::NoWildcardFolder(folder.clone()).into()),
        None => Ok(config::data_folder().ok().map(|folder| folder.join("wildcards"))),
    }
}

/// The lines of a wildcard file, looked up in the chosen folder.
///
/// # Errors
/// When a folder was named that is none.
pub fn wildcards(settings: &Settings) -> Result<impl Fn(&str) -> Option<Vec<String>> + Send + Sync + use<>> {
    let folder = wildcard_folder(settings)?;
    Ok(move |name: &str| {
        // A name is a path below the folder, and nowhere else.
        let below = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let path = folder.as_ref().filter(|_| below)?.join(format!("{name}.txt"));
        let text = fs::read_to_string(path).ok()?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Some(lines.map(str::to_owned).collect())
    })
}

/// The text of a file; `None` where there is none.
///
/// # Errors
/// When it is there but cannot be read.
pub fn read_if_there(path: &Path, lang: Lang) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| lang.cannot_read(path.display())),
    }
}

/// How fast pictures are painted on this machine, by a probe.
///
/// # Errors
/// As [`House::engine`].
pub fn pace(house: &House) -> Result<Pace> {
    Ok(Pace::of(PictureModel::pace_of(&house.engine()?)))
}
