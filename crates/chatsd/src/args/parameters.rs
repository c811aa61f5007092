//! The flags of a picture's parameters: one for each row of their table.

use chatsd_types::{PARAMETERS, Parameter, ParameterChoices, ParameterError, ParameterValues, Request};
use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, error::ErrorKind};

/// Parameters that were chosen by flags.
#[derive(Clone, Debug, Default)]
pub struct ParameterArgs(pub ParameterChoices);

fn flags() -> impl Iterator<Item = &'static Parameter> {
    PARAMETERS.iter().filter(|parameter| parameter.has_flag)
}

/// A parameter's help, with the names that it takes.
pub fn help(help: &str, values: ParameterValues, colon: &str) -> String {
    let ParameterValues::Name { all } = values else { return help.to_owned() };
    let quoted = |name: &str| if name.contains(' ') { format!("\"{name}\"") } else { name.to_owned() };
    format!("{help}{colon}{}", all().into_iter().map(quoted).collect::<Vec<_>>().join(", "))
}

impl Args for ParameterArgs {
    fn augment_args(command: Command) -> Command {
        flags().fold(command, |command, parameter| {
            let read = move |text: &str| -> Result<String, ParameterError> {
                parameter.put(&mut Request::default(), text).map(|()| text.to_owned())
            };
            let flag = Arg::new(parameter.key)
                .long(parameter.key.replace('_', "-"))
                .value_name(parameter.values.placeholder())
                .value_parser(read)
                .help(help(parameter.help.en, parameter.values, ": "));
            // A flag without a value says yes.
            let flag = match parameter.values {
                ParameterValues::Truth => flag.num_args(0..=1).default_missing_value("true").require_equals(true),
                _ => flag,
            };
            command.arg(flag)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ParameterArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut parameters = Self::default();
        parameters.update_from_arg_matches(matches)?;
        Ok(parameters)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for parameter in flags() {
            if let Some(value) = matches.get_one::<String>(parameter.key) {
                let chosen = self.0.choose(parameter.key, value);
                chosen.map_err(|error| Error::raw(ErrorKind::ValueValidation, error))?;
            }
        }
        Ok(())
    }
}
