//! Why no prompt came.

use chatsd_types::SyntaxError;

/// Why a sentence could not be understood or no prompt be written from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// Nothing but white space.
    #[error("the sentence is empty: say what the picture should show, such as \"logo of cat, cute, happy\"")]
    Empty,
    /// More characters than anyone types.
    #[error("the sentence has {found} characters; at most {limit} are read: shorten it")]
    TooLong {
        /// Characters found.
        found: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// Only marks, or only instructions such as a count or a style.
    #[error("\"{found}\" names nothing to paint: add what the picture should show")]
    NothingToPaint {
        /// The beginning of what was found.
        found: String,
    },
    /// A style that the library does not hold.
    #[error("unknown style \"{found}\": the nearest are {}", nearest.join(", "))]
    UnknownStyle {
        /// What was written.
        found: String,
        /// Ids of the styles whose names are nearest, best first.
        nearest: Vec<String>,
    },
    /// A style that the model has never seen.
    #[error("the style {style} needs another model than \"{family}\", which knows {}", usable.join(", "))]
    StyleNotForModel {
        /// Id of the style.
        style: String,
        /// Family of the model.
        family: String,
        /// Ids of the styles that the model knows.
        usable: Vec<String>,
    },
    /// The library holds no style that the model knows.
    #[error("none of the {styles} styles of the library is for a model of the family \"{family}\"")]
    NoStyle {
        /// Family of the model.
        family: String,
        /// How many styles the library holds.
        styles: usize,
    },
    /// Braces or wildcards that cannot be read.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A styles.csv that cannot be read.
    #[error("styles.csv, line {line}: {message}")]
    Csv {
        /// The line, from 1; 0 where the reader does not say.
        line: u64,
        /// What was found and expected.
        message: String,
    },
}
