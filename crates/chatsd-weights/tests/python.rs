//! Files written by the Python packages `gguf` and `safetensors` (`reference/weights.py`).

use std::{collections::BTreeMap, path::PathBuf};

use chatsd_tensor::{Format, Layout};
use chatsd_weights::{ModelFiles, Value, WeightFile};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    shape: Vec<usize>,
    given: Vec<f32>,
    stored: Vec<f32>,
}

type ByName = BTreeMap<String, Expected>;

#[derive(Deserialize)]
struct Both {
    gguf: ByName,
    safetensors: ByName,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

fn expected() -> Both {
    serde_json::from_str(&std::fs::read_to_string(fixture("expected.json")).unwrap()).unwrap()
}

/// Compares every tensor that is expected.
fn compare(file: &WeightFile, expected: &ByName) {
    for (name, expected) in expected {
        let weight = file.get(name).unwrap();
        assert_eq!(weight.shape, expected.shape, "{name}");
        assert_eq!(weight.values().unwrap(), expected.stored, "{name}");
    }
}

#[test]
fn gguf_tensors_are_as_python_wrote_them() {
    let file = WeightFile::open(&fixture("python.gguf")).unwrap();
    let expected = expected().gguf;
    assert_eq!(file.names().count(), 5);
    compare(&file, &expected);
    assert_eq!(file.shape("unet.q4_0.weight"), Some(&[2, 32][..]));
    assert_eq!(file.layout(), Layout::Ohwi);
    let blocks = file.get("unet.q8_0.weight").unwrap();
    assert_eq!(blocks.format, Format::Q8_0);
    assert_eq!(blocks.bytes, Format::Q8_0.encode(&expected["unet.q8_0.weight"].given).unwrap());
}

#[test]
fn gguf_metadata_is_as_python_wrote_it() {
    let file = WeightFile::open(&fixture("python.gguf")).unwrap();
    let value = |key| file.metadata(key).unwrap();
    assert_eq!(value("general.name"), Value::from("fixture: 图 🎨"));
    assert_eq!(value("number.u8"), Value::U8(u8::MAX));
    assert_eq!(value("number.i8"), Value::I8(i8::MIN));
    assert_eq!(value("number.u16"), Value::U16(u16::MAX));
    assert_eq!(value("number.i16"), Value::I16(i16::MIN));
    assert_eq!(value("number.u32"), Value::U32(u32::MAX));
    assert_eq!(value("number.i32"), Value::I32(i32::MIN));
    assert_eq!(value("number.u64"), Value::U64(u64::MAX));
    assert_eq!(value("number.i64"), Value::I64(i64::MIN));
    assert_eq!(value("number.f32"), Value::F32(0.1));
    assert_eq!(value("number.f64"), Value::F64(0.1));
    assert_eq!(value("number.yes"), Value::Bool(true));
    assert_eq!(value("number.u64").as_u64(), Some(u64::MAX));
    assert_eq!(value("number.i8").as_u64(), None);
    let array = |key| match value(key) {
        Value::Array(array) => array,
        other => panic!("{other:?}"),
    };
    let texts = array("array.texts");
    assert_eq!(texts.values().collect::<Vec<_>>(), ["a", "", "图"].map(Value::from));
    assert_eq!(array("array.numbers").values().filter_map(|value| value.as_u64()).sum::<u64>(), 6);
    let arrays = array("array.arrays");
    let inner = arrays.values().map(|value| if let Value::Array(array) = value { array.len() } else { 0 });
    assert_eq!(inner.collect::<Vec<_>>(), [2, 1]);
    assert_eq!(file.metadata("number.u128"), None);
}

#[test]
fn a_gguf_file_is_a_model() {
    let model = ModelFiles::open(&fixture("python.gguf")).unwrap();
    assert!(model.has("unet") && !model.has("vae"));
    let unet = model.component("unet").unwrap();
    assert_eq!(unet.config["in_channels"], 4);
    assert!(unet.weights.has("f32.weight") && unet.weights.has("f32") && !unet.weights.has("f3"));
    let vocabulary = model.vocabulary().unwrap();
    assert_eq!(vocabulary.tokens, ["a", "b", "ab</w>"]);
    assert_eq!(vocabulary.merges, [("a", "b</w>")]);
    assert!(model.pipeline_config().unwrap().is_none());
}

#[test]
fn safetensors_is_as_python_wrote_it() {
    let file = WeightFile::open(&fixture("python.safetensors")).unwrap();
    compare(&file, &expected().safetensors);
    assert_eq!(file.get("position_ids").unwrap().values().unwrap(), [0.0, 1.0, 2.0, 3.0]);
    assert!(file.unused("").all(|name| name == "double"), "integers are no weights");
    assert_eq!(file.names().count(), 7);
    assert_eq!(file.metadata("note"), Some(Value::from("图")));
    assert_eq!(file.metadata("format"), Some(Value::from("pt")));
    assert_eq!(file.layout(), Layout::Oihw);
    assert_eq!(file.get("brain.weight").unwrap().format, Format::Bf16);
    assert_eq!(file.get("scalar").unwrap().shape, [0_usize; 0]);
}

#[test]
fn the_hash_is_of_the_whole_file() {
    let path = fixture("expected.json").with_file_name("python.safetensors");
    let file = WeightFile::open(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(file.size(), bytes.len());
    let leaked = WeightFile::from_static(Vec::leak(bytes)).unwrap();
    assert_eq!(file.sha256(), leaked.sha256());
    assert_eq!(file.sha256().len(), 64);
    assert_eq!(ModelFiles::open(&path).unwrap().short_hash(&[]).unwrap(), HASH);
    assert!(file.sha256().starts_with(HASH));
}

/// By `sha256sum`.
const HASH: &str = "f97f0df47b";
