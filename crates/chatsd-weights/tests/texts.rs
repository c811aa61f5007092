//! The JSON and text files of a model folder, of any content.

use std::{fs, path::Path};

use chatsd_tensor::Weight;
use chatsd_weights::{GgufWriter, ModelFiles};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

/// Any JSON, with words that the files use.
fn any_json() -> impl Strategy<Value = Value> {
    let word = || prop_oneof!["[a-c]", "weight_map", "[12]\\.gguf", "\\.\\./[12]\\.gguf", ".{0,6}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_u64..4).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((word(), inner), 0..5).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// JSON text, sometimes damaged.
fn text(json: impl Strategy<Value = Value>) -> impl Strategy<Value = String> {
    (json, any::<prop::sample::Index>(), prop_oneof![3 => Just(""), 1 => Just("\""), 1 => Just("}")]).prop_map(
        |(json, at, damage)| {
            let mut text = json.to_string();
            let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
            text.insert_str(places[at.index(places.len())], damage);
            text
        },
    )
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

proptest! {
    #[test]
    fn any_vocabulary_is_read_or_refused(
        tokens in text(prop_oneof![
            any_json(),
            vec(("[a-d]", 0_u64..4), 0..4).prop_map(|entries| {
                entries.into_iter().map(|(token, number)| (token, Value::from(number))).collect()
            }),
        ]),
        merges in "(#version\n)?([a-c]{0,2} ?[a-c]{0,2}\r?\n){0,4}.{0,4}",
    ) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "unet/config.json", "{}");
        write(folder.path(), "tokenizer/vocab.json", &tokens);
        write(folder.path(), "tokenizer/merges.txt", &merges);
        let model = ModelFiles::open(folder.path()).unwrap();
        match model.vocabulary() {
            Ok(vocabulary) => {
                let numbers: std::collections::BTreeMap<String, usize> = serde_json::from_str(&tokens).unwrap();
                prop_assert!(vocabulary.tokens.iter().enumerate().all(|(at, token)| numbers[*token] == at));
                prop_assert!(vocabulary.merges.iter().all(|(first, second)| !first.is_empty() && !second.is_empty()));
            }
            Err(error) => prop_assert!(error.to_string().contains("tokenizer"), "{error}"),
        }
    }

    /// Whatever an index says, a model opens with the tensors it lists, or not at all.
    #[test]
    fn any_index_is_followed_or_refused(
        index in text(prop_oneof![
            any_json(),
            any_json().prop_map(|map| json!({"metadata": {}, "weight_map": map})),
            vec(("[a-c]", prop_oneof!["[12]\\.gguf", "\\.\\./unet/[12]\\.gguf"]), 0..4).prop_map(|entries| {
                let map: Value = entries.into_iter().map(|(name, file)| (name, Value::from(file))).collect();
                json!({"weight_map": map})
            }),
        ]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "unet/config.json", "{}");
        for (file, name) in [("1.gguf", "a"), ("2.gguf", "b")] {
            let mut writer = GgufWriter::new();
            writer.tensor(name, Weight::from_values(&[1], &[1.0]));
            writer.write(&folder.path().join("unet").join(file)).unwrap();
        }
        write(folder.path(), "unet/diffusion_pytorch_model.safetensors.index.json", &index);
        let model = ModelFiles::open(folder.path()).unwrap();
        match model.component("unet") {
            Ok(component) => {
                let index: Value = serde_json::from_str(&index).unwrap();
                let listed = index["weight_map"].as_object().unwrap();
                prop_assert!(listed.keys().all(|name| component.weights.weight(name).is_ok()), "{index}");
                prop_assert!(listed.values().all(|file| file == "1.gguf" || file == "2.gguf"), "{index}");
            }
            Err(error) => prop_assert!(error.to_string().contains("unet"), "{error}"),
        }
    }

    #[test]
    fn any_config_is_read_or_refused(config in text(any_json())) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "unet/config.json", &config);
        write(folder.path(), "scheduler/scheduler_config.json", &config);
        let mut writer = GgufWriter::new();
        writer.tensor("a", Weight::from_values(&[1], &[1.0]));
        writer.write(&folder.path().join("unet/model.safetensors")).unwrap();
        let model = ModelFiles::open(folder.path()).unwrap();
        let expected = serde_json::from_str::<Value>(&config).ok();
        prop_assert_eq!(model.component("unet").ok().map(|component| component.config), expected.clone());
        prop_assert_eq!(model.pipeline_config().ok().flatten(), expected);
    }
}
