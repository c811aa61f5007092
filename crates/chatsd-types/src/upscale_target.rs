//! How large a picture shall become.

use std::{fmt, str::FromStr};

use crate::{ExpectedValue, Size, ValueError};

/// How large a picture shall become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpscaleTarget {
    /// So many times as wide and as high.
    Times(f32),
    /// This size.
    Size(Size),
}

/// Nothing is made larger at once than so many times.
const TIMES_LIMIT: f32 = 16.0;

impl UpscaleTarget {
    /// What it is read from.
    pub(crate) const EXPECTED: ExpectedValue = ExpectedValue::UpscaleTarget { limit: TIMES_LIMIT };

    /// The size that a picture of `size` comes to.
    #[must_use]
    pub fn of(self, size: Size) -> Size {
        let side = |side: u32, times: f32| (f64::from(side) * f64::from(times)).round().max(1.0) as u32;
        match self {
            Self::Times(times) => Size { width: side(size.width, times), height: side(size.height, times) },
            Self::Size(size) => size,
        }
    }
}

impl FromStr for UpscaleTarget {
    type Err = ValueError;

    /// Reads `2`, `1.5` or `1024x768`.
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.contains(['x', 'X', '×', '*']) {
            return text.parse().map(Self::Size);
        }
        let times = text.trim().parse::<f32>().ok().filter(|times| (1.0..=TIMES_LIMIT).contains(times));
        times.map(Self::Times).ok_or_else(|| ValueError::new(text, Self::EXPECTED))
    }
}

impl fmt::Display for UpscaleTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times}"),
            Self::Size(size) => write!(f, "{size}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_target_reads_back_and_no_text_makes_it_panic(
            times in 1.0_f32..16.0, width: u32, height: u32, any in ".{0,12}", near in "[0-9x.]{0,8}",
        ) {
            for target in [UpscaleTarget::Times(times), UpscaleTarget::Size(Size { width, height })] {
                prop_assert_eq!(target.to_string().parse(), Ok(target));
            }
            for text in [any, near] {
                if let Ok(target) = text.parse::<UpscaleTarget>() {
                    let _ = target.of(Size { width, height });
                }
            }
        }
    }

    #[test]
    fn so_many_times_is_rounded_to_pixels() {
        let size = Size { width: 33, height: 64 };
        assert_eq!(UpscaleTarget::Times(1.5).of(size), Size { width: 50, height: 96 });
        for text in ["0.5", "nan", "17"] {
            assert!(text.parse::<UpscaleTarget>().is_err(), "{text}");
        }
    }
}
