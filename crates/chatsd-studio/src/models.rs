//! What the studio asks of whoever keeps the models. The studio knows these traits, not the engine.

use std::{error::Error, sync::Arc};

use chatsd_types::{FileKind, ImageModel, ImageUpscaler, PaintError};

/// Why a model cannot be opened, as its room says it.
pub type ModelError = Box<dyn Error + Send + Sync>;

/// Opens models and what is used beside them, by the names that people give. One engine serves all that it opens.
pub trait Models: Send + Sync {
    /// The name of the model that is used where nobody names one.
    fn usual(&self) -> &str;

    /// The model of a name or path. Weights are not read yet.
    ///
    /// # Errors
    /// When there is none, or it is of a kind that is not known.
    fn open(&self, name: &str) -> Result<Arc<dyn OpenModel>, ModelError>;

    /// What makes pictures larger, by its name: `lanczos`, or an upscaler's file.
    ///
    /// # Errors
    /// When there is none, or it cannot be used.
    fn upscaler(&self, name: &str) -> Result<Box<dyn ImageUpscaler>, PaintError>;

    /// The hash by which requests name a file beside the model: first ten hex digits of its SHA-256.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    fn file_hash(&self, kind: FileKind, name: &str) -> Result<String, PaintError>;

    /// Bytes of memory that painting may take; `None` where nobody knows, and then nothing is refused.
    fn memory_budget(&self) -> Option<u64>;
}

/// A model whose files are open, but whose weights are not read.
pub trait OpenModel: Send + Sync {
    /// What requests call it.
    fn name(&self) -> &str;

    /// The model without its weights ("meta"): it plans, counts tokens and tells what pictures take, but cannot paint.
    /// Its card has no hash yet.
    ///
    /// # Errors
    /// When it is of a kind that is not known.
    fn meta(&self) -> Result<Arc<dyn ImageModel>, ModelError>;

    /// As [`OpenModel::meta`], with the weights in 8-bit blocks; `None` where they are, or cannot be.
    fn meta_in_eight_bits(&self) -> Option<Arc<dyn ImageModel>>;

    /// The model, ready to paint.
    ///
    /// # Errors
    /// When its weights cannot be read.
    fn load(&self) -> Result<Arc<dyn ImageModel>, ModelError>;

    /// The hash that its card will have. Reads all of its files the first time.
    ///
    /// # Errors
    /// When one cannot be read.
    fn hash(&self) -> Result<String, ModelError>;

    /// Seconds that this machine takes for a unit of [`chatsd_types::Cost::work`], by a probe.
    fn pace(&self) -> Option<f64>;
}
