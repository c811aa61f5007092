//! The only place that joins the rooms: settings choose the model's files, the engine and what was brought along.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use anyhow::{Context, Result};
use chatsd_diffusion::{Finder, PictureModel, Reader};
use chatsd_prompt::StyleLibrary;
use chatsd_studio::Pace;
use chatsd_tensor::{Engine, Format, Instructions, Options};
use chatsd_types::FileKind;
use chatsd_weights::{ModelFiles, WeightsError};

use crate::{
    config,
    failure::Usage,
    messages::Lang,
    settings::Settings,
    shelves,
    values::{InstructionSet, Store},
};

pub use crate::shelves::find;

/// The built-in model.
static POCKET: &[u8] = include_bytes!("../../../models/pocket.gguf");
/// Its name.
pub const BUILT_IN: &str = "pocket";

/// Where the chosen model lies; nothing for the built-in one.
///
/// # Errors
/// When no file has that name.
pub fn model_path(settings: &Settings) -> Result<Option<PathBuf>> {
    let named = settings.model.as_deref().filter(|model| *model != BUILT_IN);
    named.map(|name| find(settings, FileKind::Model, name)).transpose()
}

/// Finds files that requests name beside the model.
pub fn finder(settings: &Settings) -> Finder {
    let (lang, given) = (settings.lang(), settings.given.clone());
    // Looking for the folders of other programs waits until a request names a file.
    let settings = settings.clone();
    let folders = Arc::new(LazyLock::new(move || shelves::folders(&settings)));
    let listed = Arc::clone(&folders);
    let finder = Finder::new(move |kind, name| {
        let path =
            given.get(name).map_or_else(|| shelves::find_in(&folders, lang, kind, name), |path| Ok(path.clone()));
        match path {
            Ok(path) => ModelFiles::open(&path),
            Err(error) => Err(WeightsError::Io { path: name.into(), source: io::Error::other(error.to_string()) }),
        }
    });
    finder.listing(move |kind| listed.list(kind).into_iter().map(|found| found.name).collect())
}

/// The files of the chosen model. Weights are not read yet.
///
/// # Errors
/// When there is no model.
pub fn model_files(settings: &Settings) -> Result<ModelFiles> {
    let built_in = || ModelFiles::from_static(POCKET).with_context(|| settings.lang().model_not_read(BUILT_IN));
    let open = |path: &Path| ModelFiles::open(path).with_context(|| settings.lang().no_model_in(path.display()));
    let mut files = match model_path(settings)? {
        None => built_in()?,
        // Checkpoints come without the words of CLIP's tokenizer, which is the built-in model's as well.
        Some(path) => open(&path)?.with_words_of(built_in()?),
    };
    if let Some(name) = &settings.vae {
        files = files.with_component("vae", open(&find(settings, FileKind::Autoencoder, name)?)?)?;
    }
    for name in settings.text_encoder.iter().flat_map(|names| &names.0) {
        let other = open(&find(settings, FileKind::TextEncoder, name)?)?;
        // A file tells by its width which of the two it is; what is neither is refused with its kind.
        let slot =
            if other.has("text_encoder_2") && !other.has("text_encoder") { "text_encoder_2" } else { "text_encoder" };
        files = files.with_component(slot, other)?;
    }
    let files = files.predicting(settings.predicts);
    Ok(files.stored_as(settings.store.map(|store| match store {
        Store::F32 => Format::F32,
        Store::F16 => Format::F16,
        Store::Q8_0 => Format::Q8_0,
    })))
}

/// What requests call the chosen model: its name, or that of its file or folder.
fn model_name(settings: &Settings) -> String {
    settings.model.as_deref().map_or_else(|| BUILT_IN.to_owned(), shelves::name)
}

/// The engine as the settings want it.
///
/// # Errors
/// When the processor lacks the instructions or threads cannot be started.
pub fn engine(settings: &Settings) -> Result<Engine> {
    let instructions = settings.instructions.map(|set| match set {
        InstructionSet::Portable => Instructions::Portable,
        InstructionSet::Avx2 => Instructions::Avx2,
        InstructionSet::Avx512 => Instructions::Avx512,
    });
    Ok(Engine::cpu(Options { threads: settings.threads, instructions })?)
}

/// How fast pictures are painted on this machine, by a probe.
///
/// # Errors
/// As [`engine`].
pub fn pace(settings: &Settings) -> Result<Pace> {
    Ok(Pace::of(PictureModel::pace_of(&engine(settings)?)))
}

/// The chosen model: its files, opened once, and what finds the files beside it.
pub struct Chosen<'s> {
    settings: &'s Settings,
    files: ModelFiles,
    finder: Finder,
}

impl<'s> Chosen<'s> {
    /// Opens the files. Weights are not read yet.
    ///
    /// # Errors
    /// As [`model_files`].
    pub fn open(settings: &'s Settings) -> Result<Self> {
        Ok(Self { settings, files: model_files(settings)?, finder: finder(settings) })
    }

    /// The model, ready to paint.
    ///
    /// # Errors
    /// When it cannot be read or is of a kind that is not known.
    pub fn picture_model(&self) -> Result<PictureModel> {
        let load = || anyhow::Ok(PictureModel::load(&self.files, &model_name(self.settings), engine(self.settings)?)?);
        Ok(self.known(load().with_context(|| self.not_loaded())?))
    }

    /// The model without its weights: it tells what pictures take, and reads prompts.
    ///
    /// # Errors
    /// As [`Chosen::picture_model`].
    pub fn outline(&self) -> Result<PictureModel> {
        let outline = PictureModel::outline(&self.files, &model_name(self.settings));
        Ok(self.known(outline.with_context(|| self.not_loaded())?))
    }

    /// The part of the model that reads, without its networks.
    ///
    /// # Errors
    /// As [`Chosen::picture_model`].
    pub fn reader(&self) -> Result<Reader> {
        let reader = Reader::open(&self.files)
            .with_context(|| self.settings.lang().model_not_read(model_name(self.settings)))?;
        Ok(reader.with_finder(self.finder.clone()))
    }

    /// The hash that pictures of the model carry. Reads all of its files the first time.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn hash(&self) -> Result<String> {
        Ok(PictureModel::hash_of(&self.files)?)
    }

    /// The model with what is known of it beside its files, and what finds what requests name.
    fn known(&self, model: PictureModel) -> PictureModel {
        let hash = || self.hash().ok();
        let model = model.with_card(|card| shelves::advise(self.files.path(), card, self.settings.lang(), hash));
        model.with_finder(self.finder.clone())
    }

    fn not_loaded(&self) -> String {
        self.settings.lang().model_not_loaded(model_name(self.settings))
    }
}

/// Where the user's own styles are kept.
pub fn own_styles(lang: Lang) -> Result<PathBuf> {
    Ok(config::data_folder(lang)?.join("styles.csv"))
}

/// The styles that come with the program, and the user's own.
///
/// # Errors
/// When the user's own cannot be read.
pub fn library(lang: Lang) -> Result<Cow<'static, StyleLibrary>> {
    let builtin = StyleLibrary::builtin();
    let Ok(path) = own_styles(lang) else { return Ok(Cow::Borrowed(builtin)) };
    let Some(text) = read_if_there(&path, lang)? else { return Ok(Cow::Borrowed(builtin)) };
    let mut library = builtin.clone();
    library.import_csv(&text).with_context(|| lang.in_file(path.display()))?;
    Ok(Cow::Owned(library))
}

/// The folder of wildcard files; nothing where there is no home to have one in.
///
/// # Errors
/// When a folder was named that is none.
pub fn wildcard_folder(settings: &Settings) -> Result<Option<PathBuf>> {
    match &settings.wildcards {
        Some(folder) if folder.is_dir() => Ok(Some(folder.clone())),
        Some(folder) => Err(Usage(settings.lang().no_wildcard_folder(folder.display())).into()),
        None => Ok(config::data_folder(settings.lang()).ok().map(|folder| folder.join("wildcards"))),
    }
}

/// The lines of a wildcard file, looked up in the chosen folder.
///
/// # Errors
/// When a folder was named that is none.
pub fn wildcards(settings: &Settings) -> Result<impl Fn(&str) -> Option<Vec<String>> + use<>> {
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

/// The text of a file; nothing where there is none.
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
