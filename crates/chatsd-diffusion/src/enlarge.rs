//! What makes a picture larger.

use std::{ops::ControlFlow, sync::Arc};

use chatsd_tensor::Engine;
use chatsd_types::{FileKind, Image, Kernel, PaintError, Size};

use crate::{DiffusionError, Finder, error::unusable, network::Upscaler, shelf::Shelf, tiles::Tiles};

/// Pixels of a tile: at four times the size, 64 channels of it take 150 MB.
const TILES: Tiles = Tiles { side: 192, margin: 8, ramp: 16 };
/// A network is asked no more often for one picture.
const MOST_TIMES: usize = 3;

/// What makes a picture larger before, or instead of, the second pass.
pub enum Enlarger {
    /// The latent is enlarged; pixels as [`Enlarger::Lanczos`] does.
    Latent,
    /// Lanczos' kernel.
    Lanczos,
    /// A network.
    Network(Arc<Upscaler>),
}

impl Enlarger {
    /// What a request calls `name`: `latent`, `lanczos`, or the file of an upscaler.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be used.
    pub fn find(finder: &Finder, name: &str) -> Result<Self, PaintError> {
        Self::find_on(&Shelf::default(), finder, name)
    }

    /// As [`Enlarger::find`]; a network that stands on `shelf` is not loaded again.
    pub(crate) fn find_on(shelf: &Shelf<Upscaler>, finder: &Finder, name: &str) -> Result<Self, PaintError> {
        let unusable = |why: DiffusionError| unusable(FileKind::Upscaler, name, why);
        match name {
            "latent" => Ok(Self::Latent),
            "lanczos" => Ok(Self::Lanczos),
            _ => {
                let open = || {
                    let files = finder.find(FileKind::Upscaler, name)?;
                    Ok(Upscaler::open(&files)?)
                };
                shelf.get(name, open).map(Self::Network).map_err(unusable)
            }
        }
    }

    /// How many times larger it makes a picture where nobody says.
    #[must_use]
    pub fn scale(&self) -> usize {
        match self {
            Self::Latent | Self::Lanczos => 2,
            Self::Network(upscaler) => upscaler.scale(),
        }
    }

    /// The picture at `size`. A network is asked as often as it takes to come to that, and Lanczos' kernel does the
    /// rest. `observer` hears the tiles done and all, each time anew, and may stop the work.
    pub fn enlarge(
        &self,
        engine: &Engine,
        image: &Image,
        size: Size,
        observer: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<(), Image> {
        let Self::Network(upscaler) = self else {
            return ControlFlow::Continue(image.resized(size, Kernel::Lanczos));
        };
        let small = |image: &Image| image.size.width < size.width || image.size.height < size.height;
        let times = if upscaler.scale() > 1 { MOST_TIMES } else { 1 };
        let mut larger = image.clone();
        for time in 0..times {
            if time > 0 && !small(&larger) {
                break;
            }
            larger = TILES.map(&larger, upscaler.scale(), |tile| upscaler.forward(engine, tile), observer)?;
        }
        ControlFlow::Continue(larger.resized(size, Kernel::Lanczos))
    }

    /// As [`Enlarger::enlarge`], without anyone to tell.
    pub(crate) fn image(&self, engine: &Engine, image: &Image, size: Size) -> Image {
        match self.enlarge(engine, image, size, &mut |_, _| ControlFlow::Continue(())) {
            ControlFlow::Continue(larger) => larger,
            ControlFlow::Break(()) => unreachable!("nobody stops it"),
        }
    }
}
