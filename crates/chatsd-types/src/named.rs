//! Closed lists whose members have names.

use crate::Bilingual;

/// A name that belongs to no member of a closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} \"{found}\": expected one of {expected}")]
pub struct UnknownName {
    /// What kind of thing was named.
    pub kind: Bilingual,
    /// What was written.
    pub found: String,
    /// The names that exist, joined with commas.
    pub expected: String,
}

/// Declares a closed list with the names that the command line, the JSON and the metadata use.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $kind_zh:literal, { $($(#[$member_doc:meta])* $member:ident = $text:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name { $($(#[$member_doc])* $member),+ }

        impl $name {
            /// Every member.
            pub const ALL: &'static [Self] = &[$(Self::$member),+];

            /// The names of all members.
            #[must_use]
            pub fn names() -> Vec<&'static str> {
                Self::ALL.iter().map(|member| member.name()).collect()
            }

            /// The name in the command line, in JSON and in metadata.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$member => $text),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.name()) }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self { value.name().to_owned() }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownName;

            /// Reads a name or an alias; capitals do not matter.
            fn from_str(text: &str) -> Result<Self, $crate::UnknownName> {
                match text.trim().to_lowercase().as_str() {
                    $($text $(| $alias)* => Ok(Self::$member),)+
                    _ => Err($crate::UnknownName {
                        kind: $crate::Bilingual { en: $kind, zh: $kind_zh },
                        found: text.to_owned(),
                        expected: [$($text),+].join(", "),
                    }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::UnknownName;
            fn try_from(text: String) -> Result<Self, $crate::UnknownName> { text.parse() }
        }
    };
}
pub(crate) use named;
