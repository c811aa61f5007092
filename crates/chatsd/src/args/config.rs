//! The config file and the environment, read into settings.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use etcetera::{BaseStrategy, choose_base_strategy};

use chatsd_messages::Lang;

use crate::{
    args::settings::{SetBy, Settings},
    failure::ProgramError,
};

/// What begins the name of every variable that is a setting.
const PREFIX: &str = "CHATSD_";
/// Variables with that beginning that are none.
const NO_SETTING: &[&str] = &["CHATSD_CONFIG", "CHATSD_DATA"];

/// Where the config file is expected: `$CHATSD_CONFIG`, or `chatsd/config.toml` in the platform's config folder.
pub fn file() -> Option<PathBuf> {
    config_override().or_else(|| Some(choose_base_strategy().ok()?.config_dir().join("chatsd").join("config.toml")))
}

/// Where the program keeps what the user brought along, such as styles: `$CHATSD_DATA`, or `chatsd` in the platform's
/// data folder.
pub fn data_folder() -> Result<PathBuf> {
    if let Some(folder) = path_of("CHATSD_DATA") {
        return Ok(folder);
    }
    let strategy = choose_base_strategy().map_err(|error| anyhow::Error::from(error).context(ProgramError::NoHome))?;
    Ok(strategy.data_dir().join("chatsd"))
}

/// The home folder.
pub fn home() -> Option<PathBuf> {
    choose_base_strategy().ok().map(|strategy| strategy.home_dir().to_owned())
}

/// Where Hugging Face's libraries keep what they fetched: `$HF_HUB_CACHE`, `$HF_HOME/hub`, or the usual place
/// (huggingface_hub `constants.py`).
pub fn hugging_face_cache() -> Option<PathBuf> {
    path_of("HF_HUB_CACHE").or_else(|| Some(hugging_face_home()?.join("hub")))
}

/// Where Hugging Face's libraries keep everything: `$HF_HOME`, or the usual place.
pub fn hugging_face_home() -> Option<PathBuf> {
    let usual = || path_of("XDG_CACHE_HOME").or_else(|| Some(home()?.join(".cache")));
    path_of("HF_HOME").or_else(|| Some(usual()?.join("huggingface")))
}

/// The path that a variable of the environment holds, where it is not empty.
fn path_of(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Settings of the config file, then of the environment.
///
/// # Errors
/// A file that cannot be read or is no TOML, a name that is no setting, a value that does not fit.
pub fn read(lang: Lang) -> Result<Settings> {
    let mut settings = Settings::default();
    if let Some(path) = file() {
        match fs::read_to_string(&path) {
            Ok(text) => from_toml(&text, &mut settings).with_context(|| lang.in_config_file(path.display()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && config_override().is_none() => {}
            Err(error) => return Err(error).with_context(|| cannot_read(&path, lang)),
        }
    }
    from_environment(
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        &mut settings,
        lang,
    )?;
    Ok(settings)
}

fn cannot_read(path: &Path, lang: Lang) -> String {
    if config_override().is_some() {
        lang.config_unreadable_told(path.display())
    } else {
        lang.config_unreadable(path.display())
    }
}

/// The file that `$CHATSD_CONFIG` names.
fn config_override() -> Option<PathBuf> {
    path_of("CHATSD_CONFIG")
}

fn from_toml(text: &str, settings: &mut Settings) -> Result<()> {
    for (key, value) in text.parse::<toml::Table>()? {
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Float(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            toml::Value::Array(items) => {
                let names: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                match names {
                    Some(names) => names.join(","),
                    None => return Err(ProgramError::ConfigList { key }.into()),
                }
            }
            other => return Err(ProgramError::ConfigKind { key, found: other.type_str() }.into()),
        };
        settings.set(&key, &text, SetBy::File)?;
    }
    Ok(())
}

fn from_environment(
    variables: impl Iterator<Item = (String, String)>,
    settings: &mut Settings,
    lang: Lang,
) -> Result<()> {
    for (name, value) in variables {
        if let Some(key) =
            name.strip_prefix(PREFIX).filter(|_| !NO_SETTING.contains(&name.as_str()) && !value.is_empty())
        {
            settings.set(&key.to_lowercase(), &value, SetBy::Environment).with_context(|| lang.in_variable(name))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_file_makes_it_panic(text in "([a-z_]{0,9} = [\"a-z0-9.\\[\\],{}-]{0,9}\n){0,4}|.{0,40}") {
            let _ = from_toml(&text, &mut Settings::default());
        }

        #[test]
        fn a_setting_that_is_taken_is_reported_and_read_back(
            name in prop::sample::select(Settings::names().collect::<Vec<_>>()), value in "[a-z0-9. +x]{0,9}|[0-9]{1,4}|.{0,9}",
        ) {
            let mut settings = Settings::default();
            if settings.set(name, &value, SetBy::File).is_ok() {
                let report = settings.report();
                let row = report.iter().find(|row| row.0 == name).unwrap();
                prop_assert_eq!(row.2, SetBy::File);
                let mut again = Settings::default();
                again.set(name, &row.1, SetBy::File).unwrap();
                prop_assert_eq!(again.report(), report);
            }
        }
    }

    #[test]
    fn the_later_wins_and_each_is_remembered() {
        let mut settings = Settings::default();
        from_toml("count = 4\nguidance = 2.5\nstyles = [\"3d\", \"flat\"]\nguidance-rescale = \"0.5\"", &mut settings)
            .unwrap();
        let variables = [("CHATSD_COUNT", "6"), ("HOME", "/"), ("CHATSD_CONFIG", "x"), ("CHATSD_STEPS", "")];
        from_environment(variables.map(|(a, b)| (a.into(), b.into())).into_iter(), &mut settings, Lang::En).unwrap();
        assert_eq!(settings.count, Some(6));
        let report = settings.report();
        let found = |name| report.iter().find(|row| row.0 == name).map(|row| (row.1.as_str(), row.2)).unwrap();
        assert_eq!(found("count"), ("6", SetBy::Environment));
        assert_eq!(found("styles"), ("3d,flat", SetBy::File));
        assert_eq!(found("guidance"), ("2.5", SetBy::File));
        assert_eq!(found("steps").1, SetBy::Default);
    }

    #[test]
    fn what_does_not_fit_is_said_with_the_way_out() {
        let mut settings = Settings::default();
        for (text, expected) in [
            ("coumt = 4", "count"),
            ("count = \"many\"", "many"),
            ("size = \"1x2x3\"", "WIDTHxHEIGHT"),
            ("styles = [1]", "list of names"),
            ("show = {}", "table"),
            ("count = ", "TOML"),
        ] {
            let error = format!("{:#}", from_toml(text, &mut settings).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
