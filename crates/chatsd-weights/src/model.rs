//! Everything a picture model consists of.

use std::path::Path;

use chatsd_tensor::Format;
use serde_json::Value;

use crate::{Scope, Vocabulary, WeightFile, WeightsError, folder::Folder};

/// A model's files: a folder as the diffusers library saves it, or one GGUF file that has everything.
///
/// The GGUF file keeps the config of component `c` as JSON text under `chatsd.c.config`, its tensors under names that
/// begin with `c.`, the settings of the pipeline under `chatsd.pipeline.config`, and the tokenizer under
/// `tokenizer.ggml.tokens` and `tokenizer.ggml.merges`.
#[derive(Debug)]
pub struct ModelFiles {
    source: Source,
    store: Option<Format>,
}

#[derive(Debug)]
enum Source {
    Folder(Folder),
    /// A slice of one, because a scope is made of several files.
    Single([WeightFile; 1]),
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
    const fn of(source: Source) -> Self {
        Self { source, store: None }
    }

    /// The same model, whose layers are kept in another number format once they are loaded; `None` keeps the files'.
    #[must_use]
    pub fn stored_as(self, store: Option<Format>) -> Self {
        Self { store, ..self }
    }

    /// Opens a model folder or file. Weights are opened as components are asked for.
    ///
    /// # Errors
    /// When there is no model at `path`: says what is there instead.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        if path.is_dir() {
            return Folder::open(path).map(Source::Folder).map(Self::of);
        }
        WeightFile::open(path).map(|file| Self::of(Source::Single([file])))
    }

    /// A model that is part of the program.
    ///
    /// # Errors
    /// When the bytes are no model file.
    pub fn from_static(bytes: &'static [u8]) -> Result<Self, WeightsError> {
        WeightFile::from_static(bytes).map(|file| Self::of(Source::Single([file])))
    }

    /// Where the model was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.source {
            Source::Folder(folder) => folder.path(),
            Source::Single([file]) => file.path(),
        }
    }

    /// The one file that the model is, when it is one.
    #[must_use]
    pub fn file(&self) -> Option<&WeightFile> {
        match &self.source {
            Source::Folder(_) => None,
            Source::Single([file]) => Some(file),
        }
    }

    /// Whether the model has a component of that name: `unet`, `text_encoder`, `text_encoder_2`, `vae`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match &self.source {
            Source::Folder(folder) => folder.has(name),
            Source::Single([file]) => file.metadata(&config_key(name)).is_some(),
        }
    }

    /// The config and weights of a component.
    ///
    /// # Errors
    /// When the model has none of that name, or its files are damaged.
    pub fn component(&self, name: &str) -> Result<Component<'_>, WeightsError> {
        match &self.source {
            Source::Folder(folder) => {
                let (config, files) = folder.component(name)?;
                Ok(Component { config: config.clone(), weights: Scope::new(files).stored_as(self.store) })
            }
            Source::Single(files) => {
                let config = json(&files[0], &config_key(name))?.ok_or_else(|| WeightsError::Incomplete {
                    path: self.path().to_owned(),
                    what: format!("{} in its metadata: it holds no {name}; give a whole model", config_key(name)),
                })?;
                Ok(Component { config, weights: Scope::new(files).at(name).stored_as(self.store) })
            }
        }
    }

    /// How the networks work together: noise schedule, prediction. A folder's `scheduler/scheduler_config.json`.
    ///
    /// # Errors
    /// When it is there but no JSON.
    pub fn pipeline_config(&self) -> Result<Option<Value>, WeightsError> {
        match &self.source {
            Source::Folder(folder) => folder.json("scheduler/scheduler_config.json"),
            Source::Single([file]) => json(file, &config_key("pipeline")),
        }
    }

    /// Which classes of the diffusers library a folder's components are: its `model_index.json`.
    ///
    /// # Errors
    /// When it is there but no JSON.
    pub fn model_index(&self) -> Result<Option<Value>, WeightsError> {
        match &self.source {
            Source::Folder(folder) => folder.json("model_index.json"),
            Source::Single(_) => Ok(None),
        }
    }

    /// The words of the model's tokenizer.
    ///
    /// # Errors
    /// When it has none, or it is damaged.
    pub fn vocabulary(&self) -> Result<Vocabulary<'_>, WeightsError> {
        match &self.source {
            Source::Folder(folder) => folder.vocabulary()?.borrow(),
            Source::Single([file]) => Vocabulary::of_file(file),
        }
    }
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
