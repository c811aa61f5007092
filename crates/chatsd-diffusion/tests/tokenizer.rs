//! The tokenizer against that of transformers (see `reference/tokenizer.py`), and prompts in chunks.

use std::path::Path;

use chatsd_diffusion::testing::{self, Chunk, TextEncoder, Tokenizer, Window};
use chatsd_tensor::{Engine, Options, Shape, Tensor, testing::assert_close};
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

fn window(words: usize) -> Window {
    Window { words, begin: 1, end: 2, pad: 3 }
}

fn split(text: &str, words: usize) -> (Vec<Chunk>, usize) {
    testing::split(&tokenizer(), &weighted(text).unwrap(), window(words))
}

/// How many words each chunk has before its padding.
fn lengths(chunks: &[Chunk]) -> Vec<usize> {
    chunks.iter().map(|chunk| chunk.tokens.iter().position(|&token| token == 2).unwrap() - 1).collect()
}

#[test]
fn a_short_prompt_is_one_padded_chunk() {
    let (chunks, count) = split("a (cat:1.5)", 6);
    let [chunk] = chunks.as_slice() else { panic!("{chunks:?}") };
    assert_eq!(chunk.tokens, [1, 320, 2368, 2, 3, 3, 3, 3]);
    assert_eq!(chunk.weights, [1.0, 1.0, 1.5, 1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(count, 2);
    let (chunks, count) = split("", 6);
    assert_eq!((lengths(&chunks), count), (vec![0], 0));
}

#[test]
fn a_full_chunk_ends_at_its_last_comma_when_that_is_near() {
    let cats = |count: usize| "cat ".repeat(count);
    // Exactly full, and one more.
    assert_eq!(lengths(&split(&cats(75), 75).0), [75]);
    assert_eq!(lengths(&split(&cats(76), 75).0), [75, 1]);
    // The comma is token 60 of 75: 15 back, near enough; what follows it moves.
    let (chunks, count) = split(&format!("{}, {}", cats(59), cats(20)), 75);
    assert_eq!((lengths(&chunks), count), (vec![60, 20], 95));
    // 26 back: too far.
    assert_eq!(lengths(&split(&format!("{}, {}", cats(49), cats(40)), 75).0), [75, 15]);
    // A comma that would come first in a chunk goes there.
    assert_eq!(lengths(&split(&format!("{}, cat", cats(75)), 75).0), [75, 2]);
    // A whole chunk always holds as many tokens as the encoder sees.
    assert!(split(&cats(400), 75).0.iter().all(|chunk| chunk.tokens.len() == 77 && chunk.weights.len() == 77));
}

#[test]
fn a_break_begins_a_new_chunk() {
    let (chunks, count) = split("cat, cat BREAK cat", 75);
    assert_eq!((lengths(&chunks), count), (vec![3, 1], 76));
    assert_eq!(lengths(&split("BREAK cat", 75).0), [0, 1]);
    assert_eq!(lengths(&split("cat BREAK", 75).0), [1]);
}

#[test]
fn chunks_are_seen_one_by_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf");
    let model = ModelFiles::open(&path).unwrap();
    let component = model.component("text_encoder").unwrap();
    let encoder = TextEncoder::load(&component.weights, &component.config).unwrap();
    let engine = Engine::cpu(Options::default()).unwrap();
    let (mut chunks, _) = split("a cat BREAK a (dog:1.5)", 30);
    chunks.push(Chunk::empty(window(30)));
    let all = testing::encode(&engine, &encoder, &chunks, 0, true).states;
    assert_eq!(all.shape(), Shape::sequence(1, 3 * 32, 192));
    for (chunk, found) in chunks.iter().zip(all.values().chunks_exact(32 * 192)) {
        let one = encoder.encode(&engine, &chunk.tokens, 0, true).states;
        assert_eq!(found, testing::emphasise(&engine, one, &chunk.weights).values());
    }
}

#[test]
fn weights_scale_states_and_keep_their_mean() {
    let engine = Engine::reference();
    let states = || Tensor::new(Shape::sequence(1, 2, 2), vec![1.0, 2.0, 3.0, 4.0]);
    assert_eq!(testing::emphasise(&engine, states(), &[1.0, 1.0]).values(), states().values());
    let found = testing::emphasise(&engine, states(), &[1.0, 2.0]);
    // Weighted: 1 2 6 8 with mean 17/4; the mean was 10/4.
    let expected = [1.0, 2.0, 6.0, 8.0].map(|state| state * 10.0 / 17.0);
    assert_close("weighted", found.values(), &expected, 1e-6);
    let gone = testing::emphasise(&engine, states(), &[0.0, 0.0]);
    assert_eq!(gone.values(), [0.0; 4], "no mean is left to restore");
}
