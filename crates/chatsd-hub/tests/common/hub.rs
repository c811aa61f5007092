//! A server that behaves like Hugging Face: listings, commits, redirects to a store, tokens, gates.

use std::sync::Arc;

pub use chatsd_files::sha256;

use super::{Reply, Request};

/// The commit that `main` has.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A repository.
#[derive(Clone)]
pub struct Repository {
    pub id: &'static str,
    pub licence: &'static str,
    /// Only with the token `secret`.
    pub gated: bool,
    pub files: Vec<File>,
}

/// A file of a repository.
#[derive(Clone)]
pub struct File {
    name: &'static str,
    bytes: Arc<[u8]>,
    sha256: String,
}

pub fn file(name: &'static str, bytes: Arc<[u8]>) -> File {
    File { name, sha256: sha256(&bytes), bytes }
}

/// Large files lie in a store, with a number that is their SHA-256.
fn is_large(path: &str) -> bool {
    ["safetensors", "ckpt", "bin", "gguf"].iter().any(|ending| path.ends_with(ending))
}

/// What the server answers.
pub fn reply(repositories: &[Repository], request: &Request) -> Reply {
    let path = request.target.split('?').next().unwrap_or_default();
    for repository in repositories {
        let Repository { id, licence, gated, files } = repository;
        let allowed = !gated || request.header("authorization") == Some("Bearer secret");
        let refused = || Reply::new(403, []).with("X-Error-Code", "GatedRepo").with("X-Error-Message", "restricted");
        for revision in ["main", COMMIT] {
            if path == format!("/api/models/{id}/revision/{revision}") {
                return if allowed { Reply::json(&listing(id, licence, files)) } else { refused() };
            }
        }
        for File { name, bytes, sha256 } in files {
            if path == format!("/{id}/resolve/{COMMIT}/{name}") {
                return match (allowed, is_large(name)) {
                    (false, _) => refused(),
                    (true, true) => Reply::redirect(&format!("/store/{sha256}")),
                    (true, false) => Reply::file(request, bytes, "\"small\""),
                };
            }
            if path == format!("/store/{sha256}") {
                return Reply::file(request, bytes, &format!("\"{sha256}\""));
            }
        }
    }
    Reply::new(404, []).with("X-Error-Code", "RepoNotFound").with("X-Error-Message", "Repository not found")
}

fn listing(id: &str, licence: &str, files: &[File]) -> String {
    let siblings: Vec<_> = files
        .iter()
        .map(|File { name, bytes, sha256 }| {
            let mut sibling = serde_json::json!({ "rfilename": name, "size": bytes.len(), "blobId": &sha256[..40] });
            if is_large(name) {
                sibling["lfs"] = serde_json::json!({ "sha256": sha256, "size": bytes.len(), "pointerSize": 130 });
            }
            sibling
        })
        .collect();
    serde_json::json!({
        "id": id, "sha": COMMIT, "private": false, "gated": false, "tags": ["diffusers", format!("license:{licence}")],
        "cardData": { "license": licence }, "siblings": siblings,
    })
    .to_string()
}
