//! Names from elsewhere made safe: no way out of the folder, no name that a system reserves.

use std::path::{Path, PathBuf};

use crate::url;

/// Names that Windows keeps for devices, whatever ending follows.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];
/// No file system here takes longer names, and endings are added to ours, in bytes.
const LONGEST: usize = 180;

/// A name for one file, whatever was said: the last part of a path, without marks that some system cannot hold.
#[must_use]
pub fn safe_name(said: &str) -> String {
    let last = said.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = |c: char| if c.is_control() || "<>:\"|?*".contains(c) { '_' } else { c };
    let mut name: String = last.trim().chars().map(kept).collect();
    while name.ends_with(['.', ' ']) {
        name.pop();
    }
    if name.len() > LONGEST {
        let ending = name.rfind('.').map(|at| name.split_off(at)).filter(|ending| ending.len() < 16);
        let ending = ending.unwrap_or_default();
        let mut end = LONGEST.saturating_sub(ending.len()).min(name.len());
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        name.truncate(end);
        name += &ending;
    }
    if name.starts_with('.') || name.is_empty() || is_device(&name) {
        name.insert(0, '_');
    }
    name
}

fn is_device(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |of: &str| {
        let rest = first.strip_prefix(of).map(|rest| rest.chars().collect::<Vec<_>>());
        rest.is_some_and(|rest| matches!(rest[..], [one] if one.is_ascii_digit() || "¹²³".contains(one)))
    };
    DEVICES.contains(&first.as_str()) || numbered("com") || numbered("lpt")
}

/// A path below a folder, as a repository lists it; nothing when it leads out or has a name that is not safe.
#[must_use]
pub fn safe_path(said: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = said.split('/').collect();
    let safe = |part: &&str| !part.contains('\\') && safe_name(part) == **part;
    (!parts.is_empty() && parts.iter().all(safe)).then(|| parts.iter().collect())
}

/// The name that a server gives a file: `filename*`, else `filename` of its Content-Disposition (RFC 6266).
pub fn of_disposition(header: &str) -> Option<String> {
    let parameter = |name: &str| {
        let mut rest = header;
        // A semicolon inside quotation marks ends nothing.
        while let Some((_, after)) = rest.split_once(';') {
            rest = after.trim_start();
            let Some((key, value)) = rest.split_once('=') else { continue };
            if key.trim().eq_ignore_ascii_case(name) {
                let value = value.trim_start();
                let quoted = value.strip_prefix('"').map(|text| text.split('"').next().unwrap_or_default());
                return Some(quoted.unwrap_or_else(|| value.split(';').next().unwrap_or_default().trim()).to_owned());
            }
        }
        None
    };
    let extended = parameter("filename*").and_then(|text| Some(url::decoded(text.splitn(3, '\'').nth(2)?)));
    extended.or_else(|| parameter("filename")).filter(|name| !name.trim().is_empty()).map(|name| safe_name(&name))
}

/// The name that an address gives a file.
pub fn of_url(address: &str) -> String {
    let name = safe_name(&url::path(address));
    if Path::new(&name).extension().is_some() { name } else { format!("{name}.bin") }
}

#[cfg(test)]
mod tests {
    use std::path::Component;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for (said, safe) in [
            ("model.safetensors", "model.safetensors"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\x.dll", "x.dll"),
            ("..", "_"),
            ("", "_"),
            (".hidden", "_.hidden"),
            ("con.safetensors", "_con.safetensors"),
            ("COM1", "_COM1"),
            ("a:b?.pt\u{7}", "a_b_.pt_"),
            ("x. . ", "x"),
            ("模型.gguf", "模型.gguf"),
        ] {
            assert_eq!(safe_name(said), safe, "{said}");
        }
        assert_eq!(safe_path("unet/model.bin"), Some(["unet", "model.bin"].iter().collect()));
        for wrong in ["../x", "/x", "a//b", "a/../b", "a\\b", "nul/x", "", ".git/x"] {
            assert_eq!(safe_path(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn servers_name_files_in_two_ways() {
        for (header, name) in [
            ("attachment; filename=\"dream shaper; 8.safetensors\"", Some("dream shaper; 8.safetensors")),
            ("attachment; filename=x.pt; size=3", Some("x.pt")),
            ("attachment; filename=\"x.pt\"; filename*=UTF-8''%E7%8C%AB.pt", Some("猫.pt")),
            ("inline; FileName = \"../../x\"", Some("x")),
            ("attachment", None),
            ("attachment; filename=\"\"", None),
        ] {
            assert_eq!(of_disposition(header).as_deref(), name, "{header}");
        }
        assert_eq!(of_url("https://x.y/a/b%20c.ckpt?d=e.f"), "b c.ckpt");
        assert_eq!(of_url("https://x.y/"), "_.bin");
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_one_plain_name(said in "(?s).{0,300}|[./\\\\:a-z]{0,12}") {
            let name = safe_name(&said);
            let parts: Vec<Component<'_>> = Path::new(&name).components().collect();
            prop_assert!(matches!(parts[..], [Component::Normal(_)]), "{name:?}");
            prop_assert!(name.len() <= LONGEST + 1);
            prop_assert_eq!(safe_name(&name), name.clone());
            let _ = (of_disposition(&said), of_url(&said));
            if let Some(path) = safe_path(&said) {
                prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
