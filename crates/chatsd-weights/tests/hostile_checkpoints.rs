//! Checkpoints that lie or attack: each is refused with a message that says how, or read without running anything.

#[path = "common/checkpoint.rs"]
mod checkpoint;
mod common;

use chatsd_weights::{FileLooks, WeightFile, WeightsError};
use checkpoint::*;
use common::{not_finite, open};

fn check(cases: Vec<(&str, Vec<u8>)>) {
    for (expected, bytes) in cases {
        let error = open(bytes).expect_err(expected);
        let message = error.to_string();
        assert!(message.contains(expected), "{message}\nshould contain {expected}");
        assert!(!message.chars().any(char::is_control) && message.len() < 1000, "{message:?}");
        assert!(matches!(error, WeightsError::Damaged { .. } | WeightsError::Unsupported { .. }), "{error:?}");
    }
}

fn values(file: &WeightFile, name: &str) -> Vec<f32> {
    file.get(name).unwrap().values().unwrap()
}

/// A checkpoint whose pickle holds only this expression.
fn of(expression: &[u8]) -> Vec<u8> {
    zipped(&program(expression))
}

/// Bytes of the directory of an archive with a pickle and a storage.
const LIST: usize = 46 + "a/data.pkl".len() + 46 + "a/data/0".len();

fn whole() -> Vec<u8> {
    tensor(0, &[2, 2], &[2, 1])
}

#[test]
fn archives_that_lie() {
    let pickle = program(&dict(&[("a", whole())]));
    let good = Part::new("a/data.pkl", &pickle);
    let numbers = storage();
    let data = Part::new("a/data/0", &numbers);
    let named = |name| archive(&[good.clone(), data.clone(), Part::new(name, b"")]);
    let with = |part: Part<'_>| archive(&[good.clone(), part]);
    let whole = archive(&[good.clone(), data.clone()]);
    let body = whole.len() - 22;
    let ends = |end: Vec<u8>| [&whole[..body], &end].concat();
    let mut parts = whole.clone();
    parts[body + 4] = 1;
    let long_name = "a".repeat(2000);
    // A storage that holds another with its header.
    let nested = archive(&[Part::new("a/data/1", &numbers)]);
    let outer = Part { bytes: &nested, ..data.clone() };
    let at = u32::try_from(30 + good.name.len() + pickle.len() + 30 + data.name.len()).unwrap();
    let inner = Part { name: "a/data/1", at: Some(at), ..data.clone() };
    let compressed = "(method 8); PyTorch stores entries as they are";
    check(vec![
        ("its archive has no end: the file is cut short", whole[..body].to_vec()),
        ("its archive has no end", [&whole[..body + 4], &[0; 70_000][..]].concat()),
        ("one of several parts", parts),
        ("has no entry at byte", ends(end_of_archive(3, 200, body - 200))),
        ("bytes were promised", ends(end_of_archive(60_000, LIST, body - LIST))),
        ("does not end before", ends(end_of_archive(2, 1 << 31, 0))),
        ("does not end before", ends(end_of_archive(2, 1, body))),
        ("is not at byte 7", with(Part { at: Some(7), ..data.clone() })),
        ("bytes were promised", with(Part { at: Some(1 << 30), ..data.clone() })),
        ("has another name where it lies", with(Part { local_name: Some("a/data/1"), ..data.clone() })),
        ("takes 16 bytes for 1073741824", with(Part { size: Some(1 << 30), ..data.clone() })),
        ("takes 4 bytes for 16", with(Part { packed: Some(4), ..data.clone() })),
        ("bytes were promised", with(Part { size: Some(1 << 30), packed: Some(1 << 30), ..data.clone() })),
        ("runs into the archive's directory", with(Part { size: Some(40), packed: Some(40), ..data.clone() })),
        (compressed, with(Part { method: 8, size: Some(1 << 31), ..data.clone() })),
        (compressed, archive(&[Part { method: 8, ..good.clone() }, data.clone()])),
        ("the encrypted entry a/data/0", with(Part { flags: 1, ..data.clone() })),
        ("has the entry a/data/0 twice", archive(&[good.clone(), data.clone(), data.clone()])),
        ("the entries a/data/0 and a/data/1 of the archive overlap", archive(&[good.clone(), outer, inner])),
        ("the pickles a/data.pkl and b/data.pkl", archive(&[good.clone(), Part::new("b/data.pkl", &pickle)])),
        ("\"../../x\" has a name that no checkpoint has", named("../../x")),
        ("has a name that no checkpoint has", named("/etc/passwd")),
        ("has a name that no checkpoint has", named("a\\..\\b")),
        ("has a name that no checkpoint has", named("a/\u{1b}[2J")),
        ("has a name that no checkpoint has", named("")),
        ("2000 bytes, expected at most 1024", named(&long_name)),
        ("bytes were promised", with(Part { size: Some(u32::MAX), packed: Some(u32::MAX), ..data.clone() })),
        ("a TorchScript program", archive(&[good.clone(), data.clone(), Part::new("a/constants.pkl", b"")])),
        ("big-endian", archive(&[good.clone(), data.clone(), Part::new("a/byteorder", b"big")])),
        ("storage 0 is not in the file", archive(std::slice::from_ref(&good))),
    ]);
    let (message, zip64) = (open(named("notes.txt")), |count: u64, start: u64| {
        let end =
            [b"PK\x06\x06", &[0; 28][..], &count.to_le_bytes(), &(LIST as u64).to_le_bytes(), &start.to_le_bytes()];
        let locator = [b"PK\x06\x07\0\0\0\0", &(body as u64).to_le_bytes()[..], &[1, 0, 0, 0]].concat();
        let last = b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0";
        [&whole[..body], &end.concat(), &locator, &last[..]].concat()
    });
    assert!(message.is_ok(), "other entries do no harm");
    let directory = (body - LIST) as u64;
    assert_eq!(values(&open(zip64(2, directory)).unwrap(), "a"), [1.0, 2.0, 3.0, 4.0], "ZIP64");
    check(vec![
        ("an archive of 18446744073709551615 entries", zip64(u64::MAX, directory)),
        ("bytes were promised", zip64(3, directory)),
        ("does not end before", zip64(2, u64::MAX)),
    ]);
    let long = [&[1, 0, 24, 0][..], &16_u64.to_le_bytes(), &16_u64.to_le_bytes(), &0_u64.to_le_bytes()].concat();
    let wide = Part { size: Some(u32::MAX), packed: Some(u32::MAX), extra: &long, ..data };
    assert_eq!(values(&open(archive(&[good, wide])).unwrap(), "a"), [1.0, 2.0, 3.0, 4.0], "a long entry");
    assert!(matches!(
        open(archive(&[Part::new("x", b"y")])),
        Err(WeightsError::NotAModel { looks: FileLooks::ZipArchive, .. })
    ));
}

#[test]
fn pickles_that_lie() {
    let deep = |levels: usize| [b"}X\x01\0\0\0a".repeat(levels), b"N".to_vec(), b"s".repeat(levels)].concat();
    // Each dict holds the one before it twice: 2^40 ways to the innermost.
    let doubled = |innermost: &[(&str, Vec<u8>)], levels: usize| {
        let mut expression = dict(innermost);
        for _ in 0..levels {
            expression = [b"}q\x01", &expression[..], b"q\x00", b"0(X\x01\0\0\0ah\x00X\x01\0\0\0bh\x00u"].concat();
        }
        expression
    };
    check(vec![
        ("the pickle opcode 0xff at byte", of(b"\xff")),
        ("the pickle opcode 0x97 at byte", of(b"\x97")),
        ("the pickle opcode 0x49 at byte", of(b"I1\n")),
        ("pickle protocol 6, expected at most 5", zipped(b"\x80\x06N.")),
        ("bytes were promised", zipped(b"\x80\x02N")),
        ("bytes were promised", zipped(b"")),
        ("takes a value before byte", zipped(b"\x80\x02.")),
        ("takes a value before byte", of(b"R")),
        ("takes a value before byte", of(b"N(a")),
        ("takes a value before byte", of(b"0")),
        ("takes a value before byte", of(b"2")),
        ("takes a value before byte", of(b"\x94")),
        ("has no mark before byte", of(b"Nt")),
        ("has no mark before byte", of(b"}u")),
        ("recalls value 7 before byte", of(b"h\x07")),
        ("recalls value 4294967295", of(b"j\xff\xff\xff\xff")),
        ("remembers value 4294967295", of(b"Nr\xff\xff\xff\xff")),
        ("4294967295 bytes were promised", of(b"\x8b\xff\xff\xff\xff")),
        ("bytes were promised", of(b"X\xff\xff\xff\x7f")),
        ("9223372036854775807 bytes were promised", of(b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f")),
        ("18446744073709551615 bytes were promised", of(b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff")),
        ("18446744073709551615 bytes were promised", of(b"\x95\xff\xff\xff\xff\xff\xff\xff\xff")),
        ("has no end", of(b"cos system")),
        ("has no end", of(&[b"c", &b"a".repeat(5000)[..], b"\nb\n"].concat())),
        ("is not UTF-8", of(b"c\xff\xfe\nb\n)R")),
        ("is not named by texts", of(b"NN\x93")),
        ("a function's name has more", of(&[text(&"a".repeat(2000)), text("b"), b"\x93".to_vec()].concat())),
        ("has no class", of(b"(o")),
        ("appends to what is no list", of(b"}Na")),
        ("appends to what is no list", of(b"N(NNe")),
        ("sets entries of what has none", of(b"]NNs")),
        ("a key without a value", of(b"}(NNNu")),
        ("more than 524288 containers and calls", of(&b"]0".repeat(600_000))),
        ("at once", of(&b"N".repeat(600_000))),
        ("of more than 2097152 values", of(&[b"](", &b"N".repeat(1000)[..], b"e0"].concat().repeat(2200))),
        ("at once", of(&b"(".repeat(600_000))),
        ("in more than 64 containers", of(&deep(200))),
        ("more than 1048576 entries", of(&doubled(&[], 40))),
        ("bytes of names", of(&doubled(&[("t", whole())], 40))),
        ("more than 65536 bytes", of(&dict(&[(&"k".repeat(70_000), b"N".to_vec())]))),
    ]);
}

#[test]
fn tensors_that_lie() {
    let one = |tensor: Vec<u8>| of(&dict(&[("a", tensor)]));
    let raw = |arguments: &[Vec<u8>]| one(call("torch._utils._rebuild_tensor_v2", arguments));
    let storage = || stored("torch.FloatStorage", "0");
    let wrapped = |times: usize| (0..times).fold(whole(), |data, _| call("torch._utils._rebuild_parameter", &[data]));
    let view = |first: i64| {
        let parts = [text("storage"), global("torch.FloatStorage"), text("0"), text("cpu"), int(4)];
        let view = tuple(&[text("v"), int(first), int(2)]);
        let storage = [tuple(&[&parts[..], &[view]].concat()), b"Q".to_vec()].concat();
        one(tensor_of(storage, 0, &[2], &[1]))
    };
    check(vec![
        ("tensor a: it takes bytes 0 to 20 of a storage of 16", one(tensor(0, &[5], &[1]))),
        ("it takes bytes 16 to 20 of a storage of 16", one(tensor(4, &[1], &[1]))),
        ("it takes bytes 0 to 28 of a storage of 16", one(tensor(0, &[2, 2], &[5, 1]))),
        ("a size or stride of -1", one(tensor(0, &[2], &[-1]))),
        ("a size or stride of -2", one(tensor(0, &[-2], &[1]))),
        ("a size or stride of -4", one(tensor(-4, &[1], &[1]))),
        ("holds more values than any file", one(tensor(0, &[1 << 40, 1 << 40], &[1 << 40, 1]))),
        ("fits no storage", one(tensor(0, &[1 << 40], &[1 << 40]))),
        ("fits no storage", one(tensor(i64::MAX, &[2], &[1]))),
        ("it repeats 4 bytes until they are 1099511627776 values", one(tensor(0, &[1 << 40], &[0]))),
        ("it repeats 8 bytes until they are 33554432 values", one(tensor(0, &[1 << 24, 2], &[0, 1]))),
        ("a tensor of 2 extents has 1 strides", one(tensor(0, &[1, 1], &[1]))),
        ("9 extents, expected at most 8", one(tensor(0, &[1; 9], &[1; 9]))),
        ("storage 9 is not in the file", one(tensor_of(stored("torch.FloatStorage", "9"), 0, &[1], &[1]))),
        ("storage ../0 is not in the file", one(tensor_of(stored("torch.FloatStorage", "../0"), 0, &[1], &[1]))),
        (
            "it takes bytes 0 to 32 of a storage of 16",
            one(tensor_of(stored("torch.DoubleStorage", "0"), 0, &[4], &[1])),
        ),
        ("a tensor has no storage", raw(&[b"N".to_vec(), int(0), tuple(&[]), tuple(&[])])),
        ("a tensor has no sizes", raw(&[storage(), int(0), b"N".to_vec(), tuple(&[])])),
        ("a size or stride that is no whole number", raw(&[storage(), b"N".to_vec(), tuple(&[]), tuple(&[])])),
        ("a size or stride that is no whole number", raw(&[storage(), int(0), tuple(&[text("x")]), tuple(&[int(1)])])),
        ("it takes bytes 12 to 20", view(3)),
        ("a storage begins before itself", view(-1)),
        ("a tensor is wrapped too often", one(wrapped(20))),
        ("tensor a.b stands twice", of(&dict(&[("a.b", whole()), ("a", dict(&[("b", whole())]))]))),
        ("tensor a stands twice", of(&dict(&[("a", whole()), ("a", whole())]))),
        ("control characters", of(&dict(&[("a\u{1b}[2J", whole())]))),
        ("at most 1024", of(&dict(&[(&"a".repeat(1025), whole())]))),
    ]);
}

#[test]
fn older_checkpoints_that_lie() {
    let pickle = program(&dict(&[("a", whole())]));
    let good = legacy(&pickle, 4);
    let replaced = |from: &[u8], to: &[u8]| {
        let at = good.windows(from.len()).position(|window| window == from).unwrap();
        [&good[..at], to, &good[at + from.len()..]].concat()
    };
    let of_two_types = dict(&[("a", whole()), ("b", tensor_of(stored("torch.HalfStorage", "0"), 0, &[1], &[1]))]);
    let of_no_type = dict(&[("a", tensor_of(stored("evil.Storage", "0"), 0, &[1], &[1]))]);
    check(vec![
        ("of another layout than version 1001", replaced(&int(1001), &int(1002))),
        ("big-endian", replaced(b"\x88", b"\x89")),
        ("its list of storages is no list", replaced(&[b"](", &text("0")[..], b"e"].concat(), b"N")),
        ("the key of a storage is no text", replaced(&[b"](", &text("0")[..], b"e"].concat(), b"](Ne")),
        (
            "storage 1 belongs to no tensor",
            replaced(&[b"](", &text("0")[..]].concat(), &[b"](", &text("1")[..]].concat()),
        ),
        ("storage 0 stands twice", {
            let keys = [b"](", &text("0")[..], b"e"].concat();
            let file = replaced(&keys, &[b"](", &text("0")[..], &text("0"), b"e"].concat());
            [&file[..], &4_u64.to_le_bytes(), &storage()].concat()
        }),
        ("storage 0 of 4611686018427387904 values fits no file", legacy(&pickle, 1 << 62)),
        ("bytes were promised", legacy(&pickle, 5)),
        ("it takes bytes 0 to 16 of a storage of 12", legacy(&pickle, 3)),
        ("storage 0 has two types", legacy(&program(&of_two_types), 4)),
        ("a storage of the unknown type Storage", legacy(&program(&of_no_type), 4)),
        ("storage 0 belongs to no tensor", legacy(&program(b"}"), 4)),
    ]);
    assert_eq!(values(&open(good).unwrap(), "a"), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn nothing_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let command = text(&format!("touch {}", mark.display()));
    let attacks = [
        ("posix.system", call("posix.system", std::slice::from_ref(&command))),
        (
            "subprocess.Popen",
            [global("subprocess.Popen"), tuple(std::slice::from_ref(&command)), b"\x81".to_vec()].concat(),
        ),
        ("builtins.eval", call("builtins.eval", &[text("__import__('os').system('x')")])),
        ("os.system", [&b"("[..], &command, b"ios\nsystem\n"].concat()),
        ("os.popen", [b"(", &global("os.popen")[..], &command, b"o"].concat()),
        (
            "nt.system",
            [text("nt"), text("system"), b"\x93".to_vec(), tuple(std::slice::from_ref(&command)), b"R".to_vec()]
                .concat(),
        ),
        ("runpy._run_code", [global("runpy._run_code"), tuple(&[]), b"}\x92".to_vec()].concat()),
        ("shutil.rmtree", [&b"N)R"[..], &dict(&[("x", global("shutil.rmtree"))]), b"b"].concat()),
        ("torch.load", call("torch.load", std::slice::from_ref(&command))),
        ("torch._utils._rebuild_qtensor", call("torch._utils._rebuild_qtensor", &[])),
        ("evil.\\u{1b}[2J", call("evil.\u{1b}[2J", &[])),
    ];
    for (name, attack) in attacks {
        for expression in [
            dict(&[("a", whole()), ("b", attack.clone())]),
            dict(&[("b", dict(&[("c", attack.clone())])), ("a", whole())]),
            [dict(&[("a", whole())]), attack.clone(), b"b".to_vec()].concat(), // its state
            [&b"}("[..], &attack, b"N", &text("a"), &whole(), b"u"].concat(),  // its key
        ] {
            for file in [of(&expression), legacy(&program(&expression), 4)] {
                let file = open(file).unwrap();
                assert_eq!(file.names().collect::<Vec<_>>(), ["a"], "{name}");
                assert_eq!(file.dropped().collect::<Vec<_>>(), [name]);
                assert_eq!(values(&file, "a"), [1.0, 2.0, 3.0, 4.0]);
            }
        }
    }
    assert!(!mark.exists());
}

#[test]
fn circles_end() {
    let with_itself = |inside: &[u8]| [b"}q\x00(", &text("a")[..], &whole(), &text("self"), inside, b"u"].concat();
    let object = [&b"cx\nY\n)Rq\x01"[..], &dict(&[("_modules", dict(&[("m", b"h\x01".to_vec())]))]), b"b"].concat();
    for inside in [
        b"h\x00".to_vec(),
        [b"](", &b"h\x00h\x00"[..], b"e"].concat(),
        b"]q\x05h\x05a".to_vec(),
        b"(h\x00t".to_vec(),
        dict(&[("deeper", b"h\x00".to_vec())]),
        b"cx\nY\n(h\x00tRh\x00b".to_vec(),
        object,
    ] {
        let file = open(of(&with_itself(&inside))).unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["a"]);
    }
}

#[test]
fn what_is_odd_but_true_is_accepted() {
    let names = |expression: &[u8]| {
        let file = open(of(expression)).unwrap();
        file.names().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&whole()), ["tensor"]);
    assert_eq!(names(&[b"](", &whole()[..], b"N", &whole(), b"e"].concat()), ["0", "2"]);
    assert_eq!(names(b"N"), [""; 0]);
    assert_eq!(names(&dict(&[("a", tensor(0, &[0, 1 << 40], &[1, 1]))])), ["a"]);
    let unused = "\u{1b}";
    assert_eq!(names(&dict(&[(unused, text("a control character in a key of no tensor"))])), [""; 0]);
    let file = |tensor| open(of(&dict(&[("a", tensor)]))).unwrap();
    assert_eq!(values(&file(tensor(0, &[2, 3], &[0, 1])), "a"), [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]);
    assert_eq!(values(&file(tensor(1, &[2], &[2])), "a"), [2.0, 4.0]);
    assert_eq!(values(&file(tensor(0, &[2, 2], &[1, 1])), "a"), [1.0, 2.0, 2.0, 3.0], "a window that slides");
    assert_eq!(values(&file(tensor(3, &[], &[])), "a"), [4.0]);
    let as_bytes = file(tensor_of(stored("torch.storage.UntypedStorage", "0"), 2, &[2], &[1]));
    assert_eq!(values(&as_bytes, "a"), [128.0, 63.0]);
    let huge = [b"\x8a\xff".to_vec(), vec![1; 255]].concat();
    assert_eq!(names(&dict(&[("huge", huge), ("a", whole())])), ["a"]);
    let trailing = [legacy(&program(&dict(&[("a", whole())])), 4), vec![7; 100]].concat();
    assert_eq!(values(&open(trailing).unwrap(), "a").len(), 4);
    let bad = [f32::NAN, f32::INFINITY, 0.0, 1.0].iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let pickle = program(&dict(&[("a", whole())]));
    let file = open(archive(&[Part::new("a/data.pkl", &pickle), Part::new("a/data/0", &bad)])).unwrap();
    assert_eq!(not_finite(&file), [("a", 2)]);
}

#[test]
fn every_cut_is_refused() {
    let pickle = program(&dict(&[("a", whole())]));
    for whole in [zipped(&pickle), legacy(&pickle, 4)] {
        open(whole.clone()).unwrap();
        for len in 0..whole.len() {
            assert!(open(&whole[..len]).is_err(), "cut to {len} of {} bytes", whole.len());
        }
    }
}
