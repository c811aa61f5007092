//! GGUF: a header of metadata and tensor descriptions, then aligned bytes.
//!
//! Written after the specification (ggml, `docs/gguf.md`), versions 2 and 3; numbers and block sizes of tensor types
//! after `enum ggml_type` and `type_traits` of `ggml.h` and `ggml.c`.

use std::{borrow::Cow, collections::BTreeMap};

use chatsd_tensor::Format;

use crate::{
    Array, Damage, GgufDamage, TensorDamage, Unsupported, Value,
    damage::short,
    fault::Fault,
    reader::{ByteReader, Result},
    spans::{Entry, StoredFormat, check_name, check_spans, count},
};

/// The first four bytes of a file.
pub(crate) const MAGIC: [u8; 4] = *b"GGUF";
/// Tensors start at multiples of this unless [`ALIGNMENT_KEY`] says otherwise.
pub(crate) const ALIGNMENT: usize = 32;
pub(crate) const ALIGNMENT_KEY: &str = "general.alignment";
/// The value type of arrays.
pub(crate) const ARRAY: u32 = 9;
pub(crate) const EXTENT_LIMIT: usize = 4;

/// Entries and tensors accepted, so that a hostile file cannot make an index much larger than itself. Real files have
/// fewer than a hundred entries and a few thousand tensors.
const METADATA_LIMIT: u64 = 1 << 16;
const TENSOR_LIMIT: u64 = 1 << 18;
const ALIGNMENT_LIMIT: u64 = 1 << 16;
/// Arrays of arrays of arrays … accepted.
const DEPTH_LIMIT: usize = 8;

impl<'a> ByteReader<'a> {
    pub(crate) fn text(&mut self) -> Result<&'a str> {
        let len = self.size()?;
        let at = self.at;
        std::str::from_utf8(self.take(len)?).map_err(|_| GgufDamage::NotUtf8 { at }.into())
    }

    /// A value of a type; `depth` arrays lie around it.
    pub(crate) fn value(&mut self, kind: u32, depth: usize) -> Result<Value<'a>> {
        Ok(match kind {
            0 => Value::U8(self.fixed::<1>()?[0]),
            1 => Value::I8(self.fixed().map(i8::from_le_bytes)?),
            2 => Value::U16(self.fixed().map(u16::from_le_bytes)?),
            3 => Value::I16(self.fixed().map(i16::from_le_bytes)?),
            4 => Value::U32(self.u32()?),
            5 => Value::I32(self.fixed().map(i32::from_le_bytes)?),
            6 => Value::F32(self.fixed().map(f32::from_le_bytes)?),
            7 => match self.fixed::<1>()?[0] {
                0 => Value::Bool(false),
                1 => Value::Bool(true),
                found => return Err(GgufDamage::TruthValue { at: self.at - 1, found }.into()),
            },
            8 => Value::Text(self.text()?.into()),
            ARRAY => Value::Array(self.array(depth)?),
            10 => Value::U64(self.u64()?),
            11 => Value::I64(self.fixed().map(i64::from_le_bytes)?),
            12 => Value::F64(self.fixed().map(f64::from_le_bytes)?),
            _ => return Err(GgufDamage::ValueType { at: self.at, kind }.into()),
        })
    }

    /// The texts of the array that starts here; `None` when it is one of something else.
    pub(crate) fn texts(mut self) -> Option<impl Iterator<Item = &'a str>> {
        let (kind, len) = (self.u32().ok()?, self.size().ok()?);
        (kind == 8).then(move || (0..len).map_while(move |_| self.text().ok()))
    }

    fn array(&mut self, depth: usize) -> Result<Array<'a>> {
        if depth == DEPTH_LIMIT {
            return Err(GgufDamage::DeepArrays { limit: DEPTH_LIMIT, at: self.at }.into());
        }
        let (kind, len) = (self.u32()?, self.size()?);
        // Every value takes at least `least` bytes, so a loop over `len` is no longer than the file.
        let (least, all_alike) = match kind {
            0 | 1 => (1, true),
            2 | 3 => (2, true),
            4..=6 => (4, true),
            10..=12 => (8, true),
            7 => (1, false),
            8 => (8, false),
            ARRAY => (12, false),
            _ => return Err(GgufDamage::ArrayType { at: self.at, kind }.into()),
        };
        let start = self.at;
        let bytes = self.take(len.checked_mul(least).ok_or(GgufDamage::HugeArray { values: len })?)?;
        if all_alike {
            return Ok(Array { kind, len, bytes: Cow::Borrowed(bytes) });
        }
        self.at = start;
        for _ in 0..len {
            self.value(kind, depth + 1)?;
        }
        Ok(Array { kind, len, bytes: Cow::Borrowed(&self.bytes[start..self.at]) })
    }
}

/// Where a metadata value lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ValuePlace {
    pub(crate) kind: u32,
    pub(crate) at: usize,
}

/// A whole header, checked against the file's length.
pub(crate) struct GgufHeader {
    pub(crate) metadata: BTreeMap<String, ValuePlace>,
    pub(crate) tensors: BTreeMap<String, Entry>,
}

/// Reads the header of a file that starts with [`MAGIC`].
pub(crate) fn parse(bytes: &[u8]) -> std::result::Result<GgufHeader, Fault> {
    let mut reader = ByteReader::starting_at(bytes, MAGIC.len());
    match reader.u32()? {
        2 | 3 => {}
        version if matches!(version.swap_bytes(), 1..=3) => {
            return Err(Unsupported::BigEndianGguf.into());
        }
        found => return Err(Unsupported::GgufVersion { found }.into()),
    }
    let (tensor_count, metadata_count) = (reader.u64()?, reader.u64()?);
    if tensor_count > TENSOR_LIMIT {
        return Err(Unsupported::ManyTensors { found: tensor_count, limit: TENSOR_LIMIT }.into());
    }
    if metadata_count > METADATA_LIMIT {
        return Err(Unsupported::MuchMetadata { found: metadata_count, limit: METADATA_LIMIT }.into());
    }
    let mut metadata = BTreeMap::new();
    for _ in 0..metadata_count {
        let key = reader.text()?;
        if key.is_empty() || key.len() > 0xffff || key.chars().any(char::is_control) {
            return Err(Fault::damaged(GgufDamage::MetadataKey { bytes: key.len(), at: reader.at }));
        }
        let kind = reader.u32()?;
        let place = ValuePlace { kind, at: reader.at };
        reader.value(kind, 0)?;
        if metadata.insert(key.to_owned(), place).is_some() {
            return Err(Fault::damaged(GgufDamage::MetadataKeyTwice { key: short(key) }));
        }
    }
    let alignment = match metadata.get(ALIGNMENT_KEY) {
        None => ALIGNMENT,
        Some(place) => {
            let found = ByteReader::starting_at(bytes, place.at).value(place.kind, 0)?.as_u64();
            let alignment = found.filter(|&number| number.is_power_of_two() && number <= ALIGNMENT_LIMIT);
            let alignment = alignment.and_then(|number| usize::try_from(number).ok());
            alignment.ok_or_else(|| Fault::damaged(GgufDamage::Alignment { found, limit: ALIGNMENT_LIMIT }))?
        }
    };
    let mut described = Vec::new();
    for _ in 0..tensor_count {
        described.push(GgufTensor::read(&mut reader)?);
    }
    let start = reader.at.checked_next_multiple_of(alignment);
    let start = start.ok_or_else(|| Fault::damaged(GgufDamage::NoEnd))?;
    let mut tensors = BTreeMap::new();
    for GgufTensor { name, shape, kind, offset } in described {
        let (stored, size) = storage(kind, &shape).map_err(|damage| Damage::Tensor { name: short(name), damage })?;
        let end = start.checked_add(offset).and_then(|at| Some((at, at.checked_add(size)?)));
        let Some((at, end)) = end.filter(|&(_, end)| end <= bytes.len() || size == 0) else {
            let (name, file_end) = (short(name), bytes.len());
            return Err(Fault::damaged(GgufDamage::BeyondFile { name, bytes: size, start, offset, file_end }));
        };
        if !offset.is_multiple_of(alignment) {
            return Err(Fault::damaged(GgufDamage::Offset { name: short(name), offset, alignment }));
        }
        // An empty last tensor may lie past the end by its padding.
        let span = at.min(bytes.len())..end.min(bytes.len());
        if tensors.insert(name.to_owned(), Entry::new(shape, stored, span)).is_some() {
            return Err(Damage::TensorTwice { name: short(name) }.into());
        }
    }
    check_spans(tensors.iter().map(|(name, entry)| (name.as_str(), entry)), None)?;
    Ok(GgufHeader { metadata, tensors })
}

/// A tensor's description in the header.
struct GgufTensor<'a> {
    name: &'a str,
    shape: Vec<usize>,
    kind: u32,
    offset: usize,
}

impl<'a> GgufTensor<'a> {
    fn read(reader: &mut ByteReader<'a>) -> Result<Self> {
        let name = reader.text()?;
        check_name(name)?;
        let extents = reader.u32()? as usize;
        if extents > EXTENT_LIMIT {
            return Err(GgufDamage::Extents { name: short(name), found: extents, limit: EXTENT_LIMIT }.into());
        }
        let mut shape = (0..extents).map(|_| reader.size()).collect::<Result<Vec<_>>>()?;
        shape.reverse(); // innermost first in the file
        Ok(Self { name, shape, kind: reader.u32()?, offset: reader.size()? })
    }
}

/// A tensor type's number in a file; `None` when the format has none.
pub(crate) fn kind_of(format: Format) -> Option<u32> {
    KINDS.iter().find(|kind| kind.1 == format).map(|kind| kind.0)
}

/// How a tensor is stored, and the bytes it takes.
fn storage(kind: u32, shape: &[usize]) -> std::result::Result<(StoredFormat, usize), TensorDamage> {
    let values = count(shape)?;
    let (block, block_bytes, stored) = if let Some(&(_, format)) = KINDS.iter().find(|known| known.0 == kind) {
        (format.block(), format.block_bytes(), StoredFormat::As(format))
    } else if let Some(&(_, name, block, bytes)) = OTHERS.iter().find(|other| other.0 == kind) {
        (block, bytes, StoredFormat::Other(name.into()))
    } else {
        // Newer than these tables: nothing is known of its size, and nothing of it is read.
        return Ok((StoredFormat::Other(format!("type {kind}").into()), 0));
    };
    let inner = shape.last().copied().unwrap_or(1);
    if !inner.is_multiple_of(block) {
        return Err(TensorDamage::PartialBlocks { values: inner, block });
    }
    let size = (values / block).checked_mul(block_bytes);
    let size = size.ok_or_else(|| TensorDamage::ShapeBeyondFile { shape: shape.to_vec() })?;
    Ok((stored, size))
}

/// Tensor types by their number.
const KINDS: [(u32, Format); 32] = [
    (0, Format::F32),
    (1, Format::F16),
    (2, Format::Q4_0),
    (3, Format::Q4_1),
    (6, Format::Q5_0),
    (7, Format::Q5_1),
    (8, Format::Q8_0),
    (9, Format::Q8_1),
    (10, Format::Q2K),
    (11, Format::Q3K),
    (12, Format::Q4K),
    (13, Format::Q5K),
    (14, Format::Q6K),
    (15, Format::Q8K),
    (16, Format::Iq2Xxs),
    (17, Format::Iq2Xs),
    (18, Format::Iq3Xxs),
    (19, Format::Iq1S),
    (20, Format::Iq4Nl),
    (21, Format::Iq3S),
    (22, Format::Iq2S),
    (23, Format::Iq4Xs),
    (24, Format::I8),
    (25, Format::I16),
    (26, Format::I32),
    (27, Format::I64),
    (28, Format::F64),
    (29, Format::Iq1M),
    (30, Format::Bf16),
    (34, Format::Tq1_0),
    (35, Format::Tq2_0),
    (39, Format::Mxfp4),
];

/// Tensor types that are known but not read: number, name, values and bytes of a block.
const OTHERS: [(u32, &str, usize, usize); 2] = [(40, "NVFP4", 64, 36), (41, "Q1_0", 128, 18)];
