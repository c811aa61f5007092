//! A text for the picture model.

use serde::{Deserialize, Serialize};

/// A text for the picture model. The user's own words are kept apart from what was added to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The user's own words, verbatim and in order, without instructions such as a count or a style asked for.
    pub own: String,
    /// `own` in the words the model knows (a translation; equal to `own` for English).
    pub subject: String,
    /// What was added: style, palette, composition, mood. It replaces nothing; where something stands before the
    /// subject, `…` marks the subject's place.
    pub added: String,
    /// The whole positive text given to the model: `subject` framed by the style, then `added`.
    pub positive: String,
    /// What must not be seen.
    pub negative: String,
    /// Id of the style, as in the style library; empty for none.
    pub style: String,
}
