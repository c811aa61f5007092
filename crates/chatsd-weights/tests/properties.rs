//! Round trips, and files changed at random.

#[path = "common/checkpoint.rs"]
mod checkpoint;
mod common;

use std::borrow::Cow;

use chatsd_tensor::{Format, Weight};
use chatsd_weights::{Array, GgufWriter, Value, WeightFile};
use common::open;
use proptest::{collection::vec, prelude::*};

fn scalar() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        any::<u8>().prop_map(Value::U8),
        any::<i8>().prop_map(Value::I8),
        any::<u16>().prop_map(Value::U16),
        any::<i16>().prop_map(Value::I16),
        any::<u32>().prop_map(Value::U32),
        any::<i32>().prop_map(Value::I32),
        (-1e30_f32..1e30).prop_map(Value::F32),
        any::<bool>().prop_map(Value::Bool),
        ".{0,12}".prop_map(|text| Value::Text(Cow::Owned(text))),
        any::<u64>().prop_map(Value::U64),
        any::<i64>().prop_map(Value::I64),
        (-1e300_f64..1e300).prop_map(Value::F64),
    ]
}

fn array_of(value: Value<'static>, len: usize) -> Value<'static> {
    Value::Array(Array::new(std::iter::repeat_n(value, len)).unwrap())
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let texts = vec(".{0,5}", 0..5).prop_map(|texts| Value::Array(Array::texts(texts.iter().map(String::as_str))));
    prop_oneof![
        scalar(),
        texts,
        (scalar(), 1_usize..5).prop_map(|(value, len)| array_of(value, len)),
        (scalar(), 1_usize..4, 1_usize..4).prop_map(|(value, len, outer)| array_of(array_of(value, len), outer)),
    ]
}

fn weight() -> impl Strategy<Value = Weight<'static>> {
    let format = prop_oneof![Just(Format::F32), Just(Format::F16), Just(Format::Bf16), Just(Format::Q8_0)];
    (format, vec(0_usize..4, 0..4), 0_usize..3).prop_flat_map(|(format, mut shape, inner)| {
        shape.push(inner * format.block());
        let len = format.bytes(shape.iter().product()).unwrap();
        vec(any::<u8>(), len).prop_map(move |bytes| Weight { shape: shape.clone(), format, bytes: Cow::Owned(bytes) })
    })
}

type Parts = (Vec<(String, Value<'static>)>, Vec<(String, Weight<'static>)>);

fn parts() -> impl Strategy<Value = Parts> {
    (vec(("[a-z.]{1,9}", value()), 0..6), vec(("[a-z.]{1,9}", weight()), 0..6)).prop_map(|(metadata, tensors)| {
        let numbered = |at: usize, name: String| format!("{name}{at}");
        (
            metadata.into_iter().enumerate().map(|(at, (key, value))| (numbered(at, key), value)).collect(),
            tensors.into_iter().enumerate().map(|(at, (name, weight))| (numbered(at, name), weight)).collect(),
        )
    })
}

fn written((metadata, tensors): &Parts) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gguf");
    let mut writer = GgufWriter::new();
    for (key, value) in metadata {
        writer.metadata(key, value.clone());
    }
    for (name, weight) in tensors {
        writer.tensor(name, weight.clone());
    }
    writer.write(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    std::fs::read(path).unwrap()
}

/// Looks at everything a file offers.
fn read_all<'k>(file: &WeightFile, keys: impl IntoIterator<Item = &'k str>) {
    for name in file.names() {
        if let Ok(weight) = file.get(name) {
            assert_eq!(weight.values().unwrap().len(), weight.shape.iter().product::<usize>());
        }
    }
    for key in keys {
        if let Some(Value::Array(array)) = file.metadata(key) {
            assert_eq!(array.values().count(), array.len());
        }
    }
    assert_eq!(file.unused("").count(), 0);
}

fn keys((metadata, _): &Parts) -> impl Iterator<Item = &str> {
    metadata.iter().map(|(key, _)| key.as_str())
}

/// A change of a file's bytes.
#[derive(Clone, Debug)]
enum Change {
    Flip(usize, u8),
    Cut(usize),
    Splice(usize, usize, usize),
    Number(usize, u64),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0_usize..2000;
    let number = prop_oneof![any::<u64>(), (0_u32..64).prop_map(|bit| 1 << bit), 0_u64..300, Just(u64::MAX)];
    prop_oneof![
        (place(), 1_u8..).prop_map(|(at, bits)| Change::Flip(at, bits)),
        place().prop_map(Change::Cut),
        (place(), place(), 0_usize..64).prop_map(|(from, to, len)| Change::Splice(from, to, len)),
        (place(), number).prop_map(|(at, number)| Change::Number(at, number)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let len = bytes.len();
        if len == 0 {
            break;
        }
        match *change {
            Change::Flip(at, bits) => bytes[at % len] ^= bits,
            Change::Cut(to) => bytes.truncate(to % len),
            Change::Splice(from, to, count) => {
                let from = from % len;
                let part = bytes[from..(from + count).min(len)].to_vec();
                let to = to % len;
                bytes.splice(to..to, part);
            }
            Change::Number(at, number) => {
                let at = at % len;
                let end = (at + 8).min(len);
                bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
            }
        }
    }
    bytes
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// A tensor's name, shape and bytes.
type Plain = (String, Vec<usize>, Vec<u8>);

/// What the format's own crate says of a file.
fn by_the_crate(bytes: &[u8]) -> Option<Vec<Plain>> {
    let file = safetensors::SafeTensors::deserialize(bytes).ok()?;
    let mut tensors: Vec<Plain> =
        file.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec(), view.data().to_vec())).collect();
    tensors.sort();
    Some(tensors)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read(parts in parts()) {
        let file = open(written(&parts)).unwrap();
        let (metadata, tensors) = &parts;
        prop_assert_eq!(file.names().count(), tensors.len());
        for (key, value) in metadata {
            prop_assert_eq!(file.metadata(key), Some(value.clone()));
        }
        for (name, weight) in tensors {
            let read = file.get(name).unwrap();
            prop_assert!(matches!(read.bytes, Cow::Borrowed(_)));
            prop_assert_eq!((&read.shape, read.format, &read.bytes), (&weight.shape, weight.format, &weight.bytes));
        }
        read_all(&file, keys(&parts));
    }

    #[test]
    fn a_changed_gguf_file_never_panics(parts in parts(), changes in vec(change(), 1..4)) {
        if let Ok(file) = open(changed(written(&parts), &changes)) {
            read_all(&file, keys(&parts));
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), magic in 0_usize..3) {
        let head: &[u8] = [&b""[..], b"GGUF\x03\0\0\0", b"\x40\0\0\0\0\0\0\0{\"a\":{"][magic];
        if let Ok(file) = open([head, &bytes].concat()) {
            read_all(&file, [""]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn pythons_files_changed_never_panic(changes in vec(change(), 1..4)) {
        for name in ["python.gguf", "python.safetensors"] {
            if let Ok(file) = open(changed(fixture(name), &changes)) {
                read_all(&file, ["general.name", "array.texts", "array.numbers", "array.arrays", "number.u8", "note"]);
            }
        }
    }

    #[test]
    fn checkpoints_changed_never_panic(changes in vec(change(), 1..4), offset in 0_i64..4, strides in [0_i64..3, 0..3]) {
        use checkpoint::*;
        let tensors = [("a", tensor(0, &[2, 2], &[2, 1])), ("b", tensor(offset, &[1, 2], &strides)), ("c", int(9))];
        let objects = [("d", call("collections.OrderedDict", &[])), ("e", call("x.Y", &[dict(&tensors)]))];
        let pickle = program(&dict(&[&tensors[..], &objects].concat()));
        for bytes in [zipped(&changed(pickle.clone(), &changes)), changed(zipped(&pickle), &changes), changed(legacy(&pickle, 4), &changes)] {
            if let Ok(file) = open(bytes) {
                read_all(&file, ["c"]);
                prop_assert!(file.dropped().all(|name| !name.chars().any(char::is_control)));
            }
        }
    }

    /// Where the format's own crate and this one both accept a file, they read the same; this one refuses more
    /// (names or metadata keys twice, control characters), and accepts more only in data types that the crate does not know.
    #[test]
    fn safetensors_is_read_as_by_its_own_crate(changes in vec(change(), 0..3)) {
        let bytes = changed(fixture("python.safetensors"), &changes);
        let theirs = by_the_crate(&bytes);
        let Ok(file) = open(bytes.clone()) else {
            let odd = |name: &str| name.is_empty() || name.chars().any(char::is_control);
            if let Some(theirs) = theirs {
                let header = String::from_utf8_lossy(&bytes).into_owned();
                let keys = ["format", "note"]; // of the fixture's metadata
                let names = theirs.iter().map(|(name, ..)| name.as_str()).chain(keys);
                let twice = names.into_iter().any(|name| header.matches(&format!("\"{name}\"")).count() > 1);
                prop_assert!(twice || theirs.iter().any(|(name, ..)| odd(name)), "only the crate accepts {header:?}");
            }
            return Ok(());
        };
        let mut ours = Vec::new();
        for name in file.names() {
            // Not when it has a type that is none any more.
            let Ok(weight) = file.get(name) else { return Ok(()) };
            ours.push((name.to_owned(), weight.shape.clone(), weight.bytes.into_owned()));
        }
        let theirs = theirs.map(|tensors| {
            let readable = |tensor: &Plain| ours.iter().any(|ours| ours.0 == tensor.0);
            tensors.into_iter().filter(readable).collect::<Vec<_>>()
        });
        prop_assert_eq!(Some(ours), theirs);
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gguf");
    let refused = |writer: &GgufWriter<'_>, expected: &str| {
        let message = writer.write(&path).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    };
    let one = Weight::from_values(&[1], &[1.0]);
    refused(GgufWriter::new().tensor("a", one.clone()).tensor("a", one.clone()), "stands twice");
    refused(GgufWriter::new().tensor("a\n", one.clone()), "control characters");
    refused(GgufWriter::new().tensor("a", Weight { shape: vec![2], ..one.clone() }), "4 bytes for [2] values of F32");
    refused(GgufWriter::new().tensor("a", Weight { shape: vec![1; 5], ..one }), "at most 4");
    refused(GgufWriter::new().metadata("a", "").metadata("a", ""), "stands twice");
    refused(GgufWriter::new().metadata("general.alignment", "64"), "cannot be chosen");
    let error = GgufWriter::new().write(&path.join("below/a.gguf")).unwrap_err();
    assert!(error.to_string().contains("below"), "{error}");
    assert!(Array::new([Value::U8(1), Value::U16(1)]).is_none() && Array::new([]).is_none());
}
