//! Canny's edges (Canny 1986) with the rounding of OpenCV's `Canny` on bytes: Sobel's kernels of three pixels, the
//! gradient of the colour that changes most, its length as the sum of both parts, directions by integer slopes.

use chatsd_types::Image;

/// The tangent of 22.5°, times 2¹⁵ (`TG22` of OpenCV's `canny.cpp`).
const TANGENT: i64 = 13_573;

/// A pixel's slope across and down, and their sum.
#[derive(Clone, Copy, Default)]
struct Gradient {
    x: i32,
    y: i32,
    length: i32,
}

/// 255 on edges, 0 elsewhere: what is steeper than `high`, and what is steeper than `low` and hangs together with it.
pub(super) fn edges(image: &Image, [low, high]: [u32; 2]) -> Vec<u8> {
    let (width, height) = (image.size.width as usize, image.size.height as usize);
    let slopes = gradients(image);
    let length = |x: i64, y: i64| {
        let inside = (0..width as i64).contains(&x) && (0..height as i64).contains(&y);
        if inside { slopes[y as usize * width + x as usize].length } else { 0 }
    };
    let mut edges = vec![0_u8; slopes.len()];
    let mut weak = vec![false; slopes.len()];
    let mut strong = Vec::new();
    for y in 0..height as i64 {
        for x in 0..width as i64 {
            let at = y as usize * width + x as usize;
            let slope = slopes[at];
            if slope.length <= low as i32 || !is_ridge(slope, |dx, dy| length(x + dx, y + dy)) {
                continue;
            }
            weak[at] = true;
            if slope.length > high as i32 {
                strong.push(at);
            }
        }
    }
    while let Some(at) = strong.pop() {
        if std::mem::replace(&mut edges[at], 255) == 255 {
            continue;
        }
        let (x, y) = (at % width, at / width);
        for y in y.saturating_sub(1)..(y + 2).min(height) {
            strong.extend((x.saturating_sub(1)..(x + 2).min(width)).map(|x| y * width + x).filter(|&near| weak[near]));
        }
    }
    edges
}

/// Whether a pixel is steeper than its neighbours uphill and downhill.
fn is_ridge(slope: Gradient, length: impl Fn(i64, i64) -> i32) -> bool {
    let (across, down) = (i64::from(slope.x.abs()), i64::from(slope.y.abs()) << 15);
    let gentle = across * TANGENT;
    if down < gentle {
        return slope.length > length(-1, 0) && slope.length >= length(1, 0);
    }
    if down > gentle + (across << 16) {
        return slope.length > length(0, -1) && slope.length >= length(0, 1);
    }
    let side = if (slope.x < 0) == (slope.y < 0) { 1 } else { -1 };
    slope.length > length(-side, -1) && slope.length > length(side, 1)
}

/// Sobel's slopes of the colour in which they are longest, the first of equals; the border's pixels go on beyond it.
fn gradients(image: &Image) -> Vec<Gradient> {
    let (width, height) = (image.size.width as i64, image.size.height as i64);
    let value = |x: i64, y: i64, channel: usize| {
        let at = y.clamp(0, height - 1) * width + x.clamp(0, width - 1);
        i32::from(image.rgb[3 * at as usize + channel])
    };
    let of_channel = |x: i64, y: i64, channel: usize| {
        let value = |dx: i64, dy: i64| value(x + dx, y + dy, channel);
        let column = |dx: i64| value(dx, -1) + 2 * value(dx, 0) + value(dx, 1);
        let row = |dy: i64| value(-1, dy) + 2 * value(0, dy) + value(1, dy);
        let (x, y) = (column(1) - column(-1), row(1) - row(-1));
        Gradient { x, y, length: x.abs() + y.abs() }
    };
    let mut gradients = Vec::with_capacity(image.rgb.len() / 3);
    for y in 0..height {
        for x in 0..width {
            let longest = (0..3)
                .map(|channel| of_channel(x, y, channel))
                .fold(Gradient::default(), |best, slope| if slope.length > best.length { slope } else { best });
            gradients.push(longest);
        }
    }
    gradients
}

#[cfg(test)]
mod tests {
    use crate::preprocess::lines::tests::golden;

    use super::*;

    #[test]
    fn every_edge_is_opencvs() {
        let (image, values) = golden();
        assert_eq!(edges(&image, [100, 200]), values("canny"));
        assert_eq!(edges(&image, [30, 60]), values("canny.wide"));
    }
}
