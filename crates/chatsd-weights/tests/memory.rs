//! Opening a hostile file takes no more memory than the file and a hundred megabytes.
#![cfg(target_os = "linux")]

#[path = "common/checkpoint.rs"]
mod checkpoint;
mod common;

use std::{fs, path::Path};

use chatsd_weights::WeightFile;
use common::{array, entry, gguf, tensor};

const ALLOWED: usize = 100_000_000;

/// The most memory this process had resident since the last call of [`forget`], in bytes (`man 5 proc`).
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    1024 * line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
}

/// Makes the peak what is resident now.
fn forget() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// Writes a file of `count` repetitions between two ends.
fn repeated(path: &Path, head: &[u8], count: usize, part: impl Fn(usize) -> Vec<u8>, tail: &[u8]) {
    use std::io::Write;
    let mut file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    file.write_all(head).unwrap();
    (0..count).for_each(|at| file.write_all(&part(at)).unwrap());
    file.write_all(tail).unwrap();
    file.flush().unwrap();
}

/// As [`repeated`], with the length of a safetensors header in front.
fn header(path: &Path, head: &str, count: usize, part: impl Fn(usize) -> String, tail: &str) {
    let len = head.len() + (0..count).map(|at| part(at).len()).sum::<usize>() + tail.len();
    let head = [&(len as u64).to_le_bytes(), head.as_bytes()].concat();
    repeated(path, &head, count, |at| part(at).into_bytes(), tail.as_bytes());
}

/// One test, so that nothing else runs in the process while it measures.
#[test]
fn no_file_takes_much_more_memory_than_it_has_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile");
    let check = |what: &str, accepted: bool| {
        forget();
        let before = peak();
        let opened = WeightFile::open(&path);
        let size = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
        let taken = peak().saturating_sub(before); // the system counts roughly
        assert!(taken <= size + ALLOWED, "{what}: {taken} bytes for a file of {size}");
        assert_eq!(opened.is_ok(), accepted, "{what}: {:?}", opened.err());
    };

    repeated(&path, &gguf(3, 0, 1_000_000), 1_000_000, |at| entry(&format!("k{at}"), 0, [0]), &[]);
    check("a million metadata entries", false);
    repeated(&path, &gguf(3, 0, 1 << 16), 1 << 16, |at| entry(&format!("k{at}"), 0, [0]), &[]);
    check("as many metadata entries as are allowed", true);
    repeated(&path, &gguf(3, 1 << 18, 0), 1 << 18, |at| tensor(format!("t{at}"), &[0, 1, 1, 1], 0, 0), &[0; 32]);
    check("as many tensors as are allowed", true);
    let arrays = [gguf(3, 0, 1), entry("k", 9, array(9, 2_000_000))].concat();
    repeated(&path, &arrays, 2_000_000, |_| array(0, 0), &[]);
    check("two million arrays", true);
    repeated(&path, &[gguf(3, 1, 0), u64::MAX.to_le_bytes().to_vec()].concat(), 0, |_| vec![], &[]);
    check("a name of 2^64 bytes", false);

    let one = r#"{"a":{"dtype":"F32","shape":["#;
    header(&path, one, 20_000_000, |_| "1,".into(), "1]}}");
    check("a shape of 20 million extents", false);
    header(&path, r#"{"a":{"x":"#, 20_000_000, |_| "[".into(), "");
    check("20 million open brackets", false);
    header(&path, r#"{"__metadata__":{"#, 2_000_000, |at| format!(r#""{at}":"","#), r#""":""}}"#);
    check("two million metadata entries", false);
    let empty = |at: usize| format!(r#""{at}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}},"#);
    header(&path, "{", 1 << 18, empty, r#""__metadata__":{}}"#);
    check("as many tensors as are allowed, without bytes", true);
    header(&path, "{", 1 << 19, empty, r#""__metadata__":{}}"#);
    check("twice as many tensors as are allowed", false);
    header(&path, r#"{"a":{"dtype":""#, 40_000_000, |_| "F".into(), r#"","shape":[0],"data_offsets":[0,0]}}"#);
    check("a data type of 40 million letters", false);

    let pickled = |head: &[u8], count: usize, part: &[u8], tail: &[u8]| {
        let pickle = [b"\x80\x02", head, &part.repeat(count), tail, b"."].concat();
        fs::write(&path, checkpoint::zipped(&pickle)).unwrap();
    };
    pickled(b"", 600_000, b"N", b"");
    check("more values on the stack than are allowed", false);
    pickled(b"](", 500_000, b"N", b"e");
    check("a list of half a million", true);
    pickled(b"](", 4000, &[&b"N".repeat(1000)[..], b"e("].concat(), b"e");
    check("four million values", false);
    pickled(b"](", 500_000, b"]", b"e");
    check("a list of half a million lists", true);
    pickled(b"](", 400_000, b"Nj\x00\x00\x00\x00", b"e");
    check("a value recalled that never was", false);
    pickled(b"Nr\xff\xff\x07\x00", 500_000, b"r\xfe\xff\x07\x00", b"");
    check("a memo as long as is allowed", true);
    pickled(b"Nr\xff\xff\xff\x7f", 0, b"", b"");
    check("a memo of two thousand million", false);
    pickled(b"](", 200_000, b"ca\nb\n)R", b"e");
    check("two hundred thousand calls", false);
    pickled(b"](", 160_000, b"ca\nb\n)R", b"e");
    check("a hundred and sixty thousand calls", true);
    let tensor = [b"q\x00", &checkpoint::tensor(0, &[1], &[1])[..], b"q\x010"].concat();
    let expression = [&b"N"[..], &tensor, b"](", &b"h\x01".repeat(250_000), b"e"].concat();
    pickled(&expression, 0, b"", b"");
    check("a quarter of a million names of one tensor", true);
    pickled(b"]q\x00", 60_000, b"]q\x01h\x00ah\x00a0h\x01q\x00", b"");
    check("2^60000 ways to an empty list", false);
    let mut long = checkpoint::legacy(
        &checkpoint::program(&checkpoint::dict(&[("a", checkpoint::tensor(0, &[1], &[1]))])),
        1 << 40,
    );
    long.resize(1 << 20, 0);
    fs::write(&path, long).unwrap();
    check("a storage of 2^40 values", false);
}
