//! The quantile of a beta distribution that is the same from both ends.

/// Where `share` of Beta(`a`, `a`) lies below: the inverse of the regularised incomplete beta function (Abramowitz and
/// Stegun 1964, 26.5.1 and 26.5.4), found by halving. `share` from 0 to 1, `a` above 0.
pub(super) fn quantile(share: f64, a: f64) -> f64 {
    if share > 0.5 {
        return 1.0 - quantile(1.0 - share, a);
    }
    if share <= 0.0 || share == 0.5 {
        return share.max(0.0); // both are known exactly
    }
    // Half of the distribution lies below the middle, so no gamma function is needed.
    let wanted = share * 2.0 * below(0.5, a);
    let (mut low, mut high) = (0.0, 0.5);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return high;
        }
        *(if below(middle, a) < wanted { &mut low } else { &mut high }) = middle;
    }
}

/// `∫ (t (1-t))^(a-1) dt` from 0 to `x`, at most a half: the power series of `(1-t)^(a-1)`, term by term.
fn below(x: f64, a: f64) -> f64 {
    let (mut sum, mut term) = (0.0, x.powf(a));
    for n in 0..60 {
        let n = f64::from(n);
        sum += term / (a + n);
        term *= (1.0 - a + n) / (n + 1.0) * x;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::quantile;

    /// `scipy.stats.beta.ppf(share, 0.6, 0.6)` of SciPy 1.17.
    #[test]
    fn it_is_scipys() {
        for (share, expected) in [
            (0.0, 0.0),
            (1e-6, 1.855_882_462_405_304_3e-10),
            (0.01, 0.000_861_238_821_542_905_9),
            (0.1, 0.039_584_405_588_780_84),
            (0.3, 0.234_017_003_875_235_72),
            (0.5, 0.5),
            (0.77, 0.846_162_414_232_350_2),
            (0.95, 0.987_445_543_126_388_5),
            (1.0, 1.0),
        ] {
            let found = quantile(share, 0.6);
            assert!((found - expected).abs() <= 1e-12 * expected, "{share}: {found}, expected {expected}");
        }
        // With both parameters 1 it is even.
        assert!((quantile(0.3, 1.0) - 0.3).abs() < 1e-15);
    }
}
