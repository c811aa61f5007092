//! What can be wrong with a network's config or weights.

use chatsd_weights::WeightsError;

/// A network that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The config is not the JSON expected.
    #[error("the config of the {network} cannot be read: {source}")]
    Config {
        /// Which network.
        network: &'static str,
        /// Which value, and why.
        source: serde_json::Error,
    },
    /// The config contradicts itself: no weights could fit it.
    #[error("the config of the {network} makes no network: {what}; get the model again")]
    Inconsistent {
        /// Which network.
        network: &'static str,
        /// What was found and what was expected.
        what: String,
    },
    /// A kind of network that is not built here. The model may be in order.
    #[error("this kind of {network} is not supported: {what}")]
    Unsupported {
        /// Which network.
        network: &'static str,
        /// What was found, and what is supported.
        what: String,
    },
    /// A tensor is missing or does not fit the config.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}
