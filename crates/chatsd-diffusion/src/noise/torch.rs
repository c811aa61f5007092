//! `torch.randn` on a CPU, bit for bit: ATen's `DistributionTemplates.h` (`normal_fill`) and
//! `DistributionsHelper.h` (`normal_distribution<double>`), with the vector code that PyTorch runs on every x86
//! processor of the last ten years (AVX2; the same where it has AVX-512).

use super::{cephes, mt19937::Mt19937};

/// Values transformed together: eight pairs.
const BLOCK: usize = 16;

#[derive(Clone)]
pub(super) struct TorchCpu {
    twister: Mt19937,
    /// The second number of the last pair of a small draw: the next small draw begins with it.
    cached: Option<f64>,
}

impl TorchCpu {
    pub(super) fn new(seed: u64) -> Self {
        Self { twister: Mt19937::new(seed), cached: None }
    }

    pub(super) fn normal(&mut self, count: usize) -> Vec<f32> {
        if count < BLOCK {
            return (0..count).map(|_| self.single() as f32).collect();
        }
        let mut values: Vec<f32> = (0..count).map(|_| self.uniform()).collect();
        values.chunks_exact_mut(BLOCK).for_each(box_muller);
        if !count.is_multiple_of(BLOCK) {
            // The last block overlaps the one before, with numbers of its own.
            let last = &mut values[count - BLOCK..];
            last.fill_with(|| self.uniform());
            box_muller(last);
        }
        values
    }

    /// 0 to 1, 24 bits.
    fn uniform(&mut self) -> f32 {
        (self.twister.word() & 0x00ff_ffff) as f32 * (1.0 / 16_777_216.0)
    }

    /// 0 to 1, 53 bits.
    fn uniform_double(&mut self) -> f64 {
        (self.twister.double_word() & 0x001f_ffff_ffff_ffff) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    fn single(&mut self) -> f64 {
        if let Some(cached) = self.cached.take() {
            return cached;
        }
        let angle = 2.0 * std::f64::consts::PI * self.uniform_double();
        let radius = (-2.0 * (-self.uniform_double()).ln_1p()).sqrt();
        self.cached = Some(radius * angle.sin());
        radius * angle.cos()
    }
}

/// Box and Muller 1958: uniform numbers become normal ones; value `i` is paired with value `i + 8`.
fn box_muller(block: &mut [f32]) {
    let (first, second) = block.split_at_mut(BLOCK / 2);
    for (a, b) in first.iter_mut().zip(second) {
        let radius = (-2.0 * cephes::ln(1.0 - *a)).sqrt();
        let (sine, cosine) = cephes::sin_cos(std::f32::consts::TAU * *b);
        *a = radius * cosine;
        *b = radius * sine;
    }
}
