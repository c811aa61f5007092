//! The pictures that are painted from: read from files, kept in the gallery, found there again.

use std::path::Path;

use anyhow::{Context, Result};
use chatsd_gallery::{Gallery, read_image};
use chatsd_types::{Image, Mask, Request, Source};

use crate::messages::Lang;

/// What is painted over, and where.
///
/// # Errors
/// A file that is not there or no PNG picture.
pub fn read(init: Option<&Path>, mask: Option<&Path>, lang: Lang) -> Result<Source> {
    let read = |path: Option<&Path>| path.map(read_image).transpose();
    let init = read(init).with_context(|| lang.start_unusable())?;
    let mask = read(mask).with_context(|| lang.mask_unusable())?.map(|image| mask_of(&image));
    Ok(Source { init, mask, ..Source::default() })
}

/// White paints anew, black keeps: the mean of the three colours.
fn mask_of(image: &Image) -> Mask {
    let mean = |pixel: &[u8]| (pixel.iter().map(|&value| u32::from(value)).sum::<u32>() / 3) as u8;
    Mask { size: image.size, coverage: image.rgb.chunks_exact(3).map(mean).collect() }
}

/// Keeps the pictures in the gallery, and names them in the requests that are painted from them.
///
/// # Errors
/// When they cannot be written.
pub fn keep(gallery: &Gallery, source: &Source, requests: &mut [Request]) -> Result<()> {
    let grey =
        |mask: &Mask| Image { size: mask.size, rgb: mask.coverage.iter().flat_map(|&value| [value; 3]).collect() };
    let init = source.init.as_ref().map(|init| gallery.keep_source(init)).transpose()?;
    let mask = source.mask.as_ref().map(|mask| gallery.keep_source(&grey(mask))).transpose()?;
    for request in requests {
        (request.init, request.mask) = (init.clone(), mask.clone());
    }
    Ok(())
}

/// Takes out of the gallery what a request is painted from and was not given anew.
///
/// # Errors
/// When the gallery does not have it.
pub fn fetch(gallery: &Gallery, request: &Request, source: &mut Source) -> Result<()> {
    if let (None, Some(sha256)) = (&source.init, &request.init) {
        source.init = Some(gallery.source(sha256)?);
    }
    if let (None, Some(sha256)) = (&source.mask, &request.mask) {
        source.mask = Some(mask_of(&gallery.source(sha256)?));
    }
    Ok(())
}
