//! What was loaded last, kept from one request to the next.

use std::{
    borrow::Borrow,
    sync::{Arc, Mutex, PoisonError},
};

/// Keeps what was asked for last, by key; the least recently used goes first. Clones share it.
///
/// Loading holds no lock but that of its own key: who asks for another key does not wait, and who asks for the same one
/// gets what was loaded. What could not be loaded is tried again when it is asked for again.
pub(crate) struct Cache<K, T> {
    entries: Arc<Mutex<Entries<K, T>>>,
    capacity: usize,
}

/// The most recently used first.
type Entries<K, T> = Vec<(K, Slot<T>)>;

/// The place of one key, locked while its value is loaded.
type Slot<T> = Arc<Mutex<Option<Arc<T>>>>;

impl<K, T> Clone for Cache<K, T> {
    fn clone(&self) -> Self {
        Self { entries: Arc::clone(&self.entries), capacity: self.capacity }
    }
}

impl<K, T> Cache<K, T> {
    /// Keeps so many, at least one.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Arc::default(), capacity: capacity.max(1) }
    }

    /// What belongs to a key, loaded where it is not there yet. What is least recently used makes room before.
    ///
    /// # Errors
    /// Those of `load`.
    pub(crate) fn get<Q, E>(&self, key: &Q, load: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E>
    where
        K: Borrow<Q>,
        Q: PartialEq + ToOwned<Owned = K> + ?Sized,
    {
        let slot = self.slot(key);
        // A load that panicked left nothing behind.
        let mut value = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = &*value {
            return Ok(Arc::clone(value));
        }
        let loaded = Arc::new(load()?);
        *value = Some(Arc::clone(&loaded));
        Ok(loaded)
    }

    /// The place of a key, now the most recently used.
    fn slot<Q>(&self, key: &Q) -> Slot<T>
    where
        K: Borrow<Q>,
        Q: PartialEq + ToOwned<Owned = K> + ?Sized,
    {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let found = entries.iter().position(|(known, _)| known.borrow() == key);
        let entry = found.map_or_else(|| (key.to_owned(), Slot::default()), |place| entries.remove(place));
        let slot = Arc::clone(&entry.1);
        entries.truncate(self.capacity - 1);
        entries.insert(0, entry);
        slot
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Barrier,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use super::*;

    #[test]
    fn the_last_few_are_kept() {
        let cache = Cache::<String, String>::new(4);
        let mut loaded = Vec::new();
        for name in ["a", "b", "a", "c", "d", "e", "a", "b"] {
            let get = cache.get(name, || {
                loaded.push(name);
                Ok::<_, ()>(name.to_owned())
            });
            assert_eq!(*get.unwrap(), name);
        }
        assert_eq!(loaded, ["a", "b", "c", "d", "e", "b"]);
        assert_eq!(cache.get("x", || Err::<String, _>(7)), Err(7));
        assert_eq!(*cache.get("x", || Ok::<_, ()>("second try".to_owned())).unwrap(), "second try");
    }

    #[test]
    fn a_slow_load_stops_nobody_who_asks_for_something_else() {
        let cache = Cache::<String, usize>::new(4);
        let (begun, may_end) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            let slow = scope.spawn(|| {
                cache.get("slow", || {
                    begun.wait();
                    may_end.wait();
                    Ok::<_, ()>(1)
                })
            });
            begun.wait();
            assert_eq!(*cache.get("fast", || Ok::<_, ()>(2)).unwrap(), 2);
            may_end.wait();
            assert_eq!(*slow.join().unwrap().unwrap(), 1);
        });
    }

    #[test]
    fn two_that_ask_for_the_same_load_once() {
        let (cache, loads) = (Cache::<String, usize>::new(4), AtomicUsize::new(0));
        let both = Barrier::new(2);
        let get = || {
            both.wait();
            cache.get("same", || Ok::<_, ()>(loads.fetch_add(1, Ordering::Relaxed))).unwrap()
        };
        thread::scope(|scope| {
            let other = scope.spawn(get);
            assert_eq!(*get(), 0);
            assert_eq!(*other.join().unwrap(), 0);
        });
        assert_eq!(loads.into_inner(), 1);
    }

    #[test]
    fn a_load_that_panics_can_be_tried_again() {
        let cache = Cache::<String, usize>::new(4);
        thread::scope(|scope| {
            assert!(
                scope.spawn(|| cache.get("x", || -> Result<_, ()> { panic!("a load that panics") })).join().is_err()
            );
        });
        assert_eq!(*cache.get("x", || Ok::<_, ()>(3)).unwrap(), 3);
    }
}
