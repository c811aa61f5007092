//! The `styles.csv` of AUTOMATIC1111 and its relatives: columns name, prompt, negative_prompt (`modules/styles.py`).

use serde::{Deserialize, Serialize};

use crate::{Needs, PromptError, Style, StyleLibrary};

/// Family of the styles that come from such a file.
const FAMILY: &str = "own";

#[derive(Serialize, Deserialize)]
struct Row {
    name: String,
    #[serde(default, alias = "text")]
    prompt: String,
    #[serde(default, alias = "negative_text")]
    negative_prompt: String,
}

impl StyleLibrary {
    /// Adds the styles of a `styles.csv`; one with the id or name of a known style takes over that style's texts.
    /// Returns how many were read. Rows without a name or without any text are passed over, as headings are.
    ///
    /// # Errors
    /// [`PromptError::Csv`] with the line; then nothing is added.
    pub fn import_csv(&mut self, text: &str) -> Result<usize, PromptError> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut styles = self.styles().to_vec();
        let mut count = 0;
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::Headers).from_reader(text.as_bytes());
        for row in reader.deserialize() {
            let Row { name, prompt, negative_prompt } = row.map_err(|error| csv_error(&error))?;
            let id = slug(&name);
            if id.is_empty() || (prompt.trim().is_empty() && negative_prompt.trim().is_empty()) {
                continue;
            }
            count += 1;
            match styles.iter_mut().find(|style| style.id == id || style.name == name) {
                Some(style) => {
                    style.positive = prompt;
                    style.negative = negative_prompt;
                    style.needs = Needs::Any;
                }
                None => styles.push(Style {
                    id,
                    family: FAMILY.into(),
                    name_zh: name.clone(),
                    name,
                    also: Vec::new(),
                    positive: prompt,
                    negative: negative_prompt,
                    suits: Vec::new(),
                    settles: Vec::new(),
                    needs: Needs::Any,
                    near: None,
                }),
            }
        }
        *self = Self::new(styles);
        Ok(count)
    }

    /// Every style as a `styles.csv`.
    ///
    /// # Errors
    /// [`PromptError::Csv`], which no library of text can cause.
    pub fn export_csv(&self) -> Result<String, PromptError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for style in self.styles() {
            writer
                .serialize(Row {
                    name: style.name.clone(),
                    prompt: style.positive.clone(),
                    negative_prompt: style.negative.clone(),
                })
                .map_err(|error| csv_error(&error))?;
        }
        let bytes = writer.into_inner().map_err(|error| PromptError::Csv { line: 0, message: error.to_string() })?;
        String::from_utf8(bytes).map_err(|error| PromptError::Csv { line: 0, message: error.to_string() })
    }
}

fn csv_error(error: &csv::Error) -> PromptError {
    let line = error.position().map_or(0, csv::Position::line);
    PromptError::Csv { line, message: format!("{error}; expected the columns name, prompt, negative_prompt") }
}

/// An id made of a name: small letters and digits of any script, dashes between.
fn slug(name: &str) -> String {
    let mut id = String::new();
    for part in name.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(part);
    }
    id
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_exported_is_imported_again() {
        let text = StyleLibrary::builtin().export_csv().unwrap();
        assert!(text.starts_with("name,prompt,negative_prompt\n"));
        let mut library = StyleLibrary::default();
        assert_eq!(library.import_csv(&text), Ok(StyleLibrary::builtin().styles().len()));
        for (read, written) in library.styles().iter().zip(StyleLibrary::builtin().styles()) {
            assert_eq!((&read.name, &read.positive), (&written.name, &written.positive));
            assert_eq!(read.negative, written.negative);
        }
    }

    #[test]
    fn files_of_other_programs_are_read_and_merged_by_their_rule() {
        let mut library = StyleLibrary::builtin().clone();
        let before = library.styles().len();
        let text = "\u{FEFF}name,prompt,negative_prompt\n---,,\nMy Style,\"foggy, {prompt}, \"\"soft\"\"\",bad\nTail,4k,\n只负面,,丑\nWatercolor,wet {prompt},dry\n";
        assert_eq!(library.import_csv(text), Ok(4));
        assert_eq!(library.styles().len(), before + 3);
        let framed = |name: &str| library.find(name).map(|style| style.frame("cat"));
        assert_eq!(framed("my style").as_deref(), Some("foggy, cat, \"soft\""));
        assert_eq!(framed("tail").as_deref(), Some("cat, 4k"));
        assert_eq!(framed("只负面").as_deref(), Some("cat"));
        assert_eq!(framed("水彩").as_deref(), Some("wet cat"));
        assert!(library.find("tail").is_some_and(|style| style.needs.met_by("pocket")));
        let error = library.import_csv("title,prompt\na,b\n").unwrap_err();
        assert!(matches!(error, PromptError::Csv { .. }) && error.to_string().contains("name"), "{error}");
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(text in "(?s).{0,200}", rows in "(name,prompt,negative_prompt\n)?([a\",{}\n\r猫]{0,12}){0,5}") {
            let _ = StyleLibrary::default().import_csv(&text);
            let _ = StyleLibrary::default().import_csv(&rows);
        }
    }
}
