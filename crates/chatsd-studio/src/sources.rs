//! The pictures that are painted from: read from files, named in requests, kept in the gallery, found there again.

use std::path::Path;

use chatsd_gallery::{Gallery, GalleryError, read_image, source_name};
use chatsd_types::{Control, FileKind, Image, ImagePrompt, Mask, Request, Source, SourceRole};

use crate::{ControlChoice, ImagePromptChoice, Models, PictureChoices, StudioError};

/// A picture file that is to be painted from.
///
/// # Errors
/// [`StudioError::Source`] for a file that is not there or cannot be read.
pub fn read_source(role: SourceRole, path: &Path) -> Result<Image, StudioError> {
    read_image(path).map_err(|source| StudioError::Source { role, source })
}

/// What a sheet is painted from: what was given to its job.
pub(crate) fn given(init: Option<&Image>, choices: &PictureChoices) -> Source {
    Source {
        init: init.cloned(),
        mask: None,
        controls: choices.controls.iter().map(|control| control.image.clone()).collect(),
        image_prompts: choices.image_prompts.iter().map(|prompt| prompt.image.clone()).collect(),
    }
}

/// The ControlNets of a request.
///
/// # Errors
/// When one is not there or cannot be read.
pub(crate) fn controls(choices: &[ControlChoice], models: &dyn Models) -> Result<Vec<Control>, StudioError> {
    let control = |choice: &ControlChoice| {
        let hash = models.file_hash(FileKind::Control, &choice.name)?;
        let ControlChoice { weight, start, end, .. } = *choice;
        let (name, image, preprocessor) = (choice.name.clone(), source_name(&choice.image), choice.preprocessor());
        Ok(Control { name, hash, image, preprocessor, weight, start, end })
    };
    choices.iter().map(control).collect()
}

/// The image prompts of a request.
///
/// # Errors
/// As [`controls`].
pub(crate) fn image_prompts(
    choices: &[ImagePromptChoice],
    models: &dyn Models,
) -> Result<Vec<ImagePrompt>, StudioError> {
    let prompt = |choice: &ImagePromptChoice| {
        let hash = models.file_hash(FileKind::ImagePrompt, &choice.name)?;
        let (name, image) = (choice.name.clone(), source_name(&choice.image));
        Ok(ImagePrompt { name, hash, image, weight: choice.weight })
    };
    choices.iter().map(prompt).collect()
}

/// Keeps the pictures in the gallery under the names that requests have for them.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn keep(gallery: &Gallery, source: &Source) -> Result<(), GalleryError> {
    let mask = source.mask.as_ref().map(Mask::to_image);
    for image in source.init.iter().chain(&mask).chain(&source.controls).chain(&source.image_prompts) {
        gallery.keep_source(image)?;
    }
    Ok(())
}

/// What a request is painted from: what was given, and what the gallery has kept of the rest.
///
/// # Errors
/// When the gallery does not have it.
pub(crate) fn of_request(request: &Request, given: &Source, gallery: &Gallery) -> Result<Source, GalleryError> {
    let mut source = given.clone();
    if let (None, Some(name)) = (&source.init, &request.init) {
        source.init = Some(gallery.source(name)?);
    }
    if let (None, Some(name)) = (&source.mask, &request.mask) {
        source.mask = Some(Mask::from_image(&gallery.source(name)?));
    }
    for control in request.controls.iter().skip(source.controls.len()) {
        source.controls.push(gallery.source(&control.image)?);
    }
    for prompt in request.image_prompts.iter().skip(source.image_prompts.len()) {
        source.image_prompts.push(gallery.source(&prompt.image)?);
    }
    Ok(source)
}
