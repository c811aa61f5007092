//! Between images of bytes and tensors of numbers from -1 to 1.

use chatsd_tensor::{Engine, Shape, Tensor};
use chatsd_types::{Image, Mask, Size};

/// `1 × height × width × 3`, from -1 to 1.
pub(crate) fn to_tensor(image: &Image) -> Tensor {
    let shape = Shape::new(1, image.size.height as usize, image.size.width as usize, 3);
    Tensor::new(shape, image.rgb.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0).collect())
}

/// The nearest bytes; beyond -1 and 1 they are cut off.
pub(crate) fn to_image(pixels: &Tensor) -> Image {
    let size = Size { width: pixels.shape().width as u32, height: pixels.shape().height as u32 };
    Image { size, rgb: pixels.values().iter().copied().map(byte).collect() }
}

/// The nearest byte of a value from -1 to 1.
pub(crate) fn byte(value: f32) -> u8 {
    ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
}

/// Which latent pixels are painted anew (1, else 0), for all channels of `latent`: those of whose `factor × factor`
/// pixels the mask covers more than half.
pub(crate) fn coverage(engine: &Engine, mask: &Mask, latent: Shape, factor: usize) -> Tensor {
    latent_mask(engine, mask, latent, factor, |square| {
        let sum: u64 = square.map(u64::from).sum();
        2 * sum > 255 * (factor * factor) as u64
    })
}

/// 1 where `covers` says so of the mask's `factor × factor` pixels of a latent pixel, row by row; else 0.
pub(crate) fn latent_mask(
    engine: &Engine,
    mask: &Mask,
    latent: Shape,
    factor: usize,
    covers: impl Fn(&mut dyn Iterator<Item = u8>) -> bool,
) -> Tensor {
    let mut covered = engine.filled(latent, 0.0);
    let width = mask.size.width as usize;
    for (index, values) in covered.values_mut().chunks_exact_mut(latent.channels).enumerate() {
        let (top, left) = (index / latent.width * factor, index % latent.width * factor);
        let rows = (top..top + factor).map(|y| &mask.coverage[y * width + left..][..factor]);
        values.fill(f32::from(u8::from(covers(&mut rows.flatten().copied()))));
    }
    covered
}

/// What was painted where the mask covers half or more, `kept` where it does not cover, a mixture between.
pub(crate) fn paste(painted: &mut Image, kept: &Image, mask: &Mask) {
    let pixels = painted.rgb.chunks_exact_mut(3).zip(kept.rgb.chunks_exact(3)).zip(&mask.coverage);
    for ((painted, kept), &coverage) in pixels {
        // Doubled as stable-diffusion-webui does: a latent pixel covered by half is painted whole.
        let coverage = (2 * u32::from(coverage)).min(255);
        for (painted, kept) in painted.iter_mut().zip(kept) {
            let sum = coverage * u32::from(*painted) + (255 - coverage) * u32::from(*kept);
            *painted = ((sum + 127) / 255) as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_way_there_and_back() {
        let image = Image { size: Size { width: 16, height: 16 }, rgb: (0..=255).cycle().take(768).collect() };
        assert_eq!(to_image(&to_tensor(&image)), image);
        let beyond = Tensor::new(Shape::new(1, 1, 1, 3), vec![-7.0, 7.0, 0.0]);
        assert_eq!(to_image(&beyond).rgb, [0, 255, 128]);
    }

    #[test]
    fn a_mask_decides_for_latents_and_mixes_pixels() {
        let size = Size { width: 4, height: 2 };
        let mask = Mask { size, coverage: vec![255, 255, 0, 255, 64, 0, 0, 255] };
        let coverage = coverage(&Engine::reference(), &mask, Shape::new(1, 1, 2, 2), 2);
        assert_eq!(coverage.values(), [1.0, 1.0, 0.0, 0.0], "half is not more than half");
        let (mut painted, kept) = (Image::filled(size, [10, 20, 30]), Image::filled(size, [1, 2, 3]));
        paste(&mut painted, &kept, &mask);
        assert_eq!(painted.pixel(0, 0), [10, 20, 30]);
        assert_eq!(painted.pixel(1, 1), [1, 2, 3]);
        assert_eq!(painted.pixel(0, 1), [6, 11, 17]);
    }
}
