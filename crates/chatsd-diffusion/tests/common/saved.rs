//! Tiny models of every family, as diffusers saves them.

use std::{collections::BTreeMap, fs};

use chatsd_weights::WeightFile;
use serde_json::Value;
use tempfile::TempDir;

/// Names and shapes of `parts.json`: modules whose weight and bias, or weight alone in another list, are named.
fn shapes(tree: &Value, name: &str, into: &mut BTreeMap<String, Vec<usize>>) {
    let numbers = |list: &[Value]| list.iter().map(|n| n.as_u64().unwrap() as usize).collect::<Vec<_>>();
    match tree {
        Value::Object(entries) => {
            let dot = if name.is_empty() { "" } else { "." };
            entries.iter().for_each(|(key, tree)| shapes(tree, &format!("{name}{dot}{key}"), into));
        }
        Value::Array(list) => match list.as_slice() {
            [Value::Array(alone)] => drop(into.insert(format!("{name}.weight"), numbers(alone))),
            list => {
                let shape = numbers(list);
                into.insert(format!("{name}.bias"), vec![shape[0]]);
                into.insert(format!("{name}.weight"), shape);
            }
        },
        other => panic!("{name} is {other}"),
    }
}

/// A family of `reference/families.py` as diffusers saves it.
pub fn saved(family: &str) -> TempDir {
    let families = super::goldens_folder().join("families");
    let golden = WeightFile::open(&families.join(format!("{family}.safetensors"))).unwrap();
    let metadata = |key: &str| golden.metadata(key).unwrap().as_text().unwrap().to_owned();
    let parts: Value = serde_json::from_str(&metadata("parts")).unwrap();
    let saved = tempfile::tempdir().unwrap();
    let folder = saved.path();
    let all: Value = serde_json::from_str(&fs::read_to_string(families.join("parts.json")).unwrap()).unwrap();
    for (component, part) in parts.as_object().unwrap() {
        let part = &all[part.as_str().unwrap()];
        let mut named = BTreeMap::new();
        shapes(&part["shapes"], "", &mut named);
        let values = |name: &String, shape: &Vec<usize>| super::weight(&format!("{component}.{name}"), shape);
        let folder = folder.join(component);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("config.json"), part["config"].to_string()).unwrap();
        fs::write(folder.join("model.safetensors"), super::safetensors(&named, values)).unwrap();
    }
    fs::create_dir(folder.join("scheduler")).unwrap();
    fs::write(folder.join("scheduler/scheduler_config.json"), metadata("scheduler")).unwrap();
    let words = super::goldens_folder().join("sampling/tiny/tokenizer");
    let second = !folder.join("text_encoder").exists();
    let tokenizer = folder.join(if second { "tokenizer_2" } else { "tokenizer" });
    fs::create_dir(&tokenizer).unwrap();
    for file in ["vocab.json", "merges.txt"] {
        fs::copy(words.join(file), tokenizer.join(file)).unwrap();
    }
    saved
}
