//! How much noise each training time step adds to a picture: the betas of a model with preserved variance.

use std::f64::consts::FRAC_PI_2;

/// Signal power left after the last step where it would be none: the smallest number of f16, so that sigma, 4096, is
/// not infinite. As `EulerDiscreteScheduler` of diffusers.
const LEAST_SIGNAL: f64 = 1.0 / (1 << 24) as f64;
/// Offset and largest beta of the cosine schedule: Nichol and Dhariwal 2021, equation 17.
const COSINE: (f64, f64) = (0.008, 0.999);

/// Even from `first` to `last`: Ho et al. 2020, diffusers' "linear".
pub(crate) fn linear(first: f64, last: f64, count: usize) -> Vec<f64> {
    let gaps = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|step| first + (last - first) * (step as f64 / gaps)).collect()
}

/// Their square roots even from that of `first` to that of `last`: Rombach et al. 2022, diffusers' "scaled_linear".
pub(crate) fn scaled_linear(first: f64, last: f64, count: usize) -> Vec<f64> {
    linear(first.sqrt(), last.sqrt(), count).into_iter().map(|root| root * root).collect()
}

/// The signal a squared cosine of time: Nichol and Dhariwal 2021, diffusers' "squaredcos_cap_v2".
pub(crate) fn cosine(count: usize) -> Vec<f64> {
    let (offset, most) = COSINE;
    let signal = |step: usize| ((step as f64 / count as f64 + offset) / (1.0 + offset) * FRAC_PI_2).cos().powi(2);
    (0..count).map(|step| (1.0 - signal(step + 1) / signal(step)).min(most)).collect()
}

/// The same steps, stretched so that nothing of the picture is left after the last: Lin et al. 2023, algorithm 1.
/// `None` where no such steps exist.
pub(crate) fn without_signal_at_the_end(betas: &[f64]) -> Option<Vec<f64>> {
    let roots: Vec<f64> = betas
        .iter()
        .scan(1.0, |signal, beta| {
            *signal *= 1.0 - beta;
            Some(*signal)
        })
        .map(f64::sqrt)
        .collect();
    let (first, last) = (*roots.first()?, *roots.last()?);
    if first <= last {
        return None;
    }
    let signals = roots.iter().map(|root| ((root - last) * first / (first - last)).powi(2).max(LEAST_SIGNAL));
    let stretched = signals.scan(1.0, |before, signal| {
        let beta = 1.0 - signal / *before;
        *before = signal;
        Some(beta)
    });
    let stretched: Vec<f64> = stretched.collect();
    stretched.iter().all(|beta| *beta > 0.0 && *beta < 1.0).then_some(stretched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_after_stretching() {
        let betas = scaled_linear(0.00085, 0.012, 1000);
        let stretched = without_signal_at_the_end(&betas).unwrap();
        assert_eq!(stretched.len(), 1000);
        assert!((stretched[0] - betas[0]).abs() < 1e-12, "the first step is as it was");
        let left: f64 = stretched.iter().map(|beta| 1.0 - beta).product();
        assert!((left / LEAST_SIGNAL - 1.0).abs() < 1e-9, "{left}");
        assert!(without_signal_at_the_end(&[]).is_none());
        assert!(without_signal_at_the_end(&[0.5]).is_none(), "one step cannot be first and last");
    }

    /// Values of diffusers' `betas_for_alpha_bar(1000)`.
    #[test]
    fn the_cosine_is_that_of_the_paper() {
        let betas = cosine(1000);
        for (step, expected) in [(0, 4.128_422_37e-5), (1, 4.614_175_12e-5), (998, 0.749_999_4), (999, 0.999)] {
            assert!((betas[step] / expected - 1.0).abs() < 1e-6, "{step}: {}", betas[step]);
        }
    }
}
