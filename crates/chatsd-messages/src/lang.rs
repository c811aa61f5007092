//! The languages that people are talked to in.

use std::{fmt, str::FromStr};

use chatsd_types::{Bilingual, UnknownName};

/// The language that a person is talked to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl Lang {
    /// What the environment asks for: the first of `LC_ALL`, `LC_MESSAGES`, `LANG` that is set.
    pub fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let locale =
            ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| variable(name).filter(|v| !v.is_empty()));
        if locale.is_some_and(|locale| locale.to_lowercase().starts_with("zh")) { Self::Zh } else { Self::En }
    }

    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// A constant text in this language.
    #[must_use]
    pub const fn of(self, text: Bilingual) -> &'static str {
        self.pick(text.en, text.zh)
    }

    /// `english` or `chinese`.
    pub const fn pick<T: Copy>(self, english: T, chinese: T) -> T {
        match self {
            Self::En => english,
            Self::Zh => chinese,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.pick("en", "zh"))
    }
}

impl FromStr for Lang {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        match text.to_lowercase().as_str() {
            "en" | "english" => Ok(Self::En),
            "zh" | "chinese" | "中文" => Ok(Self::Zh),
            _ => Err(UnknownName {
                kind: Bilingual { en: "language", zh: "语言" },
                found: text.to_owned(),
                expected: "en, zh".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_is_read_in_the_order_of_posix() {
        let of = |pairs: &[(&str, &str)]| {
            Lang::of_locale(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(of(&[("LC_ALL", "C"), ("LANG", "zh_CN.UTF-8")]), Lang::En);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", "zh_TW")]), Lang::Zh);
        assert_eq!(of(&[]), Lang::En);
    }
}
