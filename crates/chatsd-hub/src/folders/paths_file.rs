//! What other programs' settings say of further folders: ComfyUI's `extra_model_paths.yaml`, Fooocus' `config.txt`.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use chatsd_types::FileKind;

use super::{
    ModelFolder,
    layout::{COMFY, Program},
};

/// No settings file of a sensible kind is longer, in bytes.
const LIMIT: u64 = 1 << 20;

/// The start of a text file; nothing where there is none.
fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

/// The kind that a name of ComfyUI's settings means.
fn kind(name: &str) -> Option<FileKind> {
    COMFY.iter().find(|(_, place)| *place == name).map(|(kind, _)| *kind)
}

/// The shelves that `extra_model_paths.yaml` names. ComfyUI joins each line of a value to the `base_path` of its
/// group, and that to the folder of the file (`utils/extra_config.py`).
pub(super) fn comfy(path: &Path, home: Option<&Path>) -> Vec<ModelFolder> {
    let Some(text) = text(path) else { return Vec::new() };
    let here = path.parent().unwrap_or(Path::new(""));
    let mut shelves = Vec::new();
    for group in groups(&text) {
        let base = group.iter().find(|(key, _)| key == "base_path").and_then(|(_, lines)| lines.first());
        let base = here.join(base.map_or_else(PathBuf::new, |base| expanded(base, home)));
        for (key, lines) in &group {
            let Some(kind) = kind(key) else { continue };
            shelves.extend(lines.iter().map(|line| ModelFolder {
                kind: Some(kind),
                path: base.join(expanded(line, home)),
                program: Program::ComfyUI,
            }));
        }
    }
    shelves
}

fn expanded(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with(['/', '\\']) => home.join(&rest[1..]),
        _ => text.into(),
    }
}

type Group = Vec<(String, Vec<String>)>;

/// The groups of a YAML file of the one form that ComfyUI reads: names, below each of them keys, each with a value on
/// its line or, after `|` or `>`, on lines of its own that stand deeper, or with a list of `- ` items. What is of
/// another form is passed over.
fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    // How deep the keys of the group in hand stand, and the depth of the key whose value may go on.
    let mut keys_at = None;
    for line in text.lines() {
        let content = line.trim();
        let depth = line.len() - line.trim_start().len();
        if content.is_empty() || content.starts_with('#') || content == "---" {
            continue;
        }
        if depth == 0 {
            groups.push(Vec::new());
            keys_at = None;
            continue;
        }
        let Some(group) = groups.last_mut() else { continue };
        if depth > *keys_at.get_or_insert(depth) {
            if let Some((_, lines)) = group.last_mut() {
                lines.push(unquoted(content.strip_prefix("- ").unwrap_or(content)));
            }
        } else if let Some((key, value)) = content.split_once(':') {
            let value = unquoted(value.trim());
            let goes_on = value.is_empty() || value.starts_with(['|', '>']);
            group.push((unquoted(key.trim()), if goes_on { Vec::new() } else { vec![value] }));
        }
    }
    groups
}

/// A scalar without its quotation marks, or without the remark after it.
fn unquoted(text: &str) -> String {
    for mark in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(mark) {
            return rest.split(mark).next().unwrap_or_default().to_owned();
        }
    }
    text.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

/// The names of Fooocus' settings (`modules/config.py`).
const FOOOCUS: &[(&str, FileKind)] = &[
    ("path_checkpoints", FileKind::Model),
    ("path_loras", FileKind::Adapter),
    ("path_embeddings", FileKind::Embedding),
    ("path_vae", FileKind::Autoencoder),
    ("path_vae_approx", FileKind::Autoencoder),
    ("path_upscale_models", FileKind::Upscaler),
    ("path_controlnet", FileKind::Control),
    ("path_clip_vision", FileKind::ImageEncoder),
];

/// The shelves that Fooocus' `config.txt` names, each a text or a list of texts.
pub(super) fn fooocus(path: &Path) -> Vec<ModelFolder> {
    let parsed = text(path).and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let Some(settings) = parsed else { return Vec::new() };
    let here = path.parent().unwrap_or(Path::new(""));
    let mut shelves = Vec::new();
    for (key, kind) in FOOOCUS {
        let value = &settings[key];
        let texts = value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(|v| v.as_str()));
        let shelf = |text: &str| ModelFolder { kind: Some(*kind), path: here.join(text), program: Program::Fooocus };
        shelves.extend(texts.map(shelf));
    }
    shelves
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_forms_of_comfys_file_are_read() {
        let text = "# remark\ncomfyui:\n    base_path: \"/srv/x y\" # here\n    checkpoints: models/checkpoints/\n    \
                    loras: |\n        models/loras\n        /else/lora\n    text_encoders:\n      - a\n      - b\n    \
                    custom_nodes: n\nempty:\na111:\n  vae: ~/vae\n  is_default: true\n";
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("extra_model_paths.yaml");
        fs::write(&file, text).unwrap();
        let found = comfy(&file, Some(Path::new("/me")));
        let expected = [
            (FileKind::Model, "/srv/x y/models/checkpoints/"),
            (FileKind::Adapter, "/srv/x y/models/loras"),
            (FileKind::Adapter, "/else/lora"),
            (FileKind::TextEncoder, "/srv/x y/a"),
            (FileKind::TextEncoder, "/srv/x y/b"),
            (FileKind::Autoencoder, "/me/vae"),
        ];
        let found: Vec<_> = found.iter().map(|shelf| (shelf.kind.unwrap(), shelf.path.as_path())).collect();
        assert_eq!(found, expected.map(|(kind, path)| (kind, Path::new(path))));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,80}|([ a-z:|#'\"~-]{0,12}\n){0,8}") {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("x");
            fs::write(&file, text).unwrap();
            let _ = (comfy(&file, Some(Path::new("/me"))), fooocus(&file));
        }
    }
}
