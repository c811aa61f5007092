//! Model files: safetensors, GGUF and PyTorch checkpoints read into named tensors, and what each program calls those. Does not
//! know what the tensors compute.
//!
//! A [`WeightFile`] is one file; [`ModelFiles`] is everything a picture model consists of, a folder or a single file;
//! a [`Scope`] is the part of it below one name, from which a network takes its layers. Every length and offset of a
//! file is checked before it is believed. An [`AdapterFile`] changes what a scope makes; a [`LayerCache`] keeps layers that were
//! made, for networks that differ in others alone.

mod adapter;
mod convert;
mod damage;
mod description;
mod error;
mod fault;
mod file;
mod folder;
mod gguf;
mod layer_cache;
mod layout;
mod looks;
mod missing;
mod model;
mod outline;
mod pytorch;
mod reader;
mod safetensors;
mod safetensors_writer;
mod scope;
mod spans;
mod transpose;
mod unsupported;
mod value;
mod vocabulary;
mod writer;

pub use adapter::{AdapterFile, AdapterSet, Adopted, Strength};
pub use damage::{
    ArchiveDamage, BytesDamage, CheckpointDamage, Damage, GgufDamage, IndexDamage, NameDamage, PickleDamage,
    SafetensorsDamage, TensorDamage, VocabularyDamage,
};
pub use description::{ComponentFacts, Description, Variant};
pub use error::{JsonPlace, LayerFault, StoredAs, WeightsError};
pub use file::WeightFile;
pub use layer_cache::LayerCache;
pub use layout::{ForeignNetwork, KindAdvice, ModelFamily, ModelPart, Predicts, UnknownPrediction, WeightsKind};
pub use looks::{FileAdvice, FileLooks};
pub use missing::Missing;
pub use model::{Component, ModelFiles};
pub use outline::Tally;
pub use scope::Scope;
pub use unsupported::{Unsupported, WriteFault};
pub use value::{Array, Value};
pub use vocabulary::Vocabulary;
pub use writer::GgufWriter;
