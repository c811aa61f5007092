//! Attention over blocks of keys with a running maximum and sum (Dao et al. 2022, algorithm 1): the scores of a few
//! queries and one block of keys are all that is ever stored.

use super::{
    Cpu,
    functions::exp2,
    lane::{Isa, Kernel, Lane},
    product::Target,
    scratch::{self, Scratch},
    tile::{Span, Step, accumulate, height},
};
use crate::{
    backend::{Attention, AttentionMask},
    packed::PANEL,
};

/// Keys whose scores are computed before their values are read: such that both stay in a core's second cache.
fn key_block(head: usize) -> usize {
    ((1 << 16) / head).clamp(128, 512) / PANEL * PANEL
}

/// Queries that share a block of keys while it is in a core's second cache, at most.
const QUERY_BLOCK: usize = 96;

impl Cpu {
    pub(super) fn compute_attention(&self, job: &Attention<'_>, output: &mut [f32]) {
        let Attention { batch, heads, head, queries, keys, .. } = *job;
        if output.is_empty() {
            return;
        }
        assert_eq!(output.len(), batch * queries * heads * head, "the results of attention");
        if keys == 0 {
            return output.fill(0.0);
        }
        // Keys lie as a product's weights do: panels of 32 keys, `[panel][channel][32 keys]`; values in panels of 32
        // channels, `[panel][key][32 channels]`.
        let keys_len = keys.next_multiple_of(PANEL) * head;
        let values_len = keys * head.next_multiple_of(PANEL);
        let pairs = batch * heads;
        // Some sixty multiply-adds a nanosecond, and a score's exponential.
        let cost = pairs * queries * keys * (head + 8) / 32;
        let mut workspace = self.workspace.take();
        let packed = workspace.take(pairs * (keys_len + values_len));
        let target = Target(packed.as_mut_ptr());
        // The panels of keys and the panels of values are one list of parts.
        let (key_panels, value_panels) = (keys.div_ceil(PANEL), head.div_ceil(PANEL));
        let pack = |pair: usize| {
            // SAFETY: each pair writes its own part of the workspace.
            unsafe {
                let to = { target }.0.add(pair * (keys_len + values_len));
                for panel in 0..key_panels {
                    pack_keys(job, pair, panel, to.add(panel * PANEL * head));
                }
                for panel in 0..value_panels {
                    pack_values(job, pair, panel, to.add(keys_len + panel * keys * PANEL));
                }
            }
        };
        self.pool.run(pairs * keys * head, pairs, &pack);

        // As even as possible, and some parts more than threads.
        let most = (queries * pairs).div_ceil(4 * self.threads()).clamp(12, QUERY_BLOCK);
        let parts = queries.div_ceil(most.next_multiple_of(12));
        let query_block = queries.div_ceil(parts).next_multiple_of(2);
        let parts = queries.div_ceil(query_block);
        let packed = packed.as_ptr();
        let packed = Target(packed.cast_mut());
        let output = Target(output.as_mut_ptr());
        let attend = |part: usize| {
            let (pair, first) = (part / parts, part % parts * query_block);
            let rows = query_block.min(queries - first);
            // SAFETY: the part of this pair.
            let keys_at = unsafe { { packed }.0.add(pair * (keys_len + values_len)) };
            let (keys_at, values_at) = (keys_at.cast_const(), keys_at.wrapping_add(keys_len).cast_const());
            scratch::with(|scratch| {
                self.compute(Block { job, pair, first, rows, keys: keys_at, values: values_at, output, scratch });
            });
        };
        self.pool.run(cost, pairs * parts, &attend);
        self.workspace.put(workspace);
    }
}

/// # Safety
/// `32 · head` floats can be written at `to`.
unsafe fn pack_keys(job: &Attention<'_>, pair: usize, panel: usize, to: *mut f32) {
    let (picture, h) = (pair / job.heads, pair % job.heads);
    for column in 0..PANEL {
        let key = panel * PANEL + column;
        if key < job.keys {
            let row = &job.k.row(picture * job.keys + key)[h * job.head..][..job.head];
            for (channel, &value) in row.iter().enumerate() {
                // SAFETY: the caller's promise.
                unsafe { *to.add(channel * PANEL + column) = value };
            }
        } else {
            for channel in 0..job.head {
                // SAFETY: the caller's promise.
                unsafe { *to.add(channel * PANEL + column) = 0.0 };
            }
        }
    }
}

/// # Safety
/// `keys · 32` floats can be written at `to`.
unsafe fn pack_values(job: &Attention<'_>, pair: usize, panel: usize, to: *mut f32) {
    let (picture, h) = (pair / job.heads, pair % job.heads);
    let columns = PANEL.min(job.head - panel * PANEL);
    for key in 0..job.keys {
        let row = &job.v.row(picture * job.keys + key)[h * job.head + panel * PANEL..][..columns];
        // SAFETY: the caller's promise.
        let to = unsafe { std::slice::from_raw_parts_mut(to.add(key * PANEL).cast(), PANEL) };
        to[..columns].copy_from_slice(row);
        to[columns..].fill(0.0);
    }
}

/// Some queries of one head of one picture.
struct Block<'a> {
    job: &'a Attention<'a>,
    pair: usize,
    first: usize,
    rows: usize,
    keys: *const f32,
    values: *const f32,
    output: Target,
    scratch: &'a mut Scratch,
}

impl Kernel for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let Self { job, pair, first, rows, keys, values, output, scratch } = self;
        let Attention { heads, head, .. } = *job;
        let key_block = key_block(head);
        let (picture, h) = (pair / heads, pair % heads);
        let width = head.next_multiple_of(PANEL);
        let causal = job.mask == AttentionMask::Causal;
        // Powers of two are cheaper than powers of e.
        let scale = std::f32::consts::LOG2_E / (head as f32).sqrt();

        scratch.lists.clear();
        for query in first..first + rows {
            let row = &job.q.row(picture * job.queries + query)[h * head..][..head];
            scratch.lists.push(row.as_ptr());
        }
        let sums = scratch.sums.take(rows * width).as_mut_ptr();
        let scores = scratch.panel.take(L::ROWS * key_block).as_mut_ptr();
        // Rows of scores, as the second product reads them.
        for row in 0..L::ROWS {
            scratch.lists.push(scores.wrapping_add(row * key_block).cast_const());
        }
        let lists = scratch.lists.as_ptr();
        let (largest, totals) = scratch.row.take(2 * rows).split_at_mut(rows);
        largest.fill(f32::MIN);
        totals.fill(0.0);

        let last = if causal { (first + rows).min(job.keys) } else { job.keys };
        let mut key = 0;
        while key < last {
            let count = key_block.min(last - key);
            let mut row = 0;
            while row < rows {
                let height = height::<L>(rows - row);
                let mut panel = 0;
                while panel * PANEL < count {
                    let step = Step {
                        lists: lists.wrapping_add(row),
                        list_len: 0,
                        spans: &[Span { list: 0, first: 0, count: head }],
                        weights: keys.wrapping_add((key + panel * PANEL) * head),
                        sums: scores.wrapping_add(panel * PANEL),
                        stride: key_block,
                        fresh: true,
                        narrow: count - panel * PANEL <= PANEL / 2,
                    };
                    // SAFETY: a query has `head` channels, a panel of keys `head` lines, and a row of scores room
                    // for `key_block`.
                    unsafe { accumulate(isa, &step, height) };
                    panel += 1;
                }
                for index in 0..height {
                    let query = first + row + index;
                    let seen = if causal { (query + 1).saturating_sub(key).min(count) } else { count };
                    let sums = sums.wrapping_add((row + index) * width);
                    // SAFETY: a row of scores holds `key_block`, a row of sums `width`.
                    unsafe {
                        let scores = scores.add(index * key_block);
                        let (old, new) = (largest[row + index], &mut largest[row + index]);
                        let total = weigh(isa, scores, seen, count, scale, new);
                        if key > 0 && *new > old {
                            let factor = exp2(isa, isa.splat(old - *new));
                            totals[row + index] *= factor.values()[0];
                            let mut column = 0;
                            while column < width {
                                isa.load(sums.add(column)).mul(factor).store(sums.add(column));
                                column += L::WIDTH;
                            }
                        }
                        totals[row + index] += total;
                    }
                }
                let mut panel = 0;
                while panel * PANEL < head {
                    let step = Step {
                        lists: lists.wrapping_add(rows),
                        list_len: 0,
                        spans: &[Span { list: 0, first: 0, count }],
                        weights: values.wrapping_add((panel * job.keys + key) * PANEL),
                        sums: sums.wrapping_add(row * width + panel * PANEL),
                        stride: width,
                        fresh: key == 0,
                        narrow: head - panel * PANEL <= PANEL / 2,
                    };
                    // SAFETY: a row of scores holds `count` weights, a panel of values a line for each key.
                    unsafe { accumulate(isa, &step, height) };
                    panel += 1;
                }
                row += height;
            }
            key += count;
        }

        for (row, total) in totals.iter().enumerate() {
            let factor = isa.splat(1.0 / total);
            let at = ((picture * job.queries + first + row) * heads + h) * head;
            let mut column = 0;
            while column < head {
                // SAFETY: a row of sums holds `width` floats; this part alone writes these queries of this head.
                unsafe {
                    let value = isa.load(sums.add(row * width + column)).mul(factor);
                    value.store_up_to(output.0.add(at + column), head - column);
                }
                column += L::WIDTH;
            }
        }
    }
}

/// Turns the first `seen` of `count` scores into `2^(scale · score - largest)` and the others into zeros; returns their
/// sum. `largest` grows to the largest scaled score.
///
/// # Safety
/// `key_block` floats can be read and written at `scores`.
#[inline(always)]
unsafe fn weigh<L: Lane>(
    isa: Isa<L>,
    scores: *mut f32,
    seen: usize,
    count: usize,
    scale: f32,
    largest: &mut f32,
) -> f32 {
    // SAFETY: the caller's promise; `seen ≤ count ≤ key_block`, a multiple of every width.
    unsafe {
        let whole = seen - seen % L::WIDTH;
        let mut most = [isa.splat(f32::MIN); 2];
        let mut at = 0;
        while at + 2 * L::WIDTH <= whole {
            most[0] = most[0].max(isa.load(scores.add(at)));
            most[1] = most[1].max(isa.load(scores.add(at + L::WIDTH)));
            at += 2 * L::WIDTH;
        }
        if at < whole {
            most[0] = most[0].max(isa.load(scores.add(at)));
        }
        let mut most = most[0].max(most[1]).largest();
        for at in whole..seen {
            most = most.max(*scores.add(at));
        }
        *largest = largest.max(most * scale);

        let (factor, offset) = (isa.splat(scale), isa.splat(-*largest));
        let mut sums = [isa.splat(0.0); 2];
        let mut at = 0;
        while at + 2 * L::WIDTH <= whole {
            let first = exp2(isa, isa.load(scores.add(at)).mul_add(factor, offset));
            let second = exp2(isa, isa.load(scores.add(at + L::WIDTH)).mul_add(factor, offset));
            first.store(scores.add(at));
            second.store(scores.add(at + L::WIDTH));
            sums = [sums[0].add(first), sums[1].add(second)];
            at += 2 * L::WIDTH;
        }
        if at < whole {
            let value = exp2(isa, isa.load(scores.add(at)).mul_add(factor, offset));
            value.store(scores.add(at));
            sums[0] = sums[0].add(value);
        }
        let mut sum = sums[0].add(sums[1]).sum();
        if whole < seen {
            let value = exp2(isa, isa.load_part(scores.add(whole), seen - whole).mul_add(factor, offset));
            value.store_part(scores.add(whole), seen - whole);
            let values = value.values();
            for value in values.iter().take(seen - whole) {
                sum += value;
            }
        }
        for at in seen..count {
            *scores.add(at) = 0.0;
        }
        sum
    }
}
