//! A low-rank path beside a layer whose weights are stored too coarsely to be changed themselves.

use crate::{Format, Weight, WeightError, packed::PackedMatrix};

/// `up · down`: what is added to a layer's weights, never multiplied out.
#[derive(Clone, Debug, Default)]
pub struct LowRank {
    /// Rows of `down`, columns of `up`.
    pub rank: usize,
    /// `[rank, inputs]`, or `[rank, inputs, kernel height, kernel width]` of a convolution.
    pub down: Vec<f32>,
    /// `[outputs, rank]`.
    pub up: Vec<f32>,
}

impl LowRank {
    /// `up` packed for outputs in another order: `order` gives the output that stands at a place.
    pub(crate) fn packed_up(
        &self,
        outputs: usize,
        order: impl Fn(usize) -> usize,
    ) -> Result<PackedMatrix, WeightError> {
        let up = Weight::from_values(&[outputs, self.rank], &self.up);
        PackedMatrix::from_rows(&up, outputs, self.rank, Format::F32, order)
    }
}

/// A [`LowRank`] packed for a layer.
#[derive(Clone)]
pub(crate) struct PackedLowRank {
    pub(crate) down: PackedMatrix,
    pub(crate) up: PackedMatrix,
}

impl PackedLowRank {
    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        self.down.size() + self.up.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Convolution, Embedding, Engine, Epilogue, Layout, Linear, Options, Shape, Tensor, testing::assert_close,
    };

    fn values(seed: u32, count: usize) -> Vec<f32> {
        (0..count as u32)
            .map(|at| (at.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0)
            .collect()
    }

    /// Base weights of `[outputs, depth]`, a path beside them, and both in one.
    fn weights(shape: &[usize], rank: usize) -> (Weight<'static>, LowRank, Weight<'static>) {
        let (outputs, depth) = (shape[0], shape[1..].iter().product::<usize>());
        let (base, down, up) = (values(1, outputs * depth), values(2, rank * depth), values(3, outputs * rank));
        let merged: Vec<f32> = (0..outputs * depth)
            .map(|at| {
                let (output, input) = (at / depth, at % depth);
                base[at] + (0..rank).map(|r| up[output * rank + r] * down[r * depth + input]).sum::<f32>()
            })
            .collect();
        (Weight::from_values(shape, &base), LowRank { rank, down, up }, Weight::from_values(shape, &merged))
    }

    #[test]
    fn a_path_beside_is_as_good_as_its_sum() {
        let x = Tensor::new(Shape::new(2, 6, 4, 32), values(4, 2 * 6 * 4 * 32));
        let row = Tensor::new(Shape::new(2, 1, 1, 64), values(5, 128));
        let bias = Weight::from_values(&[64], &values(6, 64));
        for engine in [Engine::reference(), Engine::cpu(Options::default()).unwrap()] {
            let (base, path, merged) = weights(&[64, 32], 3);
            let like = Tensor::new(Shape::new(2, 6, 4, 64), values(7, 2 * 6 * 4 * 64));
            let epilogue = Epilogue::default().add_row(&row).residual(&like).activation(crate::Activation::Silu);
            let layer = |weight| Linear::new(weight, Some(&bias), 32, 64, None).unwrap();
            let found = engine.linear(&x, &layer(&base).with_low_rank(&path).unwrap(), epilogue);
            assert_close("linear", found.values(), engine.linear(&x, &layer(&merged), epilogue).values(), 1e-5);

            let layer = |weight| Linear::gated(weight, Some(&bias), 32, 64, None).unwrap();
            let found = engine.linear(&x, &layer(&base).with_low_rank(&path).unwrap(), Epilogue::default());
            assert_close(
                "gated",
                found.values(),
                engine.linear(&x, &layer(&merged), Epilogue::default()).values(),
                1e-5,
            );

            let (base, path, merged) = weights(&[64, 32, 3, 3], 5);
            let layer = |weight| Convolution::new(weight, Some(&bias), [32, 64, 3], Layout::Oihw, None).unwrap();
            let epilogue = Epilogue::default().add_row(&row);
            let found =
                engine.convolution([&x], &layer(&base).with_low_rank(&path).unwrap().strided(2, 1, 1), epilogue);
            let expected = engine.convolution([&x], &layer(&merged).strided(2, 1, 1), epilogue);
            assert_close("convolution", found.values(), expected.values(), 1e-5);
        }
    }

    #[test]
    fn a_path_of_another_width_is_refused() {
        let (base, mut path, _) = weights(&[64, 32], 3);
        path.up.pop();
        assert!(Linear::new(&base, None, 32, 64, None).unwrap().with_low_rank(&path).is_err());
    }

    #[test]
    fn textual_inversions_follow_the_table() {
        let table = Embedding::new(&Weight::from_values(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), 2, 2).unwrap();
        let table = table.with_textual_inversions(vec![5.0, 6.0]).unwrap();
        let embedded = Engine::reference().embed(&[0, 2, 1, 9], &table);
        assert_eq!(embedded.values(), [1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 5.0, 6.0]);
        assert!(table.with_textual_inversions(vec![1.0]).is_err());
    }
}
