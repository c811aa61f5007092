//! From the names that networks ask for to the tensors of a file.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use chatsd_tensor::{Format, Weight};

use super::shapes::Shapes;
use crate::{LayerFault, transpose::transpose};

/// What of a stored tensor a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoredView {
    /// All of it.
    Whole,
    /// Of three equal runs of rows one: queries, keys and values that OpenCLIP stores as one tensor.
    Third(usize),
    /// Rows as columns: OpenCLIP multiplies by some matrices from the other side.
    Transposed,
    /// A 1×1 convolution as a matrix, `[out, in, 1, 1]` as `[out, in]`; other tensors as they are.
    Matrix,
}

impl StoredView {
    /// The extents that a stored tensor has through it.
    pub(crate) fn shape(self, stored: &[usize]) -> Vec<usize> {
        match (self, stored) {
            (Self::Third(_), [rows, rest @ ..]) => [&[rows / 3], rest].concat(),
            (Self::Transposed, &[rows, columns]) => vec![columns, rows],
            (Self::Matrix, &[rows, columns, 1, 1]) => vec![rows, columns],
            _ => stored.to_vec(),
        }
    }

    /// The extents in the file of a tensor that has these through it.
    pub(crate) fn stored_shape(self, shape: Vec<usize>) -> Vec<usize> {
        match (self, shape.as_slice()) {
            (Self::Third(_), [rows, rest @ ..]) => [&[3 * rows], rest].concat(),
            (Self::Transposed, &[rows, columns]) => vec![columns, rows],
            (Self::Matrix, &[rows, columns]) => vec![rows, columns, 1, 1],
            _ => shape,
        }
    }

    /// The format that a tensor stored in `format` has through it.
    pub(crate) fn format(self, format: Format) -> Format {
        if self == Self::Transposed { Format::F32 } else { format }
    }

    /// The tensor through it. Bytes are borrowed where they lie as wanted.
    pub(crate) fn of(self, weight: Weight<'_>) -> Result<Weight<'_>, LayerFault> {
        let shape = self.shape(&weight.shape);
        match self {
            Self::Third(part) => {
                let rows = weight.shape.first().copied().unwrap_or(0);
                let bytes = shape.iter().try_fold(1_usize, |values, &extent| values.checked_mul(extent));
                let bytes = bytes.and_then(|values| weight.format.bytes(values)).filter(|_| rows.is_multiple_of(3));
                let Some(len) = bytes.filter(|len| len.checked_mul(3) == Some(weight.bytes.len())) else {
                    return Err(LayerFault::Thirds { rows, shape: weight.shape });
                };
                let bytes = match weight.bytes {
                    Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[part * len..(part + 1) * len]),
                    Cow::Owned(bytes) => Cow::Owned(bytes[part * len..(part + 1) * len].to_vec()),
                };
                Ok(Weight { shape, format: weight.format, bytes })
            }
            Self::Transposed => {
                let &[rows, columns] = weight.shape.as_slice() else {
                    return Err(LayerFault::NoMatrix { shape: weight.shape });
                };
                Ok(Weight::from_values(&shape, &transpose(&weight.values()?, 1, rows, columns)))
            }
            Self::Whole | Self::Matrix => Ok(Weight { shape, ..weight }),
        }
    }
}

/// A place in a file and what networks call it. All names below the one are below the other.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) original: String,
    /// Empty for what no network needs.
    pub(super) network: String,
    pub(super) view: StoredView,
}

impl Pair {
    pub(super) fn new(original: impl Into<String>, network: impl Into<String>) -> Self {
        Self { original: original.into(), network: network.into(), view: StoredView::Whole }
    }
}

/// Pairs of a table, with `original` and `network` before the names of each.
pub(super) fn below<'t>(
    original: &'t str,
    network: &'t str,
    table: &'t [(&str, &str)],
) -> impl Iterator<Item = Pair> + 't {
    table.iter().map(move |(from, to)| Pair::new(format!("{original}{from}"), format!("{network}{to}")))
}

/// How a file names the tensors of one network.
#[derive(Clone, Debug, Default)]
pub(super) struct Naming {
    pub(super) pairs: Vec<Pair>,
    /// Whether names that stand in no pair are the network's own.
    pub(super) keeps: bool,
}

impl Naming {
    /// What a file calls the tensor that the network calls `name`, and what of it that is.
    pub(super) fn place_of(&self, name: &str) -> (String, StoredView) {
        let below = |pair: &&Pair| {
            let rest = name.strip_prefix(pair.network.as_str());
            !pair.network.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match self.pairs.iter().filter(below).max_by_key(|pair| pair.network.len()) {
            Some(pair) => (format!("{}{}", pair.original, &name[pair.network.len()..]), pair.view),
            None => (name.to_owned(), StoredView::Whole),
        }
    }
}

/// Where a tensor of a network lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredTensor {
    /// Which of the files.
    pub(crate) file: usize,
    /// Its name there.
    pub(crate) name: String,
    pub(crate) view: StoredView,
}

/// Where each tensor of a network lies.
#[derive(Debug, Default)]
pub(crate) struct KeyMap {
    /// By the name that the network asks for.
    entries: BTreeMap<String, StoredTensor>,
    /// Tensors among the network's that stand for nothing known.
    rest: Vec<String>,
    /// To tell what a file would call a tensor that it does not have.
    prefix: String,
    naming: Naming,
}

impl KeyMap {
    /// Adds the tensors of a file whose names begin with `prefix` and with none of `others`.
    pub(super) fn add(&mut self, file: usize, shapes: &Shapes, prefix: &str, others: &[&str], naming: Naming) {
        let mut places: HashMap<&str, Vec<&Pair>> = HashMap::new();
        for pair in &naming.pairs {
            places.entry(&pair.original).or_default().push(pair);
        }
        for full in shapes.names_from(prefix) {
            if others.iter().any(|other| other.len() > prefix.len() && full.starts_with(other)) {
                continue;
            }
            let name = &full[prefix.len()..];
            let ends = std::iter::once(name.len()).chain(name.rmatch_indices('.').map(|(at, _)| at));
            let found = ends.into_iter().find_map(|end| Some((end, places.get(&name[..end])?)));
            let stored = |view| StoredTensor { file, name: full.to_owned(), view };
            match found {
                Some((end, pairs)) => {
                    for pair in pairs.iter().filter(|pair| !pair.network.is_empty()) {
                        self.entries.insert(format!("{}{}", pair.network, &name[end..]), stored(pair.view));
                    }
                }
                None if naming.keeps => _ = self.entries.insert(name.to_owned(), stored(StoredView::Whole)),
                None => self.rest.push(full.to_owned()),
            }
        }
        prefix.clone_into(&mut self.prefix);
        self.naming.pairs.extend(naming.pairs);
    }

    /// Where the tensor of that name lies.
    pub(crate) fn get(&self, name: &str) -> Option<&StoredTensor> {
        self.entries.get(name)
    }

    /// All names that the network can ask for, and where their tensors lie; sorted.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &StoredTensor)> {
        self.entries.iter().map(|(name, stored)| (name.as_str(), stored))
    }

    /// The names that begin with `prefix`, sorted.
    pub(crate) fn names_from<'a>(&'a self, prefix: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let (prefix, from) = (prefix.to_owned(), prefix.to_owned());
        let names = self.entries.range(from..).map(|(name, _)| name.as_str());
        names.take_while(move |name| name.starts_with(&prefix))
    }

    /// Tensors among the network's that stand for nothing known.
    pub(crate) fn rest(&self) -> &[String] {
        &self.rest
    }

    /// What the file calls, or would call, the tensor that the network calls `name`.
    pub(crate) fn original(&self, name: &str) -> String {
        if let Some(stored) = self.get(name) {
            return stored.name.clone();
        }
        format!("{}{}", self.prefix, self.naming.place_of(name).0)
    }
}
