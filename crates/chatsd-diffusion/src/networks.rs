//! The networks that adapters change, and those that were made with the last ones.

use std::sync::{Arc, Mutex, PoisonError};

use chatsd_tensor::Engine;
use chatsd_types::{Adapter, FileKind, PaintError};
use chatsd_weights::{self as weights, AdapterSet, Adopted, LayerCache, ModelFiles, Scope, Strength, WeightsError};

use crate::{
    DiffusionError, Finder,
    cache::Cache,
    error::unusable,
    network::{TextEncoder, UNet},
    prompt_reader::TEXT_ENCODERS,
};

/// The networks that adapters change. Clones share them.
#[derive(Clone)]
pub(crate) struct Networks {
    pub(crate) unet: Arc<UNet>,
    /// One or two; their states stand side by side.
    pub(crate) text_encoders: Arc<[TextEncoder]>,
}

impl Networks {
    /// Made in a workshop.
    pub(crate) fn load(files: &ModelFiles, workshop: &LayerCache) -> Result<Self, DiffusionError> {
        let unet = files.component("unet")?;
        let unet = UNet::load(&unet.weights.with_cache(workshop, "unet"), &unet.config)?;
        let components = TEXT_ENCODERS.into_iter().filter(|name| files.has(name));
        let text_encoders = components.map(|name| {
            let component = files.component(name)?;
            Ok::<_, DiffusionError>(TextEncoder::load(
                &component.weights.with_cache(workshop, name),
                &component.config,
            )?)
        });
        Ok(Self { unet: Arc::new(unet), text_encoders: text_encoders.collect::<Result<_, _>>()? })
    }
}

/// Makes a model's networks with adapters.
pub(crate) struct AdaptedNetworks {
    files: ModelFiles,
    /// The layers of the model itself.
    base: LayerCache,
    opened: Cache<String, weights::AdapterFile>,
    /// With the adapters of the last request.
    current: Cache<Vec<Adapter>, Networks>,
    /// The layers of that.
    last: Mutex<Option<LayerCache>>,
}

impl AdaptedNetworks {
    pub(crate) fn new(files: ModelFiles, base: LayerCache) -> Self {
        // An opened adapter is a mapped file and its hash, which takes reading all of it.
        let opened = Cache::new(usize::MAX);
        Self { files, base, opened, current: Cache::new(1), last: Mutex::default() }
    }

    /// The networks with these adapters. The next request with the same finds them ready; one with others shares all
    /// layers that are the same.
    ///
    /// # Errors
    /// When an adapter is not found or does not fit the model.
    pub(crate) fn with(
        &self,
        engine: &Engine,
        finder: &Finder,
        adapters: &[Adapter],
    ) -> Result<Arc<Networks>, PaintError> {
        self.current.get(adapters, || {
            let (set, _) = self.adopt(finder, adapters)?;
            let workshop = LayerCache::new(engine.clone(), set);
            workshop.share(&self.base);
            // Layers that only the last request had make room before others are made.
            if let Some(last) = self.last().take() {
                workshop.share(&last);
            }
            let networks = Networks::load(&self.files, &workshop).map_err(|why| refused(adapters, why))?;
            *self.last() = Some(workshop);
            Ok(networks)
        })
    }

    /// The adapters, matched with the model.
    ///
    /// # Errors
    /// As [`AdaptedNetworks::with`].
    pub(crate) fn adopt(
        &self,
        finder: &Finder,
        adapters: &[Adapter],
    ) -> Result<(AdapterSet, Vec<Adopted>), PaintError> {
        let opened = adapters.iter().map(|adapter| {
            let strength = Strength { network: adapter.weight, text: adapter.text_weight.unwrap_or(adapter.weight) };
            Ok((self.open(finder, &adapter.name)?, strength))
        });
        let opened = opened.collect::<Result<Vec<_>, PaintError>>()?;
        let names = TEXT_ENCODERS.into_iter().chain(["unet"]).filter(|name| self.files.has(name));
        let networks = names.map(|name| Ok((name, self.files.component(name)?.weights)));
        let networks = networks.collect::<Result<_, WeightsError>>();
        let networks: Vec<(&str, Scope<'_>)> = networks.map_err(|why| refused(adapters, why))?;
        // One by one they tell which of them fits nothing.
        for (adapter, opened) in adapters.iter().zip(&opened).filter(|_| adapters.len() > 1) {
            let alone = AdapterSet::new(vec![opened.clone()], &networks);
            alone.map_err(|why| refused(std::slice::from_ref(adapter), why))?;
        }
        AdapterSet::new(opened, &networks).map_err(|why| refused(adapters, why))
    }

    /// An adapter by its name; opened once.
    ///
    /// # Errors
    /// When there is none, or it is none.
    pub(crate) fn open(&self, finder: &Finder, name: &str) -> Result<Arc<weights::AdapterFile>, PaintError> {
        let open = || Ok::<_, DiffusionError>(weights::AdapterFile::open(finder.find(FileKind::Adapter, name)?)?);
        self.opened.get(name, open).map_err(|why| unusable(FileKind::Adapter, name, why))
    }

    /// Nothing is made while it is held.
    fn last(&self) -> std::sync::MutexGuard<'_, Option<LayerCache>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// That adapters cannot be used together, or the one cannot.
fn refused(adapters: &[Adapter], why: impl Into<DiffusionError>) -> PaintError {
    let names: Vec<&str> = adapters.iter().map(|adapter| adapter.name.as_str()).collect();
    unusable(FileKind::Adapter, &names.join(", "), why.into())
}
