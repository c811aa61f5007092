//! Whole pictures handed to the terminal: kitty, iTerm2, sixel.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use chatsd_types::Image;
use icy_sixel::{EncodeOptions, sixel_encode};

/// Base64 bytes that kitty takes in one piece.
const PIECE: usize = 4096;

/// kitty's graphics protocol: a PNG, transmitted and displayed (`a=T`, `f=100`), `columns` cells wide, without answer
/// (`q=2`). <https://sw.kovidgoyal.net/kitty/graphics-protocol/>
pub fn kitty(png: &[u8], columns: u32) -> String {
    let encoded = STANDARD.encode(png);
    let pieces: Vec<&str> =
        encoded.as_bytes().chunks(PIECE).filter_map(|piece| std::str::from_utf8(piece).ok()).collect();
    let mut text = String::new();
    for (index, piece) in pieces.iter().enumerate() {
        let first = if index == 0 { format!("a=T,f=100,q=2,c={columns},") } else { String::new() };
        let more = u8::from(index + 1 < pieces.len());
        text.push_str(&format!("\x1b_G{first}m={more};{piece}\x1b\\"));
    }
    text
}

/// iTerm2's inline images. <https://iterm2.com/documentation-images.html>
pub fn iterm2(png: &[u8], columns: u32) -> String {
    let encoded = STANDARD.encode(png);
    format!("\x1b]1337;File=inline=1;size={};width={columns};preserveAspectRatio=1:{encoded}\x07", png.len())
}

/// Sixel graphics.
///
/// # Errors
/// When the encoder refuses the picture.
pub fn sixel(image: &Image) -> Result<String> {
    let rgba: Vec<u8> = image.rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let (width, height) = (image.size.width as usize, image.size.height as usize);
    sixel_encode(&rgba, width, height, &EncodeOptions::default()).context("cannot make sixels of the picture")
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsd_types::Size;

    #[test]
    fn kitty_gets_pieces_and_is_told_of_the_last() {
        let text = kitty(&[0; 7000], 20);
        assert_eq!(text.matches("\x1b_G").count(), 3);
        assert!(text.starts_with("\x1b_Ga=T,f=100,q=2,c=20,m=1;") && text.contains("\x1b_Gm=0;"), "{text}");
    }

    #[test]
    fn the_others_begin_and_end_as_they_must() {
        let picture = iterm2(b"png", 12);
        assert_eq!(picture, "\x1b]1337;File=inline=1;size=3;width=12;preserveAspectRatio=1:cG5n\x07");
        let sixels = sixel(&Image::filled(Size { width: 8, height: 6 }, [255, 0, 0])).unwrap();
        assert!(sixels.starts_with("\x1bP") && sixels.ends_with("\x1b\\"), "{sixels:?}");
    }
}
