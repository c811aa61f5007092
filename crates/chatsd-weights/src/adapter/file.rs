//! One file that changes a model's weights.

use std::{collections::BTreeMap, sync::OnceLock};

use chatsd_files::sha256;
use chatsd_tensor::WeightError;

use super::{
    keys::{ChangePart, has_width_of_words, split},
    peft::PeftSettings,
};
use crate::{ModelFamily, ModelFiles, Unsupported, WeightFile, WeightsError};

/// The tensors that make the change of one layer.
pub(super) type Parts = BTreeMap<ChangePart, String>;

/// A LoRA or one of its relatives, opened. Its numbers are read when layers are made.
#[derive(Debug)]
pub struct AdapterFile {
    files: ModelFiles,
    /// By the layer's name as the file has it.
    pub(super) layers: BTreeMap<String, Parts>,
    /// Tensors whose names mean no part of a change.
    pub(super) unknown: Vec<String>,
    pub(super) settings: PeftSettings,
    hash: OnceLock<String>,
}

/// A tensor of an adapter, as f32 in PyTorch's order.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

impl Values {
    /// The first extent.
    pub(super) fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// The product of all other extents.
    pub(super) fn columns(&self) -> usize {
        self.values.len() / self.rows().max(1)
    }
}

impl AdapterFile {
    /// Opens an adapter: one file, or a folder as PEFT saves it.
    ///
    /// # Errors
    /// When it is no adapter, or its settings cannot be read.
    pub fn open(files: ModelFiles) -> Result<Self, WeightsError> {
        let not_one = |path| WeightsError::Unsupported { path, what: Unsupported::NoAdapter };
        let Some(file) = files.file() else { return Err(not_one(files.path().to_owned())) };
        let settings = PeftSettings::of(file)?;
        let (mut layers, mut unknown) = (BTreeMap::<String, Parts>::new(), Vec::new());
        for name in file.names() {
            match split(name) {
                Some((layer, part)) => _ = layers.entry(layer.to_owned()).or_default().insert(part, name.to_owned()),
                None => unknown.push(name.to_owned()),
            }
        }
        if layers.is_empty() {
            return Err(not_one(file.path().to_owned()));
        }
        Ok(Self { files, layers, unknown, settings, hash: OnceLock::new() })
    }

    /// The file.
    ///
    /// # Panics
    /// Never: an adapter is opened from one file.
    pub(super) fn file(&self) -> &WeightFile {
        self.files.file().expect("checked when it was opened")
    }

    /// A text of the file's metadata, such as `ss_network_module`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.file().metadata(key)?.as_text().map(str::to_owned)
    }

    /// SHA-256 of the tensors of the file, without its header, in hex: the hash that picture programs name adapters by
    /// ("AutoV3"); of a file that is no safetensors, of all of it. Reads the whole file the first time.
    #[must_use]
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| sha256(self.file().tensor_bytes()))
    }

    /// The family that the widths of its attentions to words mean: 768 is that of Stable Diffusion 1, and so on.
    pub(super) fn family(&self) -> Option<ModelFamily> {
        let mut names = self.file().names().filter(|name| has_width_of_words(name));
        names.find_map(|name| ModelFamily::of_words(*self.file().shape(name)?.get(1)?))
    }

    /// The values of a part.
    pub(super) fn values(&self, parts: &Parts, part: ChangePart) -> Result<Option<Values>, WeightsError> {
        let Some(name) = parts.get(&part) else { return Ok(None) };
        let weight = self.file().get(name)?;
        let values = weight.values().map_err(|source: WeightError| WeightsError::Layer {
            path: self.file().path().to_owned(),
            tensor: name.clone(),
            source: source.into(),
        })?;
        Ok(Some(Values { shape: weight.shape, values }))
    }
}
