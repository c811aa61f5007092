//! ZIP archives, read in place: only what is stored without compression, as `torch.save` stores everything.
//!
//! Written after PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3 (ZIP64).

use std::{collections::BTreeMap, ops::Range};

use crate::{
    ArchiveDamage, Damage, Unsupported,
    damage::short,
    fault::Fault,
    reader::{ByteReader, Result},
};

/// The first bytes of an archive that is not empty.
pub(super) const MAGIC: [u8; 4] = *b"PK\x03\x04";
/// Entries accepted: a file for each storage, and a few.
const ENTRY_LIMIT: u64 = 1 << 18;
/// Longest name of an entry, in bytes.
const NAME_LIMIT: usize = 1024;
/// The end record, the longest comment behind it, and the record that leads to that of ZIP64.
const END_LEN: usize = 22;
const COMMENT_LIMIT: usize = 0xffff;
const LOCATOR_LEN: usize = 20;
/// Numbers that stand elsewhere because they are too large for their place.
const ELSEWHERE: u32 = u32::MAX;

/// A file in an archive.
#[derive(Clone, Debug)]
pub(super) struct ArchiveEntry {
    /// Its bytes in the archive, compressed or not.
    pub(super) span: Range<usize>,
    method: u16,
    is_encrypted: bool,
}

impl ArchiveEntry {
    /// Where its bytes lie, when they lie there as they are.
    pub(super) fn stored(&self, name: &str) -> std::result::Result<Range<usize>, Fault> {
        if self.is_encrypted {
            return Err(Unsupported::EncryptedEntry { name: short(name) }.into());
        }
        if self.method != 0 {
            return Err(Unsupported::CompressedEntry { name: short(name), method: self.method }.into());
        }
        Ok(self.span.clone())
    }
}

/// The entries of an archive by name.
pub(super) fn entries(bytes: &[u8]) -> std::result::Result<BTreeMap<&str, ArchiveEntry>, Fault> {
    let Directory { count, span } = directory(bytes)?;
    if count > ENTRY_LIMIT {
        return Err(Unsupported::ManyArchiveEntries { found: count, limit: ENTRY_LIMIT }.into());
    }
    let mut entries = BTreeMap::new();
    let mut reader = ByteReader::starting_at(&bytes[..span.end], span.start);
    for _ in 0..count {
        let (name, entry) = entry(&mut reader, bytes)?;
        if entries.insert(name, entry).is_some() {
            return Err(Fault::damaged(ArchiveDamage::EntryTwice { name: short(name) }));
        }
    }
    let mut spans: Vec<_> = entries.iter().map(|(name, entry)| (entry.span.start, entry.span.end, *name)).collect();
    spans.sort_unstable();
    if let Some(pair) = spans.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        let (first, second) = (short(pair[0].2), short(pair[1].2));
        return Err(Fault::damaged(ArchiveDamage::Overlap { first, second }));
    }
    if let Some((_, _, name)) = spans.iter().find(|(_, end, _)| *end > span.start) {
        return Err(Fault::damaged(ArchiveDamage::IntoDirectory { name: short(name) }));
    }
    Ok(entries)
}

/// The list of all entries.
struct Directory {
    count: u64,
    span: Range<usize>,
}

fn directory(bytes: &[u8]) -> Result<Directory> {
    // The end record is found from behind: a comment of unknown length follows it.
    let first = bytes.len().saturating_sub(END_LEN + COMMENT_LIMIT);
    let last = bytes.len().checked_sub(END_LEN);
    let at = last.and_then(|last| (first..=last).rev().find(|&at| bytes[at..].starts_with(b"PK\x05\x06")));
    let at = at.ok_or(ArchiveDamage::NoEnd)?;
    let mut reader = ByteReader::starting_at(bytes, at + 4);
    let (disk, start_disk, here, count) = (reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?);
    let (len, start) = (reader.u32()?, reader.u32()?);
    let is_long = [here, count].contains(&u16::MAX) || [len, start].contains(&ELSEWHERE);
    let locator = at.checked_sub(LOCATOR_LEN).filter(|&at| is_long && bytes[at..].starts_with(b"PK\x06\x07"));
    let (count, len, start) = match locator {
        None if (disk, start_disk, here) == (0, 0, count) => (count.into(), len.into(), start.into()),
        None => return Err(ArchiveDamage::SeveralParts.into()),
        Some(locator) => {
            let mut reader = ByteReader::starting_at(bytes, locator + 8);
            let mut reader = ByteReader::starting_at(bytes, reader.size()?);
            if reader.take(4)? != b"PK\x06\x06" {
                return Err(ArchiveDamage::NoSecondEnd.into());
            }
            reader.take(28)?; // sizes, versions, disks, entries on this one
            (reader.u64()?, reader.u64()?, reader.u64()?)
        }
    };
    let start = usize::try_from(start).ok();
    let end = start.and_then(|start| start.checked_add(usize::try_from(len).ok()?)).filter(|&end| end <= at);
    match (start, end) {
        (Some(start), Some(end)) => Ok(Directory { count, span: start..end }),
        _ => Err(ArchiveDamage::Directory { bytes: len, at }.into()),
    }
}

/// The next entry of the directory, with the bytes its local header leads to.
fn entry<'a>(reader: &mut ByteReader<'a>, bytes: &'a [u8]) -> Result<(&'a str, ArchiveEntry)> {
    if reader.take(4)? != b"PK\x01\x02" {
        return Err(ArchiveDamage::NoEntry { at: reader.at - 4 }.into());
    }
    reader.take(4)?; // versions
    let (flags, method) = (reader.u16()?, reader.u16()?);
    reader.take(8)?; // time, checksum
    let (packed, size) = (reader.u32()?, reader.u32()?);
    let (name_len, extra_len, comment_len) = (reader.u16()?, reader.u16()?, reader.u16()?);
    reader.take(8)?; // disk, attributes
    let header = reader.u32()?;
    let name = reader.take(name_len.into())?;
    let extra = reader.take(extra_len.into())?;
    reader.take(comment_len.into())?;
    let name = std::str::from_utf8(name).map_err(|_| ArchiveDamage::NameNotUtf8)?;
    check_name(name)?;
    let [size, packed, header] = wide(extra, [size, packed, header]).map_err(|damage| match damage {
        Damage::Bytes(damage) => ArchiveDamage::Entry { name: short(name), damage }.into(),
        other => other,
    })?;
    if method == 0 && size != packed {
        return Err(ArchiveDamage::Packed { name: short(name), packed, bytes: size }.into());
    }
    let mut local = ByteReader::starting_at(bytes, header);
    if local.take(4)? != MAGIC {
        return Err(ArchiveDamage::Place { name: short(name), at: header }.into());
    }
    local.take(22)?; // what the directory says too
    let (name_len, extra_len) = (local.u16()?, local.u16()?);
    if local.take(name_len.into())? != name.as_bytes() {
        return Err(ArchiveDamage::OtherName { name: short(name), at: header }.into());
    }
    local.take(extra_len.into())?;
    let start = local.at;
    local.take(packed)?;
    Ok((name, ArchiveEntry { span: start..local.at, method, is_encrypted: flags & 1 != 0 }))
}

/// Numbers of an entry; those too large for their place stand in the extra field of ZIP64, in this order.
fn wide(extra: &[u8], narrow: [u32; 3]) -> Result<[usize; 3]> {
    let mut long = ByteReader::new(&[]);
    let mut reader = ByteReader::new(extra);
    // Less than a header may be left: padding.
    while let (Ok(kind), Ok(len)) = (reader.u16(), reader.u16()) {
        let field = reader.take(len.into())?;
        if kind == 1 {
            long = ByteReader::new(field);
        }
    }
    let mut numbers = [0; 3];
    for (number, narrow) in numbers.iter_mut().zip(narrow) {
        *number = if narrow == ELSEWHERE { long.size()? } else { narrow as usize };
    }
    Ok(numbers)
}

/// Refuses names that would lead out of a folder if anyone unpacked the archive. Nothing is unpacked here, but nobody
/// writes them without intent.
fn check_name(name: &str) -> std::result::Result<(), ArchiveDamage> {
    let leads_out = name.starts_with('/') || name.contains('\\') || name.split('/').any(|part| part == "..");
    if name.len() > NAME_LIMIT {
        return Err(ArchiveDamage::LongName { bytes: name.len(), limit: NAME_LIMIT });
    }
    if leads_out || name.is_empty() || name.chars().any(char::is_control) {
        return Err(ArchiveDamage::Name { name: short(name) });
    }
    Ok(())
}
