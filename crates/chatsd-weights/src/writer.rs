//! Writing GGUF files.

use std::{collections::BTreeSet, io::Write, path::Path};

use chatsd_files::WholeFile;
use chatsd_tensor::{Format, Weight};

use crate::{
    Value, WeightsError,
    convert::Converted,
    gguf::{ALIGNMENT, ALIGNMENT_KEY, EXTENT_LIMIT, MAGIC, kind_of},
    spans::{check_name, count},
};

/// Collects metadata and tensors, then writes them as GGUF version 3, in the order they came.
#[derive(Clone, Debug, Default)]
pub struct GgufWriter<'a> {
    metadata: Vec<(String, Value<'a>)>,
    tensors: Vec<(String, Tensor<'a>)>,
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
        self.tensors.push((name.into(), Tensor::Ready(weight)));
        self
    }

    /// Adds a tensor that is made when its turn comes.
    pub(crate) fn converted(&mut self, name: String, tensor: Converted<'a>) {
        self.tensors.push((name, Tensor::Converted(tensor)));
    }

    /// Writes the file at `path`, whole or not at all: under another name beside it, renamed when complete.
    ///
    /// # Errors
    /// When a name stands twice, a tensor has more than four extents or not as many bytes as its shape says, or the
    /// system cannot write.
    pub fn write(&self, path: &Path) -> Result<(), WeightsError> {
        self.write_with(path, &mut |_, _| {})
    }

    /// As [`GgufWriter::write`], and tells how many of how many tensors are done.
    pub(crate) fn write_with(&self, path: &Path, progress: &mut dyn FnMut(usize, usize)) -> Result<(), WeightsError> {
        self.check().map_err(|what| WeightsError::Unsupported { path: path.to_owned(), what })?;
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
        let mut file = WholeFile::create(path).map_err(failed)?;
        self.write_to(path, &mut file, progress)?;
        file.finish().map_err(failed)
    }

    fn check(&self) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for (name, tensor) in &self.tensors {
            check_name(name)?;
            if !names.insert(name) {
                return Err(format!("tensor {name} stands twice"));
            }
            let (shape, format) = (tensor.shape(), tensor.format());
            if shape.len() > EXTENT_LIMIT {
                return Err(format!("tensor {name} has {} extents, expected at most {EXTENT_LIMIT}", shape.len()));
            }
            let row = shape.last().copied().unwrap_or(1);
            if kind_of(format).is_none() {
                return Err(format!("tensor {name} is {format}, which GGUF has no number for"));
            }
            let size = format.bytes(count(shape)?);
            let bytes = if let Tensor::Ready(weight) = tensor { weight.bytes.len() } else { size.unwrap_or(0) };
            if size != Some(bytes) || format.bytes(row).is_none() {
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

    fn write_to(
        &self,
        path: &Path,
        out: &mut dyn Write,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), WeightsError> {
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
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
        for (name, tensor) in &self.tensors {
            let (shape, format) = (tensor.shape(), tensor.format());
            Value::from(name.as_str()).encode(&mut header);
            header.extend(u32::try_from(shape.len()).unwrap_or(u32::MAX).to_le_bytes());
            for &extent in shape.iter().rev() {
                header.extend((extent as u64).to_le_bytes());
            }
            header.extend(kind_of(format).unwrap_or(u32::MAX).to_le_bytes());
            header.extend(offset.to_le_bytes());
            let size = format.bytes(shape.iter().product()).unwrap_or(0);
            offset += size.next_multiple_of(ALIGNMENT) as u64;
        }
        header.resize(header.len().next_multiple_of(ALIGNMENT), 0);
        out.write_all(&header).map_err(failed)?;
        for (done, (_, tensor)) in self.tensors.iter().enumerate() {
            let weight = tensor.weight()?;
            out.write_all(&weight.bytes).map_err(failed)?;
            let padding = weight.bytes.len().next_multiple_of(ALIGNMENT) - weight.bytes.len();
            out.write_all(&[0; ALIGNMENT][..padding]).map_err(failed)?;
            progress(done + 1, self.tensors.len());
        }
        Ok(())
    }
}

/// A tensor whose bytes are there, or are made when they are written.
#[derive(Clone, Debug)]
enum Tensor<'a> {
    Ready(Weight<'a>),
    Converted(Converted<'a>),
}

impl<'a> Tensor<'a> {
    fn shape(&self) -> &[usize] {
        match self {
            Self::Ready(weight) => &weight.shape,
            Self::Converted(tensor) => &tensor.shape,
        }
    }

    fn format(&self) -> Format {
        match self {
            Self::Ready(weight) => weight.format,
            Self::Converted(tensor) => tensor.format,
        }
    }

    fn weight(&self) -> Result<Weight<'a>, WeightsError> {
        match self {
            Self::Ready(weight) => Ok(weight.clone()),
            Self::Converted(tensor) => tensor.weight(),
        }
    }
}
