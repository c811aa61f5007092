//! The text that other programs write into their pictures under `parameters`: requests written in it, and read from it.
//!
//! Its form and its labels are those of AUTOMATIC1111's stable-diffusion-webui. Which parameters there are, and how each
//! is read and printed, says [`chatsd_types::PARAMETERS`]; here is only what that text spells in its own way. Files are
//! not known here, and nothing of a picture but its request.
//!
//! The form cannot hold every text: blanks at the ends of lines are lost, and so is a line of the user's own that
//! begins with `Negative prompt:`. Nor does it hold every part of a request. That is why a picture carries its exact
//! request as well.

mod hashes;
mod read;
mod spelling;
mod text;
mod write;

pub use read::Applied;
pub use text::Infotext;
