//! Where words go: data to stdout, talk to stderr.

use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use serde::Serialize;

/// Writes one line of data.
///
/// # Errors
/// When nobody reads any more (`BrokenPipe`), which `failure` takes for a quiet end.
pub fn data(line: impl std::fmt::Display) -> Result<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

/// Writes one line of JSON.
///
/// # Errors
/// As [`data`].
pub fn json(value: &impl Serialize) -> Result<()> {
    data(serde_json::to_string(value)?)
}

/// Says one line to the person in front, who may have gone.
pub fn talk(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Draws on the terminal of the person in front, who may have gone.
pub fn draw(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// Dim where colour is wanted and stdout is a terminal.
pub fn dim(text: &str) -> String {
    if !text.is_empty() && coloured(io::stdout().is_terminal()) {
        format!("\x1b[2m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Whether colour is wanted on a stream that is a terminal or not: see <https://no-color.org>.
pub fn coloured(is_terminal: bool) -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    is_terminal && unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Text without control characters, so that no file or sentence can command the terminal.
pub fn tame(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Text with spaces up to a width in character cells, of which Chinese characters take two.
pub fn padded(text: &str, width: usize) -> String {
    let cells: usize = text.chars().map(|c| if c > '\u{2E80}' { 2 } else { 1 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(cells)))
}
