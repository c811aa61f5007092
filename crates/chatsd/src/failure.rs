//! What becomes of an error: a message, what to do about it, and the exit code.

use std::{fmt, io};

use anyhow::Error;

use crate::{messages::Lang, output};

/// All went well.
pub const OK: u8 = 0;
/// It could not be done.
pub const FAILED: u8 = 1;
/// It was asked for in a way that makes no sense.
pub const USAGE: u8 = 2;
/// Stopped by the user; what was finished is kept.
pub const STOPPED: u8 = 130;

/// A request that makes no sense: exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Says what went wrong and returns the exit code. Nobody reading any more is a quiet end.
pub fn report(lang: Lang, error: &Error) -> u8 {
    let broken_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return OK;
    }
    output::talk(format!("{}: {}", lang.error(), message(lang, error)));
    code(error)
}

/// The exit code of an error.
fn code(error: &Error) -> u8 {
    let usage = error.chain().any(|cause| {
        cause.is::<Usage>()
            || cause.is::<crate::settings::SettingError>()
            || cause.is::<chatsd_prompt::PromptError>()
            || cause.downcast_ref::<chatsd_studio::StudioError>().is_some_and(chatsd_studio::StudioError::is_usage)
    });
    if usage { USAGE } else { FAILED }
}

/// The whole chain in one line, without saying the same twice (a transparent error repeats its source).
pub fn message(lang: Lang, error: &Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = output::tame(&crate::translate::error(lang, cause));
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_reader_who_left_is_no_failure() {
        let error = Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing").unwrap_err();
        assert_eq!(report(Lang::En, &error), OK);
        assert_eq!(code(&Usage("what?".into()).into()), USAGE);
        assert_eq!(code(&anyhow::anyhow!("fire")), FAILED);
    }

    #[test]
    fn nothing_is_said_twice_and_nothing_commands_the_terminal() {
        let error = anyhow::anyhow!("b\x1b[31m").context("a: b [31m").context("c");
        assert_eq!(message(Lang::En, &error), "c: a: b [31m");
    }
}
