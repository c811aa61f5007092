//! The picture in the making, drawn in one place over and over. In half blocks, whatever else the terminal can do: of
//! them it is known how many lines they take, so that they can be drawn over.

use std::time::{Duration, Instant};

use chatsd_types::Image;

use super::{blocks, fitted};

/// Character cells across.
const COLUMNS: u32 = 32;
/// The picture changes no more often than this.
const PAUSE: Duration = Duration::from_secs(1);
/// Drawing takes no more than one part of the time in so many: 2 %.
const SHARE: u32 = 50;

/// What is drawn, and when it may be drawn anew.
pub struct Live {
    full_colour: bool,
    lines: usize,
    next: Instant,
}

impl Live {
    /// Nothing is drawn yet.
    pub fn new() -> Self {
        Self { full_colour: blocks::full_colour(), lines: 0, next: Instant::now() + PAUSE }
    }

    /// Whether it is time to draw.
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// The text that draws a picture over the one before.
    pub fn draw(&mut self, image: &Image) -> String {
        let before = self.erase();
        let picture = blocks::blocks(&fitted(image, COLUMNS), self.full_colour);
        self.lines = picture.lines().count();
        format!("{before}{picture}\n")
    }

    /// Learns how long it took to make and draw a picture, so that the next one waits long enough.
    pub fn took(&mut self, time: Duration) {
        self.next = Instant::now() + PAUSE.max(time.saturating_mul(SHARE - 1));
    }

    /// The text that takes the picture away: up as many lines, and clear to the end of the screen (ECMA-48 CUU, ED).
    pub fn erase(&mut self) -> String {
        match std::mem::take(&mut self.lines) {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\r\x1b[J"),
        }
    }
}

#[cfg(test)]
mod tests {
    use chatsd_types::Size;

    use super::*;

    #[test]
    fn a_picture_is_drawn_over_the_one_before() {
        let mut live = Live::new();
        assert!(!live.is_due(), "quick pictures are not shown half done");
        let image = Image::filled(Size { width: 64, height: 64 }, [9; 3]);
        let first = live.draw(&image);
        assert!(first.starts_with("\x1b[38;") && first.lines().count() == 16 && first.ends_with('\n'));
        assert!(live.draw(&image).starts_with("\x1b[16A\r\x1b[J\x1b[38;"));
        assert_eq!((live.erase().as_str(), live.erase().as_str()), ("\x1b[16A\r\x1b[J", ""));
        live.took(Duration::from_secs(3));
        assert!(live.next > Instant::now() + Duration::from_secs(140));
    }
}
