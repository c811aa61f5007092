//! What a parameter of a request is: its key, its values, its words. The table of all stands in [`crate::PARAMETERS`].

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{Bilingual, ExpectedValue, Request, Size, UpscaleTarget};

/// A number, name or text of a request that a person, a config file, a picture's metadata or another program may set.
///
/// Everything that names or reads it derives from this: the flag `--key-with-dashes`, the variable `CHATSD_KEY`, the
/// key of the config file and of `again --set`, help, errors and the label in a picture's `parameters`.
#[derive(Debug, Serialize)]
pub struct Parameter {
    /// Its key in snake case.
    pub key: &'static str,
    /// What errors call it.
    pub name: Bilingual,
    /// What it does, in a line.
    pub help: Bilingual,
    /// What decides where nobody set it.
    pub otherwise: Bilingual,
    /// Which values it takes.
    pub values: ParameterValues,
    /// What a request must have for it to mean anything.
    pub needs: Option<Prerequisite>,
    /// Whether it has a flag of its own. The others are set by arguments that mean more than one request.
    pub has_flag: bool,
    /// Its label in the `parameters` text of stable-diffusion-webui (`modules/infotext_utils.py`); empty for none.
    pub label: &'static str,
    /// Its value in a request as text; `None` where that is the usual one and need not be told.
    #[serde(skip)]
    pub get: fn(&Request) -> Option<String>,
    /// Puts a text that [`ParameterValues`] allows into a request; `None` where it is not read.
    #[serde(skip)]
    pub set: fn(&mut Request, &str) -> Option<()>,
}

impl PartialEq for Parameter {
    /// A key is a parameter.
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// What a request must have for a parameter to mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prerequisite {
    /// A starting picture.
    Init,
    /// A mask.
    Mask,
    /// A second pass.
    SecondPass,
}

impl Prerequisite {
    /// Whether a request has it.
    #[must_use]
    pub const fn met_by(self, request: &Request) -> bool {
        match self {
            Self::Init => request.init.is_some(),
            Self::Mask => request.mask.is_some(),
            Self::SecondPass => request.second_pass.is_some(),
        }
    }
}

/// The values that a parameter takes.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParameterValues {
    /// Whole numbers, both ends included.
    Whole {
        /// The least.
        low: u64,
        /// The most.
        high: u64,
    },
    /// Numbers, both ends included.
    Number {
        /// The least.
        low: f32,
        /// The most.
        high: f32,
    },
    /// Names of a closed list.
    Name {
        /// The list.
        #[serde(rename = "names", serialize_with = "listed")]
        all: fn() -> Vec<&'static str>,
    },
    /// Yes or no.
    Truth,
    /// Width and height in pixels, such as `512x768`.
    Size,
    /// How many times as large, or a size.
    UpscaleTarget,
    /// Any text.
    Text,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's serialize_with passes a reference")]
fn listed<S: Serializer>(all: &fn() -> Vec<&'static str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all())
}

impl ParameterValues {
    /// Whether a text is one of the values, as far as that can be told without knowing the parameter.
    fn allow(self, text: &str) -> bool {
        match self {
            Self::Whole { low, high } => text.parse().is_ok_and(|number| (low..=high).contains(&number)),
            Self::Number { low, high } => text.parse().is_ok_and(|number| (low..=high).contains(&number)),
            Self::Truth => text.parse::<bool>().is_ok(),
            Self::Size => text.parse::<Size>().is_ok(),
            Self::UpscaleTarget => text.parse::<UpscaleTarget>().is_ok(),
            // Aliases are read as well as the names of the list.
            Self::Name { .. } | Self::Text => true,
        }
    }

    /// What stands for a value in help.
    #[must_use]
    pub fn placeholder(self) -> String {
        match self {
            Self::Number { low, high } if (low, high) == (0.0, 1.0) => "0..1".to_owned(),
            Self::Whole { .. } | Self::Number { .. } => "N".to_owned(),
            Self::Name { .. } => "NAME".to_owned(),
            Self::Truth => "BOOL".to_owned(),
            Self::Size => "WxH".to_owned(),
            Self::UpscaleTarget => "N|WxH".to_owned(),
            Self::Text => "TEXT".to_owned(),
        }
    }
}

impl fmt::Display for ParameterValues {
    /// As an error says what it expected.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { low, high } => write!(f, "a whole number from {low} to {high}"),
            Self::Number { low, high } => ExpectedValue::Number { low: *low, high: *high }.fmt(f),
            Self::Name { all } => write!(f, "one of {}", all().join(", ")),
            Self::Truth => write!(f, "true or false"),
            Self::Size => ExpectedValue::Size.fmt(f),
            Self::UpscaleTarget => UpscaleTarget::EXPECTED.fmt(f),
            Self::Text => write!(f, "a text"),
        }
    }
}

impl Parameter {
    /// Sets it in a request.
    ///
    /// # Errors
    /// [`ParameterError::Value`] for a text that is none of its values.
    pub fn put(&'static self, request: &mut Request, text: &str) -> Result<(), ParameterError> {
        let wrong = || ParameterError::Value { parameter: self, found: text.to_owned() };
        // A text is taken as it is; of a value the blanks around it mean nothing.
        let value = if matches!(self.values, ParameterValues::Text) { text } else { text.trim() };
        if !self.values.allow(value) {
            return Err(wrong());
        }
        (self.set)(request, value).ok_or_else(wrong)
    }

    /// Fails where a request's value of it is none that it may have.
    ///
    /// # Errors
    /// [`ParameterError::Value`].
    pub fn check(&'static self, request: &Request) -> Result<(), ParameterError> {
        match (self.get)(request).filter(|found| !self.values.allow(found)) {
            Some(found) => Err(ParameterError::Value { parameter: self, found }),
            None => Ok(()),
        }
    }
}

/// A parameter that cannot be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    /// No parameter has this key.
    #[error("a request has no \"{key}\": expected one of {}", expected.join(", "))]
    Unknown {
        /// What was written.
        key: String,
        /// The keys there are.
        expected: Vec<&'static str>,
    },
    /// It does not take this value.
    #[error("{} cannot be \"{found}\": expected {}", parameter.name, parameter.values)]
    Value {
        /// The parameter.
        parameter: &'static Parameter,
        /// What was found.
        found: String,
    },
    /// The request lacks what it works on.
    #[error("{} means nothing here: the picture has {}", parameter.name, lacking(*needs))]
    Needs {
        /// The parameter.
        parameter: &'static Parameter,
        /// What the request lacks.
        needs: Prerequisite,
    },
}

const fn lacking(needs: Prerequisite) -> &'static str {
    match needs {
        Prerequisite::Init => "no starting picture; --init gives one",
        Prerequisite::Mask => "no mask; --mask gives one",
        Prerequisite::SecondPass => "no second pass; --hires asks for one",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Decoder, parameter};

    #[test]
    fn help_errors_and_json_say_which_values_there_are() {
        let names = ParameterValues::Name { all: Decoder::names };
        for (values, placeholder, expected) in [
            (ParameterValues::Number { low: 0.0, high: 1.0 }, "0..1", "a number from 0 to 1"),
            (ParameterValues::Number { low: 0.0, high: 2.0 }, "N", "a number from 0 to 2"),
            (ParameterValues::Whole { low: 1, high: 9 }, "N", "a whole number from 1 to 9"),
            (names, "NAME", "one of automatic, full, tiny"),
            (ParameterValues::Truth, "BOOL", "true or false"),
            (ParameterValues::Size, "WxH", "WIDTHxHEIGHT in pixels, such as 512x768"),
            (ParameterValues::Text, "TEXT", "a text"),
        ] {
            assert_eq!((values.placeholder().as_str(), values.to_string().as_str()), (placeholder, expected));
        }
        assert_eq!(serde_json::to_string(&names).unwrap(), r#"{"type":"name","names":["automatic","full","tiny"]}"#);
    }

    #[test]
    fn a_parameter_means_something_where_the_request_has_what_it_works_on() {
        let (key, plain) = (|key| parameter(key).unwrap(), Request::default());
        for (name, init, mask, lacks) in [
            ("strength", true, false, "no starting picture; --init gives one"),
            ("mask_blur", false, true, "no mask; --mask gives one"),
        ] {
            let needs = key(name).needs.unwrap();
            let has = Request { init: init.then(String::new), mask: mask.then(String::new), ..plain.clone() };
            assert!(needs.met_by(&has) && !needs.met_by(&plain), "{name}");
            let error = ParameterError::Needs { parameter: key(name), needs }.to_string();
            assert_eq!(error, format!("{} means nothing here: the picture has {lacks}", key(name).name));
        }
        assert!(key("steps") == key("steps") && key("steps") != key("seed"), "a key is a parameter");
    }
}
