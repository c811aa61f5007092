//! A model as a folder of folders, as the diffusers library lays it out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    IndexDamage, JsonPlace, Missing, Unsupported, WeightFile, WeightsError, damage::short, vocabulary::OwnedVocabulary,
};

/// Longest config, index or vocabulary file that is read.
const TEXT_LIMIT: u64 = 64 << 20;

/// Names of a component's weights, first choice first: one file, a list of several, then the same of older models.
const WEIGHTS: [&str; 16] = [
    "diffusion_pytorch_model.safetensors",
    "model.safetensors",
    "diffusion_pytorch_model.fp16.safetensors",
    "model.fp16.safetensors",
    "diffusion_pytorch_model.safetensors.index.json",
    "model.safetensors.index.json",
    "diffusion_pytorch_model.fp16.safetensors.index.json",
    "diffusion_pytorch_model.safetensors.index.fp16.json",
    "model.fp16.safetensors.index.json",
    "model.safetensors.index.fp16.json",
    "diffusion_pytorch_model.bin",
    "pytorch_model.bin",
    "diffusion_pytorch_model.fp16.bin",
    "pytorch_model.fp16.bin",
    "diffusion_pytorch_model.bin.index.json",
    "pytorch_model.bin.index.json",
];

/// A folder; its components are opened when they are asked for.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    components: BTreeMap<String, ComponentFolder>,
    vocabulary: OnceLock<OwnedVocabulary>,
}

/// A component's folder.
#[derive(Debug)]
struct ComponentFolder {
    path: PathBuf,
    opened: OnceLock<(Value, Vec<WeightFile>)>,
}

impl Folder {
    pub(crate) fn open(path: &Path) -> Result<Self, WeightsError> {
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
        let mut components = BTreeMap::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let part = entry.map_err(failed)?;
            if let (Ok(name), true) = (part.file_name().into_string(), part.path().join("config.json").is_file()) {
                components.insert(name, ComponentFolder { path: part.path(), opened: OnceLock::new() });
            }
        }
        if let (true, Some(name)) = (components.is_empty(), component_of(path)) {
            components.insert(name.to_owned(), ComponentFolder { path: path.to_owned(), opened: OnceLock::new() });
        }
        if components.is_empty() {
            return Err(WeightsError::Incomplete { path: path.to_owned(), what: Missing::ComponentFolder });
        }
        Ok(Self { path: path.to_owned(), components, vocabulary: OnceLock::new() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.components.get(name).is_some_and(|part| part.weights().is_some())
    }

    /// The config and the weights of a component.
    pub(crate) fn component(&self, name: &str) -> Result<&(Value, Vec<WeightFile>), WeightsError> {
        let part = self.components.get(name).ok_or_else(|| WeightsError::Incomplete {
            path: self.path.clone(),
            what: Missing::ComponentConfig { component: name.to_owned() },
        })?;
        if let Some(opened) = part.opened.get() {
            return Ok(opened);
        }
        let opened = part.open()?;
        Ok(part.opened.get_or_init(|| opened))
    }

    /// A JSON file below the folder, when it is there.
    pub(crate) fn json(&self, name: &str) -> Result<Option<Value>, WeightsError> {
        let path = self.path.join(name);
        if !path.is_file() {
            return Ok(None);
        }
        read_json(&path).map(Some)
    }

    pub(crate) fn has_vocabulary(&self) -> bool {
        self.path.join("tokenizer/vocab.json").is_file()
    }

    pub(crate) fn vocabulary(&self) -> Result<&OwnedVocabulary, WeightsError> {
        if let Some(vocabulary) = self.vocabulary.get() {
            return Ok(vocabulary);
        }
        // Both of a model with two are the same but for what pads; a refiner has the second alone.
        let [first, second] = ["tokenizer", "tokenizer_2"].map(|name| self.path.join(name));
        let vocabulary = OwnedVocabulary::read(if first.is_dir() || !second.is_dir() { &first } else { &second })?;
        Ok(self.vocabulary.get_or_init(|| vocabulary))
    }
}

impl ComponentFolder {
    /// The file of its weights, or the list of several.
    fn weights(&self) -> Option<PathBuf> {
        WEIGHTS.iter().map(|name| self.path.join(name)).find(|path| path.is_file())
    }

    fn open(&self) -> Result<(Value, Vec<WeightFile>), WeightsError> {
        let config = read_json(&self.path.join("config.json"))?;
        let path = self.weights().ok_or_else(|| WeightsError::Incomplete {
            path: self.path.clone(),
            what: Missing::WeightFile { names: [WEIGHTS[0], WEIGHTS[1]] },
        })?;
        let is_list = path.extension().is_some_and(|extension| extension == "json");
        let files = if is_list { self.open_shards(&path)? } else { vec![WeightFile::open(&path)?] };
        Ok((config, files))
    }

    /// Weights in several files, as an index lists them.
    fn open_shards(&self, path: &Path) -> Result<Vec<WeightFile>, WeightsError> {
        // By hand: a list of one map would be taken for an index as well.
        let mut index: serde_json::Map<String, Value> = read_json(path)?;
        let map: Result<BTreeMap<String, String>, _> =
            serde_json::from_value(index.remove("weight_map").unwrap_or_default());
        let place = || JsonPlace::Key("weight_map".to_owned());
        let map = map.map_err(|source| WeightsError::Json { path: path.to_owned(), place: place(), source })?;
        let damaged = |what: IndexDamage| WeightsError::Damaged { path: path.to_owned(), what: what.into() };
        let names: BTreeSet<&str> = map.values().map(String::as_str).collect();
        let mut files = Vec::with_capacity(names.len());
        for name in &names {
            // The index may come from anywhere: it must not lead out of the model's folder.
            if Path::new(name).file_name() != Some(name.as_ref()) {
                return Err(damaged(IndexDamage::File { file: short(name) }));
            }
            files.push(WeightFile::open(&self.path.join(name))?);
        }
        for (tensor, name) in &map {
            let at = names.iter().position(|known| known == name);
            if !at.is_some_and(|at| files[at].contains(tensor)) {
                return Err(damaged(IndexDamage::MissingTensor { tensor: short(tensor), file: short(name) }));
            }
        }
        for (at, file) in files.iter().enumerate() {
            if let Some(twice) = file.names().find(|name| files[..at].iter().any(|other| other.contains(name))) {
                return Err(damaged(IndexDamage::TensorTwice { tensor: short(twice) }));
            }
        }
        Ok(files)
    }
}

/// The component that a folder is itself, when it holds one alone, by the class that its config names.
fn component_of(path: &Path) -> Option<&'static str> {
    let config: Value = read_json(&path.join("config.json")).ok()?;
    match config.get("_class_name")?.as_str()? {
        "ControlNetModel" => Some("controlnet"),
        "UNet2DConditionModel" => Some("unet"),
        "AutoencoderKL" | "AutoencoderTiny" => Some("vae"),
        _ => None,
    }
}

/// A whole text file of a sensible size.
pub(crate) fn read_text(path: &Path) -> Result<String, WeightsError> {
    let failed = |source| WeightsError::Io { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    let len = file.take(TEXT_LIMIT + 1).read_to_string(&mut text).map_err(failed)?;
    if len as u64 > TEXT_LIMIT {
        let what = Unsupported::LongText { limit: TEXT_LIMIT };
        return Err(WeightsError::Unsupported { path: path.to_owned(), what });
    }
    Ok(text)
}

/// A whole JSON file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, WeightsError> {
    let text = read_text(path)?;
    serde_json::from_str(&text).map_err(|source| WeightsError::Json {
        path: path.to_owned(),
        place: JsonPlace::File,
        source,
    })
}
