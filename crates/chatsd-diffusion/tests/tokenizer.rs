//! The tokenizer against that of transformers (see `reference/tokenizer.py`), and prompts in chunks.

use std::path::Path;

use chatsd_diffusion::{
    chunks::{self, Chunk, Window},
    tokenizer::Tokenizer,
};
use chatsd_tensor::{Engine, Shape, Tensor, testing::assert_close};
use chatsd_types::weighted;
use chatsd_weights::ModelFiles;

fn tokenizer() -> Tokenizer {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf");
    Tokenizer::new(&ModelFiles::open(&path).unwrap().vocabulary().unwrap()).unwrap()
}

#[test]
fn tokens_are_those_of_transformers() {
    let tokenizer = tokenizer();
    let goldens: Vec<(String, Vec<u32>)> = serde_json::from_str(include_str!("goldens/tokens.json")).unwrap();
    assert!(goldens.len() >= 300);
    let differing: Vec<String> = goldens
        .iter()
        .filter(|(text, expected)| tokenizer.encode(text) != *expected)
        .map(|(text, expected)| format!("{text:?}: {:?}, expected {expected:?}", tokenizer.encode(text)))
        .collect();
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    assert_eq!((tokenizer.begin(), tokenizer.end()), (49_406, 49_407));
}
