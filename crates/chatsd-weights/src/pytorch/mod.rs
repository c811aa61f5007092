//! Checkpoints of PyTorch: a pickle that describes tensors, and the storages they lie in.
//!
//! `torch.save` writes a ZIP archive with a file for each storage; before version 1.6, and since when asked, it wrote
//! five pickles and the storages one after another (`torch/serialization.py`, `_save` and `_legacy_save`). Nothing in a
//! pickle is run: see [`pickle`].

mod archive;
mod pickle;
mod tensors;

use std::{collections::BTreeMap, ops::Range};

pub(crate) use self::tensors::CheckpointHeader;
use self::{
    pickle::{Graph, Item, Node},
    tensors::{Storage, format_of, gather},
};
use crate::{ArchiveDamage, CheckpointDamage, Unsupported, damage::short, fault::Fault, reader::ByteReader};

/// The number that the older layout begins with, as a pickle writes it.
const LEGACY_MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
/// The version of that layout.
const LEGACY_VERSION: i64 = 1001;
/// The pickle in an archive.
const PICKLE: &str = "data.pkl";

/// Whether a file begins as an archive with a checkpoint would; [`parse`] tells whether it is one.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    bytes.starts_with(&archive::MAGIC) || is_legacy(bytes)
}

/// Whether a file begins as the older layout does.
fn is_legacy(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(32)];
    head.first() == Some(&0x80) && head.windows(LEGACY_MAGIC.len()).any(|window| window == LEGACY_MAGIC)
}

/// Reads the pickles of a file; `None` when it is an archive of something else.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<CheckpointHeader>, Fault> {
    if is_legacy(bytes) { parse_legacy(bytes).map(Some) } else { parse_archive(bytes) }
}

fn parse_archive(bytes: &[u8]) -> Result<Option<CheckpointHeader>, Fault> {
    let entries = archive::entries(bytes)?;
    let pickles: Vec<&str> = entries.keys().copied().filter(|name| name.rsplit('/').next() == Some(PICKLE)).collect();
    let name = match pickles[..] {
        [] => return Ok(None),
        [name] => name,
        [first, second, ..] => {
            let (first, second) = (short(first), short(second));
            return Err(Fault::damaged(ArchiveDamage::TwoPickles { first, second }));
        }
    };
    let root = name.strip_suffix(PICKLE).unwrap_or_default();
    let find = |name: &str| entries.get(format!("{root}{name}").as_str());
    if find("constants.pkl").is_some() {
        return Err(Unsupported::TorchScript.into());
    }
    if let Some(order) = find("byteorder")
        && !bytes[order.stored("byteorder")?].starts_with(b"little")
    {
        return Err(Unsupported::BigEndianCheckpoint.into());
    }
    let span = entries[name].stored(name)?;
    let graph = pickle::read(&bytes[..span.end], span.start)?;
    let mut storages = BTreeMap::new();
    for (name, entry) in &entries {
        if let Some(key) = name.strip_prefix(root).and_then(|name| name.strip_prefix("data/")) {
            storages.insert(key, entry.stored(name)?);
        }
    }
    gather(&graph, &storages).map(Some)
}

fn parse_legacy(bytes: &[u8]) -> Result<CheckpointHeader, Fault> {
    let magic = pickle::read(bytes, 0)?;
    let version = pickle::read(bytes, magic.end)?;
    if version.root != Item::Int(LEGACY_VERSION) {
        return Err(Unsupported::CheckpointVersion { expected: LEGACY_VERSION }.into());
    }
    let system = pickle::read(bytes, version.end)?;
    if let Some(Node::Dict(pairs)) = system.node(system.root)
        && pairs.contains(&[Item::Text("little_endian"), Item::Bool(false)])
    {
        return Err(Unsupported::BigEndianCheckpoint.into());
    }
    let graph = pickle::read(bytes, system.end)?;
    let keys = pickle::read(bytes, graph.end)?;
    let storages = storages_behind(bytes, &graph, &keys)?;
    gather(&graph, &storages)
}

/// Where the storages lie that follow the pickles: for each key the number of its values, and the values.
fn storages_behind<'a>(
    bytes: &[u8],
    graph: &Graph<'a>,
    keys: &Graph<'a>,
) -> Result<BTreeMap<&'a str, Range<usize>>, Fault> {
    let mut kinds = BTreeMap::new();
    for index in (0_u32..).take(graph.nodes.len()) {
        if let Some(Storage { key, kind, .. }) = Storage::read(graph, Item::Node(index))?
            && kinds.insert(key, kind).is_some_and(|other| other != kind)
        {
            return Err(Fault::damaged(CheckpointDamage::TwoStorageTypes { key: short(key) }));
        }
    }
    let Some(Node::List(listed)) = keys.node(keys.root) else {
        return Err(Fault::damaged(CheckpointDamage::StorageList));
    };
    let mut reader = ByteReader::starting_at(bytes, keys.end);
    let mut storages = BTreeMap::new();
    for key in listed {
        let Item::Text(key) = *key else { return Err(Fault::damaged(CheckpointDamage::StorageKey)) };
        let stray = || Fault::damaged(CheckpointDamage::StrayStorage { key: short(key) });
        let kind = *kinds.get(key).ok_or_else(stray)?;
        let unit = unit(kind).ok_or_else(|| Unsupported::StorageType { found: short(kind) })?;
        let values = reader.size()?;
        let start = reader.at;
        let huge = || Fault::damaged(CheckpointDamage::HugeStorage { key: short(key), values });
        let len = values.checked_mul(unit).ok_or_else(huge)?;
        reader.take(len)?;
        if storages.insert(key, start..reader.at).is_some() {
            return Err(Fault::damaged(CheckpointDamage::StorageTwice { key: short(key) }));
        }
    }
    Ok(storages)
}

/// Bytes of a value in a storage of a type.
fn unit(kind: &str) -> Option<usize> {
    match kind {
        "ComplexDoubleStorage" => Some(16),
        "ComplexFloatStorage" => Some(8),
        "QInt32Storage" => Some(4),
        "QInt8Storage" | "QUInt8Storage" => Some(1),
        _ => format_of(kind).map(chatsd_tensor::Format::block_bytes),
    }
}
