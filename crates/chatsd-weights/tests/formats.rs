//! Every number format, bit for bit as Python's gguf, ggml and PyTorch read and write it (`reference/formats.py`), and
//! files of stable-diffusion.cpp (`reference/sdcpp.py`).

mod common;

use std::path::Path;

use chatsd_tensor::{Format, Weight};
use chatsd_weights::WeightFile;
use common::not_finite;

fn fixture(name: &str) -> WeightFile {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    WeightFile::open(&folder.join(name)).unwrap()
}

fn values(file: &WeightFile, name: &str) -> Vec<f32> {
    file.get(name).unwrap().values().unwrap()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn blocks_are_read_as_ggml_reads_them() {
    let (blocks, expected) = (fixture("formats.gguf"), fixture("formats.safetensors"));
    let names: Vec<&str> = blocks.names().filter(|name| !name.contains('.')).collect();
    assert_eq!(names.len(), 24);
    for name in names {
        let weight = blocks.get(name).unwrap();
        assert_eq!(weight.format.name(), name);
        let (found, expected) = (weight.values().unwrap(), values(&expected, name));
        let differs = |(found, expected): (&f32, &f32)| found.to_bits() != expected.to_bits() && found != expected;
        assert_eq!(found.len(), expected.len());
        let at = found.iter().zip(&expected).position(differs);
        assert_eq!(at, None, "{name}: {:?}", at.map(|at| (found[at], expected[at])));
    }
}

#[test]
fn blocks_are_written_as_ggml_writes_them() {
    let (blocks, expected) = (fixture("formats.gguf"), fixture("formats.safetensors"));
    let given = values(&expected, "given");
    for name in blocks.names().filter(|name| name.ends_with(".rounded")) {
        let theirs = blocks.get(name).unwrap();
        let ours = theirs.format.encode(&given).unwrap();
        assert_eq!(ours, theirs.bytes.as_ref(), "{name}");
    }
}

#[test]
fn eight_bits_are_read_as_pytorch_reads_them() {
    let file = fixture("eights.safetensors");
    for name in ["e4m3", "e5m2"] {
        assert_eq!(bits(&values(&file, name)), bits(&values(&file, &format!("{name}.values"))), "{name}");
    }
    let weight = file.get("layer.weight").unwrap();
    assert_eq!(weight.format, Format::F16);
    let expected: Vec<f32> = (0_u8..16).map(|number| f32::from(number) / 4.0 * 0.375).collect();
    assert_eq!(weight.values().unwrap(), expected);
    assert!(
        file.unused("layer.").next().is_none(),
        "the factor was used, that of the inputs is for another arithmetic"
    );
    assert!(file.unused("").all(|name| name != "scaled_fp8"));
}

#[test]
fn wide_numbers_and_integers_become_singles() {
    let file = fixture("eights.safetensors");
    let cases: [(&str, &[f32]); 7] = [
        ("double", &[0.1, -1e30]),
        ("long", &[-1.0, 1_099_511_627_776.0]),
        ("int", &[-1.0, 33_554_432.0]),
        ("short", &[-1.0, 300.0]),
        ("char", &[-1.0, 100.0]),
        ("byte", &[1.0, 200.0]),
        ("truth", &[1.0, 0.0]),
    ];
    for (name, expected) in cases {
        assert_eq!(values(&file, name), expected, "{name}");
    }
}

#[test]
fn numbers_that_are_none_are_found() {
    let bytes: Vec<u8> =
        [1.0_f32, f32::NAN, f32::NEG_INFINITY, 0.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    let header = r#"{"bad":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"good":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#;
    let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes].concat();
    let file = WeightFile::from_static(file.leak()).unwrap();
    assert_eq!(not_finite(&file), [("bad", 2)]);
    assert!(file.get("bad").unwrap().values().unwrap()[1].is_nan(), "it loads all the same");
    assert_eq!(not_finite(&fixture("eights.safetensors")), []);
}

#[test]
fn files_of_stable_diffusion_cpp_are_read() {
    let source = fixture("sdcpp.safetensors");
    for (kind, format) in [
        ("f16", Format::F16),
        ("q8_0", Format::Q8_0),
        ("q4_K", Format::Q4K),
        ("q5_0", Format::Q5_0),
        ("q6_K", Format::Q6K),
    ] {
        let file = fixture(&format!("sdcpp-{kind}.gguf"));
        assert!(file.names().eq(source.names()), "{kind}");
        let mut formats = Vec::new();
        for name in source.names() {
            let (found, given) = (file.get(name).unwrap(), source.get(name).unwrap());
            assert_eq!(found.shape, given.shape, "{kind}: {name}");
            let given = given.values().unwrap();
            let ours = Weight { bytes: found.format.encode(&given).unwrap().into(), ..found.clone() };
            if matches!(found.format, Format::F16 | Format::Q8_0) {
                assert_eq!(found.bytes, ours.bytes, "{kind}: {name} in {}", found.format);
            } else {
                // It searches for scales where the reference takes the first, and weighs all values alike.
                let error = |weight: &Weight<'_>| -> f32 {
                    let values = weight.values().unwrap();
                    values.iter().zip(&given).map(|(value, given)| (value - given) * (value - given)).sum()
                };
                let (theirs, ours) = (error(&found), error(&ours));
                assert!(theirs <= 1.1 * ours, "{kind}: {name}: {theirs}, ours {ours}");
            }
            formats.push(found.format);
        }
        assert!(formats.contains(&format) && formats.contains(&Format::F16), "{formats:?}");
    }
}
