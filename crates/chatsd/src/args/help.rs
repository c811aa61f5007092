//! Help and wrong usage in the user's language.

use std::ffi::OsString;

use clap::{
    Arg, ArgAction, Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use chatsd_messages::{ErrorClass, Lang, argument_help, say};
use chatsd_types::PARAMETERS;

use crate::{args::parameters, failure::OK, terminal::output};

/// What `--lang` asks for, found before the words are parsed, so that help and errors of parsing speak it too.
pub fn asked_language(words: &[OsString]) -> Option<Lang> {
    let mut words = words.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let value = if word == "--lang" { words.next() } else { word.strip_prefix("--lang=") };
        if let Some(lang) = value.and_then(|value| value.parse().ok()) {
            return Some(lang);
        }
    }
    None
}

/// The command with its help in a language. The English texts stand beside the arguments, in `cli` and `settings`, and in the
/// table of parameters.
pub fn localised(command: Command, lang: Lang) -> Command {
    let command = command.mut_subcommand("again", |again| again.mut_arg("set", |set| set.help(changes_help(lang))));
    match lang {
        Lang::En => command,
        Lang::Zh => chinese(command, ""),
    }
}

fn chinese(command: Command, parent: &str) -> Command {
    let name = if parent.is_empty() {
        String::new()
    } else {
        format!("{}{}", parent.trim_start_matches('/'), command.get_name())
    };
    let about = if parent.is_empty() { chinese_text("chatsd", "") } else { chinese_text("command", &name) };
    let mut command = match about {
        Some(about) => command.about(about).long_about(None::<&str>),
        None => command,
    };
    command = command
        .disable_help_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助").help_heading("选项"))
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}");
    if parent.is_empty() {
        command = command.disable_version_flag(true).arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help("显示版本")
                .help_heading("选项"),
        );
    }
    let command_name = command.get_name().to_owned();
    command = command.mut_args(|argument| {
        let heading = if argument.is_positional() { "参数" } else { "选项" };
        let text = chinese_text(&command_name, argument.get_id().as_str());
        let argument = if argument.get_help_heading().is_none() { argument.help_heading(heading) } else { argument };
        match text {
            Some(text) => argument.help(text),
            None => argument,
        }
    });
    let below = if parent.is_empty() { "/".to_owned() } else { format!("{name} ") };
    command.mut_subcommands(|subcommand| chinese(subcommand, &below))
}

/// The Chinese help of an argument of a command. What is said of one command alone goes before the parameter of that name.
fn chinese_text(command: &str, argument: &str) -> Option<String> {
    let said = argument_help(command, argument);
    let of_parameter = || {
        let parameter = PARAMETERS.iter().find(|parameter| parameter.has_flag && parameter.key == argument)?;
        Some(parameters::help(parameter.help.zh, parameter.values, "："))
    };
    said.map(str::to_owned).or_else(of_parameter)
}

/// The help of `again --set`: every key there is.
fn changes_help(lang: Lang) -> String {
    let keys: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.key).collect();
    format!("{}{}", lang.pick("Vary: ", "变化："), keys.join(lang.pick(", ", "、")))
}

/// Answers what clap did not take: help and version on stdout with code 0, wrong usage on stderr with code 2.
pub fn answer(lang: Lang, error: &Error) -> u8 {
    if !error.use_stderr() {
        // Nobody may be reading: that is no failure.
        let _ = error.print();
        return OK;
    }
    match (lang, chinese_error(error)) {
        (Lang::Zh, Some(text)) => text.lines().for_each(|line| output::talk(output::tame(line))),
        _ => {
            let _ = error.print();
        }
    }
    ErrorClass::Usage.exit_code()
}

/// Wrong usage in Chinese; nothing for the kinds that only show help.
fn chinese_error(error: &Error) -> Option<String> {
    let context = |kind| {
        error.get(kind).map(|value| match value {
            ContextValue::Strings(texts) => texts.join(" "),
            other => other.to_string(),
        })
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    let reason = std::error::Error::source(error).map(|source| format!("：{}", say(Lang::Zh, source)));
    let reason = reason.unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 需要一个值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let valid = context(ContextKind::ValidValue).map(|valid| format!("；可用：{valid}")).unwrap_or_default();
            format!("{argument} 不能是“{value}”{reason}{valid}")
        }
        ErrorKind::UnknownArgument => {
            let near =
                context(ContextKind::SuggestedArg).map(|near| format!("；是否想用 {near}？")).unwrap_or_default();
            format!("没有参数“{argument}”{near}")
        }
        ErrorKind::InvalidSubcommand => {
            format!("没有命令“{}”", context(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("缺少：{argument}"),
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::ArgumentConflict => {
            format!("{argument} 不能与 {} 同时使用", context(ContextKind::PriorArg).unwrap_or_default())
        }
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{argument} 的值个数不对")
        }
        _ => return None,
    };
    Some(format!("错误：{what}\n提示：chatsd --help 或“chatsd 命令 --help”显示用法"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{cli::Cli, settings::Settings};
    use clap::CommandFactory;

    fn each_argument(command: &Command, check: &mut dyn FnMut(&Command, &Arg)) {
        command.get_arguments().for_each(|argument| check(command, argument));
        command.get_subcommands().for_each(|below| each_argument(below, check));
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        localised(Cli::command(), Lang::Zh).debug_assert();
    }

    #[test]
    fn every_argument_has_help_in_both_languages() {
        let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        each_argument(&Cli::command(), &mut |command, argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty() && !han(&help), "{} {}", command.get_name(), argument.get_id());
        });
        each_argument(&localised(Cli::command(), Lang::Zh), &mut |command, argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(han(&help), "{} {}", command.get_name(), argument.get_id());
        });
        fn abouts(command: &Command, check: &dyn Fn(&Command)) {
            check(command);
            command.get_subcommands().for_each(|below| abouts(below, check));
        }
        abouts(&localised(Cli::command(), Lang::Zh), &|command| {
            assert!(command.get_about().is_some_and(|text| han(&text.to_string())), "{}", command.get_name());
        });
    }

    #[test]
    fn every_setting_is_a_flag() {
        let mut flags = Vec::new();
        each_argument(&Cli::command(), &mut |_, argument| flags.push(argument.get_id().to_string()));
        for name in Settings::names() {
            assert!(flags.iter().any(|flag| flag == name), "{name}");
        }
    }

    #[test]
    fn the_language_is_found_before_parsing() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(asked_language(&words("chatsd --lang zh x")), Some(Lang::Zh));
        assert_eq!(asked_language(&words("chatsd x --lang=en")), Some(Lang::En));
        assert_eq!(asked_language(&words("chatsd --lang")), None);
    }
}
