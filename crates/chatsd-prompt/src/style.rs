//! One way to paint.

use serde::{Deserialize, Serialize};

/// Where the subject stands in a style's positive text.
pub(crate) const PLACE: &str = "{prompt}";

/// Which models can paint a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Needs {
    /// Every model: the user brought the style along and decides.
    Any,
    /// A general model that reads free text, such as Stable Diffusion 1, 2 and XL.
    Sd,
    /// The built-in model, which was trained on the style's words; general models can read them too.
    Pocket,
}

impl Needs {
    /// Whether a model of `family` (`pocket`, `sd1`, `sd2`, `sdxl`, …) can paint the style.
    #[must_use]
    pub fn met_by(self, family: &str) -> bool {
        family != "pocket" || self != Self::Sd
    }
}

/// What an addition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aspect {
    /// Which colours.
    Palette,
    /// From where, how near, how placed.
    Composition,
    /// Which feeling.
    Mood,
}

/// One way to paint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Style {
    /// Its name for programs, in kebab-case; unique.
    pub id: String,
    /// Its relatives: `photo`, `painting`, `drawing`, …
    pub family: String,
    /// Its English name.
    pub name: String,
    /// Its Chinese name.
    pub name_zh: String,
    /// Other names that people use for it, in both languages.
    #[serde(default)]
    pub also: Vec<String>,
    /// The text around the subject, which stands at `{prompt}`.
    pub positive: String,
    /// What must not be seen.
    pub negative: String,
    /// What it suits: `animals`, `people`, `food`, `things`, `places`, `logos`.
    #[serde(default)]
    pub suits: Vec<String>,
    /// What it decides itself, so that nothing is added about it.
    #[serde(default)]
    pub settles: Vec<Aspect>,
    /// Which models can paint it.
    pub needs: Needs,
    /// Id of the style of the built-in model that comes nearest, where one comes near.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<String>,
}

impl Style {
    /// The positive text with `subject` at `{prompt}`; without a place it follows the subject after a comma.
    #[must_use]
    pub fn frame(&self, subject: &str) -> String {
        let (before, after) = self.sides(subject);
        format!("{before}{subject}{after}")
    }

    /// What stands before and behind the subject. Further places behind the first are filled in.
    pub(crate) fn sides(&self, subject: &str) -> (&str, String) {
        match self.positive.split_once(PLACE) {
            Some((before, after)) => (before, after.replace(PLACE, subject)),
            None if self.positive.trim().is_empty() => ("", String::new()),
            None => ("", format!(", {}", self.positive)),
        }
    }

    /// Every name it answers to.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.id, &self.name, &self.name_zh].into_iter().chain(&self.also).map(String::as_str)
    }
}
