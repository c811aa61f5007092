//! Classifier-free guidance (Ho and Salimans 2022) on what the network returns.

use chatsd_tensor::{Engine, Tensor};

/// One prediction that guidance combines: conditional, unconditional, or of a part of the prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branch {
    /// Of the prompt instead of the negative prompt.
    pub positive: bool,
    /// Of which part of a composed prompt.
    pub part: usize,
    /// With the picture to edit, in a network that has extra channels for one.
    pub edits: bool,
    /// What the prediction is multiplied by; the sum of all is 1.
    pub factor: f32,
}

/// How strongly the prompt counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guidance {
    /// 1 is as the network predicts, and then there is no branch of the negative prompt.
    pub scale: f32,
    /// How strongly the picture to edit counts, in a network that has extra channels for one; 1 is as it predicts.
    pub image: f32,
    /// How far the deviation of the values is brought back to that of the prompt's own prediction, 0 to 1. Lin et al.
    /// 2023, section 3.4, of the values that the network returns, as in diffusers.
    pub rescale: f32,
}

impl Guidance {
    /// The branches of a prompt whose parts weigh so much; the prompt's own are last. `negative +
    /// scale · Σ weight · (part - negative)`, Liu et al. 2022, equation 11, which is one part of weight 1 mostly. Where a
    /// picture counts, `nothing + image · (negative - nothing)` in place of the first `negative`: Brooks et al. 2023,
    /// equation 3.
    #[must_use]
    pub fn branches(self, weights: &[f32]) -> Vec<Branch> {
        let Self { scale, image, .. } = self;
        let total: f32 = weights.iter().sum();
        let nothing = Branch { positive: false, part: 0, edits: false, factor: 1.0 - image };
        let negative = Branch { positive: false, part: 0, edits: true, factor: image - scale * total };
        let part = |(part, weight): (usize, &f32)| Branch { positive: true, part, edits: true, factor: scale * weight };
        let (is_plain, parts) = (weights == [1.0], weights.iter().enumerate().map(part));
        match (image == 1.0, scale == 1.0 && is_plain) {
            (false, _) => [nothing, negative].into_iter().chain(parts).collect(),
            (true, false) => [negative].into_iter().chain(parts).collect(),
            (true, true) => parts.collect(),
        }
    }

    /// The guided prediction, rescaled, of those of `branches` in that order.
    #[must_use]
    pub fn apply(self, engine: &Engine, branches: &[Branch], predictions: &[Tensor]) -> Tensor {
        let terms: Vec<(f32, &Tensor)> = branches.iter().map(|branch| branch.factor).zip(predictions).collect();
        let guided = engine.combine(&terms);
        if self.rescale == 0.0 {
            return guided;
        }
        let deviation = |x: &Tensor| engine.moments(x).first().map_or(0.0, |(_, deviation)| *deviation);
        let found = deviation(&guided);
        if found == 0.0 {
            return guided;
        }
        let parts = branches.iter().filter(|branch| branch.positive).count();
        let own = predictions[branches.len() - parts..].iter();
        let own: Vec<_> = own.map(|prediction| (1.0 / parts as f32, prediction)).collect();
        let factor = self.rescale * deviation(&engine.combine(&own)) / found + (1.0 - self.rescale);
        engine.combine(&[(factor, &guided)])
    }
}

#[cfg(test)]
mod tests {
    use chatsd_tensor::{Shape, testing::assert_close};

    use super::*;

    fn row<const N: usize>(values: [f32; N]) -> Tensor {
        Tensor::new(Shape::sequence(1, N, 1), values.to_vec())
    }

    #[test]
    fn guidance_goes_past_the_prompt_and_rescale_brings_the_spread_back() {
        let engine = Engine::reference();
        let pair = [[0.0, 1.0, 2.0], [1.0, 1.0, 4.0]].map(row);
        let guided = |rescale| {
            let guidance = Guidance { scale: 3.0, image: 1.0, rescale };
            guidance.apply(&engine, &guidance.branches(&[1.0]), &pair)
        };
        assert_close("plain", guided(0.0).values(), &[3.0, 1.0, 8.0], 1e-6);
        let deviation = |x: &Tensor| engine.moments(x)[0].1;
        assert!((deviation(&guided(1.0)) - 2.0_f32.sqrt()).abs() < 1e-6);
        let halfway = f32::midpoint(deviation(&guided(0.0)), 2.0_f32.sqrt());
        assert!((deviation(&guided(0.5)) - halfway).abs() < 1e-6);
        assert_eq!(Guidance { scale: 1.0, image: 1.0, rescale: 0.5 }.branches(&[1.0]).len(), 1);
    }

    #[test]
    fn a_picture_to_edit_counts_of_its_own() {
        let engine = Engine::reference();
        // Nothing, the negative prompt with the picture, the prompt with the picture.
        let predictions = [[1.0, 0.0], [2.0, 1.0], [5.0, 1.0]].map(row);
        let guidance = Guidance { scale: 3.0, image: 1.5, rescale: 0.0 };
        let guided = guidance.apply(&engine, &guidance.branches(&[1.0]), &predictions);
        // 1 + 1.5 · (2 - 1) + 3 · (5 - 2); 0 + 1.5 · (1 - 0) + 3 · (1 - 1)
        assert_close("edited", guided.values(), &[11.5, 1.5], 1e-6);
        for (scale, image) in [(7.5, 1.5), (1.0, 1.5), (7.5, 1.0), (1.0, 1.0)] {
            let branches = Guidance { scale, image, rescale: 0.0 }.branches(&[1.0]);
            assert!((branches.iter().map(|branch| branch.factor).sum::<f32>() - 1.0).abs() < 1e-6, "{scale} {image}");
            assert!(branches.last().is_some_and(|branch| branch.positive && branch.edits));
        }
    }

    /// As AUTOMATIC1111 combines the parts of a prompt with `AND`.
    #[test]
    fn parts_guide_each_by_itself() {
        let engine = Engine::reference();
        let predictions = [[1.0], [2.0], [5.0]].map(row);
        for (scale, expected) in [(3.0, 1.0 + 3.0 * (0.5 * 1.0 + 2.0 * 4.0)), (1.0, 1.0 + 0.5 + 8.0)] {
            let guidance = Guidance { scale, image: 1.0, rescale: 0.0 };
            let branches = guidance.branches(&[0.5, 2.0]);
            assert_close("parts", guidance.apply(&engine, &branches, &predictions).values(), &[expected], 1e-6);
        }
    }
}
