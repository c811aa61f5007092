//! `chatsd models`: what can paint. One file for each thing to do with models.

mod list;
mod show;

use anyhow::Result;

use crate::{cli::Models, settings::Settings};

/// Does one thing with models.
///
/// # Errors
/// A model that cannot be read.
pub fn run(arguments: Models, settings: Settings) -> Result<u8> {
    match arguments {
        Models::List { model, json } => list::run(model, json, settings),
        Models::Show { model, json } => show::run(model, json, settings),
    }
}
