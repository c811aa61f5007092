//! What can be wrong with a model's files.

use std::{fmt, io, path::PathBuf};

use chatsd_tensor::{Format, FormatError, WeightError};

use crate::{Damage, FileLooks, Missing, ModelFamily, ModelPart, Unsupported, WeightsKind};

/// A model file that cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The system could not read or write.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Of the file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not a model file at all.
    #[error(
        "{path} is {looks}, not a safetensors, GGUF or PyTorch file; {}",
        looks.advice(),
        path = path.display()
    )]
    NotAModel {
        /// Of the file.
        path: PathBuf,
        /// What it looks like.
        looks: FileLooks,
    },
    /// A model file whose parts contradict each other.
    #[error("{path} is damaged: {what}; get the file again", path = path.display())]
    Damaged {
        /// Of the file.
        path: PathBuf,
        /// What was found and what was expected.
        what: Damage,
    },
    /// A file, or something asked of one, that may be in order but is not read or written.
    #[error("{path}: not supported: {what}", path = path.display())]
    Unsupported {
        /// Of the file.
        path: PathBuf,
        /// What was found, and what can be read instead.
        what: Unsupported,
    },
    /// A file or an entry of it that a model needs is not there.
    #[error("{path} has no {what}", path = path.display())]
    Incomplete {
        /// Of the folder or file.
        path: PathBuf,
        /// What is missing, and what to do.
        what: Missing,
    },
    /// A file of tensors in order, but without the part that was wanted.
    #[error(
        "{path} is {kind}{of} and has no {part}; {advice}",
        path = path.display(),
        of = family.map(|family| format!(" of {family}")).unwrap_or_default(),
        advice = kind.advice_for(part)
    )]
    WithoutPart {
        /// Of the file.
        path: PathBuf,
        /// What it is.
        kind: WeightsKind,
        /// Of which family, where that can be told.
        family: Option<ModelFamily>,
        /// What was wanted of it.
        part: ModelPart,
    },
    /// JSON that does not say what it should.
    #[error("{path}: {place} is not the JSON expected: {source}", path = path.display())]
    Json {
        /// Of the file.
        path: PathBuf,
        /// Which text in it.
        place: JsonPlace,
        /// Line, column and reason.
        source: serde_json::Error,
    },
    /// No tensor of that name.
    #[error(
        "{path} has no tensor {tensor}{near}",
        path = path.display(),
        near = nearest.as_ref().map(|name| format!("; the nearest name is {name}")).unwrap_or_default()
    )]
    MissingTensor {
        /// Of the file, or the folder of a model in several files.
        path: PathBuf,
        /// The full name asked for.
        tensor: String,
        /// A name of the file that is much like it.
        nearest: Option<String>,
    },
    /// A tensor stored in a way that cannot be read.
    #[error(
        "{path}: tensor {tensor} is stored as {found}, which is not read: use another file of the model",
        path = path.display()
    )]
    UnsupportedTensor {
        /// Of the file.
        path: PathBuf,
        /// Its full name.
        tensor: String,
        /// How it is stored.
        found: StoredAs,
    },
    /// A tensor of other extents than the network needs.
    #[error(
        "{path}: tensor {tensor} has shape {found:?}, expected {expected:?}: the weights do not belong to this config",
        path = path.display()
    )]
    Shape {
        /// Of the file.
        path: PathBuf,
        /// Its full name.
        tensor: String,
        /// In the file.
        found: Vec<usize>,
        /// What the network needs.
        expected: Vec<usize>,
    },
    /// A tensor that makes no layer for another reason.
    #[error("{path}: tensor {tensor}: {source}", path = path.display())]
    Layer {
        /// Of the file.
        path: PathBuf,
        /// Its full name.
        tensor: String,
        /// The reason.
        source: LayerFault,
    },
    /// An adapter that fits no layer of a model.
    #[error(
        "{path} fits no layer of this model: it was made for {found}, the model is {expected}; take one for the model's family",
        path = path.display(),
        found = found.map_or_else(|| "another network".to_owned(), |found| found.to_string()),
        expected = expected.map_or_else(|| "of another kind".to_owned(), |expected| expected.to_string())
    )]
    OtherModel {
        /// Of the adapter.
        path: PathBuf,
        /// The family it was made for, where that can be told.
        found: Option<ModelFamily>,
        /// The family of the model, where that can be told.
        expected: Option<ModelFamily>,
    },
    /// A layer that cannot be changed as an adapter wants.
    #[error("the layer {layer} cannot be changed: {source}")]
    Change {
        /// The layer's name.
        layer: String,
        /// The reason.
        source: WeightError,
    },
}

/// Why a tensor makes no layer.
#[derive(Debug, thiserror::Error)]
pub enum LayerFault {
    /// The tensor room refuses it.
    #[error(transparent)]
    Weight(#[from] WeightError),
    /// Queries, keys and values are not alike.
    #[error("{rows} rows of {shape:?} make no three equal parts")]
    Thirds {
        /// Of the tensor.
        rows: usize,
        /// Its extents.
        shape: Vec<usize>,
    },
    /// Something that is to be transposed has not two extents.
    #[error("{shape:?} is no matrix")]
    NoMatrix {
        /// Its extents.
        shape: Vec<usize>,
    },
    /// A value that half precision cannot hold.
    #[error("its value {value} is beyond f16; choose bf16 or f32")]
    BeyondF16 {
        /// The first such value.
        value: f32,
    },
}

/// Which text of a file should be JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonPlace {
    /// All of it.
    File,
    /// The value of a key.
    Key(String),
}

impl fmt::Display for JsonPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => formatter.write_str("the file"),
            Self::Key(key) => formatter.write_str(key),
        }
    }
}

/// How a tensor is stored that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredAs {
    /// As numbers of a type, by its name in the file.
    #[error("{0}")]
    Type(String),
    /// As bytes that are not those of its values.
    #[error("bytes that are no values")]
    NotValues,
    /// In eight bits, with factors that are not one for each row.
    #[error("{format} with {factors} factors for {rows} rows")]
    Factors {
        /// Of the weight.
        format: Format,
        /// How many factors there are.
        factors: usize,
        /// How many rows the weight has.
        rows: usize,
    },
    /// In eight bits, and what they are with their factors cannot be kept.
    #[error(transparent)]
    Product(#[from] FormatError),
}
