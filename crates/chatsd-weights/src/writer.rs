//! Writing GGUF files.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::Path,
};

use chatsd_tensor::Weight;

use crate::{
    Value, WeightsError,
    gguf::{ALIGNMENT, ALIGNMENT_KEY, EXTENT_LIMIT, MAGIC, kind_of},
    spans::{check_name, count},
};

/// Collects metadata and tensors, then writes them as GGUF version 3, in the order they came.
#[derive(Clone, Debug, Default)]
pub struct GgufWriter<'a> {
    metadata: Vec<(String, Value<'a>)>,
    tensors: Vec<(String, Weight<'a>)>,
}

impl<'a> GgufWriter<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a metadata value.
    pub fn metadata(&mut self, key: impl Into<String>, value: impl Into<Value<'a>>) -> &mut Self {
        self.metadata.push((key.into(), value.into()));
        self
    }

    /// Adds a tensor.
    pub fn tensor(&mut self, name: impl Into<String>, weight: Weight<'a>) -> &mut Self {
        self.tensors.push((name.into(), weight));
        self
    }

    /// Writes the file at `path`, whole or not at all: under another name beside it, renamed when complete.
    ///
    /// # Errors
    /// When a name stands twice, a tensor has more than four extents or not as many bytes as its shape says, or the
    /// system cannot write.
    pub fn write(&self, path: &Path) -> Result<(), WeightsError> {
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
        self.check().map_err(|what| WeightsError::Unsupported { path: path.to_owned(), what })?;
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
        self.write_to(&mut buffered).and_then(|()| buffered.flush()).map_err(failed)?;
        drop(buffered);
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for (name, weight) in &self.tensors {
            check_name(name)?;
            if !names.insert(name) {
                return Err(format!("tensor {name} stands twice"));
            }
            let shape = &weight.shape;
            if shape.len() > EXTENT_LIMIT {
                return Err(format!("tensor {name} has {} extents, expected at most {EXTENT_LIMIT}", shape.len()));
            }
            let row = shape.last().copied().unwrap_or(1);
            if kind_of(weight.format).is_none() {
                return Err(format!("tensor {name} is {}, which GGUF has no number for", weight.format));
            }
            if weight.format.bytes(count(shape)?) != Some(weight.bytes.len()) || weight.format.bytes(row).is_none() {
                let (bytes, format) = (weight.bytes.len(), weight.format);
                return Err(format!("tensor {name} has {bytes} bytes for {shape:?} values of {format:?}"));
            }
        }
        let mut keys = BTreeSet::new();
        for (key, _) in &self.metadata {
            if key.is_empty() || key.len() > 0xffff || key.chars().any(char::is_control) || !keys.insert(key) {
                return Err(format!("the metadata key {key:?} is no name or stands twice"));
            }
            if key == ALIGNMENT_KEY {
                return Err(format!("{ALIGNMENT_KEY} is {ALIGNMENT} and cannot be chosen"));
            }
        }
        Ok(())
    }

    fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut header = MAGIC.to_vec();
        header.extend(3_u32.to_le_bytes());
        header.extend((self.tensors.len() as u64).to_le_bytes());
        header.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            Value::from(key.as_str()).encode(&mut header);
            header.extend(value.kind().to_le_bytes());
            value.encode(&mut header);
        }
        let mut offset = 0_u64;
        for (name, weight) in &self.tensors {
            Value::from(name.as_str()).encode(&mut header);
            header.extend(u32::try_from(weight.shape.len()).unwrap_or(u32::MAX).to_le_bytes());
            for &extent in weight.shape.iter().rev() {
                header.extend((extent as u64).to_le_bytes());
            }
            header.extend(kind_of(weight.format).unwrap_or(u32::MAX).to_le_bytes());
            header.extend(offset.to_le_bytes());
            offset += weight.bytes.len().next_multiple_of(ALIGNMENT) as u64;
        }
        header.resize(header.len().next_multiple_of(ALIGNMENT), 0);
        out.write_all(&header)?;
        for (_, weight) in &self.tensors {
            out.write_all(&weight.bytes)?;
            let padding = weight.bytes.len().next_multiple_of(ALIGNMENT) - weight.bytes.len();
            out.write_all(&[0; ALIGNMENT][..padding])?;
        }
        Ok(())
    }
}
