//! Convolutions and linear layers: panels of 32 outputs times rows of inputs, read where they lie.

use super::{
    Cpu,
    functions::{activated, gelu},
    lane::{Isa, Kernel, Lane},
    pool::SHARED,
    scratch::{self, Scratch},
    tile::{Span, Step, accumulate, height},
};
use crate::{
    backend::Product,
    packed::{PANEL, Packing},
};

/// Depth that is multiplied before the next rows: of a panel read where it lies, what a core's second cache keeps …
const DEPTH_BLOCK: usize = 2048;
/// … and of one that is decoded first, what the first cache keeps.
const DECODED_BLOCK: usize = 256;
/// Rows that share a panel while it is there.
const ROW_BLOCK: usize = 384;

/// A pointer that threads share to write to different places.
#[derive(Clone, Copy)]
pub(crate) struct Target(pub(crate) *mut f32);
// SAFETY: whoever writes through it says why no two threads write to one place.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

/// How a product is divided: blocks of rows times blocks of panels.
#[derive(Clone, Copy, Debug)]
struct Division {
    rows: usize,
    panels: usize,
    row_block: usize,
    panel_block: usize,
}

impl Division {
    fn new(rows: usize, panels: usize, threads: usize) -> Self {
        let whole = Self { rows, panels, row_block: rows.min(ROW_BLOCK), panel_block: panels };
        if threads == 1 {
            return whole;
        }
        // Tries ever finer divisions; `cost` is what the busiest thread does, in rows times panels. Reading a panel
        // costs about as much as two rows, gathering the rows' pointers a little for each block.
        let mut best = (f32::INFINITY, whole);
        for row_parts in rows.div_ceil(ROW_BLOCK)..=rows.div_ceil(ROW_BLOCK).max(4 * threads) {
            let row_block = rows.div_ceil(row_parts).next_multiple_of(4).min(rows);
            for panel_parts in 1..=panels.min(4 * threads) {
                let division = Self { row_block, panel_block: panels.div_ceil(panel_parts), ..whole };
                let rounds = division.parts().div_ceil(threads);
                let work = (row_block as f32 + 2.0) * division.panel_block as f32 + row_block as f32 * 0.2;
                // Many small parts even out what other programs take from a core.
                let uneven = 1.0 + 0.1 / rounds as f32;
                let cost = rounds as f32 * work * uneven;
                if cost < best.0 {
                    best = (cost, division);
                }
            }
        }
        best.1
    }

    fn parts(&self) -> usize {
        self.rows.div_ceil(self.row_block) * self.panels.div_ceil(self.panel_block)
    }
}

impl Cpu {
    pub(super) fn compute_product(&self, product: &Product<'_>, output: &mut [f32]) {
        let (rows, depth) = (product.geometry.len(), product.weights.depth);
        let panels = product.weights.outputs.div_ceil(PANEL);
        if rows == 0 || panels == 0 {
            return;
        }
        product.assert_sizes(output.len());
        // Some sixty multiply-adds a nanosecond.
        let cost = rows * panels * depth / 2;
        let division = Division::new(rows, panels, if cost < SHARED { 1 } else { self.threads() });
        let output = Target(output.as_mut_ptr());
        self.pool.run(cost, division.parts(), &|part| {
            scratch::with(|scratch| self.compute(Part { product, division, part, output, scratch }));
        });
    }
}

impl Product<'_> {
    /// What the kernels below rely on.
    fn assert_sizes(&self, output: usize) {
        let Product { segments, geometry, weights, .. } = *self;
        let outputs = weights.outputs;
        let rows = geometry.len() * geometry.scatter * geometry.scatter;
        let channels: usize = segments.iter().map(|segment| segment.channels).sum();
        assert_eq!(geometry.kernel * geometry.kernel * channels, weights.depth, "the depth of a product");
        assert_eq!(output, rows * if self.gated { outputs / 2 } else { outputs }, "the results of a product");
        assert!(!self.gated || outputs.is_multiple_of(PANEL), "{outputs} gated outputs");
        assert!(geometry.phase.iter().all(|&phase| phase < geometry.scatter), "{geometry:?}");
        let lens = [(self.bias, outputs), (self.add_row, geometry.batch * outputs), (self.residual, rows * outputs)];
        assert!(lens.iter().all(|(values, len)| values.is_none_or(|values| values.len() == *len)), "what is added");
    }
}

/// One block of rows times one block of panels.
struct Part<'a> {
    product: &'a Product<'a>,
    division: Division,
    part: usize,
    output: Target,
    scratch: &'a mut Scratch,
}

impl Kernel for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let Self { product, division, part, output, scratch } = self;
        let Product { segments, geometry, weights, .. } = *product;
        let row_parts = division.rows.div_ceil(division.row_block);
        let first_row = part % row_parts * division.row_block;
        let rows = division.row_block.min(division.rows - first_row);
        let first_panel = part / row_parts * division.panel_block;
        let panels = division.panel_block.min(division.panels - first_panel);

        // A convolution's lists are its taps, and in each tap its segments.
        let lists = geometry.kernel * geometry.kernel * segments.len();
        let widest = segments.iter().fold(0, |widest, segment| segment.channels.max(widest));
        let zeros = scratch.row.take(widest);
        zeros.fill(0.0);
        scratch.lists.clear();
        for tap in 0..lists / segments.len() {
            let tap = [tap / geometry.kernel, tap % geometry.kernel];
            for segment in segments {
                let mut place = geometry.place(first_row);
                for _ in 0..rows {
                    scratch.lists.push(match geometry.source(place, tap) {
                        Some(source) => segment.row(source).as_ptr(),
                        None => zeros.as_ptr(),
                    });
                    place = next(geometry.output, place);
                }
            }
        }

        let gated = product.gated;
        // Blocks of depth as equal as whole blocks of a format allow; the sums between two of them are kept.
        let most = if weights.packing == Packing::F32 { DEPTH_BLOCK } else { DECODED_BLOCK };
        let blocks = weights.depth.div_ceil(most).max(1);
        let block = weights.depth.div_ceil(blocks).next_multiple_of(weights.packing.format().block());
        let sums = scratch.sums.take(rows * PANEL).as_mut_ptr();
        let spans = &mut scratch.spans;
        for panel in first_panel..first_panel + panels {
            let columns = PANEL.min(weights.outputs - panel * PANEL);
            let mut depth = 0;
            while depth < weights.depth || depth == 0 {
                let count = block.min(weights.depth - depth);
                cut(spans, segments.iter().map(|segment| segment.channels), lists, depth, count);
                let bytes = weights.panel(panel);
                let panel_weights = if weights.packing == Packing::F32 {
                    bytes.as_ptr().cast::<f32>().wrapping_add(depth * PANEL)
                } else {
                    let panel = scratch.panel.take(count * PANEL);
                    decode(isa, weights.packing, bytes, depth, panel);
                    panel.as_ptr()
                };
                let mut row = 0;
                while row < rows {
                    let height = height::<L>(rows - row);
                    let step = Step {
                        lists: scratch.lists.as_ptr().wrapping_add(row),
                        list_len: rows,
                        spans,
                        weights: panel_weights,
                        sums: sums.wrapping_add(row * PANEL),
                        stride: PANEL,
                        fresh: depth == 0,
                        narrow: columns <= PANEL / 2,
                    };
                    // SAFETY: the lists hold a pointer for each row of each tap and segment, to as many values as the
                    // segment has channels (checked by `Rows::row`, or the zeros); the panel holds `count` lines, and
                    // the sums `rows` of them.
                    unsafe { accumulate(isa, &step, height) };
                    if depth + count >= weights.depth {
                        for index in row..row + height {
                            let sums = step.sums.wrapping_add((index - row) * PANEL);
                            // SAFETY: a line of sums, and each row of each panel is written by one part.
                            unsafe { finish(isa, product, first_row + index, panel, columns, gated, sums, output) };
                        }
                    }
                    row += height;
                }
                depth += count.max(1);
            }
        }
    }
}

/// The place after this one.
#[inline(always)]
const fn next([height, width]: [usize; 2], [picture, row, column]: [usize; 3]) -> [usize; 3] {
    if column + 1 < width {
        [picture, row, column + 1]
    } else if row + 1 < height {
        [picture, row + 1, 0]
    } else {
        [picture + 1, 0, 0]
    }
}

/// The spans of `count` values of the depth from `first`, where each list is as long as its segment has channels.
#[inline(always)]
fn cut(
    spans: &mut Vec<Span>,
    channels: impl Iterator<Item = usize> + Clone,
    lists: usize,
    mut first: usize,
    mut count: usize,
) {
    spans.clear();
    for (list, channels) in channels.cycle().take(lists).enumerate() {
        if first >= channels {
            first -= channels;
            continue;
        }
        let here = count.min(channels - first);
        if here > 0 {
            spans.push(Span { list, first, count: here });
        }
        count -= here;
        first = 0;
    }
}

/// Exactly what `Format::decode` gives, for the lines of a panel from `depth` on.
#[inline(always)]
pub(super) fn decode<L: Lane>(isa: Isa<L>, packing: Packing, panel: &[u8], depth: usize, values: &mut [f32]) {
    let format = packing.format();
    let (from, to, len) = (panel.as_ptr(), values.as_mut_ptr(), values.len());
    assert!(format.bytes(depth * PANEL + len).is_some_and(|bytes| bytes <= panel.len()), "a panel ends within a block");
    // SAFETY: the panel holds all lines up to the last that is wanted; a line is 32 values, a multiple of the width.
    unsafe {
        match packing {
            Packing::F32 => std::ptr::copy_nonoverlapping(from.cast::<f32>().add(depth * PANEL), to, len),
            Packing::F16 => {
                let mut index = 0;
                while index < len {
                    isa.load_f16(from.add(2 * (depth * PANEL + index))).store(to.add(index));
                    index += L::WIDTH;
                }
            }
            Packing::Bf16 => {
                let mut index = 0;
                while index < len {
                    isa.load_bf16(from.add(2 * (depth * PANEL + index))).store(to.add(index));
                    index += L::WIDTH;
                }
            }
            Packing::Q8_0 => {
                let block = format.block();
                for index in 0..len / (block * PANEL) {
                    let from = from.add((depth / block + index) * format.block_bytes() * PANEL);
                    let to = to.add(index * block * PANEL);
                    let mut column = 0;
                    while column < PANEL {
                        let scale = isa.load_f16(from.add(2 * column));
                        for line in 0..block {
                            let place = line * PANEL + column;
                            isa.load_i8(from.add(2 * PANEL + place)).mul(scale).store(to.add(place));
                        }
                        column += L::WIDTH;
                    }
                }
            }
        }
    }
}

/// Adds what is to be added to one row of a panel, applies the activation and writes it.
///
/// # Safety
/// `sums` holds 32 floats, and nobody else writes this row of this panel.
#[inline(always)]
unsafe fn finish<L: Lane>(
    isa: Isa<L>,
    product: &Product<'_>,
    index: usize,
    panel: usize,
    columns: usize,
    gated: bool,
    sums: *const f32,
    output: Target,
) {
    let Product { geometry, weights, bias, add_row, residual, activation, .. } = *product;
    let place = geometry.place(index);
    let row = geometry.target(place);
    let first = panel * PANEL;
    // SAFETY: `Product::assert_sizes`: bias, added row, residual and output hold `outputs` values a row.
    unsafe {
        if gated {
            let mut column = 0;
            while column < PANEL / 2 {
                let (mut value, mut gate) = (isa.load(sums.add(column)), isa.load(sums.add(PANEL / 2 + column)));
                if let Some(bias) = bias {
                    value = value.add(isa.load(bias.as_ptr().add(first + column)));
                    gate = gate.add(isa.load(bias.as_ptr().add(first + PANEL / 2 + column)));
                }
                let to = output.0.add(row * (weights.outputs / 2) + first / 2 + column);
                value.mul(gelu(isa, gate)).store(to);
                column += L::WIDTH;
            }
            return;
        }
        let at = row * weights.outputs + first;
        let mut column = 0;
        while column < columns {
            let left = columns - column;
            let mut value = isa.load(sums.add(column));
            if let Some(bias) = bias {
                value = value.add(isa.load_up_to(bias.as_ptr().add(first + column), left));
            }
            if let Some(row) = add_row {
                let at = place[0] * weights.outputs + first + column;
                value = value.add(isa.load_up_to(row.as_ptr().add(at), left));
            }
            if let Some(residual) = residual {
                value = value.add(isa.load_up_to(residual.as_ptr().add(at + column), left));
            }
            activated(isa, activation, value).store_up_to(output.0.add(at + column), left);
            column += L::WIDTH;
        }
    }
}
