//! Checkpoints of every family after `reference/layouts.py`, with numbers that tell each tensor from all others.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Golden {
    pub components: BTreeMap<String, Component>,
    pub others: Vec<(String, Vec<usize>, Vec<usize>)>,
}

#[derive(Deserialize)]
pub struct Component {
    /// As published.
    pub config: Value,
    pub tensors: Vec<Tensor>,
}

/// The network's name, the file's, what of it, its shape in the file, and in the small one.
#[derive(Deserialize)]
pub struct Tensor(pub String, pub String, pub String, pub Vec<usize>, pub Vec<usize>);

impl Tensor {
    pub fn shape(&self, small: bool) -> &[usize] {
        if small { &self.4 } else { &self.3 }
    }

    /// The shape that the network wants.
    pub fn wanted(&self, small: bool) -> Vec<usize> {
        match (self.2.as_str(), self.shape(small)) {
            ("transposed", shape) => shape.iter().rev().copied().collect(),
            ("matrix", shape) => shape[..2].to_vec(),
            ("whole", shape) => shape.to_vec(),
            (_, shape) => [&[shape[0] / 3], &shape[1..]].concat(),
        }
    }
}

pub fn golden(family: &str) -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/layouts/{family}.json.gz"));
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Golden {
    /// Shapes of all tensors of the file, by their names there.
    pub fn shapes(&self, small: bool) -> BTreeMap<String, Vec<usize>> {
        let tensors = self.components.values().flat_map(|component| &component.tensors);
        let tensors = tensors.map(|tensor| (tensor.1.clone(), tensor.shape(small).to_vec()));
        let others =
            self.others.iter().map(|(name, whole, little)| (name.clone(), if small { little } else { whole }.clone()));
        tensors.chain(others).collect()
    }
}

/// Numbers that tell a tensor, and the places in it, from all others.
pub fn values(name: &str, count: usize) -> Vec<f32> {
    let seed = name.bytes().fold(7_u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    (0..count).map(|at| (seed % 8191) as f32 + at as f32 / 1024.0).collect()
}

/// A safetensors file of f32 tensors; without `values` it has holes where the numbers would be.
pub fn write(path: &Path, shapes: &BTreeMap<String, Vec<usize>>, prefix: &str, with_values: bool) {
    let mut header = serde_json::Map::new();
    let mut at = 0;
    for (name, shape) in shapes {
        let end = at + 4 * shape.iter().product::<usize>();
        header.insert(format!("{prefix}{name}"), json!({"dtype": "F32", "shape": shape, "data_offsets": [at, end]}));
        at = end;
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = std::io::BufWriter::new(File::create(path).unwrap());
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    if with_values {
        // In the header's order, which is that of the names without the prefix.
        for (name, shape) in shapes {
            for value in values(name, shape.iter().product()) {
                file.write_all(&value.to_le_bytes()).unwrap();
            }
        }
    }
    let file = file.into_inner().unwrap();
    file.set_len((8 + header.len() + at) as u64).unwrap();
}

pub fn folder_with(golden: &Golden, prefix: &str, small: bool) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write(&path, &golden.shapes(small), prefix, small);
    (folder, path)
}
