//! Linear multistep methods: the slopes of the last four steps together.

use std::{collections::VecDeque, ops::ControlFlow};

use chatsd_tensor::Tensor;

use super::{SHORTEST, SamplingRun};

/// Slopes that are kept: the order of the methods.
const ORDER: usize = 4;

/// The slopes of the last steps, the newest first.
struct Slopes(VecDeque<Tensor>);

impl Slopes {
    fn new() -> Self {
        Self(VecDeque::with_capacity(ORDER + 1))
    }

    fn push(&mut self, slope: Tensor) {
        self.0.push_front(slope);
        self.0.truncate(ORDER);
    }

    /// `x` moved by each slope times its factor.
    fn moved<B>(&self, run: &SamplingRun<'_, B>, x: &Tensor, factors: [f64; ORDER]) -> Tensor {
        let mut terms = [(1.0, x); ORDER + 1];
        for (term, (factor, slope)) in terms[1..].iter_mut().zip(factors.into_iter().zip(&self.0)) {
            *term = (factor, slope);
        }
        run.combine(&terms[..=self.0.len()])
    }
}

/// The linear multistep method of Adams and Bashforth for uneven steps: the polynomial through the last slopes is
/// integrated over the step. As k-diffusion's `sample_lms` with order 4.
pub fn lms<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    let mut slopes = Slopes::new();
    for (index, pair) in sigmas.windows(2).enumerate() {
        let denoised = (run.denoiser)(&x, pair[0]);
        slopes.push(run.slope(&x, &denoised, pair[0]));
        x = if index == 0 {
            run.toward(&x, &denoised, pair[0], pair[1])
        } else {
            slopes.moved(run, &x, lagrange(sigmas, index))
        };
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}

/// The integrals from `sigmas[index]` to the next of the polynomials that are 1 at one of the last sigmas and 0 at the
/// others. Their degree is three at most, for which Gauss's rule with two points is exact.
fn lagrange(sigmas: &[f64], index: usize) -> [f64; ORDER] {
    let order = ORDER.min(index + 1);
    let (from, to) = (sigmas[index], sigmas[index + 1]);
    let (middle, half) = (f64::midpoint(from, to), (to - from) / 2.0);
    let mut factors = [0.0; ORDER];
    for (at, factor) in factors.iter_mut().enumerate().take(order) {
        let basis = |sigma: f64| -> f64 {
            let others = (0..order).filter(|&other| other != at).map(|other| sigmas[index - other]);
            others.map(|other| (sigma - other) / (sigmas[index - at] - other)).product()
        };
        let offset = half / 3.0_f64.sqrt();
        *factor = half * (basis(middle - offset) + basis(middle + offset));
    }
    factors
}

/// Pseudo linear multistep sampling (Liu et al. 2022, equations 12 and 13, started by their equation 14's improved
/// Euler): the factors are those of even steps, whatever the steps. The first step calls the network twice; one that ends without
/// noise, or begins with nothing else, is Euler's.
pub fn plms<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    let mut slopes = Slopes::new();
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let denoised = (run.denoiser)(&x, from);
        slopes.push(run.slope(&x, &denoised, from));
        x = if index == 0 {
            let tried = run.toward(&x, &denoised, from, to);
            if to <= SHORTEST * from {
                tried
            } else {
                let again = (run.denoiser)(&tried, to);
                let half = (to - from) / 2.0;
                let slope = run.slope(&tried, &again, to);
                run.combine(&[(1.0, &x), (half, &slopes.0[0]), (half, &slope)])
            }
        } else {
            let factors = match index {
                1 => [3.0 / 2.0, -1.0 / 2.0, 0.0, 0.0],
                2 => [23.0 / 12.0, -16.0 / 12.0, 5.0 / 12.0, 0.0],
                _ => [55.0 / 24.0, -59.0 / 24.0, 37.0 / 24.0, -9.0 / 24.0],
            };
            slopes.moved(run, &x, factors.map(|factor| factor * (to - from)))
        };
        (run.observer)(index + 1, &x)?;
    }
    ControlFlow::Continue(x)
}
