//! Everything a picture model consists of.

use std::{path::Path, sync::Arc};

use chatsd_tensor::Format;
use serde_json::Value;

use crate::{Scope, Tally, Vocabulary, WeightFile, WeightsError, file::sha256_of, folder::Folder};

/// Digits of a hash that name a model.
const HASH_DIGITS: usize = 10;

/// A model's files: a folder as the diffusers library saves it, or one GGUF file that has everything.
///
/// The GGUF file keeps the config of component `c` as JSON text under `chatsd.c.config`, its tensors under names that
/// begin with `c.`, the settings of the pipeline under `chatsd.pipeline.config`, and the tokenizer under
/// `tokenizer.ggml.tokens` and `tokenizer.ggml.merges`.
#[derive(Clone, Debug)]
pub struct ModelFiles {
    source: Arc<Source>,
    store: Option<Format>,
    tally: Option<Tally>,
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
    fn of(source: Source) -> Self {
        Self { source: Arc::new(source), store: None, tally: None }
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
        match &*self.source {
            Source::Folder(folder) => folder.path(),
            Source::Single([file]) => file.path(),
        }
    }

    /// The one file that the model is, when it is one.
    #[must_use]
    pub fn file(&self) -> Option<&WeightFile> {
        match &*self.source {
            Source::Folder(_) => None,
            Source::Single([file]) => Some(file),
        }
    }

    /// Whether the model has a component of that name: `unet`, `text_encoder`, `text_encoder_2`, `vae`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match &*self.source {
            Source::Folder(folder) => folder.has(name),
            Source::Single([file]) => file.metadata(&config_key(name)).is_some(),
        }
    }

    /// The config and weights of a component.
    ///
    /// # Errors
    /// When the model has none of that name, or its files are damaged.
    pub fn component(&self, name: &str) -> Result<Component<'_>, WeightsError> {
        match &*self.source {
            Source::Folder(folder) => {
                let (config, files) = folder.component(name)?;
                Ok(Component {
                    config: config.clone(),
                    weights: Scope::new(files).stored_as(self.store).outlined_into(self.tally.as_ref()),
                })
            }
            Source::Single(files) => {
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
                sha256_of(lines.as_bytes())
            }
            Source::Single([file]) => file.sha256().to_owned(),
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
            Source::Single([file]) => json(file, &config_key("pipeline")),
        }
    }

    /// The words of the model's tokenizer.
    ///
    /// # Errors
    /// When it has none, or it is damaged.
    pub fn vocabulary(&self) -> Result<Vocabulary<'_>, WeightsError> {
        match &*self.source {
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
