//! One word for one idea: a public type has its name alone in the workspace, a private one in its crate.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};

/// Where a type is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Definition {
    name: String,
    /// Whether other crates may see it.
    public: bool,
    /// Its crate.
    room: String,
    /// File and line.
    place: String,
}

/// Reads the sources of every crate and fails on a name that stands for two types.
pub fn check() -> Result<()> {
    let mut definitions = Vec::new();
    for folder in fs::read_dir("crates").context("run from the root of the repository")? {
        let folder = folder?;
        let room = folder.file_name().to_string_lossy().into_owned();
        collect(&folder.path().join("src"), &room, &mut definitions)?;
    }
    let twins = twins(&definitions);
    if !twins.is_empty() {
        bail!("a name that stands for two types:\n{}", twins.join("\n"));
    }
    println!("names: {} types, each with a name of its own", definitions.len());
    Ok(())
}

fn collect(folder: &Path, room: &str, definitions: &mut Vec<Definition>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, room, definitions)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            definitions.extend(defined(&text, room, &path.display().to_string()));
        }
    }
    Ok(())
}

/// The types that a source defines outside its tests.
fn defined<'a>(text: &'a str, room: &'a str, path: &'a str) -> impl Iterator<Item = Definition> + 'a {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    (1..).zip(lines).filter_map(move |(number, line)| {
        // Only at the margin: a type inside a function is nobody else's.
        let (visibility, rest) = match line.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => ("restricted", rest.split_once(") ")?.1),
            Some(rest) => ("public", rest.strip_prefix(' ')?),
            None => ("private", line),
        };
        let rest = rest.strip_prefix("unsafe ").unwrap_or(rest);
        let keywords = ["struct ", "enum ", "trait ", "union ", "type "];
        let named = keywords.iter().find_map(|keyword| rest.strip_prefix(keyword))?;
        let name: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        // Nobody sees into a program.
        let public = visibility == "public" && room != "chatsd";
        let place = format!("{path}:{number}");
        (!name.is_empty()).then(|| Definition { name, public, room: room.to_owned(), place })
    })
}

/// A line for each two definitions that share a name and can meet.
fn twins(definitions: &[Definition]) -> Vec<String> {
    let mut by_name: BTreeMap<&str, Vec<&Definition>> = BTreeMap::new();
    for definition in definitions {
        by_name.entry(&definition.name).or_default().push(definition);
    }
    let meet = |a: &Definition, b: &Definition| a.room == b.room || (a.public && b.public);
    let pairs = by_name.iter().flat_map(|(name, all)| {
        let pairs = (0..all.len()).flat_map(move |one| (one + 1..all.len()).map(move |other| (all[one], all[other])));
        pairs.filter(|(a, b)| meet(a, b)).map(move |(a, b)| format!("{name}: {} and {}", a.place, b.place))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(room: &str, text: &str) -> Vec<Definition> {
        defined(text, room, "x.rs").collect()
    }

    #[test]
    fn definitions_are_read_with_their_visibility() {
        let text = "pub struct Open<'a> {\npub(crate) enum Mine {}\nunsafe trait Lane: Copy {}\npub type Events<'a> = u8;\n\
                    fn f() {\n    struct Inner;\n}\n#[cfg(test)]\nmod tests {}\nstruct Fake;\n";
        let read: Vec<_> = found("room", text).into_iter().map(|found| (found.name, found.public)).collect();
        let expected = [("Open", true), ("Mine", false), ("Lane", false), ("Events", true)];
        assert_eq!(read, expected.map(|(name, public)| (name.to_owned(), public)));
        assert!(!found("chatsd", "pub struct Paint;")[0].public);
    }

    #[test]
    fn only_names_that_can_meet_are_twins() {
        let all = |pairs: &[(&str, &str)]| {
            let definitions: Vec<_> = pairs.iter().flat_map(|(room, text)| found(room, text)).collect();
            twins(&definitions).len()
        };
        assert_eq!(all(&[("a", "pub struct Kind;"), ("b", "pub enum Kind {}")]), 1);
        assert_eq!(all(&[("a", "pub struct Kind;"), ("b", "enum Kind {}")]), 0);
        assert_eq!(all(&[("a", "struct Kind;\npub(crate) enum Kind {}")]), 1);
    }
}
