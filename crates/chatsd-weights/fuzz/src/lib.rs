//! What the targets do with a file: look at everything it offers.

use std::path::Path;

use chatsd_weights::{ModelFiles, Value, WeightFile};

#[path = "../../tests/common/checkpoint.rs"]
pub mod checkpoint;

/// Reads every name, number and metadata value of a file, if it is one.
pub fn read_all(bytes: &[u8]) {
    let Ok(file) = WeightFile::from_bytes(bytes) else { return };
    for name in file.names() {
        if let Ok(weight) = file.get(name) {
            let values = weight.values().expect("the bytes fit the shape");
            assert_eq!(values.len(), weight.shape.iter().product::<usize>());
        }
    }
    assert_eq!(file.unused("").count(), 0);
    for key in ["general.name", "array.texts", "array.arrays", "note", "loss", "name"] {
        if let Some(Value::Array(array)) = file.metadata(key) {
            assert_eq!(array.values().count(), array.len());
        }
    }
    assert!(file.dropped().all(|name| !name.chars().any(char::is_control)));
    let _ = file.layout();
}

/// Opens a folder as a model, and what is asked of it.
pub fn read_folder(path: &Path) {
    let Ok(model) = ModelFiles::open(path) else { return };
    if let Ok(component) = model.component("unet") {
        component.weights.names().for_each(drop);
    }
    if let Ok(vocabulary) = model.vocabulary() {
        assert!(vocabulary.merges.iter().all(|(left, right)| !left.is_empty() && !right.is_empty()));
    }
}
