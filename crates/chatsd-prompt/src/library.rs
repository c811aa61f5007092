//! All styles that are known, found by any of their names.

use std::{collections::HashMap, sync::LazyLock};

use chatsd_files::nearest;

use crate::{PromptError, Style};

static BUILTIN: LazyLock<StyleLibrary> = LazyLock::new(|| {
    let styles = serde_json::from_str(include_str!("../data/styles.json"));
    StyleLibrary::new(styles.expect("data/styles.json is checked by the tests"))
});

/// All styles that are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StyleLibrary {
    styles: Vec<Style>,
    /// From a plain name (see [`plain`]) to a place in `styles`.
    by_name: HashMap<String, usize>,
}

impl StyleLibrary {
    /// The styles that come with the program; read at the first use.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// A library of these styles. Where two answer to one name, an id goes before a name and a name before a byname.
    #[must_use]
    pub fn new(styles: Vec<Style>) -> Self {
        let mut by_name = HashMap::with_capacity(styles.len() * 6);
        for rank in 0..3 {
            for (at, style) in styles.iter().enumerate() {
                let names: Vec<&str> = match rank {
                    0 => vec![&style.id],
                    1 => vec![&style.name, &style.name_zh],
                    _ => style.also.iter().map(String::as_str).collect(),
                };
                for name in names {
                    by_name.entry(plain(name)).or_insert(at);
                }
            }
        }
        by_name.remove("");
        Self { styles, by_name }
    }

    /// Every style, in the order of the data.
    #[must_use]
    pub fn styles(&self) -> &[Style] {
        &self.styles
    }

    /// The style of that id, name or byname, in English or Chinese; capitals, dashes and a trailing "style" or
    /// "风格" do not matter.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Style> {
        self.by_name.get(&plain(name)).map(|&at| &self.styles[at])
    }

    /// As [`find`](Self::find), with the nearest names where there is none.
    ///
    /// # Errors
    /// [`PromptError::UnknownStyle`].
    pub fn get(&self, name: &str) -> Result<&Style, PromptError> {
        self.find(name).ok_or_else(|| PromptError::UnknownStyle { found: name.into(), nearest: self.nearest(name, 3) })
    }

    /// Ids of the `count` styles with a name most like `name`, best first.
    #[must_use]
    pub fn nearest(&self, name: &str, count: usize) -> Vec<String> {
        let named = self.styles.iter().flat_map(|style| style.names().map(|name| (plain(name), &style.id)));
        nearest(&plain(name), count, named).into_iter().cloned().collect()
    }

    /// The styles that a model of `family` can paint.
    pub fn usable<'a>(&'a self, family: &'a str) -> impl Iterator<Item = &'a Style> {
        self.styles.iter().filter(move |style| style.needs.met_by(family))
    }

    /// Adds a style, or puts it in the place of the one with its id.
    pub fn add(&mut self, style: Style) {
        let mut styles = std::mem::take(&mut self.styles);
        match styles.iter_mut().find(|known| known.id == style.id) {
            Some(known) => *known = style,
            None => styles.push(style),
        }
        *self = Self::new(styles);
    }
}

/// A name as it is compared: small letters, no spaces and dashes, no "style" or "风格" at the end.
pub(crate) fn plain(name: &str) -> String {
    let small = name.trim().to_lowercase();
    let mut core = small.as_str();
    for ending in [" style", "-style", "风格", "画风", "风"] {
        if let Some(rest) = core.strip_suffix(ending).filter(|rest| !rest.is_empty()) {
            core = rest;
            break;
        }
    }
    core.chars().filter(|c| !(c.is_whitespace() || matches!(c, '-' | '_' | '\'' | '’'))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{Needs, style::PLACE};

    #[test]
    fn the_data_is_whole() {
        let styles = StyleLibrary::builtin().styles();
        let families: HashSet<&str> = styles.iter().map(|style| style.family.as_str()).collect();
        assert!(styles.len() >= 80 && families.len() >= 12, "{} styles in {} families", styles.len(), families.len());
        let mut ids = HashSet::new();
        let mut names = HashMap::new();
        for style in styles {
            let id = &style.id;
            assert!(ids.insert(id), "{id} twice");
            assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id}");
            assert!(!style.name.is_empty() && style.name_zh.chars().all(|c| c != ' ') && !style.name_zh.is_empty());
            assert!(style.name_zh.chars().any(|c| c > '\u{2E80}'), "{id}: {}", style.name_zh);
            assert_eq!(style.positive.matches(PLACE).count(), 1, "{id}");
            assert!(style.positive.is_ascii() && style.negative.is_ascii(), "{id}");
            assert!(!style.suits.is_empty(), "{id}");
            let near = style.near.as_deref().map(|near| StyleLibrary::builtin().find(near).map(|style| style.needs));
            assert!(near.is_none_or(|needs| needs == Some(Needs::Pocket)), "{id}");
            for name in style.names() {
                let owner = names.insert(plain(name), id);
                assert!(owner.is_none_or(|owner| owner == id), "{name} names {owner:?} and {id}");
            }
        }
    }

    #[test]
    fn the_built_in_model_knows_its_nine_by_their_trained_words() {
        let pocket: Vec<&Style> = StyleLibrary::builtin().usable("pocket").collect();
        let texts: Vec<&str> = pocket.iter().map(|style| style.positive.as_str()).collect();
        let trained = [
            "soft cartoon style",
            "blob style",
            "flat style",
            "3d style",
            "minimal style",
            "line icon",
            "poster style",
            "storybook style",
            "kawaii sticker",
        ];
        assert_eq!(texts, trained.map(|words| format!("{{prompt}}, {words}")));
        assert!(pocket.iter().all(|style| style.negative.is_empty() && style.needs == Needs::Pocket));
        for words in trained {
            assert!(StyleLibrary::builtin().find(words).is_some_and(|style| style.needs == Needs::Pocket), "{words}");
        }
        assert_eq!(StyleLibrary::builtin().usable("sdxl").count(), StyleLibrary::builtin().styles().len());
    }

    #[test]
    fn styles_are_found_by_any_name() {
        let library = StyleLibrary::builtin();
        for (name, id) in [
            ("pixel art", "pixel-art"),
            ("Pixel-Art style", "pixel-art"),
            ("像素风", "pixel-art"),
            ("水彩风格", "watercolor"),
            ("watercolour", "watercolor"),
            ("Flat", "flat"),
            ("3D", "3d"),
            ("赛博朋克画风", "cyberpunk"),
        ] {
            assert_eq!(library.find(name).map(|style| style.id.as_str()), Some(id), "{name}");
        }
        let error = library.get("watercolr").unwrap_err();
        let PromptError::UnknownStyle { nearest, .. } = &error else { panic!("{error}") };
        assert_eq!(nearest[0], "watercolor");
        assert!(error.to_string().contains("watercolr"), "{error}");
        assert!(library.get("").is_err() && library.get("风格").is_err());
    }
}
