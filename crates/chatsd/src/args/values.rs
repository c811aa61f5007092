//! The kinds of value that only the command line knows.

use std::{fmt, path::PathBuf, str::FromStr};

use chatsd_tensor::Format;
use chatsd_types::{Bilingual, ExpectedValue, Preprocessor, UnknownName, ValueError};
use serde::{Deserialize, Serialize};

/// Declares a closed list with its names.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $kind_zh:literal { $($(#[$member_doc:meta])* $member:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$member_doc])* $member),+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$member => $text),+ })
            }
        }

        impl FromStr for $name {
            type Err = UnknownName;

            fn from_str(text: &str) -> Result<Self, UnknownName> {
                match text.to_lowercase().as_str() {
                    $($text => Ok(Self::$member),)+
                    _ => Err(UnknownName {
                        kind: Bilingual { en: $kind, zh: $kind_zh },
                        found: text.to_owned(),
                        expected: [$($text),+].join(", "),
                    }),
                }
            }
        }
    };
}

choice!(
    /// How pictures are shown in the terminal.
    Show, "way to show pictures", "显示图片的方式" {
        /// The best way this terminal is known to have.
        Auto = "auto",
        /// The graphics protocol of kitty.
        Kitty = "kitty",
        /// Inline images of iTerm2.
        Iterm2 = "iterm2",
        /// Sixel graphics of the VT340.
        Sixel = "sixel",
        /// Half a character cell for each pixel.
        Blocks = "blocks",
        /// Not at all.
        None = "none",
    }
);

choice!(
    /// Whether pictures are shown while they are painted.
    Previews, "way of previews", "预览方式" {
        /// Where the terminal shows pictures.
        Auto = "auto",
        /// Not at all.
        None = "none",
    }
);

choice!(
    /// How weights are held in memory.
    Store, "format of weights", "权重格式" {
        /// Single precision.
        F32 = "f32",
        /// Half precision.
        F16 = "f16",
        /// 8-bit blocks.
        Q8_0 = "q8_0",
    }
);

choice!(
    /// A family of vector instructions.
    InstructionSet, "instructions", "指令集" {
        /// What every processor has.
        Portable = "portable",
        /// 8 floats at once.
        Avx2 = "avx2",
        /// 16 floats at once.
        Avx512 = "avx512",
    }
);

/// A number format that models are written in.
///
/// # Errors
/// When none is called so: says those there are.
pub fn written_format(text: &str) -> Result<Format, UnknownName> {
    let written = Format::WRITTEN.into_iter().filter(|format| *format != Format::F64);
    written.clone().find(|format| format.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
        let names: Vec<String> = written.map(|format| format.name().to_lowercase()).collect();
        let kind = Bilingual { en: "format", zh: "格式" };
        UnknownName { kind, found: text.to_owned(), expected: names.join(", ") }
    })
}

/// A ControlNet and the picture that it follows: `NAME=IMAGE`, then options after commas.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlArg {
    /// Name or path of the ControlNet.
    pub name: String,
    /// The picture.
    pub image: PathBuf,
    /// What makes the network's input of it; else what the network's name says.
    pub preprocessor: Option<Preprocessor>,
    /// Factor of what it adds.
    pub weight: f32,
    /// Share of the steps after which it begins.
    pub from: f32,
    /// Share of the steps after which it ends.
    pub to: f32,
}

impl FromStr for ControlArg {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError::new(text, ExpectedValue::Control);
        let (name, mut rest) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(wrong)?;
        let (mut weight, mut from, mut to, mut preprocessor) = (1.0, 0.0, 1.0, None);
        // Options stand at the end, so that a picture's name may have commas.
        while let Some((before, option)) = rest.rsplit_once(',') {
            let Some((key, value)) = option.split_once('=') else { break };
            let (place, limit) = match key.trim() {
                "weight" => (&mut weight, 10.0),
                "from" => (&mut from, 1.0),
                "to" => (&mut to, 1.0),
                "preprocessor" => {
                    let named = value.trim().parse().map_err(|_| ValueError::new(option, ExpectedValue::Control))?;
                    preprocessor = Some(named);
                    rest = before;
                    continue;
                }
                _ => break,
            };
            let number = value.trim().parse().ok().filter(|number| (0.0..=limit).contains(number));
            let out_of_range = || ValueError::new(option, ExpectedValue::Number { low: 0.0, high: limit });
            *place = number.ok_or_else(out_of_range)?;
            rest = before;
        }
        if rest.trim().is_empty() || from > to {
            return Err(wrong());
        }
        let (name, image) = (name.trim().to_owned(), rest.trim().into());
        Ok(Self { name, image, preprocessor, weight, from, to })
    }
}

/// A picture that is a prompt, and the IP-Adapter for it: `NAME=IMAGE`, then `weight=0.6` after a comma.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagePromptArg {
    /// Name or path of the IP-Adapter.
    pub name: String,
    /// The picture.
    pub image: PathBuf,
    /// Factor of what it adds.
    pub weight: f32,
}

impl FromStr for ImagePromptArg {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let wrong = || ValueError::new(text, ExpectedValue::ImagePrompt);
        match text.parse() {
            Ok(ControlArg { name, image, preprocessor: None, weight, from: 0.0, to: 1.0 }) => {
                Ok(Self { name, image, weight })
            }
            _ => Err(wrong()),
        }
    }
}

/// Names with commas between, also Chinese ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl FromStr for Names {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let names = text.split([',', '，', '、']).map(str::trim).filter(|name| !name.is_empty());
        Ok(Self(names.map(str::to_owned).collect()))
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

/// Folders with commas between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(pub Vec<PathBuf>);

impl FromStr for Places {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split(',').map(str::trim).filter(|place| !place.is_empty()).map(PathBuf::from).collect()))
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(|place| place.to_string_lossy()).collect();
        f.write_str(&texts.join(","))
    }
}

/// Declares a number that must lie in a range.
macro_rules! within {
    ($(#[$doc:meta])* $name:ident, $low:literal, $high:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name(pub f32);

        impl FromStr for $name {
            type Err = ValueError;

            fn from_str(text: &str) -> Result<Self, ValueError> {
                let value = text.trim().parse::<f32>().ok().filter(|value| ($low..=$high).contains(value));
                let expected = ExpectedValue::Number { low: $low, high: $high };
                value.map(Self).ok_or_else(|| ValueError::new(text, expected))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}", self.0) }
        }
    };
}

within!(
    /// A part of a whole, 0 to 1.
    Fraction, 0.0, 1.0
);
within!(
    /// A time, in minutes.
    Minutes, 0.001, 100_000.0
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_control_makes_it_panic(text in ".{0,12}|x=(,|=|weight|from|to|preprocessor|[0-9.]|a){0,9}") {
            let _ = text.parse::<ControlArg>();
        }

        #[test]
        fn names_read_back(text in ".{0,20}|[a-z,，、 ]{0,20}") {
            let names: Names = text.parse().unwrap();
            prop_assert!(names.0.iter().all(|name| !name.is_empty() && name == name.trim()));
            prop_assert_eq!(names.to_string().parse::<Names>().unwrap(), names);
        }
    }

    #[test]
    fn a_control_net_and_its_picture_are_read() {
        let read = |text: &str| text.parse::<ControlArg>();
        let plain = read("v11p_sd15_canny=my, photo.png").unwrap();
        assert_eq!((plain.name.as_str(), plain.image.to_str()), ("v11p_sd15_canny", Some("my, photo.png")));
        assert_eq!((plain.preprocessor, plain.weight, plain.from, plain.to), (None, 1.0, 0.0, 1.0));
        let full = read("canny=a=b.png,weight=0.5, from=0.25,to=0.75,preprocessor=none").unwrap();
        assert_eq!((full.image.to_str(), full.preprocessor), (Some("a=b.png"), Some(Preprocessor::None)));
        assert_eq!((full.weight, full.from, full.to), (0.5, 0.25, 0.75));
        for text in ["", "canny", "=a.png", "canny=", "x=a.png,weight=11", "x=a.png,from=0.9,to=0.1", "x=,weight=1"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("x=a.png,preprocessor=magic").unwrap_err().to_string().contains("canny"));
    }

    #[test]
    fn an_image_prompt_is_read() {
        let read = |text: &str| text.parse::<ImagePromptArg>();
        let expected = ImagePromptArg { name: "ip".into(), image: "a.png".into(), weight: 0.5 };
        assert_eq!(read("ip=a.png,weight=0.5"), Ok(expected));
        for text in ["", "ip", "ip=a.png,from=0.5", "ip=a.png,preprocessor=canny", "ip=a.png,weight=x"] {
            assert!(read(text).unwrap_err().to_string().contains("NAME=IMAGE"), "{text}");
        }
    }

    #[test]
    fn values_are_read_or_refused() {
        assert_eq!("3d，flat, 扁平、 ".parse::<Names>().unwrap().0, ["3d", "flat", "扁平"]);
        assert_eq!("SIXEL".parse(), Ok(Show::Sixel));
        assert!("teletype".parse::<Show>().unwrap_err().to_string().contains("kitty"));
        for text in ["", "nan", "-0.1", "1.1", "inf"] {
            assert!(text.parse::<Fraction>().is_err(), "{text}");
        }
    }
}
