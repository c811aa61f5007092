//! Checkpoints written by PyTorch, each protocol and layout (`reference/checkpoints.py`).

use std::path::{Path, PathBuf};

use chatsd_tensor::Format;
use chatsd_weights::{Value, WeightFile};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn checkpoints() -> impl Iterator<Item = (String, WeightFile)> {
    (2..=5).flat_map(|protocol| ["zip", "legacy"].map(|layout| format!("checkpoint-{layout}-{protocol}.pt"))).map(
        |name| {
            let file = WeightFile::open(&fixture(&name)).unwrap_or_else(|error| panic!("{error}"));
            (name, file)
        },
    )
}

#[test]
fn tensors_are_as_pytorch_wrote_them() {
    let expected = WeightFile::open(&fixture("checkpoint.safetensors")).unwrap();
    assert_eq!(expected.names().count(), 33);
    for (path, file) in checkpoints() {
        let is_expected = |name: &&str| path.contains("zip") || !name.starts_with("module.");
        let names: Vec<&str> = expected.names().filter(is_expected).collect();
        assert_eq!(file.names().collect::<Vec<_>>(), names, "{path}");
        for name in names {
            let (found, expected) = (file.get(name).unwrap(), expected.get(name).unwrap());
            assert_eq!((&found.shape, found.format), (&expected.shape, expected.format), "{path}: {name}");
            assert_eq!(found.bytes, expected.bytes, "{path}: {name}");
        }
    }
}

#[test]
fn numbers_and_texts_are_metadata() {
    for (path, file) in checkpoints() {
        let value = |key| file.metadata(key).unwrap_or_else(|| panic!("{path} has no {key}"));
        assert_eq!(value("global_step").as_u64(), Some(840_000));
        assert_eq!(value("learning rate"), Value::F64(0.5));
        assert_eq!(value("name"), Value::from("图"));
        assert_eq!(value("use_ema"), Value::Bool(false));
        assert_eq!(value("loss"), Value::F64(0.25));
        assert_eq!(value("count"), Value::I64(-3));
        assert_eq!(file.metadata("callbacks"), None);
    }
}

#[test]
fn what_is_not_understood_is_named() {
    for (path, file) in checkpoints() {
        let dropped: Vec<&str> = file.dropped().collect();
        assert_eq!(dropped, ["pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint"], "{path}");
        assert_eq!(file.layout(), chatsd_tensor::Layout::Oihw);
    }
}

#[test]
fn views_are_copied_and_the_rest_is_borrowed() {
    for (_, file) in checkpoints() {
        let is_borrowed = |name: &str| matches!(file.get(name).unwrap().bytes, std::borrow::Cow::Borrowed(_));
        assert!(is_borrowed("state_dict.float") && is_borrowed("state_dict.rows"));
        assert!(!is_borrowed("state_dict.turned") && !is_borrowed("state_dict.channels.last"));
        let (first, second) = (file.get("state_dict.tied.first").unwrap(), file.get("state_dict.tied.second").unwrap());
        assert_eq!(first.bytes.as_ptr(), second.bytes.as_ptr());
    }
}

#[test]
fn new_types_are_read() {
    let file = WeightFile::open(&fixture("checkpoint-eights.pt")).unwrap();
    let (e4m3, e5m2) = (file.get("e4m3").unwrap(), file.get("e5m2").unwrap());
    assert_eq!((e4m3.format, e5m2.format), (Format::F8E4M3, Format::F8E5M2));
    assert_eq!(e4m3.values().unwrap(), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(e5m2.values().unwrap(), [-3.0, -1.0, 1.0, 3.0]);
    let error = file.get("complex").unwrap_err().to_string();
    assert!(error.contains("complex is stored as ComplexFloatStorage"), "{error}");
}
