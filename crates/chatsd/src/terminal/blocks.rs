//! Two pixels in one character cell: the upper half block in the colour of one on the colour of the other.

use std::fmt::Write;

use chatsd_types::Image;

/// Whether the terminal says that it knows 24-bit colours.
pub fn full_colour() -> bool {
    std::env::var("COLORTERM").is_ok_and(|value| value.contains("truecolor") || value.contains("24bit"))
}

/// The picture as lines of half blocks, one cell for each pixel across.
pub fn blocks(image: &Image, full_colour: bool) -> String {
    let mut text = String::new();
    for y in (0..image.size.height).step_by(2) {
        if y > 0 {
            text.push('\n');
        }
        for x in 0..image.size.width {
            colour(&mut text, 38, image.pixel(x, y), full_colour);
            if y + 1 < image.size.height {
                colour(&mut text, 48, image.pixel(x, y + 1), full_colour);
            } else {
                text.push_str("\x1b[49m");
            }
            text.push('▀');
        }
        text.push_str("\x1b[0m");
    }
    text
}

/// Selects a colour for the front (38) or the back (48): ECMA-48 SGR, 24-bit or the cube of 256 colours.
fn colour(text: &mut String, plane: u8, [red, green, blue]: [u8; 3], full: bool) {
    let written = if full {
        write!(text, "\x1b[{plane};2;{red};{green};{blue}m")
    } else {
        let level = |value: u8| (u16::from(value) * 5 + 127) / 255;
        write!(text, "\x1b[{plane};5;{}m", 16 + 36 * level(red) + 6 * level(green) + level(blue))
    };
    debug_assert!(written.is_ok(), "a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsd_types::Size;

    #[test]
    fn an_odd_last_row_has_no_back() {
        let image = Image::filled(Size { width: 1, height: 3 }, [255, 0, 0]);
        let text = blocks(&image, true);
        assert_eq!(text.lines().count(), 2);
        assert!(text.ends_with("\x1b[38;2;255;0;0m\x1b[49m▀\x1b[0m"), "{text:?}");
        assert!(blocks(&image, false).contains("\x1b[38;5;196m"));
    }
}
