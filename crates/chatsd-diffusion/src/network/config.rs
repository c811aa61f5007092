//! Reading configs without believing them.

use chatsd_tensor::Activation;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::NetworkError;

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
        self.inconsistent(format!("{name} is {value}, expected 1 to {LARGEST}"))
    }

    /// A list of counts, one for each block.
    pub(super) fn counts(self, name: &str, values: &[usize], blocks: usize) -> Result<(), NetworkError> {
        if values.len() != blocks {
            return self.inconsistent(format!("{name} has {} entries for {blocks} blocks", values.len()));
        }
        if !(1..=MOST_BLOCKS).contains(&blocks) {
            return self.unsupported(format!("{name} has {blocks} entries, expected 1 to {MOST_BLOCKS}"));
        }
        values.iter().try_for_each(|&value| self.count(name, value).map(drop))
    }

    /// The value of block `index`.
    pub(super) fn of_block<T: Clone>(self, name: &str, values: &PerBlock<T>, index: usize) -> Result<T, NetworkError> {
        match values.get(index) {
            Some(value) => Ok(value.clone()),
            None => self.inconsistent(format!("{name} has no entry {index}, expected one for each block")),
        }
    }

    /// Fails unless `parts` (groups, heads) divide `whole` channels evenly.
    pub(super) fn divides(self, name: &str, parts: usize, whole: usize) -> Result<(), NetworkError> {
        if self.count(name, parts).is_ok() && whole.is_multiple_of(parts) {
            return Ok(());
        }
        self.inconsistent(format!("{name} {parts} does not divide {whole} channels"))
    }

    /// Fails unless an epsilon is a small positive number.
    pub(super) fn epsilon(self, name: &str, value: f32) -> Result<f32, NetworkError> {
        if value > 0.0 && value < 1.0 {
            return Ok(value);
        }
        self.inconsistent(format!("{name} is {value}, expected between 0 and 1"))
    }

    /// The function a config names.
    pub(super) fn activation(self, name: &str, value: &str) -> Result<Activation, NetworkError> {
        match value {
            "relu" => Ok(Activation::Relu),
            "silu" | "swish" => Ok(Activation::Silu),
            "gelu" => Ok(Activation::Gelu),
            "quick_gelu" => Ok(Activation::QuickGelu),
            _ => self.unsupported(format!("{name} is {value:?}, expected relu, silu, gelu or quick_gelu")),
        }
    }

    pub(super) fn inconsistent<T>(self, what: String) -> Result<T, NetworkError> {
        Err(NetworkError::Inconsistent { network: self.0, what })
    }

    pub(super) fn unsupported<T>(self, what: String) -> Result<T, NetworkError> {
        Err(NetworkError::Unsupported { network: self.0, what })
    }
}
