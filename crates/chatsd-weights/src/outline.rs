//! Layers without numbers, and how large they would be: what a model takes is known before its weights are read.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use chatsd_tensor::Format;

use crate::{Scope, WeightsError};

/// Adds up the bytes of layers that were outlined instead of loaded. Clones share the sum.
#[derive(Clone, Debug, Default)]
pub struct Tally(Arc<AtomicUsize>);

impl Tally {
    /// Bytes that the layers would hold.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Scope<'_> {
    /// The format that a layer of `name.weight` would be kept in, where layers are outlined instead of loaded.
    pub(crate) fn outlined(&self, name: &str) -> Result<Option<Format>, WeightsError> {
        if self.tally.is_none() {
            return Ok(None);
        }
        let stored = self.format(&format!("{name}.weight"))?;
        Ok(Some(self.store.unwrap_or(stored)))
    }

    /// An outlined layer, whose size is added to the tally.
    pub(crate) fn tallied<T>(&self, layer: T, size: impl Fn(&T) -> usize) -> T {
        if let Some(Tally(sum)) = &self.tally {
            sum.fetch_add(size(&layer), Ordering::Relaxed);
        }
        layer
    }
}
