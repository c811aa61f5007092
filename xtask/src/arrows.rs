//! The rule of direction: an arrow points only from a higher floor to a lower one, and only where it is drawn here.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, bail};

/// What each room may use of the others. A room that is not listed may not exist.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "chatsd",
        &[
            "messages", "studio", "prompt", "gallery", "infotext", "diffusion", "hub", "weights", "tensor", "types",
            "files",
        ],
    ),
    ("chatsd-messages", &["studio", "prompt", "gallery", "diffusion", "hub", "weights", "tensor", "types"]),
    ("chatsd-studio", &["prompt", "gallery", "infotext", "types"]),
    ("chatsd-prompt", &["types", "files"]),
    ("chatsd-gallery", &["infotext", "types", "files"]),
    ("chatsd-diffusion", &["tensor", "weights", "types"]),
    ("chatsd-infotext", &["types"]),
    ("chatsd-hub", &["types", "files"]),
    ("chatsd-weights", &["tensor", "files"]),
    ("chatsd-tensor", &[]),
    ("chatsd-types", &[]),
    ("chatsd-files", &[]),
];

/// Reads each `Cargo.toml` and fails on an arrow that is not drawn.
pub fn check() -> Result<()> {
    let mut rooms = BTreeSet::new();
    for folder in fs::read_dir("crates").context("run from the root of the repository")? {
        let room = folder?.file_name().to_string_lossy().into_owned();
        let path = format!("crates/{room}/Cargo.toml");
        let manifest = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            bail!("{path}: the room \"{room}\" is not drawn in xtask/src/arrows.rs");
        };
        for used in used_rooms(&manifest) {
            if !allowed.contains(&used.as_str()) {
                bail!("{path}: {room} → chatsd-{used} is no arrow of the design; allowed: {allowed:?}");
            }
        }
        rooms.insert(room);
    }
    if let Some((gone, _)) = ARROWS.iter().find(|(name, _)| !rooms.contains(*name)) {
        bail!("the room \"{gone}\" is drawn in xtask/src/arrows.rs, but crates/{gone} does not exist");
    }
    println!("arrows: {} rooms, all arrows point down", rooms.len());
    Ok(())
}

/// The rooms that a manifest's ordinary and build dependencies name, without `chatsd-`. Tests may look anywhere.
fn used_rooms(manifest: &str) -> Vec<String> {
    let mut counts = false;
    let mut used = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            counts = line.contains("dependencies") && !line.contains("dev-dependencies");
            // `[dependencies.chatsd-x]` is a line and an arrow at once.
            let name = line.trim_matches(['[', ']']).rsplit('.').next().unwrap_or_default();
            if counts && let Some(room) = name.strip_prefix("chatsd-") {
                used.push(room.to_owned());
            }
        } else if counts && let Some(rest) = line.strip_prefix("chatsd-") {
            used.extend(rest.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_tests_do_not_count() {
        let manifest = "[package]\nname = \"chatsd-x\"\n[dependencies]\nserde = \"1\"\nchatsd-types.workspace = true\n\
                        [dev-dependencies]\nchatsd-tensor.workspace = true\n[build-dependencies.chatsd-weights]\n";
        assert_eq!(used_rooms(manifest), ["types", "weights"]);
    }

    #[test]
    fn the_drawing_has_no_way_up() {
        let floor = |room: &str| ARROWS.iter().position(|(name, _)| name.trim_start_matches("chatsd-") == room);
        for (index, (room, allowed)) in ARROWS.iter().enumerate() {
            for used in *allowed {
                assert!(floor(used) > Some(index), "{room} → {used}");
            }
        }
    }
}
