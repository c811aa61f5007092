//! What can be told of a network from the names and shapes of its tensors alone.

use std::collections::BTreeMap;

/// Shapes by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes(BTreeMap<String, Vec<usize>>);

impl FromIterator<(String, Vec<usize>)> for Shapes {
    fn from_iter<T: IntoIterator<Item = (String, Vec<usize>)>>(shapes: T) -> Self {
        Self(shapes.into_iter().collect())
    }
}

impl Shapes {
    pub(super) fn get(&self, name: &str) -> Option<&[usize]> {
        self.0.get(name).map(Vec::as_slice)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether some name begins so.
    pub(super) fn has_from(&self, prefix: &str) -> bool {
        self.names_from(prefix).next().is_some()
    }

    /// Names that begin so, sorted.
    pub(super) fn names_from<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let (prefix, from) = (prefix.to_owned(), prefix.to_owned());
        self.0.range(from..).map(|(name, _)| name.as_str()).take_while(move |name| name.starts_with(&prefix))
    }

    /// All names, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many of `name.0.`, `name.1.`, … there are.
    pub(super) fn count(&self, name: &str) -> usize {
        (0..).take_while(|index| self.has_from(&format!("{name}.{index}."))).count()
    }

    /// One extent of a tensor; the tensor's name where it is not there.
    pub(super) fn extent(&self, name: &str, axis: usize) -> Result<usize, String> {
        self.get(name).and_then(|shape| shape.get(axis).copied()).ok_or_else(|| name.to_owned())
    }

    /// What stands before `ending` in the names that end so: a whole name, or after a dot. The shortest first.
    pub(super) fn before<'a>(&'a self, ending: &str) -> Vec<&'a str> {
        let mut found: Vec<&str> = self.names().filter_map(|name| name.strip_suffix(ending)).collect();
        found.retain(|before| before.is_empty() || before.ends_with('.'));
        found.sort_by_key(|before| before.len());
        found
    }
}
