//! What the person in front sees: words, a bar, pictures.

pub mod bar;
mod blocks;
mod detect;
mod inline;
mod live;
pub mod output;
pub mod progress;

use std::io::{self, Write};

pub use detect::detect;
pub use live::Live;

use anyhow::Result;
use chatsd_types::{Image, Kernel, Size};

use crate::args::values::Show;

/// Pixels that one character cell is taken to be across and down, for the ways that count in pixels.
const CELL: (u32, u32) = (9, 18);

/// Shows a picture on stderr, at most `columns` character cells wide. `png` is the same picture as a file.
///
/// # Errors
/// When the terminal cannot be written to, or sixels cannot be made.
pub fn show(way: Show, image: &Image, png: &[u8], columns: u32) -> Result<()> {
    let columns = columns.max(4);
    let text = match way {
        Show::Kitty => inline::kitty(png, columns),
        Show::Iterm2 => inline::iterm2(png, columns),
        Show::Sixel => inline::sixel(&fitted(image, columns * CELL.0))?,
        Show::Blocks => blocks::blocks(&fitted(image, columns), blocks::full_colour()),
        Show::Auto | Show::None => return Ok(()),
    };
    let mut stderr = io::stderr().lock();
    stderr.write_all(text.as_bytes())?;
    stderr.write_all(b"\n")?;
    stderr.flush()?;
    Ok(())
}

/// The picture made to be `width` pixels wide; never enlarged.
fn fitted(image: &Image, width: u32) -> Image {
    let Size { width: from_width, height: from_height } = image.size;
    let width = width.clamp(1, from_width.max(1));
    let height = (u64::from(from_height) * u64::from(width) / u64::from(from_width.max(1))).max(1) as u32;
    image.resized(Size { width, height }, Kernel::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fitted_picture_keeps_its_shape() {
        let image = Image::filled(Size { width: 4, height: 2 }, [9, 8, 7]);
        assert_eq!(fitted(&image, 2), Image::filled(Size { width: 2, height: 1 }, [9, 8, 7]));
        assert_eq!(fitted(&image, 100), image);
        assert_eq!(fitted(&Image::filled(Size { width: 1, height: 9 }, [7; 3]), 1).size.height, 9);
    }
}
