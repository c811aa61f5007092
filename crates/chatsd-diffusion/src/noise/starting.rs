//! The noise a picture starts from, turned toward that of a second seed and grown from another size's, as
//! stable-diffusion-webui does it (`modules/rng.py`).

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Request, Variation};

use super::{Noise, channels_last};

/// Noise as alike as this on average is mixed evenly instead of turned.
const ALIKE: f64 = 0.9995;

/// The starting noise of a request, and the generator of the noise after it. `shape` is that of one latent, `factor` how
/// many pixels one of its sides stands for.
///
/// Pictures of the same seed before this one (`batch_index`) have taken theirs from the generator, as in ComfyUI and
/// diffusers, where a batch has one generator; stable-diffusion-webui gives each picture of a batch a seed of its own.
#[must_use]
pub fn starting(request: &Request, shape: Shape, factor: usize) -> (Tensor, Noise) {
    let mut noise = Noise::new(request.noise, request.seed);
    for _ in 0..request.batch_index {
        drop(noise.normal(shape.len()));
    }
    let mut start = noise.normal(shape.len());
    let side = |pixels: u32| (pixels as usize / factor.max(1)).max(1);
    let from = request.seed_resize.map(|size| Shape { height: side(size.height), width: side(size.width), ..shape });
    match from.filter(|from| *from != shape) {
        Some(from) => {
            let other = Noise::new(request.noise, request.seed).normal(from.len());
            overlay(&mut start, shape, &varied(request, other, from), from);
        }
        None => start = varied(request, start, shape),
    }
    if request.noise_seed_delta > 0 {
        noise = Noise::new(request.noise, request.seed.wrapping_add(request.noise_seed_delta.into()));
    }
    (channels_last(shape, &start), noise)
}

/// `noise` turned toward that of the request's second seed.
fn varied(request: &Request, noise: Vec<f32>, shape: Shape) -> Vec<f32> {
    match request.variation {
        Some(Variation { seed, strength }) if strength != 0.0 => {
            let other = Noise::new(request.noise, seed).normal(shape.len());
            slerp(&noise, &other, shape, f64::from(strength))
        }
        _ => noise,
    }
}

/// Spherical interpolation (Shoemake 1985) of every column of every channel by itself, as there: from `low` to `high`, both
/// `channels × height × width`.
fn slerp(low: &[f32], high: &[f32], shape: Shape, part: f64) -> Vec<f32> {
    let plane = shape.height * shape.width;
    // The values of one column, and the cosine between both.
    let columns = |column: usize| {
        let first = column / shape.width * plane + column % shape.width;
        (first..first + plane).step_by(shape.width)
    };
    let count = low.len() / shape.height;
    let cosines: Vec<f64> = (0..count)
        .map(|column| {
            let sum = |a: &[f32], b: &[f32]| columns(column).map(|at| f64::from(a[at]) * f64::from(b[at])).sum::<f64>();
            sum(low, high) / (sum(low, low).sqrt() * sum(high, high).sqrt())
        })
        .collect();
    let mut result = vec![0.0; low.len()];
    let alike = cosines.iter().sum::<f64>() / count as f64 > ALIKE;
    for (column, cosine) in cosines.into_iter().enumerate() {
        let angle = cosine.clamp(-1.0, 1.0).acos();
        let sine = angle.sin();
        let (of_low, of_high) = match alike {
            // The even mix has its ends exchanged there, too.
            true => (part, 1.0 - part),
            false if sine > 0.0 => (((1.0 - part) * angle).sin() / sine, (part * angle).sin() / sine),
            // Columns on one line have no plane to turn in.
            false => (1.0 - part, part),
        };
        for at in columns(column) {
            result[at] = (of_low * f64::from(low[at]) + of_high * f64::from(high[at])) as f32;
        }
    }
    result
}

/// Puts `noise` into the middle of `start`, as much of it as there is room for.
fn overlay(start: &mut [f32], shape: Shape, noise: &[f32], from: Shape) {
    // Half of the difference, rounded down: what stays free before, or is cut off before.
    let offset = |to: usize, from: usize| (to as isize - from as isize).div_euclid(2);
    let (down, right) = (offset(shape.height, from.height), offset(shape.width, from.width));
    let (top, left) = (down.max(0) as usize, right.max(0) as usize);
    let (skip_rows, skip_columns) = ((-down).max(0) as usize, (-right).max(0) as usize);
    let part = |from: usize, to: usize, offset: isize| {
        let length = if offset >= 0 { from as isize } else { from as isize + 2 * offset };
        (length.max(0) as usize).min(to)
    };
    let rows = part(from.height, shape.height, down);
    let columns = part(from.width, shape.width, right);
    for channel in 0..shape.channels {
        for row in 0..rows {
            let source = (channel * from.height + skip_rows + row) * from.width + skip_columns;
            let target = (channel * shape.height + top + row) * shape.width + left;
            start[target..target + columns].copy_from_slice(&noise[source..source + columns]);
        }
    }
}
