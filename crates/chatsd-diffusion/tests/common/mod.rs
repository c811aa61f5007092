//! What the tests of painting share: goldens by name, requests, and PyTorch's order of values.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Prompt, Request, Sampler, Schedule, Size};
use chatsd_weights::WeightFile;

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
