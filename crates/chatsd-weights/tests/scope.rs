//! Layers made by name: the right tensors, or an error that names what is wrong.

use std::path::Path;

use chatsd_tensor::{Engine, Epilogue, Format, Shape, Tensor, Weight};
use chatsd_weights::{GgufWriter, Scope, WeightFile, WeightsError};

/// 0, 1, 2, … as a tensor.
fn counting(shape: &[usize]) -> Weight<'static> {
    let values: Vec<f32> = (0_u16..).map(f32::from).take(shape.iter().product()).collect();
    Weight::from_values(shape, &values)
}

fn file(path: &Path, tensors: &[(&str, &[usize])], layout: &str) -> WeightFile {
    let mut writer = GgufWriter::new();
    writer.metadata("chatsd.convolution_layout", layout);
    for (name, shape) in tensors {
        writer.tensor(*name, counting(shape));
    }
    writer.write(path).unwrap();
    WeightFile::open(path).unwrap()
}

/// One file of these tensors in a folder of its own.
fn files(tensors: &[(&str, &[usize])]) -> (tempfile::TempDir, [WeightFile; 1]) {
    let folder = tempfile::tempdir().unwrap();
    let file = file(&folder.path().join("a.gguf"), tensors, "oihw");
    (folder, [file])
}

fn tensor(channels: usize, values: &[f32]) -> Tensor {
    Tensor::new(Shape::sequence(1, values.len() / channels, channels), values.to_vec())
}

#[test]
fn layers_have_the_weights_of_their_names() {
    let (_folder, files) = files(&[
        ("net.a.weight", &[2, 3]),
        ("net.a.bias", &[2]),
        ("net.b.weight", &[2, 3]),
        ("net.b.bias", &[2]),
        ("net.plain.weight", &[2, 3]),
        ("net.norm.weight", &[2]),
        ("net.norm.bias", &[2]),
        ("net.words.weight", &[4, 2]),
        ("net.table", &[2, 2]),
        ("net.gate.weight", &[32, 1]),
    ]);
    let scope = Scope::new(&files).at("net");
    let engine = Engine::reference();
    let x = tensor(3, &[1.0, 10.0, 100.0]);
    let run = |layer| engine.linear(&x, &layer, Epilogue::default()).values().to_vec();
    assert_eq!(run(scope.linear("a", 3, 2).unwrap()), [210.0, 544.0]);
    assert_eq!(run(scope.linear("plain", 3, 2).unwrap()), [210.0, 543.0]);
    assert_eq!(run(scope.linear_stacked(&["a", "b"], 3, 2).unwrap()), [210.0, 544.0, 210.0, 544.0]);
    assert_eq!(scope.linear_gated("gate", 1, 32).unwrap().outputs(), 16);
    let words = scope.embedding("words", 4, 2).unwrap();
    assert_eq!(engine.embed(&[3, 1], &words).values(), [6.0, 7.0, 2.0, 3.0]);
    assert_eq!(scope.values("table", &[2, 2]).unwrap(), [0.0, 1.0, 2.0, 3.0]);
    let norm = scope.norm("norm", 2, 0.0).unwrap();
    assert_eq!(engine.layer_norm(&tensor(2, &[1.0, 3.0]), &norm).values(), [0.0, 2.0]);
    assert_eq!(scope.unused(), [""; 0]);
}

#[test]
fn convolutions_are_read_in_the_order_of_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let (inner, outer) = (folder.path().join("inner.gguf"), folder.path().join("outer.gguf"));
    let shapes: [(&str, &[usize]); 2] = [("conv.weight", &[1, 2, 3, 3]), ("up.weight", &[1, 2, 3, 3])];
    let outer = [file(&outer, &shapes, "oihw")];
    // The same numbers, the channels innermost.
    let turned: Vec<f32> = (0_u8..9).flat_map(|tap| [f32::from(tap), f32::from(tap) + 9.0]).collect();
    let turned = Weight::from_values(&[1, 3, 3, 2], &turned);
    let mut writer = GgufWriter::new();
    writer
        .metadata("chatsd.convolution_layout", "ohwi")
        .tensor("conv.weight", turned.clone())
        .tensor("up.weight", turned);
    writer.write(&inner).unwrap();
    let inner = [WeightFile::open(&inner).unwrap()];
    let engine = Engine::reference();
    let x = Tensor::new(Shape::new(1, 2, 2, 2), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let results = [&inner, &outer].map(|files| {
        let scope = Scope::new(files);
        let convolution = scope.convolution("conv", [2, 1, 3]).unwrap();
        let up = scope.upsample_convolution("up", [2, 1]).unwrap();
        let convolved = engine.convolution([&x], &convolution, Epilogue::default());
        let up = engine.upsample_convolution(&x, &up, Epilogue::default());
        [convolved.values().to_vec(), up.values().to_vec()]
    });
    assert_eq!(results[0], results[1]);
    // At the first pixel: taps 4, 5, 7 and 8 of both channels.
    assert_eq!(results[0][0][0], 4. + 26. + 15. + 56. + 35. + 96. + 56. + 136.);
}

#[test]
fn layers_can_be_kept_in_another_format() {
    let (_folder, files) = files(&[("a.weight", &[32, 64]), ("a.bias", &[32])]);
    let scope = Scope::new(&files);
    let size = |store| scope.stored_as(store).at("").linear("a", 64, 32);
    assert!(size(None).is_err(), "an empty name is a name like any other");
    let size = |store| scope.stored_as(store).linear("a", 64, 32).unwrap().size();
    let bias = 4 * 32;
    assert_eq!(size(None), 4 * 32 * 64 + bias);
    assert_eq!(size(Some(Format::F16)), 2 * 32 * 64 + bias);
    assert_eq!(size(Some(Format::Q8_0)), 34 * 64 + bias);
    assert_eq!(scope.stored_as(Some(Format::F16)).at("b").store, Some(Format::F16));
}

#[test]
fn a_missing_tensor_is_named_with_its_neighbour() {
    let (folder, files) = files(&[("unet.down.0.to_q.weight", &[2, 2]), ("unet.up.weight", &[2, 2])]);
    let scope = Scope::new(&files).at("unet").at(format!("down.{}", 0));
    assert!(scope.has("to_q") && scope.has("to_q.weight") && !scope.has("to"));
    assert_eq!(scope.full("to_q"), "unet.down.0.to_q");
    assert_eq!(scope.names().collect::<Vec<_>>(), ["to_q.weight"]);
    let message = scope.linear("to_k", 2, 2).err().unwrap().to_string();
    let path = folder.path().join("a.gguf").display().to_string();
    let expected = "has no tensor unet.down.0.to_k.weight; the nearest name is unet.down.0.to_q.weight";
    assert_eq!(message, format!("{path} {expected}"));
    let error = scope.values("something_altogether_different_from_all_the_others", &[1]).unwrap_err();
    assert!(matches!(error, WeightsError::MissingTensor { nearest: None, .. }), "{error}");
}

#[test]
fn a_wrong_shape_is_told_with_the_right_one() {
    let (_folder, files) = files(&[
        ("a.weight", &[2, 3]),
        ("a.bias", &[3]),
        ("b.weight", &[2, 3]),
        ("b.bias", &[2]),
        ("c.weight", &[2, 3]),
        ("conv.weight", &[2, 3, 3, 3]),
    ]);
    let scope = Scope::new(&files);
    let cases = [
        (scope.linear("b", 4, 2).err(), "tensor b.weight has shape [2, 3], expected [2, 4]"),
        (scope.linear("a", 3, 2).err(), "tensor a.bias has shape [3], expected [2]"),
        (
            scope.linear_stacked(&["b", "conv"], 3, 2).err(),
            "tensor conv.weight has shape [2, 3, 3, 3], expected [2, 3]",
        ),
        (
            scope.linear_stacked(&["b", "c"], 3, 2).err(),
            "tensor b+c.weight: only some of the stacked layers have a bias",
        ),
        (scope.linear_gated("b", 3, 2).err(), "tensor b.weight: 2 gated outputs: expected a multiple of"),
        (
            scope.convolution("conv", [3, 2, 1]).err(),
            "tensor conv.weight has shape [2, 3, 3, 3], expected [2, 3, 1, 1]",
        ),
        (scope.upsample_convolution("conv", [2, 3]).err(), "[2, 3, 3, 3], expected [3, 2, 3, 3]"),
        (scope.norm("b", 2, 1e-5).err(), "tensor b.weight has shape [2, 3], expected [2]"),
        (scope.norm("conv", 2, 1e-5).err(), "has no tensor conv.bias"),
        (scope.embedding("b", 3, 3).err(), "tensor b.weight has shape [2, 3], expected [3, 3]"),
        (scope.values("b.bias", &[]).err(), "tensor b.bias has shape [2], expected []"),
    ];
    for (error, expected) in cases {
        let message = error.expect(expected).to_string();
        assert!(message.contains(expected), "{message}\nshould contain {expected}");
        assert!(message.contains("a.gguf"), "{message}");
    }
}

#[test]
fn names_nobody_asked_for_are_known() {
    let (_folder, files) = files(&[("a.b.weight", &[2, 2]), ("a.b.bias", &[2]), ("a.c", &[1]), ("other", &[1])]);
    let scope = Scope::new(&files).at("a");
    assert_eq!(scope.unused(), ["a.b.bias", "a.b.weight", "a.c"]);
    scope.linear("b", 2, 2).unwrap();
    assert_eq!(scope.shape("c"), Some(vec![1]));
    assert_eq!(scope.unused(), ["a.c"]);
    assert_eq!(Scope::new(&files).unused(), ["a.c", "other"]);
}
