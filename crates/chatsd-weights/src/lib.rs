//! Model files: find them, read safetensors, GGUF and PyTorch checkpoints into named tensors. Does not know what the tensors mean.
//!
//! A [`WeightFile`] is one file; [`ModelFiles`] is everything a picture model consists of, a folder or a single file;
//! a [`Scope`] is the part of it below one name, from which a network takes its layers. Every length and offset of a
//! file is checked before it is believed. An [`Adapter`] changes what a scope makes; a [`Workshop`] keeps layers that were
//! made, for networks that differ in others alone.

mod adapter;
mod convert;
mod description;
mod error;
mod fault;
mod file;
mod folder;
mod gguf;
mod layout;
mod looks;
mod model;
mod outline;
mod pytorch;
mod reader;
mod safetensors;
mod safetensors_writer;
mod scope;
mod spans;
mod value;
mod vocabulary;
mod workshop;
mod writer;

pub use adapter::{Adapter, AdapterSet, Adopted, Strength};
pub use description::{ComponentFacts, Description};
pub use error::WeightsError;
pub use file::WeightFile;
pub use layout::{Family, Kind, Predicts};
pub use model::{Component, ModelFiles};
pub use outline::Tally;
pub use scope::Scope;
pub use value::{Array, Value};
pub use vocabulary::Vocabulary;
pub use workshop::Workshop;
pub use writer::GgufWriter;
