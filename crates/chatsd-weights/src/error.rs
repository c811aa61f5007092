//! What can be wrong with a model's files.

use std::{io, path::PathBuf};

use chatsd_tensor::WeightError;

use crate::{Family, Kind, layout};

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
    #[error("{path} is {looks}, not a safetensors, GGUF or PyTorch file; {advice}", path = path.display())]
    NotAModel {
        /// Of the file.
        path: PathBuf,
        /// What it looks like.
        looks: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A model file whose parts contradict each other.
    #[error("{path} is damaged: {what}; get the file again", path = path.display())]
    Damaged {
        /// Of the file.
        path: PathBuf,
        /// What was found and what was expected.
        what: String,
    },
    /// A file, or something asked of one, that may be in order but is not read or written.
    #[error("{path}: not supported: {what}", path = path.display())]
    Unsupported {
        /// Of the file.
        path: PathBuf,
        /// What was found, and what can be read instead.
        what: String,
    },
    /// A file or an entry of it that a model needs is not there.
    #[error("{path} has no {what}", path = path.display())]
    Incomplete {
        /// Of the folder or file.
        path: PathBuf,
        /// What is missing, and what to do.
        what: String,
    },
    /// A file of tensors in order, but without the part that was wanted.
    #[error(
        "{path} is {kind}{of} and has no {part}; {advice}",
        path = path.display(),
        of = family.map(|family| format!(" of {family}")).unwrap_or_default(),
        part = layout::part_name(component),
        advice = kind.advice_for(component)
    )]
    WithoutPart {
        /// Of the file.
        path: PathBuf,
        /// What it is.
        kind: Kind,
        /// Of which family, where that can be told.
        family: Option<Family>,
        /// What was wanted of it: `unet`, `text_encoder`, `text_encoder_2`, `vae`, `controlnet`.
        component: String,
    },
    /// JSON that does not say what it should.
    #[error("{path}: {place} is not the JSON expected: {source}", path = path.display())]
    Json {
        /// Of the file.
        path: PathBuf,
        /// Which text in it.
        place: String,
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
        /// The type's name in the file.
        found: String,
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
        source: WeightError,
    },
    /// An adapter that fits no layer of a model.
    #[error(
        "{path} fits no layer of this model: it was made for {found}, the model is {expected}; take one for the model's family",
        path = path.display(),
        found = found.unwrap_or("another network"),
        expected = expected.unwrap_or("of another kind")
    )]
    OtherModel {
        /// Of the adapter.
        path: PathBuf,
        /// The family it was made for, where that can be told.
        found: Option<&'static str>,
        /// The family of the model, where that can be told.
        expected: Option<&'static str>,
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
