//! PyTorch checkpoints made byte by byte.
#![allow(dead_code, reason = "each test program uses a part")]

/// A file in an archive, and what may be wrong with it.
#[derive(Clone, Default)]
pub struct Part<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
    pub method: u16,
    pub flags: u16,
    /// Its name where it lies, when that is another.
    pub local_name: Option<&'a str>,
    /// Of the directory's entry, when they differ: sizes packed and unpacked, and place.
    pub packed: Option<u32>,
    pub size: Option<u32>,
    pub at: Option<u32>,
    /// The extra field of the directory's entry.
    pub extra: &'a [u8],
}

impl<'a> Part<'a> {
    pub fn new(name: &'a str, bytes: &'a [u8]) -> Self {
        Self { name, bytes, ..Self::default() }
    }
}

/// An archive.
pub fn archive(parts: &[Part<'_>]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for part in parts {
        let at = u32::try_from(file.len()).unwrap();
        let len = u32::try_from(part.bytes.len()).unwrap();
        let local_name = part.local_name.unwrap_or(part.name);
        file.extend(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0");
        file.extend(len.to_le_bytes());
        file.extend(len.to_le_bytes());
        file.extend(u16::try_from(local_name.len()).unwrap().to_le_bytes());
        file.extend([0; 2]);
        file.extend(local_name.as_bytes());
        file.extend(part.bytes);
        directory.extend(b"PK\x01\x02\x14\0\x14\0");
        directory.extend(part.flags.to_le_bytes());
        directory.extend(part.method.to_le_bytes());
        directory.extend([0; 8]);
        directory.extend(part.packed.unwrap_or(len).to_le_bytes());
        directory.extend(part.size.unwrap_or(len).to_le_bytes());
        directory.extend(u16::try_from(part.name.len()).unwrap().to_le_bytes());
        directory.extend(u16::try_from(part.extra.len()).unwrap().to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(part.at.unwrap_or(at).to_le_bytes());
        directory.extend(part.name.as_bytes());
        directory.extend(part.extra);
    }
    let end = end_of_archive(parts.len(), directory.len(), file.len());
    [file, directory, end].concat()
}

/// The end record: entries, and length and place of the directory.
pub fn end_of_archive(entries: usize, len: usize, start: usize) -> Vec<u8> {
    let entries = u16::try_from(entries).unwrap().to_le_bytes();
    let (len, start) = (u32::try_from(len).unwrap().to_le_bytes(), u32::try_from(start).unwrap().to_le_bytes());
    [b"PK\x05\x06\0\0\0\0", &entries[..], &entries, &len, &start, &[0; 2]].concat()
}

/// An archive with this pickle and a storage `0` of 16 bytes: the values 1, 2, 3, 4.
pub fn zipped(pickle: &[u8]) -> Vec<u8> {
    archive(&[Part::new("a/data.pkl", pickle), Part::new("a/data/0", &storage())])
}

/// The values 1, 2, 3, 4.
pub fn storage() -> Vec<u8> {
    [1.0_f32, 2.0, 3.0, 4.0].iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The older layout, with this pickle and a storage `0`, whose number of values is given.
pub fn legacy(pickle: &[u8], values: u64) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    let version = program(&int(1001));
    let system = program(&dict(&[("little_endian", b"\x88".to_vec())]));
    let keys = program(&[b"](", &text("0")[..], b"e"].concat());
    [&magic[..], &version, &system, pickle, &keys, &values.to_le_bytes(), &storage()].concat()
}

/// A whole pickle.
pub fn program(expression: &[u8]) -> Vec<u8> {
    [b"\x80\x02", expression, b"."].concat()
}

pub fn text(text: &str) -> Vec<u8> {
    [b"X", &u32::try_from(text.len()).unwrap().to_le_bytes()[..], text.as_bytes()].concat()
}

pub fn int(number: i64) -> Vec<u8> {
    [b"\x8a\x08", &number.to_le_bytes()[..]].concat()
}

pub fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", &items.concat()[..], b"t"].concat()
}

pub fn dict(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<u8> = pairs.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [b"}(", &pairs[..], b"u"].concat()
}

pub fn global(name: &str) -> Vec<u8> {
    let (module, name) = name.rsplit_once('.').unwrap();
    format!("c{module}\n{name}\n").into_bytes()
}

/// A call: executed by Python, a name here.
pub fn call(function: &str, arguments: &[Vec<u8>]) -> Vec<u8> {
    [global(function), tuple(arguments), b"R".to_vec()].concat()
}

/// A storage of a type, by its key.
pub fn stored(kind: &str, key: &str) -> Vec<u8> {
    let description = tuple(&[text("storage"), global(kind), text(key), text("cpu"), int(4)]);
    [&description[..], b"Q"].concat()
}

/// A tensor of the storage `0`.
pub fn tensor(offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    tensor_of(stored("torch.FloatStorage", "0"), offset, shape, strides)
}

pub fn tensor_of(storage: Vec<u8>, offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let sizes = |sizes: &[i64]| tuple(&sizes.iter().map(|&size| int(size)).collect::<Vec<_>>());
    let hooks = call("collections.OrderedDict", &[]);
    let arguments = [storage, int(offset), sizes(shape), sizes(strides), b"\x89".to_vec(), hooks];
    call("torch._utils._rebuild_tensor_v2", &arguments)
}
