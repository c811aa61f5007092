//! How this workspace compares numbers in tests.

/// Fails unless `max|found - expected| ≤ relative · max|expected|`; says how large the largest difference is, and where.
///
/// # Panics
/// When the values differ by more, their counts differ, or any of them is not finite.
#[track_caller]
pub fn assert_close(label: &str, found: &[f32], expected: &[f32], relative: f32) {
    assert_eq!(found.len(), expected.len(), "{label}: how many values");
    let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let mut worst = (0.0_f32, 0);
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(a.is_finite() && b.is_finite(), "{label}: value {index} is {a}, expected {b}");
        let difference = (a - b).abs();
        if difference > worst.0 {
            worst = (difference, index);
        }
    }
    let (difference, index) = worst;
    assert!(
        difference <= relative * largest,
        "{label}: value {index} of {} is {}, expected {}: off by {difference:e}, {:e} of the largest value {largest}, \
         allowed {relative:e}",
        found.len(),
        found[index],
        expected[index],
        difference / largest,
    );
}

#[cfg(test)]
mod tests {
    use super::assert_close;

    #[test]
    fn near_values_pass() {
        assert_close("near", &[1.0, -2.0, 0.0], &[1.0, -2.000_01, 0.000_01], 1e-5);
        assert_close("none", &[], &[], 0.0);
    }

    #[test]
    #[should_panic(expected = "far: value 1 of 3 is -2, expected -2.1")]
    fn a_far_value_is_named() {
        assert_close("far", &[1.0, -2.0, 0.0], &[1.0, -2.1, 0.0], 1e-3);
    }

    #[test]
    #[should_panic(expected = "value 0 is NaN")]
    fn not_a_number_is_near_nothing() {
        assert_close("nan", &[f32::NAN], &[0.0], 1.0);
    }
}
