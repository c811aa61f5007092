//! What no compiler sees: rooms keep to themselves, and public texts hold nothing private.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

/// A word, where it may stand, and why it may not stand elsewhere. Tests may use all of them.
const KEPT_IN: &[(&str, &[&str], &str)] = &[
    ("std::env", &["crates/chatsd/", "xtask/"], "only the program reads its surroundings"),
    ("clap", &["crates/chatsd/"], "only the program has a command line"),
    ("println!", &["crates/chatsd/", "xtask/"], "only the program talks"),
    ("ureq", &["crates/chatsd-hub/"], "networks stay in the room that fetches"),
    ("rusqlite", &["crates/chatsd-gallery/"], "SQL lives in the gallery"),
];

/// Looks at every tracked text.
pub fn check() -> Result<()> {
    let output = Command::new("git").args(["ls-files"]).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let listing = String::from_utf8(output.stdout).context("a file name that is not UTF-8")?;
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in listing.lines() {
        let Ok(text) = fs::read_to_string(path) else { continue };
        seen += 1;
        if let Some(line) = text.lines().position(names_a_machine) {
            wrong.push(format!("{path}:{}: a path of one machine", line + 1));
        }
        let is_code = path.ends_with(".rs") && path.contains("/src/") && !path.starts_with("training/");
        if is_code && !path.ends_with("/tests.rs") && path != "xtask/src/files.rs" {
            if !text.starts_with("//!") {
                wrong.push(format!("{path}: the first line says what the file is for, with //!"));
            }
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (word, rooms, reason) in KEPT_IN {
                if code.contains(word) && !rooms.iter().any(|room| path.starts_with(room)) {
                    wrong.push(format!("{path}: {word} — {reason}"));
                }
            }
        }
    }
    if !wrong.is_empty() {
        bail!("\n{}", wrong.join("\n"));
    }
    println!("files: {seen} texts, all in their rooms");
    Ok(())
}

/// Whether a line names a folder that only the author's machine has.
fn names_a_machine(line: &str) -> bool {
    ["home", "root", "work", "Users"].map(|name| format!("/{name}/")).iter().any(|folder| {
        // Only as the beginning of a path: `training/work/` is a folder of the project.
        line.match_indices(folder)
            .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "./_-}".contains(c)))
    })
}

#[cfg(test)]
mod tests {
    use super::names_a_machine;

    #[test]
    fn only_whole_paths_count() {
        let (home, inner) = (format!("see /{}/me/x", "home"), format!("into training/{}/", "work"));
        assert!(names_a_machine(&home) && !names_a_machine(&inner));
    }
}
