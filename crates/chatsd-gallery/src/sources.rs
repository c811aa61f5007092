//! Pictures that others were painted from, kept under the hash of their pixels so that it can be done again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chatsd_files::{sha256, sweep};
use chatsd_types::Image;

use crate::{FileAction, GalleryError, encode_png, error::io_error, files::write_whole, read_image};

/// The name of a source picture in a request, whether a gallery keeps it or not: SHA-256, in hex, over `WIDTHxHEIGHT`, a
/// line feed and the pixels. It is the same whichever program packed the file.
#[must_use]
pub fn source_name(image: &Image) -> String {
    sha256(&[format!("{}\n", image.size).as_bytes(), &image.rgb].concat())
}

/// The folder of a gallery's source pictures.
pub(crate) struct Sources {
    folder: PathBuf,
}

impl Sources {
    /// That of the gallery in `gallery`; it need not exist.
    pub(crate) fn of(gallery: &Path) -> Self {
        Self { folder: gallery.join("sources") }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        // A name from a stranger's picture must not lead elsewhere.
        let is_name = name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_name.then(|| self.folder.join(format!("{name}.png")))
    }

    /// The file of a source picture that is kept.
    pub(crate) fn file(&self, name: &str) -> Option<PathBuf> {
        self.path(name).filter(|path| path.exists())
    }

    /// Keeps a picture, once however often it is given, and gives its name.
    pub(crate) fn keep(&self, image: &Image) -> Result<String, GalleryError> {
        let bytes = encode_png(image, None)?;
        fs::create_dir_all(&self.folder).map_err(|error| io_error(FileAction::Create, &self.folder, error))?;
        let name = source_name(image);
        if self.read(&name).is_err() {
            write_whole(&self.folder.join(format!("{name}.png")), &bytes)?;
        }
        Ok(name)
    }

    /// A picture by its name.
    pub(crate) fn read(&self, name: &str) -> Result<Image, GalleryError> {
        let Some(path) = self.file(name) else {
            return Err(GalleryError::MissingSource { sha256: name.to_owned(), folder: self.folder.clone() });
        };
        let image = read_image(&path)?;
        match source_name(&image) {
            found if found == name => Ok(image),
            found => Err(GalleryError::DamagedSource { path, found }),
        }
    }

    /// Removes half-written files. Gives how many.
    pub(crate) fn sweep(&self) -> usize {
        sweep(&self.folder)
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
