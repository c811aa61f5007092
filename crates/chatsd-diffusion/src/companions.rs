//! Networks that requests name beside the model: found by name, and kept from one picture of a sheet to the next.

use crate::{
    Finder,
    cache::Cache,
    network::{Autoencoder, ControlNet, ImageAdapter, ImageEncoder, Upscaler},
};

/// So many of each kind are kept: more would fill the memory with what was asked for once.
const KEPT: usize = 4;

/// Networks that requests name beside the model. Clones share what is loaded.
#[derive(Clone)]
pub(crate) struct Companions {
    pub(crate) finder: Finder,
    pub(crate) control_nets: Cache<String, ControlNet>,
    pub(crate) image_adapters: Cache<String, ImageAdapter>,
    pub(crate) image_encoders: Cache<String, ImageEncoder>,
    pub(crate) upscalers: Cache<String, Upscaler>,
    pub(crate) tiny_autoencoders: Cache<String, Autoencoder>,
}

impl Companions {
    /// None is loaded yet.
    pub(crate) fn new(finder: Finder) -> Self {
        Self {
            finder,
            control_nets: Cache::new(KEPT),
            image_adapters: Cache::new(KEPT),
            image_encoders: Cache::new(KEPT),
            upscalers: Cache::new(KEPT),
            tiny_autoencoders: Cache::new(KEPT),
        }
    }
}
