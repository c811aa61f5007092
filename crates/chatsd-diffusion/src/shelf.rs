//! Networks beside the model, kept loaded from one picture of a sheet to the next.

use std::sync::{Arc, Mutex, PoisonError};

/// Keeps the networks that were used last. Clones share them.
pub(crate) struct Shelf<T>(Arc<Mutex<Kept<T>>>);

/// Networks by name, the last used first.
type Kept<T> = Vec<(String, Arc<T>)>;

/// So many are kept: more would fill the memory with what was asked for once.
const KEPT: usize = 4;

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Shelf<T> {
    /// The one of that name, loaded where it is not there yet.
    ///
    /// # Errors
    /// What `load` says.
    pub(crate) fn get<E>(&self, name: &str, load: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(known, _)| known == name).map(|place| kept.remove(place));
        let (name, network) = match found {
            Some(entry) => entry,
            None => (name.to_owned(), Arc::new(load()?)),
        };
        kept.truncate(KEPT - 1);
        kept.insert(0, (name, Arc::clone(&network)));
        Ok(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_few_are_kept() {
        let shelf = Shelf::default();
        let mut loaded = Vec::new();
        for name in ["a", "b", "a", "c", "d", "e", "a", "b"] {
            let get = shelf.get(name, || {
                loaded.push(name);
                Ok::<_, ()>(name.to_owned())
            });
            assert_eq!(*get.unwrap(), name);
        }
        assert_eq!(loaded, ["a", "b", "c", "d", "e", "b"]);
        assert_eq!(shelf.get("x", || Err::<String, _>(7)), Err(7));
    }
}
