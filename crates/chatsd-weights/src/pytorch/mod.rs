//! Checkpoints of PyTorch: a pickle that describes tensors, and the storages they lie in.
//!
//! `torch.save` writes a ZIP archive with a file for each storage; before version 1.6, and since when asked, it wrote
//! five pickles and the storages one after another (`torch/serialization.py`, `_save` and `_legacy_save`). Nothing in a
//! pickle is run: see [`pickle`].

mod archive;
mod pickle;
mod tensors;

use std::{collections::BTreeMap, ops::Range};

pub(crate) use self::tensors::Header;
use self::{
    pickle::{Graph, Item, Node},
    tensors::{Storage, format_of, gather},
};
use crate::{fault::Fault, reader::Reader};

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
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<Header>, Fault> {
    if is_legacy(bytes) { parse_legacy(bytes).map(Some) } else { parse_archive(bytes) }
}

fn parse_archive(bytes: &[u8]) -> Result<Option<Header>, Fault> {
    let entries = archive::entries(bytes)?;
    let pickles: Vec<&str> = entries.keys().copied().filter(|name| name.rsplit('/').next() == Some(PICKLE)).collect();
    let name = match pickles[..] {
        [] => return Ok(None),
        [name] => name,
        [first, second, ..] => return Err(format!("the archive has the pickles {first} and {second}").into()),
    };
    let root = name.strip_suffix(PICKLE).unwrap_or_default();
    let find = |name: &str| entries.get(format!("{root}{name}").as_str());
    if find("constants.pkl").is_some() {
        let what = "a TorchScript program; save the state_dict of its module with torch.save";
        return Err(Fault::unsupported(what));
    }
    if let Some(order) = find("byteorder")
        && !bytes[order.stored("byteorder")?].starts_with(b"little")
    {
        return Err(Fault::unsupported("a checkpoint of a big-endian machine; save it anew on a little-endian one"));
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

fn parse_legacy(bytes: &[u8]) -> Result<Header, Fault> {
    let magic = pickle::read(bytes, 0)?;
    let version = pickle::read(bytes, magic.end)?;
    if version.root != Item::Int(LEGACY_VERSION) {
        let what =
            format!("a checkpoint of another layout than version {LEGACY_VERSION}; save it anew with torch.save");
        return Err(Fault::unsupported(what));
    }
    let system = pickle::read(bytes, version.end)?;
    if let Some(Node::Dict(pairs)) = system.node(system.root)
        && pairs.contains(&[Item::Text("little_endian"), Item::Bool(false)])
    {
        return Err(Fault::unsupported("a checkpoint of a big-endian machine; save it anew on a little-endian one"));
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
            return Err(format!("storage {key} has two types").into());
        }
    }
    let Some(Node::List(listed)) = keys.node(keys.root) else {
        return Err("its list of storages is no list".to_owned().into());
    };
    let mut reader = Reader::starting_at(bytes, keys.end);
    let mut storages = BTreeMap::new();
    for key in listed {
        let Item::Text(key) = *key else { return Err("the key of a storage is no text".to_owned().into()) };
        let kind = *kinds.get(key).ok_or_else(|| format!("storage {key} belongs to no tensor"))?;
        let unit = unit(kind).ok_or_else(|| Fault::unsupported(format!("a storage of the unknown type {kind}")))?;
        let values = reader.size()?;
        let start = reader.at;
        let len = values.checked_mul(unit).ok_or_else(|| format!("storage {key} of {values} values fits no file"))?;
        reader.take(len)?;
        if storages.insert(key, start..reader.at).is_some() {
            return Err(format!("storage {key} stands twice").into());
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
