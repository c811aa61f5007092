//! What was understood from a sentence.

use serde::{Deserialize, Serialize};

use crate::Size;

/// The language a sentence is mostly written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English, and every other language written without Han characters.
    #[default]
    English,
    /// Chinese.
    Chinese,
}

/// How wide a picture is for its height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AspectRatio {
    /// Parts across.
    pub across: u32,
    /// Parts down.
    pub down: u32,
}

impl AspectRatio {
    /// As wide as high.
    pub const SQUARE: Self = Self { across: 1, down: 1 };
    /// Three by two.
    pub const WIDE: Self = Self { across: 3, down: 2 };
    /// Two by three.
    pub const TALL: Self = Self { across: 2, down: 3 };

    /// The size of this shape with about the area of `size`, both sides multiples of `step` pixels.
    #[must_use]
    pub fn at(self, size: Size, step: u32) -> Size {
        let area = f64::from(size.width) * f64::from(size.height);
        let (across, down) = (f64::from(self.across.max(1)), f64::from(self.down.max(1)));
        let step = step.max(1);
        let side = |parts: f64, other: f64| {
            let steps = ((area * parts / other).sqrt() / f64::from(step)).round().clamp(1.0, 65_536.0);
            (steps as u32).saturating_mul(step)
        };
        Size { width: side(across, down), height: side(down, across) }
    }
}

/// What was understood from a sentence. Everything the user said is in one of these fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idea {
    /// The sentence as typed.
    pub sentence: String,
    /// The language it is mostly written in.
    pub language: Language,
    /// The user's own words that describe the picture, verbatim and in order: the sentence without
    /// what was an instruction (a count, a size, a style asked for, what must not be seen).
    pub subject: String,
    /// `subject` in the words the picture model knows. Equal to `subject` for English.
    pub subject_english: String,
    /// Words of `subject` and of what is excluded that no lexicon entry covers; they stand untranslated in
    /// `subject_english` and `excluded`.
    pub untranslated: Vec<String>,
    /// How many pictures were asked for ("three …", "六张…").
    pub count: Option<usize>,
    /// The size asked for in pixels ("512x768").
    pub size: Option<Size>,
    /// The shape asked for without a size ("wide", "竖图", "16:9").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<AspectRatio>,
    /// Ids of the styles asked for, in order.
    pub styles: Vec<String>,
    /// What must not be seen ("no …", "without …", "不要…"), in English; goes to the negative prompt.
    pub excluded: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_keeps_the_area_and_the_step() {
        let at = |shape: AspectRatio, side, step| shape.at(Size { width: side, height: side }, step).to_string();
        assert_eq!(at(AspectRatio::SQUARE, 128, 8), "128x128");
        assert_eq!(at(AspectRatio::WIDE, 512, 64), "640x448");
        assert_eq!(at(AspectRatio::TALL, 128, 8), "104x160");
        assert_eq!(at(AspectRatio { across: 16, down: 9 }, 512, 8), "680x384");
        assert_eq!(at(AspectRatio { across: 0, down: 9 }, 0, 0), "1x1");
    }
}
