//! Model files from elsewhere: find, fetch, verify, remember. Does not know what the tensors mean.
//!
//! [`Folders`] finds what other programs have brought to this machine and shares it, reading only.

mod folders;

pub use folders::{Folders, Found, Program, Shelf, Surroundings, is_model_file, own_place, stem};
