//! Gaussian blur of one plane of numbers.

use crate::Size;

/// A plane of `width · height` numbers, blurred with a Gaussian of standard deviation `deviation` (pixels) that is cut
/// off beyond `radius` pixels. Beyond the border the plane is mirrored at its outermost pixels, as OpenCV's
/// `GaussianBlur` does.
#[must_use]
pub fn blurred(plane: &[f32], size: Size, deviation: f32, radius: usize) -> Vec<f32> {
    let (width, height) = (size.width as usize, size.height as usize);
    if deviation <= 0.0 || radius == 0 || plane.is_empty() {
        return plane.to_vec();
    }
    let kernel: Vec<f64> = (0..=radius).map(|x| (-0.5 * (x as f64 / f64::from(deviation)).powi(2)).exp()).collect();
    let sum = kernel[0] + 2.0 * kernel[1..].iter().sum::<f64>();
    let kernel: Vec<f32> = kernel.iter().map(|weight| (weight / sum) as f32).collect();
    let (columns, rows) = (mirrored(width, radius), mirrored(height, radius));
    let mut across = Vec::with_capacity(plane.len());
    for row in plane.chunks_exact(width) {
        for x in 0..width {
            let pair = |(weight, distance): (&f32, usize)| {
                weight * (row[columns[x + radius - distance]] + row[columns[x + radius + distance]])
            };
            across.push(kernel[0] * row[x] + kernel[1..].iter().zip(1..).map(pair).sum::<f32>());
        }
    }
    let mut result = Vec::with_capacity(plane.len());
    for y in 0..height {
        let row = |y: usize| &across[rows[y] * width..][..width];
        let mut sums: Vec<f32> = row(y + radius).iter().map(|value| kernel[0] * value).collect();
        for (weight, distance) in kernel[1..].iter().zip(1..) {
            let pairs = row(y + radius - distance).iter().zip(row(y + radius + distance));
            for (sum, (above, below)) in sums.iter_mut().zip(pairs) {
                *sum += weight * (above + below);
            }
        }
        result.extend(sums);
    }
    result
}

/// The place that is read for each place from `-radius` to `side + radius`.
fn mirrored(side: usize, radius: usize) -> Vec<usize> {
    let period = (2 * side).saturating_sub(2).max(1) as i64;
    let place = |x: i64| {
        let x = x.rem_euclid(period);
        x.min(period - x) as usize
    };
    (-(radius as i64)..(side + radius) as i64).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_stays_and_a_point_spreads_evenly() {
        for (width, height) in [(1, 1), (2, 5), (9, 4)] {
            let size = Size { width, height };
            let flat = blurred(&vec![7.0; (width * height) as usize], size, 2.0, 5);
            assert!(flat.iter().all(|value| (value - 7.0).abs() < 1e-5), "{size}: {flat:?}");
        }
        let size = Size { width: 5, height: 1 };
        let point = blurred(&[0.0, 0.0, 1.0, 0.0, 0.0], size, 1.0, 1);
        let side = (-0.5_f32).exp() / (1.0 + 2.0 * (-0.5_f32).exp());
        for (found, expected) in point.iter().zip([0.0, side, 1.0 - 2.0 * side, side, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{point:?}");
        }
        assert_eq!(mirrored(3, 4), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]);
    }
}
