//! Memory that a thread keeps between regions.

use std::cell::RefCell;

use super::tile::Span;

/// A cache line of floats.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct CacheLine([f32; 16]);

/// Floats on cache-line boundaries, that only ever grow.
#[derive(Default)]
pub(crate) struct Floats(Vec<CacheLine>);

impl Floats {
    /// `len` floats, whatever they hold.
    pub(crate) fn take(&mut self, len: usize) -> &mut [f32] {
        let lines = len.div_ceil(16);
        if self.0.len() < lines {
            self.0.resize(lines, CacheLine([0.0; 16]));
        }
        // SAFETY: a line is 16 floats without padding, and `len` floats lie in the lines there are.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), len) }
    }
}

/// What a thread needs while it computes a part.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Weights of a panel in f32, or scores.
    pub(crate) panel: Floats,
    /// Sums of a block of rows.
    pub(crate) sums: Floats,
    /// A row of zeros, or of statistics.
    pub(crate) row: Floats,
    /// Where rows begin. Never followed after the region that filled it.
    pub(crate) lists: Vec<*const f32>,
    /// How the depth is cut.
    pub(crate) spans: Vec<Span>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Calls `work` with this thread's scratch.
pub(crate) fn with<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    let mut scratch = SCRATCH.take();
    let result = work(&mut scratch);
    SCRATCH.set(scratch);
    result
}
