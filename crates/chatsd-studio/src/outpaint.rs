//! A picture on a larger canvas, to be painted on beyond its edges (outpainting).

use std::str::FromStr;

use chatsd_types::{ExpectedValue, Image, Mask, Size, ValueError};

/// No picture grows by more pixels on a side.
const MARGIN_LIMIT: u32 = 4096;

/// Pixels that a picture grows by on each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// To the left.
    pub left: u32,
    /// To the right.
    pub right: u32,
    /// Above.
    pub top: u32,
    /// Below.
    pub bottom: u32,
}

/// Where a starting picture is painted anew.
#[derive(Clone, Debug, PartialEq)]
pub enum Region {
    /// Where the mask covers it.
    Mask(Mask),
    /// Beyond its edges.
    Margins(Margins),
}

impl Margins {
    /// The size of a picture of `size` with these margins.
    #[must_use]
    pub const fn around(self, size: Size) -> Size {
        Size {
            width: size.width.saturating_add(self.left).saturating_add(self.right),
            height: size.height.saturating_add(self.top).saturating_add(self.bottom),
        }
    }
}

impl FromStr for Margins {
    type Err = ValueError;

    /// Reads `left=64,top=32`; `all` is every side.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = |found: &str| ValueError::new(found, ExpectedValue::Margins { limit: MARGIN_LIMIT });
        let mut margins = Self::default();
        for part in text.split([',', '，']) {
            let (side, pixels) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let pixels = pixels.trim().parse().ok().filter(|pixels| (1..=MARGIN_LIMIT).contains(pixels));
            let pixels = pixels.ok_or_else(|| wrong(part))?;
            let Self { left, right, top, bottom } = &mut margins;
            match side.trim() {
                "left" => *left = pixels,
                "right" => *right = pixels,
                "top" => *top = pixels,
                "bottom" => *bottom = pixels,
                "all" => [left, right, top, bottom].into_iter().for_each(|side| *side = pixels),
                _ => return Err(wrong(part)),
            }
        }
        Ok(margins)
    }
}

/// The picture with margins in the colours of its edges, and the mask of what is new: it reaches `overlap` pixels into
/// the picture on the sides that grow, so that the seam is painted anew.
#[must_use]
pub fn extend(image: &Image, margins: Margins, overlap: u32) -> (Image, Mask) {
    let size = margins.around(image.size);
    let reach = |margin: u32| if margin > 0 { margin + overlap } else { 0 };
    let (left, top) = (reach(margins.left), reach(margins.top));
    let (right, bottom) =
        (size.width - reach(margins.right).min(size.width), size.height - reach(margins.bottom).min(size.height));
    let pixels = size.width as usize * size.height as usize;
    let (mut rgb, mut coverage) = (Vec::with_capacity(3 * pixels), Vec::with_capacity(pixels));
    let nearest = |place: u32, margin: u32, side: u32| place.saturating_sub(margin).min(side.saturating_sub(1));
    for y in 0..size.height {
        for x in 0..size.width {
            rgb.extend(
                image.pixel(nearest(x, margins.left, image.size.width), nearest(y, margins.top, image.size.height)),
            );
            let old = (left..right).contains(&x) && (top..bottom).contains(&y);
            coverage.push(if old { 0 } else { 255 });
        }
    }
    (Image { size, rgb }, Mask { size, coverage })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sides_are_read_by_name() {
        assert_eq!("left=64, top=32".parse(), Ok(Margins { left: 64, top: 32, ..Margins::default() }));
        assert_eq!("all=8,right=9".parse(), Ok(Margins { left: 8, right: 9, top: 8, bottom: 8 }));
        for text in ["", "left", "left=0", "up=3", "left=5000", "left=-1"] {
            assert!(text.parse::<Margins>().unwrap_err().to_string().contains("left=64"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(left|all|top|=|,|[0-9]|.){0,12}") {
            let _ = text.parse::<Margins>();
        }
    }

    #[test]
    fn margins_take_the_colours_of_the_edges_and_the_mask_reaches_over_the_seam() {
        let image = Image { size: Size { width: 3, height: 1 }, rgb: vec![1, 1, 1, 2, 2, 2, 3, 3, 3] };
        let margins = Margins { left: 2, top: 1, ..Margins::default() };
        let (canvas, mask) = extend(&image, margins, 0);
        assert_eq!(canvas.size, Size { width: 5, height: 2 });
        let reds: Vec<u8> = canvas.rgb.iter().step_by(3).copied().collect();
        assert_eq!(reds, [1, 1, 1, 2, 3, 1, 1, 1, 2, 3]);
        assert_eq!(mask.coverage, [255, 255, 255, 255, 255, 255, 255, 0, 0, 0]);
        let (_, mask) = extend(&image, Margins { left: 2, ..Margins::default() }, 1);
        assert_eq!(mask.coverage, [255, 255, 255, 0, 0]);
        let (_, mask) = extend(&image, Margins { right: 1, ..Margins::default() }, 9);
        assert_eq!(mask.coverage, [255; 4], "an overlap larger than the picture");
    }
}
