//! The back end that computes nothing: it counts what a network would take, so that no count is a second copy of it.

use std::{
    ops::Sub,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{
    backend::{Activation, Attention, AttentionMask, Backend, GroupNorm, Product},
    tensor::Rows,
};

/// What operations take, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Multiply-adds of convolutions and linear layers.
    pub products: u64,
    /// Multiply-adds of attention: scores and sums of values.
    pub attention: u64,
    /// Values of f32 read and written by everything else.
    pub values: u64,
}

/// Time of a multiply-add of attention in those of a product. Measured in processor time with AVX-512 over the
/// attentions and convolutions of Stable Diffusion 1.5 (`examples/kernels.rs`): 0.85 to 1.1.
const ATTENTION: f64 = 1.0;
/// Time of a value read or written in multiply-adds of a product. Measured as above, over its norms: 12 to 14.
const VALUE: f64 = 12.0;

impl Work {
    /// All of it in multiply-adds of a product: what takes as long.
    #[must_use]
    pub fn total(self) -> f64 {
        self.products as f64 + ATTENTION * self.attention as f64 + VALUE * self.values as f64
    }
}

impl Sub for Work {
    type Output = Self;

    /// What was added since.
    fn sub(self, earlier: Self) -> Self {
        Self {
            products: self.products - earlier.products,
            attention: self.attention - earlier.attention,
            values: self.values - earlier.values,
        }
    }
}

/// Counts. Outputs keep whatever was in them, which are zeros: the system hands out pages of zeros, and nobody writes.
#[derive(Default)]
pub(crate) struct CountingBackend {
    products: AtomicU64,
    attention: AtomicU64,
    values: AtomicU64,
}

impl CountingBackend {
    fn moved(&self, values: usize) {
        self.values.fetch_add(values as u64, Ordering::Relaxed);
    }
}

impl Backend for CountingBackend {
    fn work(&self) -> Option<Work> {
        let [products, attention, values] =
            [&self.products, &self.attention, &self.values].map(|count| count.load(Ordering::Relaxed));
        Some(Work { products, attention, values })
    }

    fn product(&self, product: &Product<'_>, _output: &mut [f32]) {
        let count = product.geometry.len() * product.weights.outputs * product.weights.depth;
        self.products.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn attention(&self, attention: &Attention<'_>, _output: &mut [f32]) {
        let Attention { batch, heads, head, queries, keys, mask, .. } = *attention;
        let pairs = match mask {
            AttentionMask::None => queries * keys,
            AttentionMask::Causal => queries * keys.div_ceil(2),
        };
        self.attention.fetch_add((2 * batch * heads * head * pairs) as u64, Ordering::Relaxed);
    }

    fn group_norm(&self, _norm: &GroupNorm<'_>, output: &mut [f32]) {
        // Read for the statistics, read again, written.
        self.moved(3 * output.len());
    }

    fn layer_norm(&self, _input: Rows<'_>, _scale: &[f32], _shift: &[f32], _epsilon: f32, output: &mut [f32]) {
        // A row stays in the cache between its statistics and its result.
        self.moved(2 * output.len());
    }

    fn activate(&self, _activation: Activation, values: &mut [f32]) {
        self.moved(2 * values.len());
    }

    fn combine(&self, terms: &[(f32, &[f32])], output: &mut [f32]) {
        self.moved((terms.len() + 1) * output.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Convolution, Engine, Epilogue, Format, Linear, Norm, Shape, UpsampleConvolution, View, engine::Options,
    };

    #[test]
    fn what_is_counted_is_what_the_shapes_say() {
        let engine = Engine::counting();
        let x = engine.filled(Shape::new(2, 8, 8, 32), 0.0);
        let convolution = Convolution::meta([32, 64, 3], Format::F16).strided(2, 1, 1);
        let y = engine.convolution([&x], &convolution, Epilogue::default());
        assert_eq!(y.shape(), Shape::new(2, 4, 4, 64));
        let mut expected = Work { products: 2 * 16 * 64 * 32 * 9, ..Work::default() };
        assert_eq!(engine.work(), Some(expected));
        let gated = engine.linear(&y, &Linear::meta(64, 128, Format::F16, true), Epilogue::default());
        assert_eq!(gated.shape().channels, 64);
        expected.products += 2 * 16 * 128 * 64;
        drop(engine.attention(View::from(&gated), &gated, &gated, 4, AttentionMask::None));
        expected.attention += 2 * 2 * 16 * 16 * 64;
        drop(engine.group_norm([&gated], &Norm::meta(64, 1e-5), 32, Activation::Silu));
        expected.values += 3 * 2 * 16 * 64;
        drop(engine.upsample_convolution(&y, &UpsampleConvolution::meta([64, 32], Format::F16), Epilogue::default()));
        expected.products += 2 * 16 * 4 * 32 * 4 * 64;
        assert_eq!(engine.work(), Some(expected));
        assert_eq!(Engine::reference().work(), None);
    }

    #[test]
    fn a_counting_engine_holds_as_much_as_one_that_computes() {
        let run = |engine: &Engine, layer: &Convolution| {
            for _ in 0..3 {
                let x = engine.filled(Shape::new(1, 16, 16, 32), 0.5);
                let y = engine.convolution([&x], layer, Epilogue::default());
                let z = engine.combine(&[(1.0, &x), (2.0, &y)]);
                drop((x, y));
                drop(engine.convolution([&z], layer, Epilogue::default()));
            }
            engine.held()
        };
        let values = vec![0.1; 32 * 32 * 9];
        let weight = crate::Weight::from_values(&[32, 32, 3, 3], &values);
        let real = Convolution::new(&weight, None, [32, 32, 3], crate::Layout::Oihw, None).unwrap();
        let meta = Convolution::meta([32, 32, 3], Format::F32);
        assert_eq!(real.size(), meta.size());
        let cpu = Engine::cpu(Options { threads: Some(1), instructions: None }).unwrap();
        assert_eq!(run(&Engine::counting(), &meta), run(&cpu, &real));
    }
}
