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

/// Returned buffers by capacity, and how many had to be made.
#[derive(Default)]
pub(crate) struct Arena {
    free: Mutex<BTreeMap<usize, Vec<Vec<f32>>>>,
    made: AtomicUsize,
}

impl Arena {
    /// A buffer of `len` values; their contents are whatever was there before.
    pub(crate) fn lend(self: &Arc<Self>, len: usize) -> Buffer {
        let returned = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            // Best fit, but never one that wastes more than half.
            let capacity = free.range(len..=len.saturating_mul(2)).find(|(_, buffers)| !buffers.is_empty());
            let capacity = capacity.map(|(&capacity, _)| capacity);
            capacity.and_then(|capacity| free.get_mut(&capacity)?.pop())
        };
        let mut values = returned.unwrap_or_else(|| {
            self.made.fetch_add(1, Ordering::Relaxed);
            vec![0.0; len]
        });
        // Shrinking keeps the capacity; growing again writes only the part that was cut off.
        values.resize(len, 0.0);
        Buffer { values, home: Some(Arc::clone(self)) }
    }

    /// How many buffers were ever allocated.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// Gives the memory of all returned buffers back to the system.
    pub(crate) fn trim(&self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Values on loan from an arena, or owned.
pub(crate) struct Buffer {
    values: Vec<f32>,
    home: Option<Arc<Arena>>,
}

impl From<Vec<f32>> for Buffer {
    fn from(values: Vec<f32>) -> Self {
        Self { values, home: None }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let Some(home) = &self.home else { return self.values.clone().into() };
        let mut copy = home.lend(self.values.len());
        copy.copy_from_slice(&self.values);
        copy
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(home) = self.home.take() else { return };
        let values = std::mem::take(&mut self.values);
        let mut free = home.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.entry(values.capacity()).or_default().push(values);
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.values
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} values", self.values.len())
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
        arena.trim();
        drop(arena.lend(100));
        assert_eq!(arena.made(), 3);
    }
}
