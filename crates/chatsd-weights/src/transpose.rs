//! Rows as columns.

/// Each of `outer` matrices of `[rows, columns]`, which lie row by row, as its transpose of `[columns, rows]`.
pub(crate) fn transpose(values: &[f32], outer: usize, rows: usize, columns: usize) -> Vec<f32> {
    let mut transposed = Vec::with_capacity(values.len());
    for matrix in values.chunks_exact((rows * columns).max(1)).take(outer) {
        for column in 0..columns {
            transposed.extend((0..rows).map(|row| matrix[row * columns + column]));
        }
    }
    transposed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_twice_changes_nothing() {
        let values: Vec<f32> = (0..24_u8).map(f32::from).collect();
        assert_eq!(transpose(&values, 2, 3, 4)[..4], [0.0, 4.0, 8.0, 1.0]);
        assert_eq!(transpose(&transpose(&values, 2, 3, 4), 2, 4, 3), values);
    }
}
