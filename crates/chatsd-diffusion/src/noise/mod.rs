//! Noise from a seed: the two generators that other programs use, so that their seeds give the same pictures here.

mod brownian;
mod cephes;
mod mt19937;
mod philox;
mod seed_sequence;
mod starting;
mod torch;

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::NoiseSource;

pub use self::{brownian::BrownianPath, starting::starting};
use self::{philox::Philox, torch::TorchCpu};

/// A generator of standard normal numbers. Each draw continues where the last one ended.
#[derive(Clone)]
pub struct Noise(Generator);

#[derive(Clone)]
enum Generator {
    Cpu(Box<TorchCpu>),
    Gpu(Philox),
}

impl Noise {
    /// The generator `source`, at the beginning of the sequence of `seed`.
    #[must_use]
    pub fn new(source: NoiseSource, seed: u64) -> Self {
        Self(match source {
            NoiseSource::Cpu => Generator::Cpu(Box::new(TorchCpu::new(seed))),
            NoiseSource::Gpu => Generator::Gpu(Philox::new(seed)),
        })
    }

    /// What `torch.randn(count)` returns.
    #[must_use]
    pub fn normal(&mut self, count: usize) -> Vec<f32> {
        match &mut self.0 {
            Generator::Cpu(torch) => torch.normal(count),
            Generator::Gpu(philox) => philox.normal(count),
        }
    }

    /// What `torch.randn(batch, channels, height, width)` returns, channels last.
    #[must_use]
    pub fn tensor(&mut self, shape: Shape) -> Tensor {
        channels_last(shape, &self.normal(shape.len()))
    }
}

/// The tensor of values that lie `batch × channels × height × width`.
fn channels_last(shape: Shape, planar: &[f32]) -> Tensor {
    let (pixels, channels) = (shape.pixels(), shape.channels);
    let mut values = vec![0.0; planar.len()];
    if pixels > 0 && channels > 0 {
        let pictures = values.chunks_exact_mut(pixels * channels).zip(planar.chunks_exact(pixels * channels));
        for (values, planar) in pictures {
            for (channel, plane) in planar.chunks_exact(pixels).enumerate() {
                for (pixel, value) in plane.iter().enumerate() {
                    values[pixel * channels + channel] = *value;
                }
            }
        }
    }
    Tensor::new(shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_holds_planes_channels_last() {
        let shape = Shape::new(2, 3, 4, 5);
        for source in [NoiseSource::Cpu, NoiseSource::Gpu] {
            let planar = Noise::new(source, 7).normal(shape.len());
            let tensor = Noise::new(source, 7).tensor(shape);
            let at = |b: usize, c: usize, y: usize, x: usize| ((b * 5 + c) * 3 + y) * 4 + x;
            assert_eq!(tensor.values()[((3 + 2) * 4 + 3) * 5 + 4].to_bits(), planar[at(1, 4, 2, 3)].to_bits());
            assert_eq!(tensor.values()[5 + 2].to_bits(), planar[at(0, 2, 0, 1)].to_bits());
        }
        assert_eq!(Noise::new(NoiseSource::Cpu, 7).tensor(Shape::new(1, 0, 4, 5)).values().len(), 0);
    }
}
