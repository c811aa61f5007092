//! One file of named tensors.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs::{self, File},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError, atomic::Ordering},
};

use chatsd_files::{Sha256, likeness};
use chatsd_tensor::{Format, Layout, MappedFile, Weight, map_file};

use crate::{
    Value, WeightsError,
    fault::Fault,
    gguf::{self, Place},
    looks::looks_like,
    pytorch,
    reader::Reader,
    safetensors,
    spans::{Entry, Stored},
};

/// Tensors that one layer is made of at the most: three weights and their biases.
const RECENT: usize = 6;
/// Bytes of a file that are hashed before their memory is let go.
const HASHED_AT_ONCE: usize = 4 << 20;
/// Names that are compared when a wrong one was asked for.
const COMPARED_NAMES: usize = 10_000;
/// Likeness from which a name is offered for a wrong one.
const ALIKE: f64 = 0.5;

/// Names beside a weight of eight bits for the factor that makes it its true size, as ComfyUI and kohya-ss write them.
const SCALES: [&str; 2] = ["scale_weight", "weight_scale"];
/// Names in files of eight bits for what concerns products in eight bits alone, which are not made here.
const EIGHT_BIT_ARITHMETIC: [&str; 4] = ["scale_input", "input_scale", "scaled_fp8", "comfy_quant"];

/// A safetensors, GGUF or PyTorch file: names, shapes and metadata in memory, numbers where they lie.
///
/// A tensor of a PyTorch checkpoint is named by the keys of the containers it lies in, joined by dots
/// (`state_dict.model.diffusion_model.…`); places in lists count from 0.
#[derive(Debug)]
pub struct WeightFile {
    path: PathBuf,
    bytes: Bytes,
    metadata: Metadata,
    tensors: BTreeMap<String, Entry>,
    dropped: BTreeSet<String>,
    sha256: OnceLock<String>,
    /// Where the tensors lie that were asked for last.
    recent: Mutex<VecDeque<Range<usize>>>,
}

#[derive(Debug)]
enum Bytes {
    Mapped(MappedFile),
    Static(&'static [u8]),
    Owned(Box<[u8]>),
}

#[derive(Debug)]
enum Metadata {
    Texts(BTreeMap<String, String>),
    Places(BTreeMap<String, Place>),
    Values(BTreeMap<String, Value<'static>>),
}

/// What any format's header says.
struct Header {
    metadata: Metadata,
    tensors: BTreeMap<String, Entry>,
    dropped: BTreeSet<String>,
}

/// Reads the header of a file of any format; `None` when it is of none.
fn read(bytes: &[u8]) -> Result<Option<Header>, Fault> {
    let dropped = BTreeSet::new();
    Ok(if bytes.starts_with(&gguf::MAGIC) {
        let gguf::Header { metadata, tensors } = gguf::parse(bytes)?;
        Some(Header { metadata: Metadata::Places(metadata), tensors, dropped })
    } else if safetensors::is_likely(bytes) {
        let safetensors::Header { metadata, tensors } = safetensors::parse(bytes)?;
        Some(Header { metadata: Metadata::Texts(metadata), tensors, dropped })
    } else if pytorch::is_likely(bytes) {
        pytorch::parse(bytes)?.map(|pytorch::Header { metadata, tensors, dropped }| Header {
            metadata: Metadata::Values(metadata),
            tensors,
            dropped,
        })
    } else {
        None
    })
}

impl WeightFile {
    /// Opens a file of any format, told apart by content. Reads the header or pickle alone; the rest is read from disk as
    /// layers are made of it.
    ///
    /// # Errors
    /// When it cannot be read, is no model file (says what it looks like instead) or contradicts itself.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let failed = |source| WeightsError::Io { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(failed)?; // before it is opened: a pipe would wait for a writer
        let not_a_model = |looks, advice| WeightsError::NotAModel { path: path.to_owned(), looks, advice };
        if metadata.is_dir() {
            return Err(not_a_model("a folder", "give the file of weights inside it"));
        }
        if !metadata.is_file() {
            return Err(not_a_model("a device or pipe", "choose another file"));
        }
        if metadata.len() == 0 {
            let (looks, advice) = looks_like(&[]);
            return Err(not_a_model(looks, advice)); // not every system maps nothing
        }
        let file = File::open(path).map_err(failed)?;
        Self::parse(path.to_owned(), Bytes::Mapped(map_file(&file).map_err(failed)?))
    }

    /// A file that is part of the program; nothing is copied.
    ///
    /// # Errors
    /// As [`WeightFile::open`].
    pub fn from_static(bytes: &'static [u8]) -> Result<Self, WeightsError> {
        Self::parse(PathBuf::from("the built-in model"), Bytes::Static(bytes))
    }

    /// A file that is in memory already.
    ///
    /// # Errors
    /// As [`WeightFile::open`].
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Result<Self, WeightsError> {
        Self::parse(PathBuf::from("a file in memory"), Bytes::Owned(bytes.into()))
    }

    fn parse(path: PathBuf, bytes: Bytes) -> Result<Self, WeightsError> {
        match read(bytes.as_slice()) {
            Ok(Some(Header { metadata, tensors, dropped })) => {
                Ok(Self { path, bytes, metadata, tensors, dropped, sha256: OnceLock::new(), recent: Mutex::default() })
            }
            Ok(None) => {
                let (looks, advice) = looks_like(bytes.as_slice());
                Err(WeightsError::NotAModel { path, looks, advice })
            }
            Err(Fault::Damaged(what)) => Err(WeightsError::Damaged { path, what }),
            Err(Fault::Unsupported(what)) => Err(WeightsError::Unsupported { path, what }),
        }
    }

    /// Where the file was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All tensor names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Whether there is a tensor of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Whether some name begins with `name` and a dot.
    pub(crate) fn has_below(&self, name: &str) -> bool {
        let below = format!("{name}.");
        self.tensors.range(below.clone()..).next().is_some_and(|(name, _)| name.starts_with(&below))
    }

    /// The tensor of that name; its bytes are borrowed from the file, unless it is a view that must be copied. A weight
    /// of eight bits with a factor beside it is given multiplied, in f16.
    ///
    /// # Errors
    /// When there is none (offers the nearest name), or it is stored in a format that is not read. Such tensors have a name and a shape all the same.
    pub fn get(&self, name: &str) -> Result<Weight<'_>, WeightsError> {
        let entry = self.tensors.get(name).ok_or_else(|| WeightsError::MissingTensor {
            path: self.path.clone(),
            tensor: name.to_owned(),
            nearest: nearest(name, self.names()),
        })?;
        entry.asked.store(true, Ordering::Relaxed);
        let unsupported =
            |found| WeightsError::UnsupportedTensor { path: self.path.clone(), tensor: name.into(), found };
        let format = match &entry.stored {
            Stored::As(format) => *format,
            Stored::Other(found) => return Err(unsupported(found.to_string())),
        };
        self.let_go_behind(entry.span.clone());
        let weight = self.as_stored(entry, format);
        match self.scale_of(name, format) {
            None => Ok(weight),
            Some(scale) => scaled(&weight, &self.get(&scale)?).map_err(unsupported),
        }
    }

    fn as_stored(&self, entry: &Entry, format: Format) -> Weight<'_> {
        Weight { shape: entry.shape.clone(), format, bytes: entry.bytes(self.bytes.as_slice(), format) }
    }

    /// Tensors with numbers that are not finite, and how many each has: weights of a training that failed, or damage. They
    /// load, and the pictures are black. Reads every number of the file: a second or more for each gigabyte.
    pub fn not_finite(&self) -> impl Iterator<Item = (&str, usize)> {
        self.tensors.iter().filter_map(|(name, entry)| match entry.stored {
            Stored::As(format) if !format.is_integer() => {
                let count = not_finite(&self.as_stored(entry, format));
                (count > 0).then_some((name.as_str(), count))
            }
            _ => None,
        })
    }

    /// Lets the memory of tensors go that were asked for some time before: layers are made of them by now, and a model
    /// would else be in memory twice.
    fn let_go_behind(&self, span: Range<usize>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_back(span);
        if recent.len() > RECENT
            && let Some(span) = recent.pop_front()
        {
            self.bytes.release(span);
        }
    }

    /// The format that [`WeightFile::get`] gives the tensor of that name in, without a look at its numbers.
    ///
    /// # Errors
    /// As [`WeightFile::get`].
    pub fn format(&self, name: &str) -> Result<Format, WeightsError> {
        match self.tensors.get(name).map(|entry| &entry.stored) {
            Some(Stored::As(format)) if self.scale_of(name, *format).is_none() => Ok(*format),
            Some(Stored::As(_)) => Ok(Format::F16),
            _ => self.get(name).map(|weight| weight.format),
        }
    }

    /// The name of the factor that a weight of eight bits is to be multiplied with, where the file has one.
    fn scale_of(&self, name: &str, format: Format) -> Option<String> {
        let layer = name.strip_suffix(".weight").filter(|_| matches!(format, Format::F8E4M3 | Format::F8E5M2))?;
        SCALES.iter().map(|scale| format!("{layer}.{scale}")).find(|scale| self.contains(scale))
    }

    /// The extents of the tensor of that name, outermost first.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|entry| entry.shape.as_slice())
    }

    /// Names that begin with `prefix` and were never asked for. Left out are integers, since files hold some, such as
    /// `position_ids`, that nobody needs, and what files of eight bits hold for products in eight bits.
    pub fn unused<'f, 'p>(&'f self, prefix: &'p str) -> impl Iterator<Item = &'f str> + use<'f, 'p> {
        let entries = self.tensors.iter().filter(move |(name, _)| name.starts_with(prefix));
        let is_weight = |entry: &Entry| matches!(entry.stored, Stored::As(format) if !format.is_integer());
        let unused = move |entry: &Entry| is_weight(entry) && !entry.asked.load(Ordering::Relaxed);
        let is_for_layers = |name: &str| !EIGHT_BIT_ARITHMETIC.contains(&name.rsplit('.').next().unwrap_or(name));
        entries.filter(move |(name, entry)| unused(entry) && is_for_layers(name)).map(|(name, _)| name.as_str())
    }

    /// Functions and classes, with their modules, that a PyTorch checkpoint names and whose results are left out, sorted:
    /// nothing in a file is run. `torch.optim.adamw.AdamW` is harmless; `posix.system` tells what the file was made for.
    pub fn dropped(&self) -> impl Iterator<Item = &str> {
        self.dropped.iter().map(String::as_str)
    }

    /// A metadata value; safetensors has texts alone, and a PyTorch checkpoint the numbers and texts of its
    /// dictionaries, under names made as those of tensors are.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<Value<'_>> {
        match &self.metadata {
            Metadata::Texts(texts) => texts.get(key).map(|text| Value::from(text.as_str())),
            Metadata::Values(values) => values.get(key).cloned(),
            Metadata::Places(places) => {
                let place = places.get(key)?;
                Reader::starting_at(self.bytes.as_slice(), place.at).value(place.kind, 0).ok()
            }
        }
    }

    /// An array of texts, borrowed from the file.
    pub(crate) fn texts<'f>(&'f self, key: &str) -> Option<impl Iterator<Item = &'f str> + use<'f>> {
        let Metadata::Places(places) = &self.metadata else { return None };
        let place = places.get(key).filter(|place| place.kind == gguf::ARRAY)?;
        Reader::starting_at(self.bytes.as_slice(), place.at).texts()
    }

    /// The order in which the file stores convolutions: PyTorch's, unless its metadata says otherwise.
    #[must_use]
    pub fn layout(&self) -> Layout {
        match self.metadata("chatsd.convolution_layout") {
            Some(value) if value.as_text() == Some("ohwi") => Layout::Ohwi,
            _ => Layout::Oihw,
        }
    }

    /// SHA-256 of the whole file in hexadecimal. Reads all of it the first time: about a second for each gigabyte.
    #[must_use]
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| {
            let (bytes, mut hash) = (self.bytes.as_slice(), Sha256::default());
            for (index, block) in bytes.chunks(HASHED_AT_ONCE).enumerate() {
                hash.update(block);
                self.bytes.release(index * HASHED_AT_ONCE..index * HASHED_AT_ONCE + block.len());
            }
            hash.hex()
        })
    }

    /// The bytes after the header of a safetensors file; of another all.
    pub(crate) fn tensor_bytes(&self) -> &[u8] {
        let bytes = self.bytes.as_slice();
        let header = bytes.first_chunk().map(|length| u64::from_le_bytes(*length));
        let start = header.and_then(|length| usize::try_from(length).ok()?.checked_add(8));
        let is_safetensors = matches!(self.metadata, Metadata::Texts(_));
        start.filter(|_| is_safetensors).and_then(|start| bytes.get(start..)).unwrap_or(bytes)
    }

    /// Bytes of the file.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.as_slice().len()
    }
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(bytes) => bytes,
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }

    fn release(&self, bytes: Range<usize>) {
        if let Self::Mapped(file) = self {
            file.release(bytes);
        }
    }
}

/// A weight times a factor, or times one for each row.
fn scaled(weight: &Weight<'_>, scale: &Weight<'_>) -> Result<Weight<'static>, String> {
    let (values, scales) = (weight.values(), scale.values());
    let (Ok(mut values), Ok(scales)) = (values, scales) else { return Err("bytes that are no values".into()) };
    let rows = weight.shape.first().copied().unwrap_or(1);
    if scales.len() != 1 && scales.len() != rows {
        return Err(format!("{} with {} factors for {rows} rows", weight.format, scales.len()));
    }
    let row = (values.len() / scales.len().max(1)).max(1);
    for (values, scale) in values.chunks_mut(row).zip(scales) {
        values.iter_mut().for_each(|value| *value *= scale);
    }
    let bytes = Format::F16.encode(&values).map_err(|error| error.to_string())?;
    Ok(Weight { shape: weight.shape.clone(), format: Format::F16, bytes: bytes.into() })
}

/// Numbers of a weight that are not finite.
fn not_finite(weight: &Weight<'_>) -> usize {
    let format = weight.format;
    let mut values = vec![0.0; 1024 * format.block()];
    let parts = weight.bytes.chunks(1024 * format.block_bytes());
    let bad = parts.map(|bytes| {
        let values = &mut values[..bytes.len() / format.block_bytes() * format.block()];
        format.decode(bytes, values).map_or(0, |()| values.iter().filter(|value| !value.is_finite()).count())
    });
    bad.sum()
}

/// The name most like `wanted`, when one is like it at all.
pub(crate) fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let best = chatsd_files::nearest(wanted, 1, names.take(COMPARED_NAMES).map(|name| (name, name)));
    best.into_iter().find(|name| likeness(wanted, name) >= ALIKE).map(str::to_owned)
}
