//! Files that lie: each is refused with a message that says how.

mod common;

use chatsd_weights::{WeightFile, WeightsError};
use common::{array, entry, gguf, open, safetensors, tensor, text, with_bytes};

/// The message of a refusal; panics when the file is accepted.
fn refusal(bytes: Vec<u8>) -> String {
    open(bytes).expect_err("the file should be refused").to_string()
}

fn check(cases: Vec<(&str, Vec<u8>)>) {
    for (expected, bytes) in cases {
        let message = refusal(bytes);
        assert!(message.contains(expected), "{message}\nshould contain {expected}");
        assert!(!message.chars().any(char::is_control), "{message:?}");
    }
}

#[test]
fn safetensors_that_lie() {
    let one = |entry: &str, bytes| safetensors(&format!(r#"{{"a":{entry}}}"#), bytes);
    let header = |len: u64| [&len.to_le_bytes()[..], b"{}      "].concat();
    check(vec![
        ("a header of 1152921504606846976 bytes", header(1 << 60)),
        ("a header of 18446744073709551615 bytes", header(u64::MAX)),
        ("its header has 99999999 bytes, but only 8 are left", header(99_999_999)),
        ("its header: ", header(0)),
        ("its header: EOF", header(1)),
        ("its header: trailing characters", safetensors("{} {}", 0)),
        ("its header is not UTF-8", [&6_u64.to_le_bytes()[..], b"{\"\xff\":1"].concat()),
        ("its header: key must be a string", safetensors("{1:2}", 0)),
        ("its header: invalid type", one("1", 0)),
        ("missing field `shape`", one(r#"{"dtype":"F32","data_offsets":[0,4]}"#, 4)),
        ("duplicate field `dtype`", one(r#"{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}"#, 4)),
        ("invalid type: sequence", one(&"[".repeat(5000), 0)),
        ("expected value", one(&format!(r#"{{"x":{}"#, r#"{"x":"#.repeat(5000)), 0)),
        ("4 bytes for [2] values of F32", one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#, 4)),
        ("8 bytes for [] values of F32", one(r#"{"dtype":"F32","shape":[],"data_offsets":[0,8]}"#, 8)),
        ("holds more values", one(r#"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}"#, 0)),
        (
            "bytes for [4611686018427387904]",
            one(r#"{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}"#, 0),
        ),
        ("at most 8 extents", one(r#"{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}"#, 4)),
        ("invalid value: integer `-1`", one(r#"{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}"#, 4)),
        ("before its start at 8", one(r#"{"dtype":"F32","shape":[1],"data_offsets":[8,4]}"#, 8)),
        ("but the file at", one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 4)),
        (
            "but the file at",
            one(r#"{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551614,18446744073709551615]}"#, 4),
        ),
        ("the tensors take bytes", one(r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, 8)),
        ("the tensors take bytes", one(r#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#, 8)),
        ("the tensors take bytes", safetensors("{}", 1)),
        ("data type is no name", one(r#"{"dtype":"F\u001b[2J","shape":[1],"data_offsets":[0,4]}"#, 4)),
        (
            "tensor a stands twice",
            safetensors(
                r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
                2,
            ),
        ),
        (
            "tensors a and b overlap",
            safetensors(
                r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
                3,
            ),
        ),
        (
            "between tensors a and b, belong to none",
            safetensors(
                r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
                3,
            ),
        ),
        ("control characters", safetensors(r#"{"a\n":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1)),
        ("no name", safetensors(r#"{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, 1)),
        ("at most 1024", safetensors(&format!(r#"{{"{}":{{}}}}"#, "a".repeat(2000)), 0)),
        ("the metadata stands twice", safetensors(r#"{"__metadata__":{},"__metadata__":{}}"#, 0)),
        ("a metadata key stands twice", safetensors(r#"{"__metadata__":{"a":"","a":""}}"#, 0)),
        ("invalid type", safetensors(r#"{"__metadata__":{"a":1}}"#, 0)),
    ]);
}

#[test]
fn gguf_that_lies() {
    let metadata = |entries: u64, bytes: Vec<u8>| [gguf(3, 0, entries), bytes].concat();
    let tensors = |descriptions: &[Vec<u8>], bytes| {
        with_bytes([gguf(3, descriptions.len() as u64, 0), descriptions.concat()].concat(), bytes)
    };
    let aligned = |alignment: u32| {
        let entry = entry("general.alignment", 4, alignment.to_le_bytes());
        with_bytes([gguf(3, 1, 1), entry, tensor("a", &[1], 0, 32)].concat(), 64)
    };
    let nested = (0..20).flat_map(|_| array(9, 1)).collect::<Vec<u8>>();
    check(vec![
        ("4 bytes were promised at byte 4, but only 0", b"GGUF".to_vec()),
        ("8 bytes were promised at byte 8", b"GGUF\x03\0\0\0".to_vec()),
        ("GGUF version 1,", gguf(1, 0, 0)),
        ("GGUF version 4294967295,", gguf(u32::MAX, 0, 0)),
        ("big-endian", gguf(3_u32.swap_bytes(), 0, 0)),
        ("18446744073709551615 tensors", gguf(3, u64::MAX, 0)),
        ("1000000 metadata entries", gguf(3, 0, 1_000_000)),
        ("8 bytes were promised", gguf(3, 0, 60_000)),
        ("8 bytes were promised", gguf(3, 200_000, 0)),
        ("1152921504606846976 bytes were promised", metadata(1, (1_u64 << 60).to_le_bytes().to_vec())),
        ("18446744073709551615 bytes were promised", metadata(1, u64::MAX.to_le_bytes().to_vec())),
        ("no name", metadata(1, entry("", 0, [0]))),
        ("no name", metadata(1, entry("a\u{7}", 0, [0]))),
        ("no name", metadata(1, entry(&"a".repeat(0x1_0000), 0, [0]))),
        ("not UTF-8", metadata(1, text(b"\xff\xfe"))),
        ("not UTF-8", metadata(1, entry("a", 8, text(b"\xc3\x28")))),
        ("unknown type 13", metadata(1, entry("a", 13, [0; 8]))),
        ("is 2, expected a truth value", metadata(1, entry("a", 7, [2]))),
        ("key a stands twice", metadata(2, [entry("a", 0, [0]), entry("a", 0, [0])].concat())),
        ("unknown type 99", metadata(1, entry("a", 9, array(99, 0)))),
        ("an array of 18446744073709551615 values", metadata(1, entry("a", 9, array(12, u64::MAX)))),
        ("bytes were promised", metadata(1, entry("a", 9, array(0, 1 << 50)))),
        ("bytes were promised", metadata(1, entry("a", 9, array(8, 1 << 30)))),
        ("more than 8 arrays lie in each other", metadata(1, entry("a", 9, nested))),
        ("expected a power of two", aligned(0)),
        ("general.alignment is 33, expected a power of two", aligned(33)),
        ("is no whole number, expected", metadata(1, entry("general.alignment", 9, array(0, 0)))),
        ("expected a power of two", aligned(1 << 31)),
        ("at most 4", tensors(&[tensor("a", &[1, 1, 1, 1, 1], 0, 0)], 4)),
        ("at most 4", [gguf(3, 1, 0), text("a"), u32::MAX.to_le_bytes().to_vec()].concat()),
        ("holds more values", tensors(&[tensor("a", &[1 << 32, 1 << 32], 0, 0)], 4)),
        ("fits no file", tensors(&[tensor("a", &[1 << 62], 0, 0)], 4)),
        ("no whole blocks of 32", tensors(&[tensor("a", &[33], 8, 0)], 64)),
        ("no whole blocks of 32", tensors(&[tensor("a", &[16, 2], 8, 0)], 64)),
        ("no whole blocks of 256", tensors(&[tensor("a", &[32], 12, 0)], 64)),
        ("but the file ends at", tensors(&[tensor("a", &[9], 0, 0)], 32)),
        ("but the file ends at", tensors(&[tensor("a", &[1], 0, 32)], 32)),
        ("but the file ends at", tensors(&[tensor("a", &[1], 0, u64::MAX - 31)], 32)),
        ("expected a multiple of 32", tensors(&[tensor("a", &[1], 0, 4)], 32)),
        ("tensors a and b overlap", tensors(&[tensor("a", &[16], 0, 0), tensor("b", &[16], 0, 32)], 96)),
        ("tensor a stands twice", tensors(&[tensor("a", &[8], 0, 0), tensor("a", &[8], 0, 32)], 64)),
        ("control characters", tensors(&[tensor("a\x1b[2J", &[1], 0, 0)], 4)),
        ("no name", tensors(&[tensor("", &[1], 0, 0)], 4)),
        ("at most 1024", tensors(&[tensor("a".repeat(1025), &[1], 0, 0)], 4)),
        ("not UTF-8", tensors(&[tensor(b"\xff", &[1], 0, 0)], 4)),
    ]);
}

#[test]
fn what_is_odd_but_true_is_accepted() {
    let file = open(gguf(2, 0, 0)).unwrap();
    assert_eq!(file.names().count(), 0);
    let descriptions = [tensor("new", &[64], 77, 0), tensor("none", &[0], 0, 0), tensor("one", &[], 0, 32)].concat();
    let file = open(with_bytes([gguf(3, 3, 0), descriptions].concat(), 64)).unwrap();
    assert!(file.get("new").unwrap_err().to_string().contains("stored as type 77, which is not read"));
    assert_eq!(file.get("none").unwrap().values().unwrap(), [0.0; 0]);
    assert_eq!(file.get("one").unwrap().values().unwrap(), [0.0]);
    let file = open(safetensors(r#"{"a":{"dtype":"F99","shape":[3],"data_offsets":[0,5]}}  "#, 5)).unwrap();
    assert!(file.get("a").unwrap_err().to_string().contains("stored as F99"));
    assert_eq!(open(safetensors(r#"{"__metadata__":null}"#, 0)).unwrap().names().count(), 0);
}

#[test]
fn other_files_are_called_by_their_name() {
    let tar = [&[b'a'; 257][..], b"ustar\0", &[0; 300]].concat();
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("empty", "download", vec![]),
        (
            "a Git LFS pointer",
            "git lfs pull",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n".into(),
        ),
        ("an HTML page", "not the page that shows it", b"\n<!DOCTYPE html>\n<html>".into()),
        ("an HTML page", "not the page", "\u{feff}<html lang=zh>".into()),
        ("a pickle of Python", "safetensors", b"\x80\x02}q\0(X\x05\0\0\0".into()),
        ("a compressed file", "unpack", b"\x1f\x8b\x08\0".into()),
        ("an archive", "unpack", tar),
        ("a model in ggml's format before GGUF", "PyTorch file", b"tjgg\x03\0\0\0".into()),
        ("an HDF5 file", "safetensors", b"\x89HDF\r\n\x1a\n".into()),
        ("a picture", "another", b"\x89PNG\r\n\x1a\n".into()),
        ("a JSON text", "folder", br#"{"in_channels": 4}"#.into()),
        ("a JSON text", "folder", b"{\"a\"  : {\"b\": 1}}".into()),
        ("a run of zeros", "download", vec![0; 4096]),
        ("a text", "another", b"Not found".into()),
        ("of an unknown kind", "another", vec![0xfe, 0xff, 1, 2, 3]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for (looks, advice, bytes) in cases {
        std::fs::write(&path, &bytes).unwrap();
        for error in [WeightFile::open(&path).unwrap_err(), open(bytes).unwrap_err()] {
            assert!(matches!(error, WeightsError::NotAModel { .. }), "{error}");
            let message = error.to_string();
            assert!(message.contains(&format!("is {looks}")) && message.contains(advice), "{message}");
        }
    }
    let message = WeightFile::open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("is a folder"), "{message}");
    #[cfg(unix)]
    {
        let message = WeightFile::open("/dev/zero".as_ref()).unwrap_err().to_string();
        assert!(message.contains("is a device or pipe"), "{message}");
    }
    let error = WeightFile::open(&folder.path().join("nothing.gguf")).unwrap_err();
    assert!(matches!(&error, WeightsError::Io { .. }) && error.to_string().contains("nothing.gguf"), "{error}");
}

#[test]
fn every_cut_of_a_file_is_refused() {
    for name in ["python.gguf", "python.safetensors"] {
        let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let whole = std::fs::read(path).unwrap();
        let file = open(whole.clone()).unwrap();
        let end = whole.len() - if name.ends_with("gguf") { 32 } else { 1 }; // the end may be padding
        for len in 0..end {
            let cut = open(&whole[..len]);
            assert!(cut.is_err(), "{name} cut to {len} of {} bytes", file.size());
        }
    }
}
