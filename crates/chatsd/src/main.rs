//! The program: arguments become settings, settings choose the wiring, one file for each command.
//!
//! Exit codes: 0 done, 1 failed, 2 asked for wrongly, 130 stopped by the user with the finished kept.

mod args;
mod commands;
mod failure;
mod memory;
mod model_names;
mod run_job;
mod stop;
mod terminal;
mod trace;
mod wiring;

use std::process::ExitCode;

use anyhow::Result;
use chatsd_messages::Lang;
use clap::{CommandFactory, FromArgMatches};

use args::{
    cli::{self, Cli, Command},
    config, help,
    settings::Settings,
};

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    let asked = help::asked_language(&words);
    let environment = Lang::of_locale(|name| std::env::var(name).ok());
    let configured = config::read(asked.unwrap_or(environment));
    let lang = asked.or_else(|| configured.as_ref().ok()?.lang).unwrap_or(environment);
    let mut command = help::localised(Cli::command(), lang);
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let words = cli::with_default_command(words, &names);
    let matches = command.try_get_matches_from_mut(words);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return help::answer(lang, &error).into(),
    };
    let code = configured.or_else(|error| doctored(&cli.command, error, lang)).and_then(|mut settings| {
        settings.lang = settings.lang.or(Some(lang));
        run(cli, settings)
    });
    code.unwrap_or_else(|error| failure::report(lang, &error)).into()
}

/// `doctor` works without a readable config: it is the one to say so.
fn doctored(command: &Command, error: anyhow::Error, lang: Lang) -> Result<Settings> {
    if !matches!(command, Command::Doctor(_)) {
        return Err(error);
    }
    failure::report(lang, &error);
    Ok(Settings::default())
}

fn run(cli: Cli, mut settings: Settings) -> Result<u8> {
    cli.surface.put_into(&mut settings);
    match cli.command {
        Command::Paint(arguments) => commands::paint::run(*arguments, settings),
        Command::Write(arguments) => commands::write::run(*arguments, settings),
        Command::Again(arguments) => commands::again::run(*arguments, settings),
        Command::Upscale(arguments) => commands::upscale::run(arguments, settings),
        Command::Refine(arguments) => commands::refine::run(*arguments, settings),
        Command::Vary(arguments) => commands::vary::run(*arguments, settings),
        Command::Gallery(arguments) => commands::gallery::run(arguments, settings),
        Command::Models(arguments) => commands::models::run(arguments, settings),
        Command::Styles(arguments) => commands::styles::run(arguments, settings),
        Command::Bench(arguments) => commands::bench::run(arguments, settings),
        Command::Doctor(arguments) => commands::doctor::run(arguments, settings),
        Command::Completions(arguments) => commands::completions::run(&arguments),
    }
}
