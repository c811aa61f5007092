//! Adapters of any shape: refused or merged, never a panic.

use std::{fs, sync::Arc};

use chatsd_tensor::{Engine, Format};
use chatsd_weights::{AdapterFile, AdapterSet, LayerCache, ModelFiles, Scope, Strength, WeightFile};
use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};

/// A safetensors file of f32 tensors.
fn file(tensors: &[(String, Vec<usize>)]) -> Vec<u8> {
    let (mut header, mut data) = (Map::new(), Vec::new());
    for (name, shape) in tensors {
        let (start, count) = (data.len(), shape.iter().product::<usize>());
        data.extend((0..count).flat_map(|at| (at as f32 * 0.37).sin().to_le_bytes()));
        header.insert(name.clone(), json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]}));
    }
    let header = Value::Object(header).to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
}

const ENDS: [&str; 24] = [
    "lora_down.weight",
    "lora_up.weight",
    "lora_mid.weight",
    "alpha",
    "dora_scale",
    "lora_magnitude_vector",
    "hada_w1_a",
    "hada_w1_b",
    "hada_w2_a",
    "hada_w2_b",
    "hada_t1",
    "hada_t2",
    "lokr_w1",
    "lokr_w1_a",
    "lokr_w1_b",
    "lokr_w2",
    "lokr_w2_a",
    "lokr_w2_b",
    "lokr_t2",
    "oft_blocks",
    "oft_diag",
    "oft_R.weight",
    "rescale",
    "diff",
];

proptest! {
    #[test]
    fn parts_of_any_shape_make_no_panic(
        parts in vec((0..ENDS.len(), vec(0_usize..5, 0..5)), 1..8),
        base in prop_oneof![Just(vec![4, 4]), Just(vec![4, 3, 2, 2])],
        quantised in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (base_path, path) = (folder.path().join("base.safetensors"), folder.path().join("adapter.safetensors"));
        fs::write(&base_path, file(&[("a.weight".into(), base.clone()), ("a.bias".into(), vec![4])])).unwrap();
        let mut named: Vec<(String, Vec<usize>)> =
            parts.into_iter().map(|(end, shape)| (format!("a.{}", ENDS[end]), shape)).collect();
        named.sort();
        named.dedup_by(|a, b| a.0 == b.0);
        fs::write(&path, file(&named)).unwrap();
        let Ok(files) = ModelFiles::open(&path) else { return Ok(()) };
        let Ok(adapter) = AdapterFile::open(files) else { return Ok(()) };
        let files = [WeightFile::open(&base_path).unwrap()];
        let scope = Scope::new(&files).stored_as(quantised.then_some(Format::Q8_0));
        let strength = Strength { network: 0.5, text: 1.0 };
        let Ok((set, _)) = AdapterSet::new(vec![(Arc::new(adapter), strength)], &[("unet", scope.clone())]) else {
            return Ok(());
        };
        let cache = LayerCache::new(Engine::reference(), set);
        let scope = scope.with_cache(&cache, "unet");
        if base.len() == 2 {
            prop_assert!(scope.linear("a", 4, 4).is_ok());
        } else {
            prop_assert!(scope.convolution("a", [3, 4, 2]).is_ok());
        }
    }
}
