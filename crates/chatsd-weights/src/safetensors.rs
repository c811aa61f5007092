//! safetensors: eight bytes of length, a JSON header, then every tensor's bytes without holes.
//!
//! Read here rather than by the format's own crate because that one keeps the last of two tensors of one name and
//! buffers the header as a tree many times its size; tests hold the two against each other.

use std::{collections::BTreeMap, fmt, ops::Range};

use chatsd_tensor::Format;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::{
    Damage, SafetensorsDamage, TensorDamage,
    damage::short,
    fault::Fault,
    spans::{Entry, StoredFormat, check_name, check_spans, count},
};

/// Longest header accepted; the format's own limit.
pub(crate) const HEADER_LIMIT: u64 = 100_000_000;
/// Extents of a tensor accepted: video networks have five.
const EXTENT_LIMIT: usize = 8;
/// Longest name of a data type, in bytes.
const DTYPE_LIMIT: usize = 32;
const TENSOR_LIMIT: usize = 1 << 18;
const METADATA_LIMIT: usize = 1 << 16;
const METADATA_KEY: &str = "__metadata__";

/// A whole header, checked against the file's length.
#[derive(Debug, Default)]
pub(crate) struct SafetensorsHeader {
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) tensors: BTreeMap<String, Entry>,
    /// The first thing that is wrong, after which nothing was kept.
    damage: Option<Damage>,
}

/// Whether a file begins as this format does: it has no magic, but its header is a JSON object.
pub(crate) fn is_likely(bytes: &[u8]) -> bool {
    // The length is below 2^32 in files that open, and printable bytes in texts that have a brace there by chance.
    bytes.get(8) == Some(&b'{') && !bytes[..8].iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// Reads the header of a file.
pub(crate) fn parse(bytes: &[u8]) -> Result<SafetensorsHeader, Fault> {
    let (len, rest) = bytes.split_first_chunk().ok_or_else(|| Fault::damaged(SafetensorsDamage::NoLength))?;
    let len = u64::from_le_bytes(*len);
    if len > HEADER_LIMIT {
        return Err(Fault::damaged(SafetensorsDamage::LongHeader { bytes: len, limit: HEADER_LIMIT }));
    }
    let header = usize::try_from(len).ok().and_then(|len| rest.get(..len));
    let header =
        header.ok_or_else(|| Fault::damaged(SafetensorsDamage::ShortHeader { bytes: len, left: rest.len() }))?;
    let start = 8 + header.len();
    let text = std::str::from_utf8(header).map_err(|_| Fault::damaged(SafetensorsDamage::NotUtf8))?;
    let json = |error: serde_json::Error| SafetensorsDamage::Json { said: short(&error.to_string()) };
    let mut parsed: SafetensorsHeader = serde_json::from_str(text).map_err(|error| Fault::damaged(json(error)))?;
    if let Some(damage) = parsed.damage {
        return Err(damage.into());
    }
    for (name, entry) in &mut parsed.tensors {
        let (end, file_end) = (entry.span.end, bytes.len());
        let beyond = || SafetensorsDamage::BeyondFile { name: short(name), start, end, file_end };
        let end = end.checked_add(start).filter(|&end| end <= file_end);
        let end = end.ok_or_else(|| Fault::damaged(beyond()))?;
        entry.span = entry.span.start + start..end;
    }
    let entries = parsed.tensors.iter().map(|(name, entry)| (name.as_str(), entry));
    check_spans(entries, Some(start..bytes.len()))?;
    Ok(parsed)
}

/// Bits of one value of a data type, by the names of the safetensors crate's `Dtype`.
fn bits(dtype: &str) -> Option<usize> {
    Some(match dtype {
        "F4" => 4,
        "F6_E2M3" | "F6_E3M2" => 6,
        "BOOL" | "U8" | "I8" | "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "I16" | "U16" | "F16" | "BF16" => 16,
        "I32" | "U32" | "F32" => 32,
        "F64" | "I64" | "U64" | "C64" => 64,
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for SafetensorsHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;

        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = SafetensorsHeader;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SafetensorsHeader, A::Error> {
                let mut header = SafetensorsHeader::default();
                let mut has_metadata = false;
                while let Some(name) = map.next_key::<String>()? {
                    if name == METADATA_KEY {
                        let Texts { texts, damage } = map.next_value::<Option<Texts>>()?.unwrap_or_default();
                        let twice = has_metadata.then_some(SafetensorsDamage::MetadataTwice);
                        header.damage = header.damage.or_else(|| twice.or(damage).map(Damage::from));
                        header.metadata = texts;
                        has_metadata = true;
                    } else if header.damage.is_some() {
                        map.next_value::<IgnoredAny>()?;
                    } else if let Err(damage) = check_name(&name) {
                        header.damage = Some(damage.into());
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        header.damage = header.add(name, map.next_value()?).err();
                    }
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(HeaderVisitor)
    }
}

impl SafetensorsHeader {
    /// Adds a tensor whose name was checked.
    fn add(&mut self, name: String, described: JsonTensor) -> Result<(), Damage> {
        let entry = described.entry().map_err(|damage| Damage::Tensor { name: short(&name), damage })?;
        if self.tensors.len() == TENSOR_LIMIT {
            return Err(SafetensorsDamage::ManyTensors { limit: TENSOR_LIMIT }.into());
        }
        if self.tensors.contains_key(&name) {
            return Err(Damage::TensorTwice { name: short(&name) });
        }
        self.tensors.insert(name, entry);
        Ok(())
    }
}

/// A tensor's description in the header.
#[derive(Deserialize)]
struct JsonTensor {
    dtype: String,
    shape: Extents,
    data_offsets: [usize; 2],
}

impl JsonTensor {
    /// The entry, its span counted from the end of the header.
    fn entry(self) -> Result<Entry, TensorDamage> {
        if self.dtype.len() > DTYPE_LIMIT || !self.dtype.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TensorDamage::TypeName);
        }
        let [start, end] = self.data_offsets;
        let span: Range<usize> = start..end;
        let found = end.checked_sub(start).ok_or(TensorDamage::Backwards { start, end })?;
        let shape = self.shape.0;
        let values = count(&shape)?;
        if let Some(bits) = bits(&self.dtype) {
            let expected = values.checked_mul(bits).filter(|bits| bits.is_multiple_of(8)).map(|bits| bits / 8);
            if expected != Some(found) {
                return Err(TensorDamage::Size { bytes: found, shape, dtype: self.dtype });
            }
        }
        let stored = match self.dtype.as_str() {
            "F32" => StoredFormat::As(Format::F32),
            "F16" => StoredFormat::As(Format::F16),
            "BF16" => StoredFormat::As(Format::Bf16),
            "F64" => StoredFormat::As(Format::F64),
            "F8_E4M3" => StoredFormat::As(Format::F8E4M3),
            "F8_E5M2" => StoredFormat::As(Format::F8E5M2),
            "I8" => StoredFormat::As(Format::I8),
            "U8" | "BOOL" => StoredFormat::As(Format::U8),
            "I16" => StoredFormat::As(Format::I16),
            "I32" => StoredFormat::As(Format::I32),
            "I64" => StoredFormat::As(Format::I64),
            _ => StoredFormat::Other(self.dtype.into()),
        };
        Ok(Entry::new(shape, stored, span))
    }
}

/// A shape no longer than is sensible, so that a hostile header takes no memory.
struct Extents(Vec<usize>);

impl<'de> Deserialize<'de> for Extents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ExtentsVisitor;

        impl<'de> Visitor<'de> for ExtentsVisitor {
            type Value = Extents;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "a shape of at most {EXTENT_LIMIT} extents")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut extents: A) -> Result<Extents, A::Error> {
                let mut shape = Vec::new();
                while let Some(extent) = extents.next_element()? {
                    if shape.len() == EXTENT_LIMIT {
                        return Err(A::Error::invalid_length(EXTENT_LIMIT + 1, &self));
                    }
                    shape.push(extent);
                }
                Ok(Extents(shape))
            }
        }

        deserializer.deserialize_seq(ExtentsVisitor)
    }
}

/// Metadata; each key once.
#[derive(Default)]
struct Texts {
    texts: BTreeMap<String, String>,
    damage: Option<SafetensorsDamage>,
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;

        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = Texts;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("texts by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut read = Texts::default();
                while let Some((key, text)) = map.next_entry::<String, String>()? {
                    if read.texts.len() == METADATA_LIMIT {
                        read.damage = Some(SafetensorsDamage::MuchMetadata { limit: METADATA_LIMIT });
                    } else if read.texts.insert(key, text).is_some() {
                        read.damage = Some(SafetensorsDamage::MetadataKeyTwice);
                    }
                }
                Ok(read)
            }
        }

        deserializer.deserialize_map(TextsVisitor)
    }
}
