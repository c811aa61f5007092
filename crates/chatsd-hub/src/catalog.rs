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
    /// Where it is, as [`crate::Source::read`] reads it.
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

    /// The entry of a name; capitals and the marks between words do not matter.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&CatalogEntry> {
        let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
        self.models.iter().find(|entry| plain(&entry.id) == plain(name))
    }
}
