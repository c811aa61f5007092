//! Normalisations. Deviations are summed in f32 over a few rows at a time, totals in f64, in an order that only the
//! shape decides.

use super::{
    Cpu,
    functions::activated,
    lane::{Isa, Kernel, Lane},
    product::Target,
    scratch,
};
use crate::{backend::GroupNorm, tensor::Rows};

/// Parts that a picture's rows are divided into, at most.
const PARTS: usize = 32;

impl Cpu {
    pub(super) fn compute_group_norm(&self, job: &GroupNorm<'_>, output: &mut [f32]) {
        let channels: usize = job.segments.iter().map(|segment| segment.channels).sum();
        if output.is_empty() {
            return;
        }
        assert_eq!(output.len(), job.batch * job.pixels * channels, "the results of a group norm");
        let block = job.pixels.div_ceil(PARTS).max(8);
        let parts = job.pixels.div_ceil(block);
        let rows = |part: usize| {
            let first = part % parts * block;
            (part / parts, part / parts * job.pixels + first, block.min(job.pixels - first))
        };
        let all = job.batch * parts;
        // About a quarter of a nanosecond a value, both times.
        let cost = output.len() / 4;

        // Σx and Σx² of each channel of each part.
        let mut totals = vec![0.0_f64; all * 2 * channels];
        let to = Target64(totals.as_mut_ptr());
        self.pool.run(cost, all, &|part| {
            let (_, first, rows) = rows(part);
            // SAFETY: each part has its own totals.
            let totals = unsafe { std::slice::from_raw_parts_mut({ to }.0.add(part * 2 * channels), 2 * channels) };
            let (sums, squares) = totals.split_at_mut(channels);
            scratch::with(|scratch| {
                let mut channel = 0;
                for segment in job.segments {
                    let end = channel + segment.channels;
                    let (sums, squares) = (&mut sums[channel..end], &mut squares[channel..end]);
                    let scratch = scratch.row.take(3 * segment.channels);
                    self.compute(Sums { rows: *segment, first, count: rows, sums, squares, scratch });
                    channel = end;
                }
            });
        });

        // y = (x - mean) · factor + shift; what is lost when the mean is rounded to f32 goes into the shift.
        let size = channels / job.groups;
        let count = (job.pixels * size) as f64;
        let mut affine = vec![0.0_f32; job.batch * 3 * channels];
        for (picture, affine) in affine.chunks_exact_mut(3 * channels).enumerate() {
            let (means, rest) = affine.split_at_mut(channels);
            let (factors, shifts) = rest.split_at_mut(channels);
            for group in (0..channels).step_by(size) {
                let (mut sum, mut square) = (0.0, 0.0);
                for part in totals[picture * parts * 2 * channels..][..parts * 2 * channels].chunks_exact(2 * channels)
                {
                    sum += part[group..group + size].iter().sum::<f64>();
                    square += part[channels + group..][..size].iter().sum::<f64>();
                }
                let mean = sum / count;
                let variance = (square / count - mean * mean).max(0.0);
                let [mean, variance] = job.moments(group / size, count, [mean, variance]);
                let factor = 1.0 / (variance + f64::from(job.epsilon)).sqrt();
                for channel in group..group + size {
                    let factor = factor * f64::from(job.scale[channel]);
                    means[channel] = mean as f32;
                    factors[channel] = factor as f32;
                    let rest = mean - f64::from(means[channel]);
                    shifts[channel] = (f64::from(job.shift[channel]) - rest * factor) as f32;
                }
            }
        }

        let to = Target(output.as_mut_ptr());
        let work = |part: usize| {
            let (picture, first, rows) = rows(part);
            let affine = &affine[picture * 3 * channels..][..3 * channels];
            // SAFETY: each part writes its own rows.
            let output = unsafe { std::slice::from_raw_parts_mut({ to }.0.add(first * channels), rows * channels) };
            self.compute(Apply { job, affine, first, output });
        };
        self.pool.run(cost, all, &work);
    }

    pub(super) fn compute_layer_norm(
        &self,
        input: Rows<'_>,
        scale: &[f32],
        shift: &[f32],
        epsilon: f32,
        output: &mut [f32],
    ) {
        let channels = input.channels;
        if output.is_empty() {
            return;
        }
        let (count, cost) = (output.len() / channels, output.len() / 4);
        let block = count.div_ceil(8 * self.threads()).max(4);
        let to = Target(output.as_mut_ptr());
        let work = |part: usize| {
            let first = part * block;
            let rows = block.min(count - first);
            // SAFETY: each part writes its own rows.
            let output = unsafe { std::slice::from_raw_parts_mut({ to }.0.add(first * channels), rows * channels) };
            self.compute(LayerNorm { input, scale, shift, epsilon, first, output });
        };
        let parts = count.div_ceil(block);
        self.pool.run(cost, parts, &work);
    }
}

/// As [`Target`], for totals.
#[derive(Clone, Copy)]
struct Target64(*mut f64);
// SAFETY: as for `Target`.
unsafe impl Send for Target64 {}
// SAFETY: as for `Target`.
unsafe impl Sync for Target64 {}

/// Adds Σx and Σx² of each channel over some rows.
struct Sums<'a> {
    rows: Rows<'a>,
    first: usize,
    count: usize,
    sums: &'a mut [f64],
    squares: &'a mut [f64],
    /// Room for three values a channel.
    scratch: &'a mut [f32],
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let Self { rows, first, count, sums, squares, scratch } = self;
        let channels = rows.channels;
        // So few rows at a time that they stay in a core's first cache.
        let few = (4096 / channels.max(1)).clamp(4, 32);
        let (means, rest) = scratch.split_at_mut(channels);
        let (linear, square) = rest.split_at_mut(channels);
        let mut row = first;
        while row < first + count {
            let here = few.min(first + count - row);
            rows.row(row + here - 1); // the last row lies within the values, so all before it do
            let from = rows.values[row * rows.stride + rows.first..].as_ptr();
            let mut channel = 0;
            while channel < channels {
                let left = channels - channel;
                // SAFETY: `from` may read all values from the first row on, and the last row lies within them; each row
                // has `channels` values, and so have the three lines.
                unsafe {
                    let mut sum = isa.splat(0.0);
                    for index in 0..here {
                        sum = sum.add(isa.load_up_to(from.add(index * rows.stride + channel), left));
                    }
                    let mean = sum.mul(isa.splat(1.0 / here as f32));
                    let (mut first, mut second) = (isa.splat(0.0), isa.splat(0.0));
                    for index in 0..here {
                        let deviation = isa.load_up_to(from.add(index * rows.stride + channel), left).sub(mean);
                        first = first.add(deviation);
                        second = deviation.mul_add(deviation, second);
                    }
                    mean.store_up_to(means.as_mut_ptr().add(channel), left);
                    first.store_up_to(linear.as_mut_ptr().add(channel), left);
                    second.store_up_to(square.as_mut_ptr().add(channel), left);
                }
                channel += L::WIDTH;
            }
            // Σx² = Σ(x - m)² + 2m Σ(x - m) + n m², for any m.
            let n = here as f64;
            let (means, linear, square) = (&means[..channels], &linear[..channels], &square[..channels]);
            let (sums, squares) = (&mut sums[..channels], &mut squares[..channels]);
            for channel in 0..channels {
                let (m, d) = (f64::from(means[channel]), f64::from(linear[channel]));
                sums[channel] += n * m + d;
                squares[channel] += f64::from(square[channel]) + 2.0 * m * d + n * m * m;
            }
            row += here;
        }
    }
}

/// Normalises some rows.
struct Apply<'a> {
    job: &'a GroupNorm<'a>,
    /// Means, factors and shifts of all channels.
    affine: &'a [f32],
    first: usize,
    output: &'a mut [f32],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let Self { job, affine, first, output } = self;
        let channels = affine.len() / 3;
        let (means, factors, shifts) = (&affine[..channels], &affine[channels..2 * channels], &affine[2 * channels..]);
        for row in 0..output.len() / channels {
            let mut before = 0;
            for segment in job.segments {
                let from = segment.row(first + row).as_ptr();
                let mut channel = 0;
                while channel < segment.channels {
                    let (at, left) = (before + channel, segment.channels - channel);
                    // SAFETY: all five hold `left` more values: the segment's, and the segment's part of all channels.
                    unsafe {
                        let x = isa.load_up_to(from.add(channel), left);
                        let mean = isa.load_up_to(means.as_ptr().add(at), left);
                        let factor = isa.load_up_to(factors.as_ptr().add(at), left);
                        let shift = isa.load_up_to(shifts.as_ptr().add(at), left);
                        let value = activated(isa, job.activation, x.sub(mean).mul_add(factor, shift));
                        value.store_up_to(output.as_mut_ptr().add(row * channels + at), left);
                    }
                    channel += L::WIDTH;
                }
                before += segment.channels;
            }
        }
    }
}

/// Normalises each of some rows.
struct LayerNorm<'a> {
    input: Rows<'a>,
    scale: &'a [f32],
    shift: &'a [f32],
    epsilon: f32,
    first: usize,
    output: &'a mut [f32],
}

impl Kernel for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lane>(self, isa: Isa<L>) {
        let Self { input, scale, shift, epsilon, first, output } = self;
        let channels = input.channels;
        let (scale, shift) = (&scale[..channels], &shift[..channels]);
        for row in 0..output.len() / channels {
            let from = input.row(first + row).as_ptr();
            let to = output[row * channels..][..channels].as_mut_ptr();
            // SAFETY: the row, the scale, the shift and the output hold `channels` values.
            unsafe {
                let mut sum = isa.splat(0.0);
                let mut channel = 0;
                while channel < channels {
                    sum = sum.add(isa.load_up_to(from.add(channel), channels - channel));
                    channel += L::WIDTH;
                }
                let near = sum.sum() / channels as f32;
                let (mut linear, mut square) = (isa.splat(0.0), isa.splat(0.0));
                let whole = channels - channels % L::WIDTH;
                let mut channel = 0;
                while channel < whole {
                    let deviation = isa.load(from.add(channel)).sub(isa.splat(near));
                    linear = linear.add(deviation);
                    square = deviation.mul_add(deviation, square);
                    channel += L::WIDTH;
                }
                let (mut linear, mut square) = (f64::from(linear.sum()), f64::from(square.sum()));
                for channel in whole..channels {
                    let deviation = f64::from(*from.add(channel) - near);
                    linear += deviation;
                    square += deviation * deviation;
                }
                // `near` is the mean up to rounding; `rest` is what it lacks.
                let rest = linear / channels as f64;
                let variance = (square / channels as f64 - rest * rest).max(0.0);
                let factor = 1.0 / (variance + f64::from(epsilon)).sqrt();
                let (near, factor, rest) =
                    (isa.splat(near), isa.splat(factor as f32), isa.splat((-rest * factor) as f32));
                let mut channel = 0;
                while channel < channels {
                    let left = channels - channel;
                    let x = isa.load_up_to(from.add(channel), left).sub(near).mul_add(factor, rest);
                    let (scale, shift) = (scale.as_ptr().add(channel), shift.as_ptr().add(channel));
                    let value = x.mul_add(isa.load_up_to(scale, left), isa.load_up_to(shift, left));
                    value.store_up_to(to.add(channel), left);
                    channel += L::WIDTH;
                }
            }
        }
    }
}
