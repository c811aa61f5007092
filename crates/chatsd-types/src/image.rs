//! Pixels.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ExpectedValue, ValueError};

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Size {
    type Err = ValueError;

    /// Reads `512x768`, also with `×`, `*` or `X`; a single number is a square.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError::new(text, ExpectedValue::Size);
        let number = |part: &str| part.trim().parse::<u32>().map_err(|_| wrong());
        let mut parts = text.split(['x', 'X', '×', '*']);
        let width = number(parts.next().unwrap_or_default())?;
        let height = parts.next().map_or(Ok(width), number)?;
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { width, height })
    }
}

/// A picture: 8-bit sRGB, row by row, three bytes a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Width and height.
    pub size: Size,
    /// `3 · width · height` bytes, red green blue.
    pub rgb: Vec<u8>,
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({})", self.size)
    }
}

impl Image {
    /// A picture of one colour.
    #[must_use]
    pub fn filled(size: Size, colour: [u8; 3]) -> Self {
        let pixels = size.width as usize * size.height as usize;
        Self { size, rgb: colour.repeat(pixels) }
    }

    /// The pixel at column `x`, row `y`.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let at = 3 * (y as usize * self.size.width as usize + x as usize);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }
}

/// Where to paint anew: one byte a pixel, 255 paints, 0 keeps, between mixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Width and height.
    pub size: Size,
    /// `width · height` bytes.
    pub coverage: Vec<u8>,
}

impl Mask {
    /// Where a picture is white, it paints anew, where it is black, it keeps: the mean of the three colours, rounded down.
    #[must_use]
    pub fn from_image(image: &Image) -> Self {
        let mean = |pixel: &[u8]| (pixel.iter().map(|&value| u32::from(value)).sum::<u32>() / 3) as u8;
        Self { size: image.size, coverage: image.rgb.chunks_exact(3).map(mean).collect() }
    }

    /// As a grey picture, of which [`Self::from_image`] makes the same mask again.
    #[must_use]
    pub fn to_image(&self) -> Image {
        Image { size: self.size, rgb: self.coverage.iter().flat_map(|&value| [value; 3]).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_in_the_ways_people_write_them() {
        for (text, expected) in [("512x768", (512, 768)), ("64", (64, 64)), ("1×2", (1, 2)), (" 3 * 4 ", (3, 4))] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.width, size.height), expected, "{text}");
        }
        for text in ["", "x", "12x", "1x2x3", "-1x2", "99999999999x1", "big"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mask_reads_back_and_colours_count_by_their_mean() {
        let mask = Mask { size: Size { width: 16, height: 16 }, coverage: (0..=255).collect() };
        assert_eq!(Mask::from_image(&mask.to_image()), mask);
        let image = Image { size: Size { width: 3, height: 1 }, rgb: vec![255, 0, 0, 255, 255, 255, 1, 2, 5] };
        assert_eq!(Mask::from_image(&image).coverage, [85, 255, 2]);
    }

    proptest! {
        #[test]
        fn any_size_reads_back_and_no_text_makes_it_panic(width: u32, height: u32, any in "(?s).{0,20}", near in "[0-9x×* ]{0,12}") {
            let size = Size { width, height };
            prop_assert_eq!(size.to_string().parse(), Ok(size));
            let _ = (any.parse::<Size>(), near.parse::<Size>());
        }
    }
}
