//! Classifier-free guidance (Ho and Salimans 2022) on the clean latent that the network expects.

use chatsd_tensor::{Engine, Tensor};

/// How strongly the prompt counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guidance {
    /// 1 is as the network says, and then the negative prompt is never asked.
    pub scale: f32,
    /// How far the spread of values is brought back to that of the prompt's own answer, 0 to 1. Lin et al. 2023,
    /// section 3.4.
    pub rescale: f32,
}

impl Guidance {
    /// Whether the network must be asked twice.
    #[must_use]
    pub fn asks_twice(self) -> bool {
        self.scale != 1.0
    }

    /// `negative + scale · (positive - negative)`, rescaled. `pair` is a batch of both, the negative one first.
    #[must_use]
    pub fn apply(self, engine: &Engine, pair: &Tensor) -> Tensor {
        let (negative, positive) = (engine.picture(pair, 0), engine.picture(pair, 1));
        let guided = engine.combine(&[(1.0 - self.scale, &negative), (self.scale, &positive)]);
        let deviation = |x: &Tensor| engine.moments(x).first().map_or(0.0, |(_, deviation)| *deviation);
        let found = deviation(&guided);
        if self.rescale == 0.0 || found == 0.0 {
            return guided;
        }
        let factor = self.rescale * deviation(&positive) / found + (1.0 - self.rescale);
        engine.combine(&[(factor, &guided)])
    }
}

#[cfg(test)]
mod tests {
    use chatsd_tensor::{Shape, testing::assert_close};

    use super::*;

    #[test]
    fn guidance_goes_past_the_prompt_and_rescale_brings_the_spread_back() {
        let engine = Engine::reference();
        let pair = Tensor::new(Shape::new(2, 1, 3, 1), vec![0.0, 1.0, 2.0, 1.0, 1.0, 4.0]);
        let guided = |rescale| Guidance { scale: 3.0, rescale }.apply(&engine, &pair);
        assert_close("plain", guided(0.0).values(), &[3.0, 1.0, 8.0], 1e-6);
        let deviation = |x: &Tensor| engine.moments(x)[0].1;
        assert!((deviation(&guided(1.0)) - 2.0_f32.sqrt()).abs() < 1e-6);
        let halfway = f32::midpoint(deviation(&guided(0.0)), 2.0_f32.sqrt());
        assert!((deviation(&guided(0.5)) - halfway).abs() < 1e-6);
        assert!(!Guidance { scale: 1.0, rescale: 0.5 }.asks_twice());
    }
}
