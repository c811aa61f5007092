//! The form: the prompt, `Negative prompt: …`, and one last line of at least three `Key: value`
//! (stable-diffusion-webui, `modules/infotext_utils.py`).

use std::{fmt, sync::LazyLock};

use regex::Regex;

const NEGATIVE: &str = "Negative prompt:";
/// A last line with fewer pairs belongs to the prompt.
const LEAST_PAIRS: usize = 3;

/// `re_param_code` of stable-diffusion-webui.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)"#).expect("the pattern is a constant")
});

/// A text and the `Key: value` pairs that go with it, as any program may have written them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Infotext {
    /// The positive prompt.
    pub prompt: String,
    /// The negative prompt.
    pub negative: String,
    /// Pairs in the order of the file, values without their quotes.
    pub values: Vec<(String, String)>,
}

impl Infotext {
    /// Reads any text: where there is no line of pairs, all is prompt.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let (head, last) = text.rsplit_once('\n').unwrap_or(("", text));
        let pairs = PAIR.captures_iter(last).map(|pair| (pair[1].to_owned(), unquote(&pair[2])));
        let (lines, values) = match pairs.collect::<Vec<_>>() {
            values if values.len() >= LEAST_PAIRS => (head, values),
            _ => (text, Vec::new()),
        };
        let mut parts = [Vec::new(), Vec::new()];
        let mut part = 0;
        for line in lines.split('\n') {
            let mut line = line.trim();
            if let Some(rest) = line.strip_prefix(NEGATIVE) {
                part = 1;
                line = rest.trim();
            }
            // As there: a line that is empty while its part is empty leaves no trace.
            if !(line.is_empty() && parts[part].is_empty()) {
                parts[part].push(line);
            }
        }
        let [prompt, negative] = parts.map(|lines| lines.join("\n"));
        Self { prompt, negative, values }
    }

    /// The first value of `key`; capitals do not matter.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(found, _)| found.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Infotext {
    /// The text as other programs read it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<_> = self.values.iter().map(|(key, value)| format!("{key}: {}", quote(value))).collect();
        let mut parts = vec![self.prompt.clone(), values.join(", ")];
        if !self.negative.is_empty() {
            parts.insert(1, format!("{NEGATIVE} {}", self.negative));
        }
        // A NUL would end the text for every reader of PNG.
        f.write_str(&parts.join("\n").trim().replace('\0', "\u{FFFD}"))
    }
}

/// Quotes what would be misread, as JSON does.
fn quote(value: &str) -> String {
    if value.contains([',', ':', '\n', '"']) || value != value.trim() {
        serde_json::Value::from(value).to_string()
    } else {
        value.to_owned()
    }
}

fn unquote(value: &str) -> String {
    let quoted = value.starts_with('"').then(|| serde_json::from_str(value).ok()).flatten();
    quoted.unwrap_or_else(|| value.to_owned())
}
