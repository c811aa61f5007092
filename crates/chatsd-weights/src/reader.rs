//! Bytes that may end anywhere.

use crate::{BytesDamage, Damage};

/// Reads one thing after another from bytes that may end anywhere.
#[derive(Clone, Copy)]
pub(crate) struct ByteReader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

/// What was found where; the caller knows the file.
pub(crate) type Result<T> = std::result::Result<T, Damage>;

impl<'a> ByteReader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let at = self.at;
        let Some(end) = at.checked_add(len).filter(|&end| end <= self.bytes.len()) else {
            let left = self.bytes.len().saturating_sub(at);
            return Err(BytesDamage::Short { promised: len, at, left }.into());
        };
        self.at = end;
        Ok(&self.bytes[at..end])
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N).map(|bytes| bytes.try_into().expect("as long as was asked for"))
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        self.fixed().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.fixed().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.fixed().map(u64::from_le_bytes)
    }

    /// A number that counts things in memory.
    pub(crate) fn size(&mut self) -> Result<usize> {
        let length = self.u64()?;
        usize::try_from(length).map_err(|_| BytesDamage::HugeLength { length, at: self.at }.into())
    }
}
