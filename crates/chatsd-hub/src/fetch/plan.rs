//! Which blocks of a file are asked for, and what an answer says of the bytes in it.

use std::collections::VecDeque;

use super::part::{BLOCK, PartialFile};
use crate::client::Answer;

/// All blocks of a file of so many bytes.
pub(super) fn all_blocks(size: u64) -> VecDeque<usize> {
    (0..usize::try_from(size.div_ceil(BLOCK)).unwrap_or(usize::MAX)).collect()
}

/// The blocks of which bytes are missing.
pub(super) fn missing_blocks(part: &PartialFile) -> VecDeque<usize> {
    (0..part.done.len()).filter(|block| part.done[*block] < part.len(*block)).collect()
}

/// First and last byte that is missing of a block, counted from the start of the file.
pub(super) fn missing_range(part: &PartialFile, block: usize) -> (u64, u64) {
    let start = block as u64 * BLOCK;
    (start + part.done[block], start + part.len(block) - 1)
}

/// What the server knows this state of the file by.
pub(super) fn validator(answer: &Answer) -> Option<String> {
    answer.header("etag").or_else(|| answer.header("last-modified")).map(str::to_owned)
}

/// Whether two marks, where both are known, are of different states.
pub(super) fn differ(before: &Option<String>, now: &Option<String>) -> bool {
    matches!((before, now), (Some(before), Some(now)) if before != now)
}

/// First byte and whole length of `bytes 0-9/100`.
pub(super) fn content_range(answer: &Answer) -> Option<(u64, u64)> {
    let (range, size) = answer.header("content-range")?.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let (start, size) = (start.trim().parse().ok()?, size.trim().parse().ok()?);
    (start < size).then_some((start, size))
}
