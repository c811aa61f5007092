//! Pictures that others were painted from, kept under the hash of their pixels so that it can be done again.

use std::{fs, path::PathBuf};

use chatsd_files::sha256;
use chatsd_types::Image;

use crate::{Gallery, GalleryError, encode_png, error::io_error, files::write_whole, read_image};

/// The name of a source picture in a request, whether a gallery keeps it or not: SHA-256, in hex, over `WIDTHxHEIGHT`, a
/// line feed and the pixels. It is the same whichever program packed the file.
#[must_use]
pub fn source_name(image: &Image) -> String {
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

    /// Keeps a picture that others are painted from, once however often it is given. Gives its [`source_name`]. A mask is
    /// kept as [`chatsd_types::Mask::to_image`].
    ///
    /// # Errors
    /// [`GalleryError::InvalidImage`], [`GalleryError::ReadOnly`], [`GalleryError::DiskFull`], [`GalleryError::Io`].
    pub fn keep_source(&self, image: &Image) -> Result<String, GalleryError> {
        let bytes = encode_png(image, None)?;
        let folder = self.sources_folder();
        fs::create_dir_all(&folder).map_err(|error| io_error("create", &folder, error))?;
        let name = source_name(image);
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
        match source_name(&image) {
            found if found == sha256 => Ok(image),
            found => Err(GalleryError::DamagedSource { path, found }),
        }
    }
}

#[cfg(test)]
mod tests {
    use chatsd_types::Size;

    use super::*;

    #[test]
    fn a_source_is_named_by_its_size_and_its_pixels() {
        // Python: hashlib.sha256(b"2x1\n" + bytes(6)).hexdigest()
        let expected = "7fea82c78698410c5065f48be3cc9c73ef1fb32994a6f475736daa15895ac5c8";
        assert_eq!(source_name(&Image::filled(Size { width: 2, height: 1 }, [0; 3])), expected);
        assert_ne!(source_name(&Image::filled(Size { width: 1, height: 2 }, [0; 3])), expected);
    }
}
