//! Values of a model file's metadata.

use std::borrow::Cow;

use crate::{gguf::ARRAY, reader::ByteReader};

/// A metadata value. GGUF has all of these; safetensors has texts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "named after the types of the GGUF specification")]
pub enum Value<'a> {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    Text(Cow<'a, str>),
    Array(Array<'a>),
    U64(u64),
    I64(i64),
    F64(f64),
}

impl Value<'_> {
    /// The text, when it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when it is an integer that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::U8(number) => Some(number.into()),
            Self::U16(number) => Some(number.into()),
            Self::U32(number) => Some(number.into()),
            Self::U64(number) => Some(number),
            Self::I8(number) => number.try_into().ok(),
            Self::I16(number) => number.try_into().ok(),
            Self::I32(number) => number.try_into().ok(),
            Self::I64(number) => number.try_into().ok(),
            _ => None,
        }
    }

    /// The type's number in the GGUF specification (`gguf_metadata_value_type`).
    pub(crate) fn kind(&self) -> u32 {
        match self {
            Self::U8(_) => 0,
            Self::I8(_) => 1,
            Self::U16(_) => 2,
            Self::I16(_) => 3,
            Self::U32(_) => 4,
            Self::I32(_) => 5,
            Self::F32(_) => 6,
            Self::Bool(_) => 7,
            Self::Text(_) => 8,
            Self::Array(_) => ARRAY,
            Self::U64(_) => 10,
            Self::I64(_) => 11,
            Self::F64(_) => 12,
        }
    }

    /// Appends the value as GGUF encodes it, without its type.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::U8(number) => bytes.push(*number),
            Self::I8(number) => bytes.extend(number.to_le_bytes()),
            Self::U16(number) => bytes.extend(number.to_le_bytes()),
            Self::I16(number) => bytes.extend(number.to_le_bytes()),
            Self::U32(number) => bytes.extend(number.to_le_bytes()),
            Self::I32(number) => bytes.extend(number.to_le_bytes()),
            Self::F32(number) => bytes.extend(number.to_le_bytes()),
            Self::Bool(truth) => bytes.push((*truth).into()),
            Self::Text(text) => {
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            Self::Array(array) => {
                bytes.extend(array.kind.to_le_bytes());
                bytes.extend((array.len as u64).to_le_bytes());
                bytes.extend(array.bytes.as_ref());
            }
            Self::U64(number) => bytes.extend(number.to_le_bytes()),
            Self::I64(number) => bytes.extend(number.to_le_bytes()),
            Self::F64(number) => bytes.extend(number.to_le_bytes()),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

/// Values of one type, still encoded: they usually lie in the file, and are decoded one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array<'a> {
    pub(crate) kind: u32,
    pub(crate) len: usize,
    /// Checked: exactly `len` values of `kind`.
    pub(crate) bytes: Cow<'a, [u8]>,
}

impl Array<'static> {
    /// An array of values; `None` when they are not all of one type, or there are none (an empty array has a type
    /// too: see [`Array::texts`]).
    #[must_use]
    pub fn new<'v>(values: impl IntoIterator<Item = Value<'v>>) -> Option<Self> {
        let mut values = values.into_iter().peekable();
        let kind = values.peek()?.kind();
        let (mut len, mut bytes) = (0, Vec::new());
        for value in values {
            if value.kind() != kind {
                return None;
            }
            value.encode(&mut bytes);
            len += 1;
        }
        Some(Self { kind, len, bytes: bytes.into() })
    }

    /// An array of texts.
    #[must_use]
    pub fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let empty = Self { kind: Value::from("").kind(), len: 0, bytes: Cow::Borrowed(&[]) };
        Self::new(texts.into_iter().map(Value::from)).unwrap_or(empty)
    }
}

impl Array<'_> {
    /// How many values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = Value<'_>> {
        let mut reader = ByteReader::new(&self.bytes);
        (0..self.len).map_while(move |_| reader.value(self.kind, 0).ok())
    }
}
