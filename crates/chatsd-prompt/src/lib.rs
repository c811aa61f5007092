//! From a sentence to an idea, and from an idea to prompts that differ on purpose. Pure text: no file, no clock, no
//! network, no model. What it needs of the world is handed in as a function: a model's tokenizer, wildcard files.
//!
//! [`understand()`] reads a sentence; [`write()`] frames its words in styles of a [`StyleLibrary`]; [`expand`] plays out
//! `{a|b}` and `__wildcard__`; [`weighted`] reads `(word:1.2)`; [`lexicon`] turns Chinese words into English ones.

mod additions;
mod error;
mod fit;
pub mod lexicon;
mod library;
mod random;
mod restyle;
mod style;
mod styles_csv;
mod suits;
mod template;
mod understand;
mod write;

pub use chatsd_types::{Piece, SyntaxError, SyntaxProblem, weighted};
pub use error::PromptError;
pub use library::StyleLibrary;
pub use restyle::restyle;
pub use style::{Aspect, Needs, Style};
pub use template::{Wildcards, expand};
pub use understand::{LENGTH_LIMIT, understand};
pub use write::{WriteOptions, Written, write};
