//! Two extents of a tensor change places.

/// `[outer, rows, columns, inner]` as `[outer, columns, rows, inner]`: a matrix is turned over with `outer` and `inner`
/// 1; of stored bytes, `inner` is the size of a number.
///
/// # Panics
/// When there are not as many values as the extents say.
#[must_use]
pub fn transpose<T: Copy>(values: &[T], extents: [usize; 4]) -> Vec<T> {
    assert_eq!(values.len(), crate::tensor::product(extents), "values of {extents:?}");
    let [_, rows, columns, inner] = extents;
    let mut transposed = Vec::with_capacity(values.len());
    for matrix in values.chunks_exact((rows * columns * inner).max(1)) {
        for column in 0..columns {
            for row in 0..rows {
                transposed.extend_from_slice(&matrix[(row * columns + column) * inner..][..inner]);
            }
        }
    }
    transposed
}

#[cfg(test)]
mod tests {
    use super::transpose;

    #[test]
    fn rows_become_columns() {
        assert_eq!(transpose(&[1, 2, 3, 4, 5, 6], [1, 2, 3, 1]), [1, 4, 2, 5, 3, 6]);
        assert_eq!(transpose(b"aabbccdd", [1, 2, 2, 2]), *b"aaccbbdd");
        assert_eq!(transpose(b"abcdefgh", [2, 2, 2, 1]), *b"acbdegfh");
        assert_eq!(transpose::<u8>(&[], [0, 2, 2, 1]), []);
    }
}
