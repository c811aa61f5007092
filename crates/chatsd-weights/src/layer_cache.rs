//! Where layers are made: by which engine, with which adapters, and which of them were made before.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chatsd_tensor::Engine;

use crate::{AdapterSet, WeightsError};

/// Makes the layers of a model's networks, and keeps what it made: networks that differ in some layers share the others.
pub struct LayerCache {
    pub(crate) engine: Engine,
    pub(crate) adapters: AdapterSet,
    made: Mutex<HashMap<String, Made>>,
}

/// A layer that was made.
#[derive(Clone)]
struct Made {
    /// The layers of the files that it was made of.
    of: Vec<String>,
    layer: Arc<dyn Any + Send + Sync>,
}

impl LayerCache {
    /// A cache that changes layers with `adapters`; `engine` multiplies their matrices.
    #[must_use]
    pub fn new(engine: Engine, adapters: AdapterSet) -> Self {
        Self { engine, adapters, made: Mutex::default() }
    }

    /// How many layers it holds.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.made().len()
    }

    /// Shares the layers of `other` that would be made the same here.
    pub fn share(&self, other: &Self) {
        let same = |made: &Made| self.adapters.fingerprint(&made.of) == other.adapters.fingerprint(&made.of);
        let theirs: Vec<_> =
            other.made().iter().filter(|(_, made)| same(made)).map(|(key, made)| (key.clone(), made.clone())).collect();
        self.made().extend(theirs);
    }

    /// The layer that is `key` and made of these [`layer_name`](crate::adapter::layer_name)s: the one there is, or the
    /// one that `make` makes.
    pub(crate) fn layer<T: Clone + Send + Sync + 'static>(
        &self,
        key: String,
        of: Vec<String>,
        make: impl FnOnce() -> Result<T, WeightsError>,
    ) -> Result<T, WeightsError> {
        let known = self.made().get(&key).and_then(|made| made.layer.downcast_ref::<T>().cloned());
        if let Some(layer) = known {
            return Ok(layer);
        }
        let layer = make()?;
        self.made().insert(key, Made { of, layer: Arc::new(layer.clone()) });
        Ok(layer)
    }

    fn made(&self) -> MutexGuard<'_, HashMap<String, Made>> {
        // Nothing panics while it is held.
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LayerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerCache").field("layers", &self.layers()).finish_non_exhaustive()
    }
}
