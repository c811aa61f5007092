//! Writing safetensors files.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
};

use chatsd_files::WholeFile;
use chatsd_tensor::Format;
use serde_json::{Map, json};

use crate::{WeightsError, convert::Converted, spans::count};

/// The format's own alignment of its header, so that what follows lies well in a map.
const ALIGNMENT: usize = 8;

/// Collects tensors, then writes them in the order they came.
#[derive(Debug, Default)]
pub(crate) struct SafetensorsWriter<'a> {
    metadata: BTreeMap<String, String>,
    tensors: Vec<(String, Converted<'a>)>,
    markers: BTreeSet<&'static str>,
}

impl<'a> SafetensorsWriter<'a> {
    pub(crate) fn metadata(&mut self, key: &str, text: &str) {
        self.metadata.insert(key.to_owned(), text.to_owned());
    }

    pub(crate) fn tensor(&mut self, name: String, tensor: Converted<'a>) {
        self.tensors.push((name, tensor));
    }

    /// A tensor without values, whose name alone says something.
    pub(crate) fn marker(&mut self, name: &'static str) {
        self.markers.insert(name);
    }

    /// Writes the file, whole or not at all, and tells how many of how many tensors are done.
    pub(crate) fn write(&self, path: &Path, progress: &mut dyn FnMut(usize, usize)) -> Result<(), WeightsError> {
        let unsupported = |what| WeightsError::Unsupported { path: path.to_owned(), what };
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
        let mut header = Map::new();
        header.insert("__metadata__".into(), json!(self.metadata));
        let mut at = 0_usize;
        for (name, tensor) in &self.tensors {
            let dtype = dtype(tensor.format)
                .ok_or_else(|| unsupported(format!("safetensors has no {}; write a .gguf file", tensor.format)))?;
            let size = count(&tensor.shape).map(|values| tensor.format.bytes(values)).map_err(unsupported)?;
            let end = size.and_then(|size| at.checked_add(size));
            let end = end.ok_or_else(|| unsupported(format!("{name} is larger than any file")))?;
            let entry = json!({"dtype": dtype, "shape": tensor.shape, "data_offsets": [at, end]});
            if header.insert(name.clone(), entry).is_some() {
                return Err(unsupported(format!("tensor {name} stands twice")));
            }
            at = end;
        }
        for marker in &self.markers {
            header.entry(*marker).or_insert(json!({"dtype": "F32", "shape": [0], "data_offsets": [at, at]}));
        }
        let mut header = serde_json::Value::Object(header).to_string().into_bytes();
        header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
        let mut file = WholeFile::create(path).map_err(failed)?;
        file.write_all(&(header.len() as u64).to_le_bytes()).map_err(failed)?;
        file.write_all(&header).map_err(failed)?;
        for (done, (_, tensor)) in self.tensors.iter().enumerate() {
            file.write_all(&tensor.weight()?.bytes).map_err(failed)?;
            progress(done + 1, self.tensors.len());
        }
        file.finish().map_err(failed)
    }
}

/// A format's name in a file, where it has one.
fn dtype(format: Format) -> Option<&'static str> {
    match format {
        Format::F32 => Some("F32"),
        Format::F16 => Some("F16"),
        Format::Bf16 => Some("BF16"),
        Format::F64 => Some("F64"),
        _ => None,
    }
}
