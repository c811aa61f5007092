//! Adapters: files that change a model's weights instead of holding them. LoRA and its relatives, in every form that
//! programs write.
//!
//! An [`AdapterFile`] is one opened file; an [`AdapterSet`] is several of them in order, each with its weights, matched with
//! the layers of a model. What a set makes of a layer is a function of the base weights and the set alone: nothing is
//! ever added to weights that were changed before, so taking adapters away in any order leaves the base, bit for bit.

mod algebra;
mod change;
mod file;
mod keys;
mod names;
mod peft;
mod set;

pub use file::AdapterFile;
pub(crate) use keys::{has_width_of_words, is_of_adapter};
pub use set::{AdapterSet, Adopted, Strength};
pub(crate) use set::{MergedWeight, VectorPart, layer_name, stacked};
