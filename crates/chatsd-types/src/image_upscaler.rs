//! What the studio asks of whatever makes pictures larger.

use std::ops::ControlFlow;

use crate::{Image, Size};

/// Makes pictures larger.
pub trait ImageUpscaler: Send + Sync {
    /// How many times larger it makes a picture where nobody says.
    fn scale(&self) -> u32;

    /// The picture at `size`; `None` when it was stopped. `observer` hears the tiles done and all, and may stop it.
    fn upscale(
        &self,
        image: &Image,
        size: Size,
        observer: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> Option<Image>;
}
