//! Pictures that were painted over, kept under the hash of their pixels so that it can be done again.

use std::{fs, path::PathBuf};

use chatsd_files::sha256;
use chatsd_types::Image;

use crate::{Gallery, GalleryError, encode_png, error::io_error, files::write_whole, read_image};

/// SHA-256 over `WIDTHxHEIGHT`, a line feed and the pixels: the same whichever program packed the file.
fn name_of(image: &Image) -> String {
    sha256(&[format!("{}\n", image.size).as_bytes(), &image.rgb].concat())
}

impl Gallery {
    pub(crate) fn sources_folder(&self) -> PathBuf {
        self.folder().join("sources")
    }

    pub(crate) fn source_path(&self, sha256: &str) -> Option<PathBuf> {
        // A name from a stranger's picture must not lead elsewhere.
        let is_name = sha256.len() == 64 && sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_name.then(|| self.sources_folder().join(format!("{sha256}.png")))
    }

    /// Keeps a starting picture or a mask, once however often it is given. Gives the SHA-256 of its pixels in hex, the
    /// name it has in a request.
    ///
    /// # Errors
    /// [`GalleryError::InvalidImage`], [`GalleryError::ReadOnly`], [`GalleryError::DiskFull`], [`GalleryError::Io`].
    pub fn keep_source(&self, image: &Image) -> Result<String, GalleryError> {
        let bytes = encode_png(image, None)?;
        let folder = self.sources_folder();
        fs::create_dir_all(&folder).map_err(|error| io_error("create", &folder, error))?;
        let name = name_of(image);
        if self.source(&name).is_err() {
            write_whole(&folder.join(format!("{name}.png")), &bytes)?;
        }
        Ok(name)
    }

    /// A source picture by its SHA-256.
    ///
    /// # Errors
    /// [`GalleryError::MissingSource`], [`GalleryError::DamagedSource`], and those of [`read_image`].
    pub fn source(&self, sha256: &str) -> Result<Image, GalleryError> {
        let Some(path) = self.source_path(sha256).filter(|path| path.exists()) else {
            return Err(GalleryError::MissingSource { sha256: sha256.to_owned(), folder: self.sources_folder() });
        };
        let image = read_image(&path)?;
        match name_of(&image) {
            found if found == sha256 => Ok(image),
            found => Err(GalleryError::DamagedSource { path, found }),
        }
    }
}
