//! The register tile that every product is made of: some rows times 32 columns.

use super::lane::{Isa, Lane};
use crate::packed::PANEL;

/// A stretch of the depth that reads `count` neighbouring values of each row, from `first`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// Which list of row pointers.
    pub(crate) list: usize,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// One step of a product: `sums[row][column] += Σ rows[row] · weights[·][column]`, over the spans in their order.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    /// Where the rows begin: `lists[span.list · list_len + row]`.
    pub(crate) lists: *const *const f32,
    pub(crate) list_len: usize,
    pub(crate) spans: &'a [Span],
    /// `[depth][32]`.
    pub(crate) weights: *const f32,
    /// `[rows][stride]`, 32 of each row.
    pub(crate) sums: *mut f32,
    pub(crate) stride: usize,
    /// Whether the sums begin at zero instead of at what lies there.
    pub(crate) fresh: bool,
    /// Whether only the first 16 columns are wanted.
    pub(crate) narrow: bool,
}

/// Heights that `rows` rows are cut into: as even as the available tiles allow.
#[inline(always)]
pub(crate) fn height<L: Lane>(rows: usize) -> usize {
    let tiles = rows.div_ceil(L::ROWS);
    let height = rows.div_ceil(tiles);
    if height == 1 || height % 2 == 0 {
        height
    } else if height < rows {
        height + 1
    } else {
        height - 1
    }
}

/// Does a step for `rows` rows, which must be a height that [`height`] gives.
///
/// # Safety
/// Every span of every row, its part of the weights and `rows` rows of sums can be read, and the sums written.
#[inline(always)]
pub(crate) unsafe fn accumulate<L: Lane>(isa: Isa<L>, step: &Step<'_>, rows: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match rows {
            1 => columns::<L, 1>(isa, step),
            2 => columns::<L, 2>(isa, step),
            4 => columns::<L, 4>(isa, step),
            6 => columns::<L, 6>(isa, step),
            8 if L::ROWS >= 8 => columns::<L, 8>(isa, step),
            10 if L::ROWS >= 10 => columns::<L, 10>(isa, step),
            12 if L::ROWS >= 12 => columns::<L, 12>(isa, step),
            _ => unreachable!("no tile of {rows} rows"),
        }
    }
}

/// # Safety
/// As [`accumulate`].
#[inline(always)]
unsafe fn columns<L: Lane, const R: usize>(isa: Isa<L>, step: &Step<'_>) {
    let mut column = 0;
    while column < PANEL / 2 {
        // SAFETY: the caller's promise.
        unsafe {
            if step.narrow {
                registers::<L, R, 1>(isa, step, column);
            } else {
                registers::<L, R, 2>(isa, step, column);
            }
        }
        column += L::WIDTH;
    }
}

/// `R` rows, and `N` registers of columns that begin at `column` and 16 further on: a value and its gate lie that far
/// apart. Each sum is one chain of multiply-adds, so no division of the work changes it.
///
/// # Safety
/// As [`accumulate`].
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "loops with constant ends are what becomes registers")]
unsafe fn registers<L: Lane, const R: usize, const N: usize>(isa: Isa<L>, step: &Step<'_>, column: usize) {
    // SAFETY: the caller's promise; `column + 16 + WIDTH ≤ 32`.
    unsafe {
        let mut sums = [[isa.splat(0.0); N]; R];
        if !step.fresh {
            for r in 0..R {
                for n in 0..N {
                    sums[r][n] = isa.load(step.sums.add(r * step.stride + column + n * PANEL / 2));
                }
            }
        }
        let mut weights = step.weights.add(column);
        for span in step.spans {
            let list = step.lists.add(span.list * step.list_len);
            let mut rows = [std::ptr::null::<f32>(); R];
            for r in 0..R {
                rows[r] = (*list.add(r)).add(span.first);
            }
            for c in 0..span.count {
                let mut factors = [isa.splat(0.0); N];
                for n in 0..N {
                    factors[n] = isa.load(weights.add(n * PANEL / 2));
                }
                for r in 0..R {
                    let value = isa.splat(*rows[r].add(c));
                    for n in 0..N {
                        sums[r][n] = value.mul_add(factors[n], sums[r][n]);
                    }
                }
                weights = weights.add(PANEL);
            }
        }
        for r in 0..R {
            for n in 0..N {
                sums[r][n].store(step.sums.add(r * step.stride + column + n * PANEL / 2));
            }
        }
    }
}
