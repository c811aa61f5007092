//! `chatsd models`: what can paint. One file for each thing to do with models.

mod convert;
mod describe;
mod folders;
mod list;
mod pull;
mod remove;
mod show;

use anyhow::Result;

use crate::{
    args::{cli::Models, settings::Settings},
    wiring::BUILT_IN,
};

/// Does one thing with models.
///
/// # Errors
/// A model that cannot be read, found or fetched.
pub fn run(arguments: Models, settings: Settings) -> Result<u8> {
    match arguments {
        Models::List(arguments) => list::run(arguments, settings),
        Models::Pull(arguments) => pull::run(arguments, settings),
        Models::Remove(arguments) => remove::run(arguments, settings),
        Models::Folders(arguments) => folders::run(arguments, settings),
        Models::Show { file, files, json } => match file.filter(|file| file != BUILT_IN) {
            Some(file) => describe::run(&file, files, json, settings),
            None => show::run(files, json, settings),
        },
        Models::Convert(arguments) => convert::run(arguments, settings),
    }
}
