//! Model files made byte by byte.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod checkpoints;

use chatsd_weights::{WeightFile, WeightsError};

/// Opens bytes as a file.
pub fn open(bytes: impl Into<Box<[u8]>>) -> Result<WeightFile, WeightsError> {
    WeightFile::from_bytes(bytes)
}

/// Tensors with numbers that are not finite, and how many each has.
pub fn not_finite(file: &WeightFile) -> Vec<(&str, usize)> {
    let count = |name| Some((name, file.get(name).ok()?.values().ok()?.iter().filter(|x| !x.is_finite()).count()));
    file.names().filter_map(count).filter(|(_, count)| *count > 0).collect()
}

/// A safetensors file with this header and so many bytes of tensors.
pub fn safetensors(header: &str, bytes: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.resize(file.len() + bytes, 1);
    file
}

/// The beginning of a GGUF file: magic, version and counts.
pub fn gguf(version: u32, tensors: u64, entries: u64) -> Vec<u8> {
    let mut file = b"GGUF".to_vec();
    file.extend(version.to_le_bytes());
    file.extend(tensors.to_le_bytes());
    file.extend(entries.to_le_bytes());
    file
}

/// A length and the text.
pub fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = (text.as_ref().len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_ref());
    bytes
}

/// A metadata entry whose value is given encoded.
pub fn entry(key: &str, kind: u32, value: impl AsRef<[u8]>) -> Vec<u8> {
    [&text(key), &kind.to_le_bytes()[..], value.as_ref()].concat()
}

/// The beginning of an array's value.
pub fn array(kind: u32, len: u64) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &len.to_le_bytes()].concat()
}

/// A tensor's description; extents innermost first.
pub fn tensor(name: impl AsRef<[u8]>, extents: &[u64], kind: u32, offset: u64) -> Vec<u8> {
    let mut bytes = text(name);
    bytes.extend(u32::try_from(extents.len()).unwrap().to_le_bytes());
    extents.iter().for_each(|extent| bytes.extend(extent.to_le_bytes()));
    bytes.extend(kind.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes
}

/// Zeros up to the next multiple of 32, then so many more.
pub fn with_bytes(mut file: Vec<u8>, bytes: usize) -> Vec<u8> {
    file.resize(file.len().next_multiple_of(32) + bytes, 0);
    file
}
