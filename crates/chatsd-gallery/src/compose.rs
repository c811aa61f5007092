//! The picture of a sheet: its images in a grid.

use std::path::PathBuf;

use chatsd_types::{Image, Size};

use crate::{GalleryError, picture::check_image};

/// Longest side of a composed sheet in pixels.
const SIDE_LIMIT: u64 = 1 << 15;
/// Most pixels of a composed sheet.
const PIXEL_LIMIT: u64 = 1 << 28;

/// How images are enlarged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enlarge {
    /// Every pixel becomes a square of so many pixels a side; 1 changes nothing, 0 counts as 1.
    Nearest(u32),
    /// Twice as large, with smooth edges.
    Smooth2x,
}

/// How a sheet looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetLayout {
    /// Images side by side; 0 makes the grid as near to a square as can be.
    pub columns: u32,
    /// How images are enlarged.
    pub enlarge: Enlarge,
    /// Pixels around and between images.
    pub gap: u32,
    /// Colour around and between images.
    pub background: [u8; 3],
}

/// Lays images out row by row. Cells are as large as the largest image; smaller ones stand in the middle of theirs.
/// Without images it is an empty gap.
///
/// # Errors
/// [`GalleryError::InvalidImage`]; [`GalleryError::TooLarge`] for more than 2^28 pixels or a side beyond 32768.
pub fn compose_sheet(images: &[Image], layout: &SheetLayout) -> Result<Image, GalleryError> {
    images.iter().try_for_each(check_image)?;
    let factor = match layout.enlarge {
        Enlarge::Nearest(factor) => u64::from(factor.max(1)),
        Enlarge::Smooth2x => 2,
    };
    let count = images.len() as u64;
    let columns = match u64::from(layout.columns) {
        0 => (1..=count).find(|side| side * side >= count).unwrap_or(1),
        columns => columns.min(count.max(1)),
    };
    let rows = count.div_ceil(columns);
    let gap = u64::from(layout.gap);
    let largest = |side: fn(&Image) -> u32| factor * u64::from(images.iter().map(side).max().unwrap_or(0));
    let (cell_width, cell_height) = (largest(|image| image.size.width), largest(|image| image.size.height));
    let extent =
        |cells: u64, cell: u64| cells.saturating_mul(cell).saturating_add(gap.saturating_mul(cells + 1)).max(1);
    let (width, height) = (extent(columns, cell_width), extent(rows, cell_height));
    if width.max(height) > SIDE_LIMIT || width * height > PIXEL_LIMIT {
        return Err(GalleryError::TooLarge { path: PathBuf::from("the sheet"), width, height, limit: PIXEL_LIMIT });
    }
    // Nothing is larger than the limits from here on.
    let pixels = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let mut sheet = Image::filled(Size { width: pixels(width), height: pixels(height) }, layout.background);
    for (place, image) in (0_u64..).zip(images) {
        let image = match layout.enlarge {
            Enlarge::Nearest(_) => enlarge_nearest(image, pixels(factor)),
            Enlarge::Smooth2x => enlarge_smooth(image),
        };
        let (column, row) = (place % columns, place / columns);
        let left = gap + column * (cell_width + gap) + (cell_width - u64::from(image.size.width)) / 2;
        let top = gap + row * (cell_height + gap) + (cell_height - u64::from(image.size.height)) / 2;
        paste(&mut sheet, &image, pixels(left) as usize, pixels(top) as usize);
    }
    Ok(sheet)
}

fn paste(sheet: &mut Image, image: &Image, left: usize, top: usize) {
    let (row_bytes, sheet_row_bytes) = (3 * image.size.width as usize, 3 * sheet.size.width as usize);
    for (y, row) in image.rgb.chunks_exact(row_bytes).enumerate() {
        let at = (top + y) * sheet_row_bytes + 3 * left;
        sheet.rgb[at..at + row_bytes].copy_from_slice(row);
    }
}

fn enlarge_nearest(image: &Image, factor: u32) -> Image {
    let size = Size { width: image.size.width * factor, height: image.size.height * factor };
    let mut rgb = Vec::with_capacity(image.rgb.len() * (factor * factor) as usize);
    for row in image.rgb.chunks_exact(3 * image.size.width as usize) {
        let wide: Vec<u8> = row.chunks_exact(3).flat_map(|pixel| pixel.repeat(factor as usize)).collect();
        (0..factor).for_each(|_| rgb.extend_from_slice(&wide));
    }
    Image { size, rgb }
}

/// Catmull–Rom cubic interpolation (1974) at a quarter of a pixel to either side of each pixel.
fn enlarge_smooth(image: &Image) -> Image {
    let (width, height) = (image.size.width as usize, image.size.height as usize);
    let wide = double(&image.rgb, width, 3);
    let rgb = double(&wide, height, 6 * width);
    Image { size: Size { width: 2 * image.size.width, height: 2 * image.size.height }, rgb }
}

/// Doubles one axis, in every line of `length` places of `stride` bytes.
fn double(bytes: &[u8], length: usize, stride: usize) -> Vec<u8> {
    // The cubic's weights at 1/4, times 128; for the other side they are mirrored.
    const WEIGHTS: [i32; 4] = [-9, 111, 29, -3];
    let mut doubled = Vec::with_capacity(2 * bytes.len());
    for line in bytes.chunks_exact(length * stride) {
        for place in 0..length {
            for direction in [-1_isize, 1] {
                // From the far side to the near side; beyond the edge the edge goes on.
                let taps = [-1, 0, 1, 2].map(|step| {
                    let neighbour = place.saturating_add_signed(step * direction).min(length - 1);
                    &line[stride * neighbour..][..stride]
                });
                doubled.extend((0..stride).map(|at| {
                    let sum: i32 = taps.iter().zip(WEIGHTS).map(|(tap, weight)| weight * i32::from(tap[at])).sum();
                    u8::try_from(((sum + 64) >> 7).clamp(0, 255)).unwrap_or(u8::MAX)
                }));
            }
        }
    }
    doubled
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: SheetLayout = SheetLayout { columns: 2, enlarge: Enlarge::Nearest(1), gap: 1, background: [9, 9, 9] };

    fn image(width: u32, height: u32, colour: [u8; 3]) -> Image {
        Image::filled(Size { width, height }, colour)
    }

    fn reds(image: &Image) -> Vec<u8> {
        image.rgb.iter().step_by(3).copied().collect()
    }

    #[test]
    fn images_stand_in_a_grid() {
        let images = [image(2, 2, [1, 0, 0]), image(2, 2, [2, 0, 0]), image(1, 1, [3, 0, 0])];
        let sheet = compose_sheet(&images, &LAYOUT).unwrap();
        assert_eq!(sheet.size, Size { width: 7, height: 7 });
        #[rustfmt::skip]
        assert_eq!(reds(&sheet), [
            9, 9, 9, 9, 9, 9, 9,
            9, 1, 1, 9, 2, 2, 9,
            9, 1, 1, 9, 2, 2, 9,
            9, 9, 9, 9, 9, 9, 9,
            9, 3, 9, 9, 9, 9, 9,
            9, 9, 9, 9, 9, 9, 9,
            9, 9, 9, 9, 9, 9, 9,
        ]);
    }

    #[test]
    fn the_grid_is_square_where_no_columns_are_given() {
        for (count, columns, rows) in [(1, 1, 1), (2, 2, 1), (3, 2, 2), (9, 3, 3), (10, 4, 3)] {
            let layout = SheetLayout { columns: 0, gap: 0, ..LAYOUT };
            let sheet = compose_sheet(&vec![image(1, 1, [0; 3]); count], &layout).unwrap();
            assert_eq!(sheet.size, Size { width: columns, height: rows }, "{count}");
        }
    }

    #[test]
    fn both_ways_to_enlarge() {
        let mut source = image(2, 1, [0; 3]);
        source.rgb[3..].fill(100);
        let enlarged =
            |image: Image, enlarge| compose_sheet(&[image], &SheetLayout { enlarge, gap: 0, ..LAYOUT }).unwrap();
        let size = Size { width: 4, height: 2 };
        let nearest = enlarged(source.clone(), Enlarge::Nearest(2));
        assert_eq!((nearest.size, reds(&nearest)), (size, vec![0, 0, 100, 100, 0, 0, 100, 100]));
        // By hand, in 128ths of 100: -9 below black, 29 - 3, 111 - 9 - 3 … with the edge going on, 111 + 29 - 3.
        let smooth = enlarged(source, Enlarge::Smooth2x);
        assert_eq!((smooth.size, reds(&smooth)), (size, vec![0, 20, 80, 107, 0, 20, 80, 107]));
        let plain = enlarged(image(3, 5, [7, 80, 255]), Enlarge::Smooth2x);
        assert_eq!(plain, image(6, 10, [7, 80, 255]), "a plain colour stays as it is");
    }

    #[test]
    fn impossible_sheets_are_refused() {
        let broken = Image { size: Size { width: 2, height: 2 }, rgb: vec![0; 3] };
        let refused = compose_sheet(&[broken], &LAYOUT);
        assert!(matches!(refused, Err(GalleryError::InvalidImage { found: 3, expected: 12, .. })));
        let huge = SheetLayout { enlarge: Enlarge::Nearest(u32::MAX), gap: u32::MAX, ..LAYOUT };
        assert!(matches!(compose_sheet(&[image(9, 9, [0; 3])], &huge), Err(GalleryError::TooLarge { .. })));
        assert_eq!(compose_sheet(&[], &LAYOUT).unwrap().size, Size { width: 2, height: 1 });
        let plain = SheetLayout { gap: 0, ..LAYOUT };
        assert!(compose_sheet(&[image(1 << 15, 1, [0; 3])], &plain).is_ok(), "the longest side");
        let longer = compose_sheet(&[image((1 << 15) + 1, 1, [0; 3])], &plain);
        assert!(matches!(longer, Err(GalleryError::TooLarge { width: 0x8001, height: 1, .. })));
    }
}
