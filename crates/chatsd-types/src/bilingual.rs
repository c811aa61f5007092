//! A constant text in both languages that people are talked to in.

use std::fmt;

use serde::Serialize;

/// A constant text in both languages that people are talked to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bilingual {
    /// English.
    pub en: &'static str,
    /// Chinese.
    pub zh: &'static str,
}

/// A text in both languages: English, then Chinese.
pub(crate) const fn bilingual(en: &'static str, zh: &'static str) -> Bilingual {
    Bilingual { en, zh }
}

impl fmt::Display for Bilingual {
    /// In English, as errors are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en)
    }
}
