//! Models that people use, with what is known of them: `data/catalog.json`.

use std::sync::LazyLock;

use chatsd_types::{FileKind, Sampler, Schedule, Size};
use serde::{Deserialize, Serialize};

/// What may be done with a model, in one word. The licence itself decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Badge {
    /// A permissive licence.
    Free,
    /// May be used commercially, with rules on what it may not be used for (the OpenRAIL family).
    Rules,
    /// May be used commercially below a turnover or after registering.
    Community,
    /// Not for commercial use.
    NonCommercial,
}

/// A model of the catalog.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CatalogEntry {
    /// What it is called here.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: FileKind,
    /// `sd1`, `sd2`, `sdxl`; nothing where any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Where it is, as [`crate::ModelSource::read`] reads it.
    pub source: String,
    /// Its page.
    pub page: String,
    /// Bytes to fetch, about; measured to the nearest 10 MB.
    pub bytes: u64,
    /// Its licence, as an SPDX expression where there is one.
    pub licence: String,
    /// Its licence in one word.
    pub badge: Badge,
    /// The text of its licence.
    pub licence_url: String,
    /// What it is good for, in English.
    pub about: String,
    /// What it is good for, in Chinese.
    pub about_zh: String,
    /// The SHA-256 of its file, where it is one file and that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Memory that painting takes, in bytes, about: its weights and what the networks hold at its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// How it paints best, where its makers say so.
    #[serde(default)]
    pub advice: Advice,
}

/// How a model paints best.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    /// Width and height.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_text")]
    pub size: Option<Size>,
    /// Steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Guidance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guidance: Option<f32>,
    /// Sampler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampler: Option<Sampler>,
    /// Schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Words that its prompts should have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

mod as_text {
    use chatsd_types::Size;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(size: &Option<Size>, to: S) -> Result<S::Ok, S::Error> {
        size.map(|size| size.to_string()).serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Option<Size>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// The catalog.
#[derive(Debug, Deserialize)]
pub struct Catalog {
    models: Vec<CatalogEntry>,
}

impl Catalog {
    /// The one that comes with the program.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
            serde_json::from_str(include_str!("../data/catalog.json")).expect("the catalog is read by a test")
        });
        &CATALOG
    }

    /// Every entry.
    #[must_use]
    pub fn entries(&self) -> &[CatalogEntry] {
        &self.models
    }

    /// The entry of a file that is known by the first ten digits of its SHA-256.
    #[must_use]
    pub fn of_hash(&self, hash: &str) -> Option<&CatalogEntry> {
        let begins = |entry: &&CatalogEntry| entry.sha256.as_ref().is_some_and(|digits| digits.starts_with(hash));
        self.models.iter().filter(|_| hash.len() >= 10).find(begins)
    }

    /// Whether a file of so many bytes could be one that is known by its SHA-256.
    #[must_use]
    pub fn has_size(&self, bytes: u64) -> bool {
        let known = self.models.iter().filter(|entry| entry.sha256.is_some());
        known.map(|entry| entry.bytes.abs_diff(bytes)).any(|apart| apart <= 10_000_000)
    }

    /// The entry of a name; capitals and the marks between words do not matter.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&CatalogEntry> {
        let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
        self.models.iter().find(|entry| plain(&entry.id) == plain(name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{ModelSource, stem};

    #[test]
    fn every_entry_is_sound() {
        let catalog = Catalog::builtin();
        assert!(catalog.entries().len() >= 25);
        let mut ids = BTreeSet::new();
        for entry in catalog.entries() {
            let CatalogEntry { id, kind, family, source, page, bytes, licence, licence_url, .. } = entry;
            assert!(ids.insert(id), "{id} twice");
            assert_eq!(stem(id), id, "a name that looks like a file");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            assert!(id.chars().all(plain), "{id}");
            let source = ModelSource::read(source, &[]).unwrap();
            assert!(ModelSource::read(&source.to_string(), &[]).is_ok(), "{id}");
            assert!(page.starts_with("https://") && licence_url.starts_with("https://"), "{id}");
            assert!((1_000..=8_000_000_000).contains(bytes) && !licence.is_empty(), "{id}");
            let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(!entry.about.is_empty() && !han(&entry.about) && han(&entry.about_zh), "{id}");
            assert!(family.as_deref().is_none_or(|family| ["sd1", "sd2", "sdxl"].contains(&family)), "{id}");
            assert_eq!(entry.memory.is_some(), *kind == FileKind::Model, "{id}");
            let digits = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(entry.sha256.as_ref().is_none_or(digits), "{id}");
            let Advice { steps, guidance, .. } = &entry.advice;
            assert!(steps.is_none_or(|steps| (1..=100).contains(&steps)), "{id}");
            assert!(guidance.is_none_or(|guidance| (1.0..=20.0).contains(&guidance)), "{id}");
        }
    }

    #[test]
    fn entries_are_found_by_name_and_by_hash() {
        let catalog = Catalog::builtin();
        let id = |entry: Option<&CatalogEntry>| entry.map(|entry| entry.id.clone()).unwrap_or_default();
        assert_eq!(id(catalog.find("SDXL Turbo")), "sdxl-turbo");
        assert_eq!(id(catalog.of_hash("e869ac7d69")), "sdxl-turbo");
        assert!(catalog.has_size(6_938_081_905) && !catalog.has_size(2_132_625_431));
        assert!(catalog.of_hash("").is_none() && catalog.find("sdxl").is_none());
    }
}
