//! The pictures that are painted from: read from files, kept in the gallery, found there again.

use std::path::Path;

use anyhow::{Context, Result};
use chatsd_gallery::{Gallery, read_image};
use chatsd_types::{Control, FileKind, Image, ImagePrompt, Mask, Request, Source};

use crate::{
    messages::Lang,
    settings::Settings,
    values::{Following, Looking},
    wiring,
};

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

/// The ControlNets of a request, and the pictures that they follow.
///
/// # Errors
/// A ControlNet or a picture that is not there or cannot be used.
pub fn controls(following: &[Following], settings: &Settings) -> Result<(Vec<Control>, Vec<Image>)> {
    let finder = wiring::finder(settings);
    let read = |one: &Following| {
        let image = read_image(&one.image).with_context(|| settings.lang().control_unusable(&one.name))?;
        let (name, image_name) = (one.name.clone(), String::new());
        let hash = finder.find(FileKind::Control, &name)?.short_hash(&["controlnet"])?;
        let Following { weight, from: start, to: end, .. } = *one;
        let preprocessor = one.preprocessor();
        Ok((Control { name, hash, image: image_name, preprocessor, weight, start, end }, image))
    };
    following.iter().map(read).collect()
}

/// The image prompts of a request, and their pictures.
///
/// # Errors
/// As [`controls`].
pub fn image_prompts(looking: &[Looking], settings: &Settings) -> Result<(Vec<ImagePrompt>, Vec<Image>)> {
    let finder = wiring::finder(settings);
    let read = |one: &Looking| {
        let image = read_image(&one.image).with_context(|| settings.lang().control_unusable(&one.name))?;
        let hash = finder.find(FileKind::ImagePrompt, &one.name)?.short_hash(&[])?;
        Ok((ImagePrompt { name: one.name.clone(), hash, image: String::new(), weight: one.weight }, image))
    };
    looking.iter().map(read).collect()
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
    let controls = source.controls.iter().map(|image| gallery.keep_source(image)).collect::<Result<Vec<_>, _>>()?;
    let looked = source.image_prompts.iter().map(|image| gallery.keep_source(image)).collect::<Result<Vec<_>, _>>()?;
    for request in requests {
        (request.init, request.mask) = (init.clone(), mask.clone());
        for (control, image) in request.controls.iter_mut().zip(&controls) {
            control.image.clone_from(image);
        }
        for (prompt, image) in request.image_prompts.iter_mut().zip(&looked) {
            prompt.image.clone_from(image);
        }
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
    for control in request.controls.iter().skip(source.controls.len()) {
        source.controls.push(gallery.source(&control.image)?);
    }
    for prompt in request.image_prompts.iter().skip(source.image_prompts.len()) {
        source.image_prompts.push(gallery.source(&prompt.image)?);
    }
    Ok(())
}
