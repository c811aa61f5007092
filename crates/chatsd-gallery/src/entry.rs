//! What the gallery keeps: sheets and their entries.

use std::{path::PathBuf, time::Duration};

use chatsd_types::{Idea, Image, Request};
use serde::Serialize;

/// The entries that answer one sentence: one subfolder of the gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// Name of the subfolder, `<time>-<slug>`.
    pub id: String,
    /// The sentence as typed.
    pub sentence: String,
    /// What was understood from it.
    pub idea: Idea,
    /// When it was begun, UTC, RFC 3339.
    pub created: String,
    /// Whether its picture `sheet.png` was written.
    pub finished: bool,
}

/// A picture to be kept.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// Place on the sheet, from 1; it begins the file name.
    pub number: u32,
    /// Enough to make the picture again.
    pub request: Request,
    /// Pixels.
    pub image: Image,
    /// How long painting took.
    pub duration: Duration,
    /// What it was made from: ids or SHA-256 of other entries.
    pub parents: Vec<String>,
}

/// An image with its request and its parents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Sixteen hex digits, made of `path` and `sha256`.
    pub id: String,
    /// Id of its sheet.
    pub sheet: String,
    /// Place on the sheet, from 1.
    pub number: u32,
    /// The picture file, relative to the gallery folder, with `/`.
    pub path: PathBuf,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Enough to make the picture again; prompt parts, style, seed, model and its hash are in it.
    pub request: Request,
    /// What it was made from: ids or SHA-256 of other entries.
    pub parents: Vec<String>,
    /// When it was kept, UTC, RFC 3339.
    pub created: String,
    /// How long painting took, in milliseconds; 0 where it is not known.
    pub duration_ms: u64,
    /// The file is no longer where it was put.
    pub missing: bool,
}
