//! The little matrix algebra that changes of weights are made of. Matrices lie row by row.

use chatsd_tensor::{Engine, Epilogue, Linear, Shape, Tensor, Weight, WeightError};

use crate::transpose::transpose;

/// `a · b` of `[m, k]` and `[k, n]`.
pub(super) fn product(engine: &Engine, a: &[f32], b: &[f32], [m, k, n]: [usize; 3]) -> Result<Vec<f32>, WeightError> {
    if m == 0 || k == 0 || n == 0 {
        return Ok(vec![0.0; m * n]);
    }
    let b = Weight::from_values(&[n, k], &transpose(b, 1, k, n));
    let b = Linear::new(&b, None, k, n, None)?;
    let a = Tensor::new(Shape::sequence(1, m, k), a.to_vec());
    Ok(engine.linear(&a, &b, Epilogue::default()).values().to_vec())
}

/// `Σ_j core[i, j, taps] · b[j, n]` as `[i, n, taps]`: a kernel of few channels, widened to `n` inputs.
pub(super) fn widened(
    engine: &Engine,
    core: &[f32],
    b: &[f32],
    [i, j, taps, n]: [usize; 4],
) -> Result<Vec<f32>, WeightError> {
    let by_tap = transpose(core, i, j, taps);
    Ok(transpose(&product(engine, &by_tap, b, [i * taps, j, n])?, i, taps, n))
}

/// `(I + q) (I - q)⁻¹` for a skew `q` of `[n, n]` (Cayley), calculated in f64; the transpose where `q` is negated.
pub(super) fn rotation(q: &[f32], n: usize) -> Vec<f32> {
    // (I - q)ᵀ xᵀ = (I + q)ᵀ, by elimination with the largest pivot.
    let one = |row: usize, column: usize| f64::from(u8::from(row == column));
    let at = |row: usize, column: usize| f64::from(q[row * n + column]);
    let mut left: Vec<f64> = (0..n * n).map(|i| one(i / n, i % n) - at(i % n, i / n)).collect();
    let mut right: Vec<f64> = (0..n * n).map(|i| one(i / n, i % n) + at(i % n, i / n)).collect();
    for pivot in 0..n {
        let largest = |&a: &usize, &b: &usize| left[a * n + pivot].abs().total_cmp(&left[b * n + pivot].abs());
        let best = (pivot..n).max_by(largest).unwrap_or(pivot);
        for column in 0..n {
            left.swap(pivot * n + column, best * n + column);
            right.swap(pivot * n + column, best * n + column);
        }
        let scale = left[pivot * n + pivot];
        for row in (0..n).filter(|&row| row != pivot) {
            let factor = left[row * n + pivot] / scale;
            for column in 0..n {
                left[row * n + column] -= factor * left[pivot * n + column];
                right[row * n + column] -= factor * right[pivot * n + column];
            }
        }
        for column in 0..n {
            left[pivot * n + column] /= scale;
            right[pivot * n + column] /= scale;
        }
    }
    (0..n * n).map(|i| right[i % n * n + i / n] as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_keeps_lengths() {
        let n = 5;
        let q: Vec<f32> = (0..n * n)
            .map(|i| {
                let (row, column) = (i / n, i % n);
                ((row * 7 + column * 3) as f32 - (column * 7 + row * 3) as f32) / 9.0
            })
            .collect();
        let r = rotation(&q, n);
        for a in 0..n {
            for b in 0..n {
                let dot: f32 = (0..n).map(|i| r[i * n + a] * r[i * n + b]).sum();
                assert!((dot - f32::from(u8::from(a == b))).abs() < 1e-5, "{a} {b} {dot}");
            }
        }
        // (I + q) = r (I - q)
        let one = |row: usize, column: usize| f32::from(u8::from(row == column));
        for (i, q) in q.iter().enumerate() {
            let (row, column) = (i / n, i % n);
            let back: f32 = (0..n)
                .map(|k| {
                    r[row * n + k]
                        * (one(k, column) - {
                            let at = k * n + column;
                            ((at / n * 7 + at % n * 3) as f32 - (at % n * 7 + at / n * 3) as f32) / 9.0
                        })
                })
                .sum();
            assert!((back - one(row, column) - q).abs() < 1e-5);
        }
    }
}
