//! What becomes of an error: a message, what to do about it, and the exit code.

use std::{error::Error as StdError, io, path::PathBuf};

use anyhow::Error;
use chatsd_messages::{ErrorClass, Lang, Spoken, class, say};

use crate::{args::settings::SettingError, terminal::output};

/// All went well.
pub const OK: u8 = 0;
/// Stopped by the user; what was finished is kept.
pub const STOPPED: u8 = ErrorClass::Stopped.exit_code();

/// What goes wrong in the program itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramError {
    /// A sheet without rows or columns.
    NoCells,
    /// One name for several models.
    OneNameForOne,
    /// A file that is to be written is there.
    AlreadyThere(PathBuf),
    /// A folder of wildcard files that is none.
    NoWildcardFolder(PathBuf),
    /// No gallery where one is looked for.
    NoGallery(PathBuf),
    /// No home folder to keep things in.
    NoHome,
    /// A list in the config file that is none of names.
    ConfigList { key: String },
    /// A value of the config file of a kind that no setting has.
    ConfigKind { key: String, found: &'static str },
    /// A model that another program keeps.
    NotOurs { path: PathBuf, program: &'static str },
    /// A model that was not pulled, and the nearest that were.
    NotPulled { name: String, nearest: Vec<String> },
}

impl ProgramError {
    fn in_lang(&self, lang: Lang) -> String {
        match self {
            Self::NoCells => lang.no_cells(),
            Self::OneNameForOne => lang.one_name_for_one(),
            Self::AlreadyThere(path) => lang.already_there(path.display()),
            Self::NoWildcardFolder(folder) => lang.no_wildcard_folder(folder.display()),
            Self::NoGallery(folder) => lang.gallery_none(folder.display()),
            Self::NoHome => lang.no_home(),
            Self::ConfigList { key } => lang.config_list(key),
            Self::ConfigKind { key, found } => lang.config_kind(key, found),
            Self::NotOurs { path, program } => lang.not_ours_to_remove(path.display(), program),
            Self::NotPulled { name, nearest } if nearest.is_empty() => lang.nothing_pulled(name),
            Self::NotPulled { name, nearest } => lang.not_pulled(name, nearest.join(lang.pick(", ", "、"))),
        }
    }
}

impl std::fmt::Display for ProgramError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.in_lang(Lang::En))
    }
}

impl StdError for ProgramError {}

impl Spoken for ProgramError {
    fn chinese(&self) -> String {
        self.in_lang(Lang::Zh)
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::NoCells
            | Self::AlreadyThere(_)
            | Self::OneNameForOne
            | Self::NoWildcardFolder(_)
            | Self::ConfigList { .. }
            | Self::ConfigKind { .. } => ErrorClass::Usage,
            Self::NotOurs { .. } => ErrorClass::Forbidden,
            Self::NoGallery(_) | Self::NotPulled { .. } => ErrorClass::NotFound,
            Self::NoHome => ErrorClass::Failed,
        }
    }
}

/// An error of the program itself.
fn own<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a dyn Spoken> {
    let program = error.downcast_ref::<ProgramError>().map(|error| error as &dyn Spoken);
    program.or_else(|| error.downcast_ref::<SettingError>().map(|error| error as &dyn Spoken))
}

/// Says what went wrong and returns the exit code. Nobody reading any more is a quiet end.
pub fn report(lang: Lang, error: &Error) -> u8 {
    let broken_pipe = |cause: &(dyn StdError + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return OK;
    }
    output::talk(format!("{}: {}", lang.error(), message(lang, error)));
    code(error)
}

/// The exit code of an error: as the first of it and its causes says that is known.
fn code(error: &Error) -> u8 {
    let known = |cause: &(dyn StdError + 'static)| match own(cause) {
        Some(error) => Some(error.class()),
        None => Some(class(cause)).filter(|class| *class != ErrorClass::Failed),
    };
    error.chain().find_map(known).unwrap_or(ErrorClass::Failed).exit_code()
}

/// The whole chain in one line, without saying the same twice (a transparent error repeats its source).
pub fn message(lang: Lang, error: &Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = match own(cause) {
            Some(error) if lang == Lang::Zh => error.chinese(),
            _ => say(lang, cause),
        };
        let text = output::tame(&text);
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
        assert_eq!(code(&Error::from(ProgramError::NoCells).context("a sheet")), 2);
        assert_eq!(code(&anyhow::anyhow!("fire")), 1);
    }

    #[test]
    fn nothing_is_said_twice_and_nothing_commands_the_terminal() {
        let error = anyhow::anyhow!("b\x1b[31m").context("a: b [31m").context("c");
        assert_eq!(message(Lang::En, &error), "c: a: b [31m");
    }
}
