//! The tensors that a checkpoint's pickle describes, by their names.
//!
//! What the functions in a pickle mean is written down here for those that make tensors (`torch/_utils.py`,
//! `torch/_tensor.py`), dictionaries and numbers. All others stay names, and what they would have made is left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use chatsd_tensor::Format;

use super::pickle::{Call, Graph, Item, Node};
use crate::{
    CheckpointDamage, Damage, TensorDamage, Unsupported, Value,
    damage::short,
    fault::Fault,
    reader::Result,
    spans::{Entry, StoredFormat, check_name, count},
};

const EXTENT_LIMIT: usize = 8;
const TENSOR_LIMIT: usize = 1 << 18;
const METADATA_LIMIT: usize = 1 << 16;
/// Containers in each other, and entries looked at: one that stands in several places is looked at in each.
const DEPTH_LIMIT: usize = 64;
const VISIT_LIMIT: usize = 1 << 20;
/// Bytes of a name; it is made of all keys on the way to a tensor.
const NAME_LIMIT: usize = 1 << 16;
/// Bytes of all names and texts together.
const TEXT_LIMIT: usize = 1 << 25;
/// A view that repeats values may take this much more than what it repeats, in bytes.
const REPEAT_LIMIT: usize = 1 << 24;
/// The name of a tensor that is not in any container.
const ONLY: &str = "tensor";

/// What a checkpoint holds.
#[derive(Debug, Default)]
pub(crate) struct CheckpointHeader {
    /// Numbers and texts in its dictionaries, under their names.
    pub(crate) metadata: BTreeMap<String, Value<'static>>,
    pub(crate) tensors: BTreeMap<String, Entry>,
    /// Functions and classes whose results are left out, with their modules.
    pub(crate) dropped: BTreeSet<String>,
}

/// A storage as a pickle describes it.
pub(super) struct Storage<'a> {
    pub(super) key: &'a str,
    /// The type's name without its module: `HalfStorage`.
    pub(super) kind: &'a str,
    /// Values from the start of the storage to its own: storages of 2017 could be views.
    first: usize,
}

impl<'a> Storage<'a> {
    /// From what lies outside a pickle, when that is a storage.
    pub(super) fn read(graph: &Graph<'a>, item: Item<'a>) -> Result<Option<Self>> {
        let Some(&Node::Persistent(description)) = graph.node(item) else { return Ok(None) };
        let parts = graph.tuple(description).unwrap_or_default();
        let [Item::Text("storage"), kind, Item::Text(key), _, _, rest @ ..] = parts else { return Ok(None) };
        let (_, kind) = graph.global(*kind).ok_or_else(|| CheckpointDamage::NoStorageType { key: short(key) })?;
        let first = match rest.first().and_then(|&view| graph.tuple(view)) {
            None => 0,
            Some(&[_, Item::Int(first), _]) => usize::try_from(first).map_err(|_| CheckpointDamage::StorageStart)?,
            Some(_) => return Err(CheckpointDamage::StorageView { key: short(key) }.into()),
        };
        Ok(Some(Self { key, kind, first }))
    }
}

/// The format of the values in a storage, by the name of its type or by that of its values. A storage without a type
/// holds bytes.
pub(super) fn format_of(kind: &str) -> Option<Format> {
    Some(match kind {
        "FloatStorage" | "float32" => Format::F32,
        "HalfStorage" | "float16" => Format::F16,
        "BFloat16Storage" | "bfloat16" => Format::Bf16,
        "DoubleStorage" | "float64" => Format::F64,
        "float8_e4m3fn" => Format::F8E4M3,
        "float8_e5m2" => Format::F8E5M2,
        "CharStorage" | "int8" => Format::I8,
        "ByteStorage" | "BoolStorage" | "UntypedStorage" | "uint8" | "bool" => Format::U8,
        "ShortStorage" | "int16" => Format::I16,
        "IntStorage" | "int32" => Format::I32,
        "LongStorage" | "int64" => Format::I64,
        _ => return None,
    })
}

/// Gathers all tensors of a pickle, whose storages lie in `spans` of the file.
pub(super) fn gather(
    graph: &Graph<'_>,
    spans: &BTreeMap<&str, Range<usize>>,
) -> std::result::Result<CheckpointHeader, Fault> {
    let mut gatherer = Gatherer {
        graph,
        spans,
        header: CheckpointHeader::default(),
        name: String::new(),
        path: Vec::new(),
        opened: BTreeSet::new(),
        visits: 0,
        texts: 0,
    };
    gatherer.item(graph.root)?;
    let Gatherer { mut header, opened, .. } = gatherer;
    let globals = graph.nodes.iter().filter_map(|node| match node {
        Node::Global { module, name } => Some((*module, *name)),
        _ => None,
    });
    let dropped = globals.filter(|global| !is_understood(*global) && !opened.contains(global));
    header.dropped = dropped.take(METADATA_LIMIT).map(|(module, name)| printable(module, name)).collect();
    Ok(header)
}

/// A function's name as it may be shown.
fn printable(module: &str, name: &str) -> String {
    format!("{module}.{name}").chars().take(200).flat_map(char::escape_debug).collect()
}

/// Whether nothing is lost when a function is not called: it makes tensors, containers, numbers, or is a name for them.
fn is_understood((module, name): (&str, &str)) -> bool {
    match module {
        "torch" | "torch.cuda" | "torch.storage" => {
            name.ends_with("Storage") || name == "Size" || name == "device" || is_dtype(name)
        }
        "torch._utils" => rebuilds(name) || name.starts_with("_rebuild_parameter"),
        "torch._tensor" => name == "_rebuild_from_type_v2" || name == "Tensor",
        "torch.nn.parameter" => name == "Parameter" || name == "Buffer",
        "collections" => name == "OrderedDict" || name == "defaultdict",
        "builtins" | "__builtin__" => matches!(name, "dict" | "list" | "tuple" | "set" | "frozenset" | "int" | "float"),
        "numpy" => name == "dtype",
        "_codecs" => name == "encode",
        _ => is_number(module, name),
    }
}

fn is_dtype(name: &str) -> bool {
    format_of(name).is_some() || matches!(name, "complex64" | "complex128" | "uint16" | "uint32" | "uint64")
}

/// Functions of `torch._utils` that take a storage, an offset, a size and strides first.
fn rebuilds(name: &str) -> bool {
    matches!(name, "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3")
}

fn is_number(module: &str, name: &str) -> bool {
    matches!(module, "numpy.core.multiarray" | "numpy._core.multiarray") && name == "scalar"
}

struct Gatherer<'g, 'a> {
    graph: &'g Graph<'a>,
    spans: &'g BTreeMap<&'g str, Range<usize>>,
    header: CheckpointHeader,
    /// Of the item in hand.
    name: String,
    /// Nodes that the item in hand lies in: one that lies in itself is not looked at again.
    path: Vec<u32>,
    /// Classes whose parameters were read.
    opened: BTreeSet<(&'a str, &'a str)>,
    visits: usize,
    texts: usize,
}

impl<'g, 'a> Gatherer<'g, 'a> {
    fn item(&mut self, item: Item<'a>) -> std::result::Result<(), Fault> {
        self.visits += 1;
        if self.visits > VISIT_LIMIT {
            return Err(Unsupported::ManyEntries { limit: VISIT_LIMIT }.into());
        }
        let Item::Node(index) = item else { return self.value(item) };
        if self.path.contains(&index) {
            return Ok(());
        }
        if self.path.len() == DEPTH_LIMIT {
            return Err(Unsupported::DeepEntry { name: short(&self.name), limit: DEPTH_LIMIT }.into());
        }
        self.path.push(index);
        let graph = self.graph;
        match graph.node(item) {
            Some(Node::Dict(pairs)) => self.pairs(pairs)?,
            Some(Node::List(items) | Node::Tuple(items)) => {
                for (at, &item) in items.iter().enumerate() {
                    // Numbers of a list are no metadata, and a list may be long.
                    if matches!(item, Item::Node(_)) {
                        self.below(&at.to_string(), item)?;
                    }
                }
            }
            Some(Node::Call(call)) => self.call(call)?,
            Some(Node::Global { .. } | Node::Persistent(_)) | None => {}
        }
        self.path.pop();
        Ok(())
    }

    fn pairs(&mut self, pairs: &[[Item<'a>; 2]]) -> std::result::Result<(), Fault> {
        for &[key, value] in pairs {
            match key {
                Item::Text(key) => self.below(key, value)?,
                Item::Int(key) => self.below(&key.to_string(), value)?,
                _ => {} // no name
            }
        }
        Ok(())
    }

    /// An item under the name in hand and another.
    fn below(&mut self, key: &str, item: Item<'a>) -> std::result::Result<(), Fault> {
        let len = self.name.len();
        // Longer than any name: what lies below is looked at for its errors alone.
        if len + key.len() > NAME_LIMIT {
            return Err(Unsupported::LongName { limit: NAME_LIMIT }.into());
        }
        if len > 0 {
            self.name.push('.');
        }
        self.name.push_str(key);
        self.item(item)?;
        self.name.truncate(len);
        Ok(())
    }

    fn call(&mut self, call: &'g Call<'a>) -> std::result::Result<(), Fault> {
        let graph = self.graph;
        let arguments = graph.tuple(call.arguments).unwrap_or_default();
        let global = graph.global(call.function);
        if let Some(parts) = tensor_parts(graph, global, arguments, 0)? {
            return self.tensor(parts);
        }
        match global {
            Some(("collections", "OrderedDict" | "defaultdict") | ("builtins" | "__builtin__", "dict")) => {
                // Python 2 gave the entries as a list of pairs.
                if let Some(Node::List(pairs)) = arguments.first().and_then(|&pairs| graph.node(pairs)) {
                    let pairs = pairs.iter().filter_map(|&pair| graph.tuple(pair)?.try_into().ok());
                    self.pairs(&pairs.collect::<Vec<[Item<'a>; 2]>>())?;
                }
                self.pairs(&call.entries)
            }
            Some((module, name)) if is_number(module, name) => {
                let number = number(graph, arguments);
                self.metadata(number)
            }
            _ => self.object(call, global.or_else(|| module_class(graph, call.function))),
        }
    }

    /// A module's parameters, buffers and modules; the entries of a dictionary of some kind of its own.
    fn object(&mut self, call: &'g Call<'a>, global: Option<(&'a str, &'a str)>) -> std::result::Result<(), Fault> {
        let before = self.header.tensors.len();
        let states = match self.graph.node(call.state) {
            Some(Node::Dict(pairs)) => &pairs[..],
            _ => &[],
        };
        for &[key, value] in states {
            if let Item::Text("_parameters" | "_buffers" | "_modules") = key {
                self.item(value)?;
            }
        }
        self.pairs(&call.entries)?;
        if self.header.tensors.len() > before {
            self.opened.extend(global);
        }
        Ok(())
    }

    /// A value that is no node.
    fn value(&mut self, item: Item<'a>) -> std::result::Result<(), Fault> {
        self.metadata(match item {
            Item::Bool(value) => Some(Value::Bool(value)),
            Item::Int(value) => Some(Value::I64(value)),
            Item::Float(value) => Some(Value::F64(value)),
            Item::Text(text) => Some(Value::Text(text.to_owned().into())),
            Item::None | Item::Bytes(_) | Item::Node(_) | Item::Other => None,
        })
    }

    /// Keeps a value under the name in hand, while there is room.
    fn metadata(&mut self, value: Option<Value<'static>>) -> std::result::Result<(), Fault> {
        let Some(value) = value.filter(|_| !self.name.is_empty()) else { return Ok(()) };
        self.texts += self.name.len() + value.as_text().map_or(0, str::len);
        if self.texts <= TEXT_LIMIT && self.header.metadata.len() < METADATA_LIMIT {
            self.header.metadata.insert(self.name.clone(), value);
        }
        Ok(())
    }

    fn tensor(&mut self, parts: TensorParts<'a>) -> std::result::Result<(), Fault> {
        let name = if self.name.is_empty() { ONLY } else { &self.name };
        check_name(name).map_err(Damage::from)?;
        let entry = entry(&parts, self.spans).map_err(|damage| Damage::Tensor { name: short(name), damage })?;
        self.texts += name.len();
        if self.texts > TEXT_LIMIT || self.header.tensors.len() == TENSOR_LIMIT {
            return Err(Unsupported::ManyNames { tensors: TENSOR_LIMIT, bytes: TEXT_LIMIT }.into());
        }
        if self.header.tensors.insert(name.to_owned(), entry).is_some() {
            return Err(Damage::TensorTwice { name: short(name) }.into());
        }
        Ok(())
    }
}

/// A module's class, which the older layout keeps outside the pickle with its source.
fn module_class<'a>(graph: &Graph<'a>, item: Item<'a>) -> Option<(&'a str, &'a str)> {
    let Some(&Node::Persistent(description)) = graph.node(item) else { return None };
    match graph.tuple(description)? {
        [Item::Text("module"), class, ..] => graph.global(*class),
        _ => None,
    }
}

/// A tensor as its pickle describes it.
struct TensorParts<'a> {
    storage: Storage<'a>,
    /// In place of the storage's type.
    dtype: Option<&'a str>,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

/// The parts of a tensor, when it is one that a call makes.
fn tensor_parts<'a>(
    graph: &Graph<'a>,
    function: Option<(&'a str, &'a str)>,
    arguments: &[Item<'a>],
    depth: usize,
) -> Result<Option<TensorParts<'a>>> {
    let inner = |item: Item<'a>, arguments: Option<Item<'a>>| {
        if depth == EXTENT_LIMIT {
            return Err(Damage::from(CheckpointDamage::Wrapped));
        }
        match (graph.node(item), arguments) {
            (_, Some(arguments)) => {
                let arguments = graph.tuple(arguments).unwrap_or_default();
                tensor_parts(graph, graph.global(item), arguments, depth + 1)
            }
            (Some(Node::Call(call)), None) => {
                let arguments = graph.tuple(call.arguments).unwrap_or_default();
                tensor_parts(graph, graph.global(call.function), arguments, depth + 1)
            }
            _ => Ok(None),
        }
    };
    match (function, arguments) {
        (Some(("torch._utils", name)), [data, ..]) if name.starts_with("_rebuild_parameter") => inner(*data, None),
        (Some(("torch.nn.parameter", "Parameter" | "Buffer")), [data, ..]) => inner(*data, None),
        (Some(("torch._tensor", "_rebuild_from_type_v2")), [function, _, arguments, _]) => {
            inner(*function, Some(*arguments))
        }
        (Some(("torch._utils", name)), [storage, offset, shape, strides, rest @ ..]) if rebuilds(name) => {
            let storage = Storage::read(graph, *storage)?.ok_or(CheckpointDamage::NoStorage)?;
            let dtype = match name {
                "_rebuild_tensor_v3" => rest.get(2).and_then(|&dtype| graph.global(dtype)).map(|(_, name)| name),
                _ => None,
            };
            let (shape, strides) = (sizes(graph, *shape)?, sizes(graph, *strides)?);
            if shape.len() != strides.len() {
                return Err(CheckpointDamage::Strides { extents: shape.len(), strides: strides.len() }.into());
            }
            Ok(Some(TensorParts { storage, dtype, offset: size(*offset)?, shape, strides }))
        }
        _ => Ok(None),
    }
}

fn size(item: Item<'_>) -> Result<usize> {
    match item {
        Item::Int(size) => usize::try_from(size).map_err(|_| CheckpointDamage::NegativeSize { found: size }.into()),
        _ => Err(CheckpointDamage::OddSize.into()),
    }
}

/// A tuple of sizes, or a `torch.Size` of them.
fn sizes<'a>(graph: &Graph<'a>, item: Item<'a>) -> Result<Vec<usize>> {
    let item = match graph.node(item) {
        Some(Node::Call(call)) if graph.global(call.function) == Some(("torch", "Size")) => {
            graph.tuple(call.arguments).and_then(<[_]>::first).copied().unwrap_or(Item::None)
        }
        _ => item,
    };
    let sizes = graph.tuple(item).ok_or(CheckpointDamage::NoSizes)?;
    if sizes.len() > EXTENT_LIMIT {
        return Err(CheckpointDamage::Extents { found: sizes.len(), limit: EXTENT_LIMIT }.into());
    }
    sizes.iter().map(|&item| size(item)).collect()
}

/// The entry of a tensor, checked against its storage.
fn entry(parts: &TensorParts<'_>, spans: &BTreeMap<&str, Range<usize>>) -> std::result::Result<Entry, TensorDamage> {
    let TensorParts { storage, dtype, offset, shape, strides } = parts;
    let values = count(shape)?;
    let kind = dtype.unwrap_or(storage.kind);
    let Some(format) = format_of(kind) else {
        return Ok(Entry::new(shape.clone(), StoredFormat::Other(kind.to_owned().into()), 0..0));
    };
    let missing = || TensorDamage::MissingStorage { storage: short(storage.key) };
    let span = spans.get(storage.key).ok_or_else(missing)?;
    if values == 0 {
        return Ok(Entry::new(shape.clone(), StoredFormat::As(format), span.start..span.start));
    }
    let unit = format.block_bytes();
    let overflow = || TensorDamage::ShapeBeyondStorage { shape: shape.clone(), strides: strides.clone() };
    let last = shape
        .iter()
        .zip(strides)
        .try_fold(0_usize, |last, (extent, stride)| last.checked_add((extent - 1).checked_mul(*stride)?));
    let taken = last.and_then(|last| last.checked_add(1)?.checked_mul(unit)).ok_or_else(overflow)?;
    let start = offset.checked_add(storage.first).and_then(|first| first.checked_mul(unit)).ok_or_else(overflow)?;
    let end = start.checked_add(taken).ok_or_else(overflow)?;
    if end > span.len() {
        return Err(TensorDamage::BeyondStorage { start, end, storage: span.len() });
    }
    let mut entry = Entry::new(shape.clone(), StoredFormat::As(format), span.start + start..span.start + end);
    if !is_contiguous(shape, strides) {
        let bytes = values.checked_mul(unit).filter(|bytes| bytes.saturating_sub(taken) <= REPEAT_LIMIT);
        bytes.ok_or(TensorDamage::Repeats { bytes: taken, values })?;
        entry.strides = Some(strides.as_slice().into());
    }
    Ok(entry)
}

/// Whether the values follow each other, the last extent running fastest.
fn is_contiguous(shape: &[usize], strides: &[usize]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().all(|(&extent, &stride)| {
        let follows = extent == 1 || stride == expected;
        expected *= extent;
        follows
    })
}

/// A numpy number, from its type and its bytes.
fn number<'a>(graph: &Graph<'a>, arguments: &[Item<'a>]) -> Option<Value<'static>> {
    let [dtype, bytes] = arguments else { return None };
    let Some(Node::Call(dtype)) = graph.node(*dtype) else { return None };
    let Some(Item::Text(kind)) = graph.tuple(dtype.arguments)?.first() else { return None };
    let state = graph.tuple(dtype.state).unwrap_or_default();
    if graph.global(dtype.function) != Some(("numpy", "dtype")) || state.get(1) == Some(&Item::Text(">")) {
        return None;
    }
    let bytes = match graph.node(*bytes) {
        None => match bytes {
            Item::Bytes(bytes) => bytes.to_vec(),
            Item::Text(text) => text.as_bytes().to_vec(), // Python 2's bytes are texts
            _ => return None,
        },
        // Before protocol 3 bytes are written as a text whose characters have their numbers.
        Some(Node::Call(call)) if graph.global(call.function) == Some(("_codecs", "encode")) => {
            let [Item::Text(text), ..] = graph.tuple(call.arguments)? else { return None };
            text.chars().take(9).map(|letter| u8::try_from(letter).ok()).collect::<Option<_>>()?
        }
        Some(_) => return None,
    };
    let bytes = bytes.as_slice();
    Some(match *kind {
        "f8" => Value::F64(f64::from_le_bytes(bytes.try_into().ok()?)),
        "f4" => Value::F32(f32::from_le_bytes(bytes.try_into().ok()?)),
        "i8" => Value::I64(i64::from_le_bytes(bytes.try_into().ok()?)),
        "i4" => Value::I32(i32::from_le_bytes(bytes.try_into().ok()?)),
        "i2" => Value::I16(i16::from_le_bytes(bytes.try_into().ok()?)),
        "i1" => Value::I8(i8::from_le_bytes(bytes.try_into().ok()?)),
        "u8" => Value::U64(u64::from_le_bytes(bytes.try_into().ok()?)),
        "b1" => Value::Bool(bytes == [1]),
        _ => return None,
    })
}
