//! The project's own chores. `cargo xtask check` is the whole gate.

mod arrows;
mod files;
mod licences;
mod names;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
cargo xtask check       the whole gate: format, clippy, tests, docs, arrows between crates, licences, public texts
cargo xtask arrows      only: no crate depends on a floor above it
cargo xtask names       only: one name for one type
cargo xtask licences    only: every dependency has a permissive licence
cargo xtask files       only: rooms keep to themselves, and public texts hold nothing private";

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let result = match task.as_str() {
        "check" => check(),
        "arrows" => arrows::check(),
        "names" => names::check(),
        "licences" => licences::check(),
        "files" => files::check(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<()> {
    arrows::check()?;
    files::check()?;
    names::check()?;
    cargo("fmt", &["--all", "--check"])?;
    licences::check()?;
    cargo("clippy", &["--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])?;
    cargo("test", &["--workspace", "--all-features"])?;
    cargo("doc", &["--workspace", "--no-deps", "--document-private-items"])?;
    println!("check: all passed");
    Ok(())
}

fn cargo(subcommand: &str, arguments: &[&str]) -> Result<()> {
    println!("cargo {subcommand} {}", arguments.join(" "));
    let mut command = Command::new(env!("CARGO"));
    if subcommand == "doc" {
        command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links");
    }
    let status = command.arg(subcommand).args(arguments).status().context("cannot start cargo")?;
    if !status.success() {
        bail!("cargo {subcommand} failed ({status})");
    }
    Ok(())
}
