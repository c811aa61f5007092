//! A file as stable-diffusion.cpp's converter writes it (`reference/sdcpp.py`): its own names, queries, keys and values
//! in one tensor of blocks, and a projection that is multiplied from the other side.

use std::path::Path;

use chatsd_weights::{ModelFiles, WeightsKind};

const WIDTH: usize = 32;

/// As the script makes them.
fn values(name: &str, count: usize) -> Vec<f32> {
    let seed = name.bytes().fold(7_u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    (0..count as u64).map(|at| ((u64::from(seed) + 7919 * at) % 2001) as f32 / 1000.0 - 1.0).collect()
}

#[test]
fn its_names_are_known() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/sdcpp.gguf");
    let files = ModelFiles::open(&path).unwrap();
    assert_eq!(files.description().unwrap().kind, WeightsKind::TextEncoder);
    let component = files.component("text_encoder").unwrap();
    assert_eq!(component.config["hidden_act"], "gelu");
    assert_eq!(component.config["num_hidden_layers"], 2);
    assert_eq!(component.config["projection_dim"], WIDTH);
    let scope = component.weights;
    let near = |name: &str, shape: &[usize], expected: &[f32]| {
        let found = scope.values(name, shape).unwrap();
        let worst = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f32::max);
        assert!(worst <= 0.5 / 127.0 + 5e-4, "{name}: {worst}");
    };
    for layer in 0..2 {
        let (ours, theirs) = (format!("text_model.encoder.layers.{layer}"), format!("transformer.resblocks.{layer}"));
        let weights = values(&format!("{theirs}.attn.in_proj_weight"), 3 * WIDTH * WIDTH);
        let biases = values(&format!("{theirs}.attn.in_proj_bias"), 3 * WIDTH);
        for (part, name) in ["q_proj", "k_proj", "v_proj"].into_iter().enumerate() {
            let rows = &weights[part * WIDTH * WIDTH..(part + 1) * WIDTH * WIDTH];
            near(&format!("{ours}.self_attn.{name}.weight"), &[WIDTH, WIDTH], rows);
            let biases = &biases[part * WIDTH..(part + 1) * WIDTH];
            near(&format!("{ours}.self_attn.{name}.bias"), &[WIDTH], biases);
        }
        let wide = values(&format!("{theirs}.mlp.c_fc.weight"), 2 * WIDTH * WIDTH);
        near(&format!("{ours}.mlp.fc1.weight"), &[2 * WIDTH, WIDTH], &wide);
        near(&format!("{ours}.layer_norm2.weight"), &[WIDTH], &values(&format!("{theirs}.ln_2.weight"), WIDTH));
    }
    let projection = values("text_projection", WIDTH * WIDTH);
    let turned: Vec<f32> = (0..WIDTH * WIDTH).map(|at| projection[at % WIDTH * WIDTH + at / WIDTH]).collect();
    near("text_projection.weight", &[WIDTH, WIDTH], &turned);
    let tokens = values("token_embedding.weight", 40 * WIDTH);
    near("text_model.embeddings.token_embedding.weight", &[40, WIDTH], &tokens);
}
