//! A text that is none of the values that were asked for.

use std::fmt;

/// A text that is none of the values that were asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("\"{found}\" found, expected {expected}")]
pub struct ValueError {
    /// What was written.
    pub found: String,
    /// What it should have been.
    pub expected: ExpectedValue,
}

impl ValueError {
    /// Of a text.
    #[must_use]
    pub fn new(found: &str, expected: ExpectedValue) -> Self {
        Self { found: found.to_owned(), expected }
    }
}

/// What a text should have been.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ExpectedValue {
    /// Width and height in pixels.
    Size,
    /// How many times as large, or a size.
    UpscaleTarget {
        /// The most times.
        limit: f32,
    },
    /// A number, both ends included.
    Number {
        /// The least.
        low: f32,
        /// The most.
        high: f32,
    },
    /// Pixels on sides of a picture.
    Margins {
        /// The most pixels on a side.
        limit: u32,
    },
    /// A ControlNet, its picture and its options.
    Control,
    /// An IP-Adapter, its picture and its weight.
    ImagePrompt,
    /// A key with its value.
    Pair,
}

impl fmt::Display for ExpectedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size => f.write_str("WIDTHxHEIGHT in pixels, such as 512x768"),
            Self::UpscaleTarget { limit } => {
                write!(f, "how many times as large, from 1 to {limit}, or WIDTHxHEIGHT in pixels")
            }
            Self::Number { low, high } => write!(f, "a number from {low} to {high}"),
            Self::Margins { limit } => {
                write!(f, "left, right, top, bottom or all with 1 to {limit} pixels, such as left=64,top=32")
            }
            Self::Control => f.write_str(
                "NAME=IMAGE, then, where wanted, weight=0.8, from=0.2, to=0.7 or preprocessor=canny after commas",
            ),
            Self::ImagePrompt => f.write_str("NAME=IMAGE, then, where wanted, weight=0.6 after a comma"),
            Self::Pair => f.write_str("KEY=VALUE, such as seed=7"),
        }
    }
}
