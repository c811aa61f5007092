//! What the tests of painting share: goldens by name, requests, and PyTorch's order of values.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod saved;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Prompt, Request, Sampler, Schedule, Size};
use chatsd_weights::WeightFile;
use serde_json::{Value, json};

pub fn goldens_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens")
}

/// Golden tensors of one file.
pub struct Goldens(WeightFile);

impl Goldens {
    pub fn open(name: &str) -> Self {
        Self(WeightFile::open(&goldens_folder().join(name)).unwrap())
    }

    pub fn values(&self, name: &str) -> Vec<f32> {
        self.0.get(name).unwrap().values().unwrap()
    }

    /// The shape, channels last, of one of the latents that lie one after another, `pictures × channels × height × width`.
    pub fn shape(&self, name: &str) -> Shape {
        let Some(&[_, channels, height, width]) = self.0.shape(name) else { panic!("{name} is no latent") };
        Shape::new(1, height, width, channels)
    }
}

/// A tensor of `shape` of values that lie `batch × channels × height × width`.
pub fn channels_last(planar: &[f32], shape: Shape) -> Tensor {
    assert_eq!(planar.len(), shape.len());
    let (pixels, channels) = (shape.pixels(), shape.channels);
    let value = |index: usize| {
        let (picture, pixel, channel) = (index / (pixels * channels), index / channels % pixels, index % channels);
        planar[(picture * channels + channel) * pixels + pixel]
    };
    Tensor::new(shape, (0..planar.len()).map(value).collect())
}

/// A square picture of `side` pixels in few steps.
pub fn request(positive: &str, side: u32) -> Request {
    Request {
        prompt: Prompt { positive: positive.into(), ..Prompt::default() },
        model: "test".into(),
        model_hash: String::new(),
        size: Size { width: side, height: side },
        steps: 2,
        guidance: 3.0,
        sampler: Sampler::Euler,
        schedule: Schedule::Automatic,
        seed: 1,
        ..Request::default()
    }
}

/// `noise` of `reference/networks.py`.
pub fn noise(name: &str, count: usize) -> impl Iterator<Item = f32> {
    let seed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |seed: u64, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (1..=count as u64).map(move |index| {
        let z = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 * 2_f32.powi(-23) - 1.0
    })
}

/// `weight` of `reference/networks.py`.
pub fn weight(name: &str, shape: &[usize]) -> Vec<f32> {
    let (factor, offset) = match shape {
        [_] => (0.25, f32::from(u8::from(name.ends_with("weight")))),
        _ => ((3.0 / shape[1..].iter().product::<usize>() as f64).sqrt() as f32, 0.0),
    };
    noise(name, shape.iter().product()).map(|value| value * factor + offset).collect()
}

/// A safetensors file of f32 tensors of these names and shapes.
pub fn safetensors(
    shapes: &BTreeMap<String, Vec<usize>>,
    values: impl Fn(&String, &Vec<usize>) -> Vec<f32>,
) -> Vec<u8> {
    let mut header = serde_json::Map::new();
    let mut data = Vec::new();
    for (name, shape) in shapes {
        let start = data.len();
        data.extend(values(name, shape).into_iter().flat_map(f32::to_le_bytes));
        let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
        header.insert(name.clone(), entry);
    }
    let header = Value::Object(header).to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}
