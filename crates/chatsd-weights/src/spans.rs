//! Where a file's tensors lie, and whether that can be.

use std::{borrow::Cow, ops::Range, sync::atomic::AtomicBool};

use chatsd_tensor::Format;

use crate::{Damage, NameDamage, TensorDamage, damage::short};

/// Longest tensor name accepted, in bytes. The longest of known picture models has about 100.
const NAME_LIMIT: usize = 1024;

/// How a tensor's numbers are stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredFormat {
    /// In a format that layers can be made of.
    As(Format),
    /// In another, by its name in the file.
    Other(Cow<'static, str>),
}

/// A tensor of a file.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Outermost first.
    pub(crate) shape: Vec<usize>,
    pub(crate) stored: StoredFormat,
    /// In bytes from the start of the file.
    pub(crate) span: Range<usize>,
    /// Values from one index to the next in each extent, where they do not simply follow each other.
    pub(crate) strides: Option<Box<[usize]>>,
    /// Whether anyone wanted it.
    pub(crate) asked: AtomicBool,
}

impl Entry {
    pub(crate) fn new(shape: Vec<usize>, stored: StoredFormat, span: Range<usize>) -> Self {
        Self { shape, stored, span, strides: None, asked: AtomicBool::new(false) }
    }

    /// The bytes of its values, one after another.
    pub(crate) fn bytes<'f>(&self, file: &'f [u8], format: Format) -> Cow<'f, [u8]> {
        let stored = &file[self.span.clone()];
        match &self.strides {
            None => Cow::Borrowed(stored),
            Some(strides) => Cow::Owned(gathered(stored, &self.shape, strides, format.block_bytes())),
        }
    }
}

/// Copies the values of `unit` bytes each that a view shows, in order. The view was checked against `stored`.
fn gathered(stored: &[u8], shape: &[usize], strides: &[usize], unit: usize) -> Vec<u8> {
    let Some((&row, outer)) = shape.split_last().filter(|_| !shape.contains(&0)) else { return Vec::new() };
    let step = strides[outer.len()] * unit;
    let mut bytes = Vec::with_capacity(shape.iter().product::<usize>() * unit);
    let mut place = vec![0; outer.len()];
    loop {
        let mut at = place.iter().zip(strides).map(|(index, stride)| index * stride * unit).sum::<usize>();
        for _ in 0..row {
            bytes.extend_from_slice(&stored[at..at + unit]);
            at += step;
        }
        // The next place, the last extent running fastest.
        let Some(extent) = (0..outer.len()).rev().find(|&extent| place[extent] + 1 < outer[extent]) else {
            return bytes;
        };
        place[extent] += 1;
        place[extent + 1..].fill(0);
    }
}

/// How many values a shape holds; says so when no file could.
pub(crate) fn count(shape: &[usize]) -> Result<usize, TensorDamage> {
    let product = shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
    product.ok_or_else(|| TensorDamage::HugeShape { shape: shape.to_vec() })
}

/// Refuses names that no model has and that would garble a terminal.
pub(crate) fn check_name(name: &str) -> Result<(), NameDamage> {
    if name.is_empty() {
        return Err(NameDamage::Empty);
    }
    if name.len() > NAME_LIMIT {
        return Err(NameDamage::Long { bytes: name.len(), limit: NAME_LIMIT });
    }
    if name.chars().any(char::is_control) {
        return Err(NameDamage::ControlCharacters { name: short(name) });
    }
    Ok(())
}

/// Fails when two tensors share bytes or, with `whole`, when some bytes of it belong to none.
pub(crate) fn check_spans<'a>(
    entries: impl Iterator<Item = (&'a str, &'a Entry)>,
    whole: Option<Range<usize>>,
) -> Result<(), Damage> {
    let mut spans: Vec<(usize, usize, &str)> =
        entries.map(|(name, entry)| (entry.span.start, entry.span.end, name)).collect();
    spans.sort_unstable();
    for pair in spans.windows(2) {
        let [(_, end, first), (start, _, second)] = [pair[0], pair[1]];
        if start < end {
            return Err(Damage::Overlap { first: short(first), second: short(second), at: start });
        }
        if whole.is_some() && start > end {
            return Err(Damage::Gap { start: end, end: start, first: short(first), second: short(second) });
        }
    }
    if let Some(whole) = whole {
        let start = spans.first().map_or(whole.start, |span| span.0);
        let end = spans.last().map_or(whole.start, |span| span.1);
        if (start, end) != (whole.start, whole.end) {
            return Err(Damage::Span { start, end, file_start: whole.start, file_end: whole.end });
        }
    }
    Ok(())
}
