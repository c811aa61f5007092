//! Values that somebody chose for parameters of a request.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{PARAMETERS, Parameter, ParameterError, Request, parameter};

/// Values that somebody chose for parameters of a request, as texts that were found to fit. What is not in it is left
/// to the sentence, then to the model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub struct ParameterChoices(BTreeMap<&'static str, String>);

impl ParameterChoices {
    /// Chooses a value.
    ///
    /// # Errors
    /// [`ParameterError`] for an unknown key or a value that the parameter does not take.
    pub fn choose(&mut self, key: &str, value: &str) -> Result<(), ParameterError> {
        let parameter = parameter(key)?;
        parameter.put(&mut Request::default(), value)?;
        self.0.insert(parameter.key, value.to_owned());
        Ok(())
    }

    /// Chooses a value where none is chosen yet.
    ///
    /// # Errors
    /// As [`Self::choose`].
    pub fn choose_if_open(&mut self, key: &str, value: &str) -> Result<(), ParameterError> {
        if self.has(key) { Ok(()) } else { self.choose(key, value) }
    }

    /// Whether a value is chosen.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The text that is chosen.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The value that is chosen.
    #[must_use]
    pub fn value<T: FromStr>(&self, key: &str) -> Option<T> {
        self.text(key)?.trim().parse().ok()
    }

    /// Every parameter that is chosen, with its text, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Parameter, &str)> {
        PARAMETERS.iter().filter_map(|parameter| Some((parameter, self.text(parameter.key)?)))
    }

    /// Puts what is chosen into a request: first what always means something, then what means something by then. The
    /// rest, such as the blur of a mask where there is none, is left out.
    ///
    /// # Errors
    /// A value that does not fit, which [`Self::choose`] would not have taken.
    pub fn apply(&self, request: &mut Request) -> Result<(), ParameterError> {
        let (always, sometimes): (Vec<_>, Vec<_>) = self.iter().partition(|(parameter, _)| parameter.needs.is_none());
        for (parameter, value) in always {
            parameter.put(request, value)?;
        }
        for (parameter, value) in sometimes {
            if parameter.needs.is_none_or(|needs| needs.met_by(request)) {
                parameter.put(request, value)?;
            }
        }
        Ok(())
    }
}

impl TryFrom<BTreeMap<String, String>> for ParameterChoices {
    type Error = ParameterError;

    fn try_from(texts: BTreeMap<String, String>) -> Result<Self, ParameterError> {
        let mut choices = Self::default();
        texts.iter().try_for_each(|(key, value)| choices.choose(key, value))?;
        Ok(choices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(pairs: &[(&str, &str)]) -> ParameterChoices {
        let mut choices = ParameterChoices::default();
        pairs.iter().for_each(|(key, value)| choices.choose(key, value).unwrap());
        choices
    }

    #[test]
    fn what_means_nothing_is_left_out() {
        let chosen = choices(&[("mask_blur", "9"), ("hires-steps", "7"), ("strength", "0.3"), ("steps", "12")]);
        let mut request = Request::default();
        chosen.apply(&mut request).unwrap();
        assert_eq!(request, Request { steps: 12, ..Request::default() });
        // The second pass comes first, whatever the order of the table.
        let mut request = Request { mask: Some(String::new()), ..Request::default() };
        let chosen =
            choices(&[("hires_steps", "7"), ("hires", "64x32"), ("mask_blur", "9"), ("hires_strength", "0.5")]);
        chosen.apply(&mut request).unwrap();
        let second = request.second_pass.unwrap();
        assert_eq!((second.size.to_string().as_str(), second.steps, second.strength), ("64x32", 7, 0.5));
        assert_eq!(request.masking.blur, 9);
    }

    #[test]
    fn a_schedule_wins_over_that_in_the_name_of_a_sampler() {
        let mut request = Request::default();
        let chosen = choices(&[("schedule", "exponential"), ("sampler", "dpm++ 2m karras")]);
        chosen.apply(&mut request).unwrap();
        assert_eq!((request.sampler.name(), request.schedule.name()), ("dpm++ 2m", "exponential"));
    }

    #[test]
    fn what_is_chosen_stays() {
        let mut chosen = choices(&[("steps", "12")]);
        chosen.choose_if_open("steps", "7").unwrap();
        chosen.choose_if_open("guidance", "2").unwrap();
        assert_eq!((chosen.text("steps"), chosen.text("guidance")), (Some("12"), Some("2")));
        assert!(chosen.has("steps") && !chosen.has("seed"));
    }

    #[test]
    fn json_is_read_like_anything_else() {
        let read = |text: &str| serde_json::from_str::<ParameterChoices>(text);
        let chosen = read(r#"{"steps": "12", "guidance": "2.5"}"#).unwrap();
        assert_eq!((chosen.value("steps"), chosen.value("guidance")), (Some(12_u32), Some(2.5_f32)));
        assert_eq!(read(&serde_json::to_string(&chosen).unwrap()).unwrap(), chosen);
        assert!(read(r#"{"steps": "0"}"#).is_err() && read(r#"{"stpes": "1"}"#).is_err());
    }
}
