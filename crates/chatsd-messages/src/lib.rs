//! What every front says to people, in English and Chinese: messages, notes, names, and errors with what they come to.
//!
//! The rooms below speak English: an error's `Display` says what was found, what was expected and what to do. Here each
//! variant is said in Chinese as well, and classed, by matches without a rest, so that a new variant does not compile
//! before it has both. An exit code or HTTP status follows from the class alone.

mod class;
mod errors;
mod help;
mod lang;
mod names;
mod notes;
mod text;

pub use class::ErrorClass;
pub use errors::{Spoken, class, say};
pub use help::argument_help;
pub use lang::Lang;
pub use names::{advice, named, part, variant};
pub use notes::note;
