//! What a ControlNet follows, made of a picture in plain code.

mod canny;
mod lines;

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{Image, Kernel, Mask, Preprocessor, Size};

/// Side of the squares of one colour, in pixels: `t2ia_color_grid` of the ControlNet extension.
const SQUARE: u32 = 64;
/// How many times smaller a tile is made before it is made large again.
const TILE_FACTOR: u32 = 8;
/// Thresholds of Canny's edges that the ControlNets were trained near.
const CANNY: [u32; 2] = [100, 200];

/// The network's input of a picture: `1 × height × width × 3` from 0 to 1. `mask` is what [`Preprocessor::Inpaint`]
/// marks as missing (-1); without one, nothing is.
#[must_use]
pub fn prepare(preprocessor: Preprocessor, image: &Image, mask: Option<&Mask>) -> Tensor {
    let image = match preprocessor {
        Preprocessor::None | Preprocessor::Inpaint => image.clone(),
        Preprocessor::Canny => grey(image.size, &canny::edges(image, CANNY)),
        Preprocessor::Lineart => grey(image.size, &lines::lineart(image)),
        Preprocessor::Scribble => grey(image.size, &lines::scribble(image)),
        Preprocessor::Tile => smaller(image, TILE_FACTOR).resized(image.size, Kernel::Triangle),
        Preprocessor::Colour => squares(image),
        Preprocessor::Invert => Image { size: image.size, rgb: image.rgb.iter().map(|value| 255 - value).collect() },
    };
    let shape = Shape::new(1, image.size.height as usize, image.size.width as usize, 3);
    let mut values: Vec<f32> = image.rgb.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    if let (Preprocessor::Inpaint, Some(mask)) = (preprocessor, mask) {
        let pixels = values.chunks_exact_mut(3).zip(&mask.coverage);
        pixels.filter(|(_, coverage)| **coverage > 127).for_each(|(pixel, _)| pixel.fill(-1.0));
    }
    Tensor::new(shape, values)
}

/// One value for all three colours.
fn grey(size: Size, values: &[u8]) -> Image {
    Image { size, rgb: values.iter().flat_map(|&value| [value; 3]).collect() }
}

fn smaller(image: &Image, factor: u32) -> Image {
    let side = |side: u32| (side / factor).max(1);
    let size = Size { width: side(image.size.width), height: side(image.size.height) };
    image.resized(size, Kernel::Triangle)
}

/// The picture in squares, each of the colour that it has in a picture of as many pixels.
fn squares(image: &Image) -> Image {
    let (small, size) = (smaller(image, SQUARE), image.size);
    let place = |at: u32, side: u32, count: u32| (u64::from(at) * u64::from(count) / u64::from(side)) as u32;
    let rows = (0..size.height).map(|y| place(y, size.height, small.size.height));
    let pixel = |row: u32, x: u32| small.pixel(place(x, size.width, small.size.width), row);
    Image { size, rgb: rows.flat_map(|row| (0..size.width).flat_map(move |x| pixel(row, x))).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_preprocessors_do_what_they_say() {
        let size = Size { width: 128, height: 64 };
        let mut image = Image::filled(size, [10, 20, 30]);
        image.rgb[3 * 128 * 32..].fill(0);
        let pixel = |made: &Tensor, x: usize, y: usize| {
            let at = 3 * (y * 128 + x);
            [0, 1, 2].map(|channel| (made.values()[at + channel] * 255.0).round() as i32)
        };
        let inverted = prepare(Preprocessor::Invert, &image, None);
        assert_eq!(pixel(&inverted, 0, 0), [245, 235, 225]);
        let coloured = prepare(Preprocessor::Colour, &image, None);
        assert!((0..64).all(|y| (0..128).all(|x| pixel(&coloured, x, y) == [5, 10, 15])));
        let tile = prepare(Preprocessor::Tile, &image, None);
        assert_eq!((pixel(&tile, 5, 5), pixel(&tile, 5, 60)), ([10, 20, 30], [0, 0, 0]));
        let mask = Mask { size, coverage: (0..128 * 64).map(|index| u8::from(index % 128 < 4) * 255).collect() };
        let missing = prepare(Preprocessor::Inpaint, &image, Some(&mask));
        assert_eq!((pixel(&missing, 3, 0), pixel(&missing, 4, 0)), ([-255; 3], [10, 20, 30]));
        let tiny = Image::filled(Size { width: 1, height: 1 }, [7; 3]);
        for &preprocessor in Preprocessor::ALL {
            assert_eq!(prepare(preprocessor, &tiny, None).shape(), Shape::new(1, 1, 1, 3), "{preprocessor}");
        }
    }
}
