//! `chatsd completions`: a script for the shell.

use anyhow::Result;
use clap::CommandFactory;

use crate::{
    args::cli::{Cli, Completions},
    failure::OK,
    terminal::output,
};

/// Writes the script to stdout.
///
/// # Errors
/// When nobody reads it.
pub fn run(arguments: &Completions) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "chatsd", &mut script);
    output::data(String::from_utf8_lossy(&script).trim_end())?;
    Ok(OK)
}
