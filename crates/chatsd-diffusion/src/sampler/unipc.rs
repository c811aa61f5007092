//! UniPC: each prediction of the network corrects the step that led to it, then predicts the next one.

use std::ops::ControlFlow;

use chatsd_tensor::Tensor;

use super::SamplingRun;

/// A place the network was asked at.
struct Point {
    /// The latent there, after correction.
    x: Tensor,
    denoised: Tensor,
    sigma: f64,
}

/// Zhao et al. 2023, algorithms 1 and 2: order 2, `B(h) = exp(h) - 1` ("bh2"), predicting `x0`. Order 1 where there is
/// one point, and in the step that ends without noise. In their words `h = λ' - λ` with `λ = -ln sigma`.
pub fn unipc<B>(run: &mut SamplingRun<'_, B>, mut x: Tensor) -> ControlFlow<B, Tensor> {
    let sigmas = run.sigmas;
    let (mut before, mut last): (Option<Point>, Option<Point>) = (None, None);
    for (index, pair) in sigmas.windows(2).enumerate() {
        let (sigma, to) = (pair[0], pair[1]);
        let denoised = (run.denoiser)(&x, sigma);
        if let Some(last) = &last {
            x = corrected(run, before.as_ref(), last, &denoised, sigma);
        }
        before = last.take();
        let here = Point { x, denoised, sigma };
        x = predicted(run, before.as_ref().filter(|_| to > 0.0), &here, to);
        (run.observer)(index + 1, &x)?;
        last = Some(here);
    }
    ControlFlow::Continue(x)
}

/// UniP: from `here` to the sigma `to`.
fn predicted<B>(run: &SamplingRun<'_, B>, before: Option<&Point>, here: &Point, to: f64) -> Tensor {
    let (kept, new) = (to / here.sigma, 1.0 - to / here.sigma);
    let Some(before) = before else { return run.combine(&[(kept, &here.x), (new, &here.denoised)]) };
    // Half of the first difference, divided by the ratio of the steps.
    let slope = 0.5 / ratio(before, here, to);
    run.combine(&[(kept, &here.x), (new * (1.0 - slope), &here.denoised), (new * slope, &before.denoised)])
}

/// UniC: the step from `last` to `sigma` made again, now that the prediction `denoised` there is known.
fn corrected<B>(
    run: &SamplingRun<'_, B>,
    before: Option<&Point>,
    last: &Point,
    denoised: &Tensor,
    sigma: f64,
) -> Tensor {
    let (kept, new) = (sigma / last.sigma, 1.0 - sigma / last.sigma);
    let Some(before) = before else {
        return run.combine(&[(kept, &last.x), (0.5 * new, &last.denoised), (0.5 * new, denoised)]);
    };
    // ρ solves [[1, 1], [r, 1]] ρ = b, equation 7 with hh = -h: b_k = k! φ_{k+1}(hh) hh / B.
    let r = ratio(before, last, sigma);
    let hh = (sigma / last.sigma).ln();
    let first = hh.exp_m1() / hh - 1.0;
    let second = first / hh - 0.5;
    let b = [first / hh.exp_m1(), 2.0 * second / hh.exp_m1()];
    let rho_before = (b[1] - b[0]) / (r - 1.0);
    let rho_new = b[0] - rho_before;
    let slope = rho_before / r;
    run.combine(&[
        (kept, &last.x),
        (new * (1.0 - slope - rho_new), &last.denoised),
        (new * slope, &before.denoised),
        (new * rho_new, denoised),
    ])
}

/// How far back `before` lies, in steps from `here` to `to`, along `λ`: negative.
fn ratio(before: &Point, here: &Point, to: f64) -> f64 {
    (here.sigma / before.sigma).ln() / (here.sigma / to).ln()
}
