//! What adapters make of a model.

use crate::ModelCard;

/// What adapters make of a model, told before anything is painted.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapted {
    /// The card, with the steps, guidance, sampler and schedule that an adapter for few steps brings.
    pub card: ModelCard,
    /// The adapter that brings them.
    pub few_steps: Option<String>,
    /// For each adapter of which parts found no layer: its name, and those parts.
    pub unmatched: Vec<(String, Vec<String>)>,
}
