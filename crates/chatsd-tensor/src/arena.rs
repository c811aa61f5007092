//! Buffers that are lent and come back, so that a step allocates nothing after the first.

use std::{
    collections::BTreeMap,
    fmt,
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Returned buffers by size, how many had to be made, and what they take together.
#[derive(Default)]
pub(crate) struct Arena {
    free: Mutex<BTreeMap<usize, Vec<Vec<f32>>>>,
    made: AtomicUsize,
    held: AtomicUsize,
    most: AtomicUsize,
}

impl Arena {
    /// A buffer of `len` values; their contents are whatever was there before.
    pub(crate) fn lend(self: &Arc<Self>, len: usize) -> Buffer {
        let returned = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            // Best fit, but never one that wastes more than half.
            let size = free.range(len..=len.saturating_mul(2)).find(|(_, buffers)| !buffers.is_empty());
            let size = size.map(|(&size, _)| size);
            size.and_then(|size| free.get_mut(&size)?.pop())
        };
        let values = returned.unwrap_or_else(|| {
            self.made.fetch_add(1, Ordering::Relaxed);
            let bytes = len * size_of::<f32>();
            let held = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
            self.most.fetch_max(held, Ordering::Relaxed);
            // Pages of zeros from the system: they take no memory until they are written.
            vec![0.0; len]
        });
        Buffer { values, len, home: Some(Arc::clone(self)) }
    }

    /// How many buffers were ever allocated.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// Most bytes of all buffers, lent and returned, since [`Arena::measure_afresh`].
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    /// Frees what is returned, and forgets what was held.
    pub(crate) fn measure_afresh(&self) {
        self.trim();
        self.most.store(self.held.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Gives the memory of all returned buffers back to the system.
    pub(crate) fn trim(&self) {
        let returned = std::mem::take(&mut *self.free.lock().unwrap_or_else(PoisonError::into_inner));
        let bytes: usize = returned.iter().map(|(size, buffers)| size * size_of::<f32>() * buffers.len()).sum();
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Values on loan from an arena, or owned: the first `len` of a buffer that may be larger.
pub(crate) struct Buffer {
    values: Vec<f32>,
    len: usize,
    home: Option<Arc<Arena>>,
}

impl From<Vec<f32>> for Buffer {
    fn from(values: Vec<f32>) -> Self {
        Self { len: values.len(), values, home: None }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let Some(home) = &self.home else { return self.to_vec().into() };
        let mut copy = home.lend(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(home) = self.home.take() else { return };
        let values = std::mem::take(&mut self.values);
        let mut free = home.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.entry(values.len()).or_default().push(values);
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.values[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.len]
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_returned_buffer_is_lent_again() {
        let arena = Arc::new(Arena::default());
        for len in [100, 90, 60, 100] {
            assert_eq!(arena.lend(len).len(), len);
        }
        assert_eq!(arena.made(), 1, "all four fit the first buffer");
        drop(arena.lend(10));
        assert_eq!(arena.made(), 2, "a tenth of the buffer would waste it");
        assert_eq!(arena.most(), 4 * 110);
        let lent = arena.lend(10);
        arena.trim();
        assert_eq!(arena.most(), 4 * 110, "what was held once");
        arena.measure_afresh();
        assert_eq!(arena.most(), 4 * 10);
        drop(lent);
        drop(arena.lend(100));
        assert_eq!(arena.made(), 3);
    }
}
