//! What stands under the mask before painting begins.

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{Fill, Image, Mask, Size};

/// Standard deviations of the blurs that colours are drawn in with, in pixels, and how often each is laid on: those of
/// stable-diffusion-webui (`modules/masking.py`, `fill`), each over the ones before.
const BLURS: [(f64, usize); 6] = [(256.0, 1), (64.0, 1), (16.0, 2), (4.0, 4), (2.0, 2), (0.0, 1)];

/// The starting picture as it is encoded.
pub(crate) fn of_pixels(fill: Fill, init: &Image, mask: &Mask) -> Image {
    if fill == Fill::Blur { drawn_in(init, mask) } else { init.clone() }
}

/// The latent that noise is added to, of the starting picture's: `coverage` is 1 where it is painted anew.
pub(crate) fn of_latent(fill: Fill, engine: &Engine, init: Tensor, coverage: &Tensor, noise: &Tensor) -> Tensor {
    let kept = || engine.zip(&init, coverage, |init, coverage| (1.0 - coverage) * init);
    match fill {
        Fill::Original | Fill::Blur => init,
        Fill::Nothing => kept(),
        Fill::Noise => {
            let noise = engine.zip(noise, coverage, |noise, coverage| coverage * noise);
            engine.combine(&[(1.0, &kept()), (1.0, &noise)])
        }
    }
}

/// The picture with the colours from around the mask drawn in under it.
fn drawn_in(image: &Image, mask: &Mask) -> Image {
    let size = image.size;
    let kept: Vec<f32> = mask.coverage.iter().map(|&coverage| 1.0 - f32::from(coverage) / 255.0).collect();
    let channel = |index: usize| image.rgb.iter().skip(index).step_by(3).zip(&kept);
    let colours = [0, 1, 2].map(|index| channel(index).map(|(&value, kept)| f32::from(value) * kept).collect());
    let [red, green, blue]: [Vec<f32>; 3] = colours;
    // Colours times opacity, and the opacity last.
    let layers = [red, green, blue, kept];
    let mut below = [(); 4].map(|()| vec![0.0; mask.coverage.len()]);
    for (deviation, times) in BLURS {
        let layer = layers.each_ref().map(|plane| boxes(plane, size, deviation));
        for _ in 0..times {
            for pixel in 0..mask.coverage.len() {
                let through = 1.0 - layer[3][pixel];
                for (below, layer) in below.iter_mut().zip(&layer) {
                    below[pixel] = layer[pixel] + through * below[pixel];
                }
            }
        }
    }
    let pixel = |pixel: usize| {
        let opacity = below[3][pixel];
        // Nothing is seen from here: the picture is as good as anything.
        let own = || [0, 1, 2].map(|channel| f32::from(image.rgb[3 * pixel + channel]));
        if opacity < 1e-6 { own() } else { [0, 1, 2].map(|channel: usize| below[channel][pixel] / opacity) }
    };
    let rgb = (0..mask.coverage.len()).flat_map(pixel).map(|value| value.round().clamp(0.0, 255.0) as u8);
    Image { size, rgb: rgb.collect() }
}

/// Nearly a Gaussian blur in time that does not depend on its width: three running means whose outermost pixels count
/// in part. Gwosdek et al. 2011, equations 7 to 14.
fn boxes(plane: &[f32], size: Size, deviation: f64) -> Vec<f32> {
    const PASSES: usize = 3;
    let variance = deviation * deviation / PASSES as f64;
    let whole = (((12.0 * variance + 1.0).sqrt() - 1.0) / 2.0).floor();
    let part = (2.0 * whole + 1.0) * (whole * (whole + 1.0) - 3.0 * variance)
        / (6.0 * (variance - (whole + 1.0) * (whole + 1.0)));
    if whole + part <= 0.0 {
        return plane.to_vec();
    }
    let (width, height) = (size.width as usize, size.height as usize);
    let mut lines: Vec<f32> = plane.to_vec();
    for row in lines.chunks_exact_mut(width) {
        (0..PASSES).for_each(|_| running_mean(row, whole as i64, part));
    }
    let mut column = vec![0.0; height];
    for x in 0..width {
        column.iter_mut().zip(lines[x..].iter().step_by(width)).for_each(|(to, from)| *to = *from);
        (0..PASSES).for_each(|_| running_mean(&mut column, whole as i64, part));
        column.iter().zip(lines[x..].iter_mut().step_by(width)).for_each(|(from, to)| *to = *from);
    }
    lines
}

/// The mean of `whole` values on both sides and of the `part` of one more; beyond the ends the last value goes on.
fn running_mean(line: &mut [f32], whole: i64, part: f64) {
    let old = line.to_vec();
    let last = old.len() as i64 - 1;
    let at = |place: i64| f64::from(old[place.clamp(0, last) as usize]);
    let weight = 1.0 / (2.0 * (whole as f64 + part) + 1.0);
    let mut sum: f64 = (-whole..=whole).map(at).sum();
    for (place, value) in (0..).zip(line) {
        *value = (weight * (sum + part * (at(place - whole - 1) + at(place + whole + 1)))) as f32;
        sum += at(place + whole + 1) - at(place - whole);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chatsd_tensor::Shape;
    use chatsd_weights::WeightFile;

    use super::*;

    #[test]
    fn colours_are_drawn_in_as_pillow_draws_them() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/pixels.safetensors");
        let file = WeightFile::open(&path).unwrap();
        let bytes = |name: &str| -> Vec<u8> {
            file.get(name).unwrap().values().unwrap().into_iter().map(|value| value as u8).collect()
        };
        let &[height, width, _] = file.shape("picture").unwrap() else { panic!("a picture") };
        let size = Size { width: width as u32, height: height as u32 };
        let (image, mask) = (Image { size, rgb: bytes("picture") }, Mask { size, coverage: bytes("mask") });
        let made = of_pixels(Fill::Blur, &image, &mask);
        // Pillow rounds each blur and each layer to bytes.
        let furthest = made.rgb.iter().zip(bytes("filled")).map(|(a, b)| a.abs_diff(b)).max();
        assert!(furthest <= Some(3), "{furthest:?} of 255");
        assert_eq!(of_pixels(Fill::Nothing, &image, &mask), image);
    }

    #[test]
    fn everything_masked_leaves_the_picture() {
        let size = Size { width: 3, height: 2 };
        let (image, mask) = (Image::filled(size, [7, 8, 9]), Mask { size, coverage: vec![255; 6] });
        assert_eq!(of_pixels(Fill::Blur, &image, &mask), image);
    }

    #[test]
    fn latents_are_filled() {
        let engine = Engine::reference();
        let tensor = |values: Vec<f32>| Tensor::new(Shape::new(1, 1, 2, 1), values);
        let (coverage, noise) = (tensor(vec![1.0, 0.0]), tensor(vec![5.0, 6.0]));
        for (fill, expected) in [
            (Fill::Original, [1.0, 2.0]),
            (Fill::Blur, [1.0, 2.0]),
            (Fill::Nothing, [0.0, 2.0]),
            (Fill::Noise, [5.0, 2.0]),
        ] {
            let made = of_latent(fill, &engine, tensor(vec![1.0, 2.0]), &coverage, &noise);
            assert_eq!(made.values(), expected, "{fill}");
        }
    }
}
