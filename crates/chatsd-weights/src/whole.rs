//! Files that are written whole or not at all.

use std::{
    io::{self, Write},
    path::Path,
};

use crate::WeightsError;

/// Writes the file at `path` under another name beside it, which is renamed when complete and on the disk; what was
/// there before stays until then, and for good when anything fails.
///
/// # Errors
/// What `write` fails with, or the system's.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), WeightsError>,
) -> Result<(), WeightsError> {
    let failed = |source| WeightsError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".chatsd-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666)); // less the user's mask, as any new file
    }
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    let mut buffered = io::BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush().map_err(failed)?;
    drop(buffered);
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
