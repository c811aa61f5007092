//! Requests that this model cannot paint, told before anything is calculated: what the card cannot tell, because it
//! needs the networks or the pictures that a request is painted from.

use chatsd_types::{PaintError, Request, Size, Source, SourceRole};

use crate::{PictureModel, network::TextEncoder};

impl PictureModel {
    /// # Errors
    /// The first thing that is wrong: what was found, what was expected.
    pub(crate) fn check(&self, request: &Request, source: &Source) -> Result<(), PaintError> {
        self.card.check(request)?;
        self.check_clip_skip(request)?;
        check_source(request, source)
    }

    fn check_clip_skip(&self, request: &Request) -> Result<(), PaintError> {
        let layers = self.text_encoders.iter().map(TextEncoder::layers).min().unwrap_or(0);
        let layers = (layers + self.reader.family.layers_lacking) as u32;
        match request.clip_skip.filter(|clip_skip| !(1..=layers).contains(clip_skip)) {
            Some(found) => Err(PaintError::ClipSkip { found, layers }),
            None => Ok(()),
        }
    }
}

/// Whether the pictures that were given are those that the request names.
fn check_source(request: &Request, source: &Source) -> Result<(), PaintError> {
    for (role, is_named, is_given) in [
        (SourceRole::Init, request.init.is_some(), source.init.is_some()),
        (SourceRole::Mask, request.mask.is_some(), source.mask.is_some()),
    ] {
        if is_named && !is_given {
            return Err(PaintError::NoSource { role });
        }
    }
    if source.mask.is_some() && source.init.is_none() {
        return Err(PaintError::MaskAlone);
    }
    for (role, expected, found) in [
        (SourceRole::Control, request.controls.len(), source.controls.len()),
        (SourceRole::ImagePrompt, request.image_prompts.len(), source.image_prompts.len()),
    ] {
        if found != expected {
            return Err(PaintError::SourceCount { role, found, expected });
        }
    }
    if let Some(init) = &source.init {
        check_size(SourceRole::Init, init.size, init.rgb.len() / 3, request.size)?;
    }
    if let Some(mask) = &source.mask {
        check_size(SourceRole::Mask, mask.size, mask.coverage.len(), request.size)?;
    }
    // These may have any size: they are made to fit.
    for (role, images) in [(SourceRole::Control, &source.controls), (SourceRole::ImagePrompt, &source.image_prompts)] {
        for image in images {
            check_size(role, image.size, image.rgb.len() / 3, image.size)?;
        }
    }
    Ok(())
}

/// Whether a picture has a size, and all pixels of it.
fn check_size(role: SourceRole, found: Size, pixels: usize, expected: Size) -> Result<(), PaintError> {
    if found == expected && pixels > 0 && pixels as u64 == u64::from(found.width) * u64::from(found.height) {
        return Ok(());
    }
    Err(PaintError::SourceSize { role, found, pixels, expected })
}
