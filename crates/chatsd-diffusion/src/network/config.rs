//! Reading configs without believing them.

use std::fmt;

use chatsd_tensor::Activation;
use chatsd_weights::{ModelFiles, WeightFile};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{NetworkError, NetworkFlaw};

/// Nothing that a config counts is larger; products of two of them do not overflow.
const LARGEST: usize = 1 << 20;
/// Each block may halve the picture: with more of them no side would be left.
const MOST_BLOCKS: usize = 15;

/// One value for all blocks, or one for each.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum PerBlock<T> {
    // Lists first: one value for all may be a list too.
    Each(Vec<T>),
    All(T),
}

impl<T: Clone> PerBlock<T> {
    /// The value of block `index`, when there is one.
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        match self {
            Self::All(value) => Some(value),
            Self::Each(values) => values.get(index),
        }
    }
}

/// Names the network in every complaint about its config.
#[derive(Clone, Copy)]
pub(super) struct Checked(pub(super) &'static str);

impl Checked {
    /// Reads a config.
    pub(super) fn read<T: DeserializeOwned>(self, config: &Value) -> Result<T, NetworkError> {
        T::deserialize(config).map_err(|source| NetworkError::Config { network: self.0, source })
    }

    /// A count that can be one.
    pub(super) fn count(self, name: &str, value: usize) -> Result<usize, NetworkError> {
        if (1..=LARGEST).contains(&value) {
            return Ok(value);
        }
        self.inconsistent(NetworkFlaw::Count { name: name.to_owned(), found: value, low: 1, high: LARGEST })
    }

    /// A list of counts, one for each block.
    pub(super) fn counts(self, name: &str, values: &[usize], blocks: usize) -> Result<(), NetworkError> {
        self.entries(name, values.len(), blocks)?;
        if !(1..=MOST_BLOCKS).contains(&blocks) {
            return self.unsupported(NetworkFlaw::Blocks { name: name.to_owned(), found: blocks, high: MOST_BLOCKS });
        }
        values.iter().try_for_each(|&value| self.count(name, value).map(drop))
    }

    /// Fails unless a list has an entry for each block.
    pub(super) fn entries(self, name: &str, found: usize, blocks: usize) -> Result<(), NetworkError> {
        if found == blocks {
            return Ok(());
        }
        self.inconsistent(NetworkFlaw::Entries { name: name.to_owned(), found, blocks })
    }

    /// Fails unless an entry has one of the values that are built here.
    pub(super) fn one_of<T: PartialEq + fmt::Debug>(
        self,
        name: &str,
        found: &T,
        expected: &[T],
    ) -> Result<(), NetworkError> {
        if expected.contains(found) {
            return Ok(());
        }
        let expected = expected.iter().map(|value| format!("{value:?}")).collect();
        self.unsupported(NetworkFlaw::Value { name: name.to_owned(), found: format!("{found:?}"), expected })
    }

    /// The value of block `index`.
    pub(super) fn of_block<T: Clone>(self, name: &str, values: &PerBlock<T>, index: usize) -> Result<T, NetworkError> {
        match values.get(index) {
            Some(value) => Ok(value.clone()),
            None => self.inconsistent(NetworkFlaw::NoEntry { name: name.to_owned(), index }),
        }
    }

    /// Fails unless `parts` (groups, heads) divide `whole` channels evenly.
    pub(super) fn divides(self, name: &str, parts: usize, whole: usize) -> Result<(), NetworkError> {
        if self.count(name, parts).is_ok() && whole.is_multiple_of(parts) {
            return Ok(());
        }
        self.inconsistent(NetworkFlaw::Division { name: name.to_owned(), found: parts, channels: whole })
    }

    /// Fails unless an epsilon is a small positive number.
    pub(super) fn epsilon(self, name: &str, value: f32) -> Result<f32, NetworkError> {
        if value > 0.0 && value < 1.0 {
            return Ok(value);
        }
        self.inconsistent(NetworkFlaw::Number { name: name.to_owned(), found: value, low: 0.0, high: 1.0 })
    }

    /// The function a config names.
    pub(super) fn activation(self, name: &str, value: &str) -> Result<Activation, NetworkError> {
        match value {
            "relu" => Ok(Activation::Relu),
            "silu" | "swish" => Ok(Activation::Silu),
            "gelu" => Ok(Activation::Gelu),
            "quick_gelu" => Ok(Activation::QuickGelu),
            _ => {
                let expected = ["relu", "silu", "gelu", "quick_gelu"].map(String::from).to_vec();
                self.unsupported(NetworkFlaw::Value { name: name.to_owned(), found: format!("{value:?}"), expected })
            }
        }
    }

    /// Fails unless tensors of a file, not of a folder, were given.
    pub(super) fn file(self, files: &ModelFiles) -> Result<&WeightFile, NetworkError> {
        files.file().map_or_else(|| self.unsupported(NetworkFlaw::Folder), Ok)
    }

    pub(super) fn inconsistent<T>(self, flaw: NetworkFlaw) -> Result<T, NetworkError> {
        Err(NetworkError::Inconsistent { network: self.0, flaw })
    }

    pub(super) fn unsupported<T>(self, flaw: NetworkFlaw) -> Result<T, NetworkError> {
        Err(NetworkError::Unsupported { network: self.0, flaw })
    }
}

/// The values that an entry may have, as English lists them.
pub(super) struct Expected<'a, T>(pub(super) &'a [T]);

impl<T: fmt::Display> fmt::Display for Expected<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}{value}")?;
        }
        Ok(())
    }
}
