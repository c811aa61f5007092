//! One file that changes a model's weights.

use std::{collections::BTreeMap, sync::OnceLock};

use chatsd_files::sha256;
use chatsd_tensor::WeightError;

use super::{
    keys::{Part, place, split},
    peft::Settings,
};
use crate::{ModelFiles, WeightFile, WeightsError};

/// The tensors that make the change of one layer.
pub(super) type Parts = BTreeMap<Part, String>;

/// A LoRA or one of its relatives, opened. Its numbers are read when layers are made.
#[derive(Debug)]
pub struct Adapter {
    files: ModelFiles,
    /// By the layer's name as the file has it.
    pub(super) layers: BTreeMap<String, Parts>,
    /// Tensors whose names mean no part of a change.
    pub(super) unknown: Vec<String>,
    pub(super) settings: Settings,
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

impl Adapter {
    /// Opens an adapter: one file, or a folder as PEFT saves it.
    ///
    /// # Errors
    /// When it is no adapter, or its settings cannot be read.
    pub fn open(files: ModelFiles) -> Result<Self, WeightsError> {
        let not_one = |path| WeightsError::Unsupported {
            path,
            what: "no tensor of it belongs to a LoRA or one of its relatives: give such a file".into(),
        };
        let Some(file) = files.file() else { return Err(not_one(files.path().to_owned())) };
        let settings = Settings::of(file)?;
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

    /// The families that the widths of its attentions to words mean: 768 is that of Stable Diffusion 1, and so on.
    #[must_use]
    pub fn family(&self) -> Option<&'static str> {
        let width = |(layer, parts): (&String, &Parts)| {
            if !place(layer).1.ends_with("attn2_to_k") {
                return None;
            }
            let part = |part| parts.get(&part).and_then(|name| self.file().shape(name));
            part(Part::Down).or_else(|| part(Part::HadamardB1)).and_then(|shape| shape.get(1).copied())
        };
        self.layers.iter().find_map(width).and_then(family_of)
    }

    /// The values of a part.
    pub(super) fn values(&self, parts: &Parts, part: Part) -> Result<Option<Values>, WeightsError> {
        let Some(name) = parts.get(&part) else { return Ok(None) };
        let weight = self.file().get(name)?;
        let values = weight.values().map_err(|source: WeightError| WeightsError::Layer {
            path: self.file().path().to_owned(),
            tensor: name.clone(),
            source,
        })?;
        Ok(Some(Values { shape: weight.shape, values }))
    }

    /// Names of the words that its pictures were tagged with in training, the most frequent first: sd-scripts'
    /// `ss_tag_frequency`.
    #[must_use]
    pub fn trained_words(&self, count: usize) -> Vec<String> {
        type Frequency = BTreeMap<String, BTreeMap<String, f64>>;
        let Some(text) = self.metadata("ss_tag_frequency") else { return Vec::new() };
        let folders: Frequency = serde_json::from_str(&text).unwrap_or_default();
        let mut counts = BTreeMap::<&str, f64>::new();
        for (tag, times) in folders.values().flatten() {
            *counts.entry(tag.trim()).or_default() += times;
        }
        let mut counts: Vec<(&str, f64)> = counts.into_iter().filter(|(tag, _)| !tag.is_empty()).collect();
        counts.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        counts.into_iter().take(count).map(|(tag, _)| tag.to_owned()).collect()
    }
}

/// The family whose words have vectors of `width` values.
pub(super) fn family_of(width: usize) -> Option<&'static str> {
    match width {
        768 => Some("Stable Diffusion 1"),
        1024 => Some("Stable Diffusion 2"),
        1280 => Some("the refiner of Stable Diffusion XL"),
        2048 => Some("Stable Diffusion XL"),
        _ => None,
    }
}
