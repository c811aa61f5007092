//! Everything a picture model consists of.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use chatsd_files::sha256;
use chatsd_tensor::Format;
use serde_json::Value;

use crate::{
    Family, Predicts, Scope, Tally, Vocabulary, WeightFile, WeightsError,
    folder::Folder,
    layout::{self, Found},
};

/// Digits of a hash that name a model.
const HASH_DIGITS: usize = 10;

/// A model's files: a folder as the diffusers library saves it, or one file.
///
/// The file is a checkpoint of any program, recognised by its tensors, or a GGUF file of ChatSD. That one keeps the
/// config of component `c` as JSON text under `chatsd.c.config`, its tensors under names that begin with `c.`, the
/// settings of the pipeline under `chatsd.pipeline.config`, and the tokenizer under `tokenizer.ggml.tokens` and
/// `tokenizer.ggml.merges`.
#[derive(Clone, Debug)]
pub struct ModelFiles {
    source: Arc<Source>,
    store: Option<Format>,
    tally: Option<Tally>,
    /// What a checkpoint's network predicts, when the user says so.
    predicts: Option<Predicts>,
    /// Components from elsewhere, by name.
    others: BTreeMap<String, Self>,
    /// Where the words of CLIP's tokenizer are, which checkpoints come without.
    words: Option<Arc<Self>>,
}

#[derive(Debug)]
enum Source {
    Folder(Folder),
    /// A GGUF file of ChatSD. A slice of one, because a scope is made of several files.
    Own([WeightFile; 1]),
    /// Any other file, and its other half where a model has two; and what was found in it.
    Checkpoint(Vec<WeightFile>, Found),
}

/// One network of a model.
#[derive(Clone, Debug)]
pub struct Component<'a> {
    /// What it is: its `config.json`.
    pub config: Value,
    /// What it learned.
    pub weights: Scope<'a>,
}

impl ModelFiles {
    fn of(source: Source) -> Self {
        Self {
            source: Arc::new(source),
            store: None,
            tally: None,
            predicts: None,
            others: BTreeMap::new(),
            words: None,
        }
    }

    /// The same model, whose layers are kept in another number format once they are loaded; `None` keeps the files'.
    #[must_use]
    pub fn stored_as(self, store: Option<Format>) -> Self {
        Self { store, ..self }
    }

    /// The same files, of which layers without numbers are made; what they would hold is added to `tally`.
    #[must_use]
    pub fn outlined_into(&self, tally: &Tally) -> Self {
        Self { tally: Some(tally.clone()), ..self.clone() }
    }

    /// The same model with one component from elsewhere: `vae` from a file of an autoencoder, say.
    ///
    /// # Errors
    /// When the other has no such component.
    pub fn with_component(mut self, name: &str, other: Self) -> Result<Self, WeightsError> {
        if !other.has(name) {
            other.component(name)?;
        }
        self.others.insert(name.to_owned(), other);
        Ok(self)
    }

    /// The same model; where it has no words of its own for its tokenizer, those of `other` are its.
    #[must_use]
    pub fn with_words_of(self, other: Self) -> Self {
        Self { words: Some(Arc::new(other)), ..self }
    }

    /// The same model, whose network predicts what the user says. `None` is what its files say, or its tensors.
    #[must_use]
    pub fn predicting(self, predicts: Option<Predicts>) -> Self {
        Self { predicts, ..self }
    }

    /// Opens a model folder or file. Of a file the header alone is read; of a folder nothing before its components are
    /// asked for.
    ///
    /// # Errors
    /// When there is no model at `path`: says what is there instead.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let peft = path.join("adapter_model.safetensors");
        if path.is_dir() && !peft.is_file() {
            return Folder::open(path).map(Source::Folder).map(Self::of);
        }
        let path = if path.is_dir() { &peft } else { path };
        let file = WeightFile::open(path)?;
        if is_own(&file) {
            return Ok(Self::of(Source::Own([file])));
        }
        let mut files = vec![file];
        files.extend(other_half(path).map(|path| WeightFile::open(&path)).transpose()?);
        let found = layout::recognise(&files)?;
        Ok(Self::of(Source::Checkpoint(files, found)))
    }

    /// A model that is part of the program.
    ///
    /// # Errors
    /// When the bytes are no model file.
    pub fn from_static(bytes: &'static [u8]) -> Result<Self, WeightsError> {
        WeightFile::from_static(bytes).map(|file| Self::of(Source::Own([file])))
    }

    /// Where the model was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &*self.source {
            Source::Folder(folder) => folder.path(),
            Source::Own([file]) => file.path(),
            Source::Checkpoint(files, _) => files[0].path(),
        }
    }

    /// The one file that the model is, when it is one.
    #[must_use]
    pub fn file(&self) -> Option<&WeightFile> {
        match &*self.source {
            Source::Folder(_) => None,
            Source::Own([file]) => Some(file),
            Source::Checkpoint(files, _) => files.first(),
        }
    }

    /// What was found in a checkpoint.
    pub(crate) fn found(&self) -> Option<&Found> {
        match &*self.source {
            Source::Checkpoint(_, found) => Some(found),
            Source::Folder(_) | Source::Own(_) => None,
        }
    }

    /// Whether the model has a component of that name: `unet`, `text_encoder`, `text_encoder_2`, `vae`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.others.contains_key(name)
            || match &*self.source {
                Source::Folder(folder) => folder.has(name),
                Source::Own([file]) => file.metadata(&config_key(name)).is_some(),
                Source::Checkpoint(_, found) => found.parts.contains_key(name),
            }
    }

    /// Whether a checkpoint has the parts that its family needs to paint, those given beside it counted.
    ///
    /// # Errors
    /// When one is missing: names it, and what to do.
    pub fn check_whole(&self) -> Result<(), WeightsError> {
        let Some(found) = self.found() else { return Ok(()) };
        let texts = found.family.map_or(["text_encoder"].as_slice(), Family::text_encoders);
        let missing = ["unet"].iter().chain(texts).find(|name| !self.has(name));
        missing.map_or(Ok(()), |name| Err(found.without(name, self.path())))
    }

    /// The config and weights of a component.
    ///
    /// # Errors
    /// When the model has none of that name, or its files are damaged.
    pub fn component(&self, name: &str) -> Result<Component<'_>, WeightsError> {
        if let Some(other) = self.others.get(name) {
            let mut component = other.component(name)?;
            component.weights = component.weights.stored_as(self.store).outlined_into(self.tally.as_ref());
            let is_bare = component.config.get("scaling_factor").is_none();
            if is_bare && component.config.get("_class_name").is_some_and(|class| class == "AutoencoderKL") {
                component.config["scaling_factor"] = self.latent_scale()?;
            }
            return Ok(component);
        }
        match &*self.source {
            Source::Folder(folder) => {
                let (config, files) = folder.component(name)?;
                Ok(Component {
                    config: config.clone(),
                    weights: Scope::new(files).stored_as(self.store).outlined_into(self.tally.as_ref()),
                })
            }
            Source::Checkpoint(files, found) => {
                let part = found.parts.get(name).ok_or_else(|| found.without(name, files[0].path()))?;
                let weights = Scope::mapped(files, &part.keys).stored_as(self.store);
                let weights = weights.outlined_into(self.tally.as_ref());
                Ok(Component { config: part.config.clone(), weights })
            }
            Source::Own(files) => {
                let config = json(&files[0], &config_key(name))?.ok_or_else(|| WeightsError::Incomplete {
                    path: self.path().to_owned(),
                    what: format!("{} in its metadata: it holds no {name}; give a whole model", config_key(name)),
                })?;
                Ok(Component {
                    config,
                    weights: Scope::new(files).at(name).stored_as(self.store).outlined_into(self.tally.as_ref()),
                })
            }
        }
    }

    /// By what its picture network expects latents to be multiplied.
    fn latent_scale(&self) -> Result<Value, WeightsError> {
        let own = match &*self.source {
            Source::Folder(folder) if folder.has("vae") => folder.component("vae")?.0.get("scaling_factor").cloned(),
            Source::Own([file]) => {
                json(file, &config_key("vae"))?.and_then(|config| config.get("scaling_factor").cloned())
            }
            _ => None,
        };
        match own {
            Some(scale) => Ok(scale),
            None => Ok(Family::of_config(&self.component("unet")?.config)
                .map_or(Value::Null, |family| family.latent_scale().into())),
        }
    }

    /// The ten hexadecimal digits by which picture programs name a model: the first of its file's SHA-256. Of a folder
    /// the first of the SHA-256 over those of the weight files of `components`, in that order, each on a line of its
    /// own: `sha256sum FILES | cut -c-64 | sha256sum`. Components that the model does not have are passed over.
    ///
    /// Reads all of the files the first time: about a second for each gigabyte.
    ///
    /// # Errors
    /// When a component's files cannot be opened.
    pub fn short_hash(&self, components: &[&str]) -> Result<String, WeightsError> {
        let mut hash = match &*self.source {
            Source::Folder(folder) => {
                let mut lines = String::new();
                for name in components.iter().filter(|name| folder.has(name)) {
                    for file in &folder.component(name)?.1 {
                        lines.push_str(file.sha256());
                        lines.push('\n');
                    }
                }
                sha256(lines.as_bytes())
            }
            Source::Own([file]) => file.sha256().to_owned(),
            Source::Checkpoint(files, _) => files[0].sha256().to_owned(),
        };
        hash.truncate(HASH_DIGITS);
        Ok(hash)
    }

    /// How the networks work together: noise schedule, prediction. A folder's `scheduler/scheduler_config.json`.
    ///
    /// # Errors
    /// When it is there but no JSON.
    pub fn pipeline_config(&self) -> Result<Option<Value>, WeightsError> {
        match &*self.source {
            Source::Folder(folder) => folder.json("scheduler/scheduler_config.json"),
            Source::Own([file]) => json(file, &config_key("pipeline")),
            Source::Checkpoint(files, found) => found.settings(&files[0], self.predicts).map(Some),
        }
    }

    /// The words of the model's tokenizer.
    ///
    /// # Errors
    /// When it has none, or it is damaged.
    pub fn vocabulary(&self) -> Result<Vocabulary<'_>, WeightsError> {
        match (&*self.source, &self.words) {
            (Source::Folder(folder), Some(words)) if !folder.has_vocabulary() => words.vocabulary(),
            (Source::Checkpoint(files, _), Some(words)) if files[0].texts("tokenizer.ggml.tokens").is_none() => {
                words.vocabulary()
            }
            (Source::Folder(folder), _) => folder.vocabulary()?.borrow(),
            (Source::Own([file]), _) => Vocabulary::of_file(file),
            (Source::Checkpoint(files, _), _) => Vocabulary::of_file(&files[0]),
        }
    }
}

/// Whether a file is a whole model of ChatSD: its configs are in it.
fn is_own(file: &WeightFile) -> bool {
    ["unet", "text_encoder", "text_encoder_2", "vae", "controlnet", "pipeline"]
        .iter()
        .any(|name| file.metadata(&config_key(name)).is_some())
}

/// The file of the other half, where the name says that it is one: TAESD's `taesd_encoder` and `taesd_decoder`.
fn other_half(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let other = match name.contains("decoder") {
        true => name.replace("decoder", "encoder"),
        false => name.replace("encoder", "decoder"),
    };
    Some(path.with_file_name(&other)).filter(|other| other != path && name.starts_with("tae") && other.is_file())
}

fn config_key(component: &str) -> String {
    format!("chatsd.{component}.config")
}

/// A JSON text in a file's metadata.
fn json(file: &WeightFile, key: &str) -> Result<Option<Value>, WeightsError> {
    let Some(value) = file.metadata(key) else { return Ok(None) };
    let parsed = serde_json::from_str(value.as_text().unwrap_or_default());
    parsed.map(Some).map_err(|source| WeightsError::Json { path: file.path().to_owned(), place: key.into(), source })
}
