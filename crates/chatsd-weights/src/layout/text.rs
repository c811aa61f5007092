//! CLIP's text encoders: OpenCLIP's names (`open_clip/transformer.py`), and transformers' (`CLIPTextModel`), those that
//! stable-diffusion.cpp writes among them.

use serde_json::{Value, json};

use super::{
    keys::{Naming, Pair, StoredView, below},
    shapes::Shapes,
};

/// OpenCLIP's places outside the layers.
const ENDS: [(&str, &str); 5] = [
    ("token_embedding", "text_model.embeddings.token_embedding"),
    ("positional_embedding", "text_model.embeddings.position_embedding.weight"),
    ("ln_final", "text_model.final_layer_norm"),
    ("logit_scale", ""),
    ("attn_mask", ""),
];

/// Inside a layer of OpenCLIP.
const LAYER: [(&str, &str); 5] = [
    (".ln_1", ".layer_norm1"),
    (".ln_2", ".layer_norm2"),
    (".attn.out_proj", ".self_attn.out_proj"),
    (".mlp.c_fc", ".mlp.fc1"),
    (".mlp.c_proj", ".mlp.fc2"),
];

/// What transformers' files may hold that no text encoder needs.
const NOT_NEEDED: [(&str, &str); 5] = [
    ("text_model.embeddings.position_ids", ""),
    ("embeddings.position_ids", ""),
    ("logit_scale", ""),
    ("vision_model", ""),
    ("visual_projection", ""),
];

/// Which of the encoders of Stable Diffusion it is, as far as names and shapes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoder {
    /// It was trained as OpenCLIP's.
    pub(super) open: bool,
    /// Its last layer and its projection are left out, as Stable Diffusion 2 does.
    pub(super) shortened: bool,
}

/// Queries, keys and values that lie in one tensor.
fn fused(original: &str, network: impl Fn(&str) -> String) -> [Pair; 3] {
    let pair =
        |part, name| Pair { original: original.to_owned(), network: network(name), view: StoredView::Third(part) };
    [pair(0, "q_proj"), pair(1, "k_proj"), pair(2, "v_proj")]
}

/// A projection stored to be multiplied from the other side.
fn projection(original: &str, encoder: Encoder) -> Pair {
    let network = if encoder.shortened { "" } else { "text_projection.weight" };
    Pair { view: StoredView::Transposed, ..Pair::new(original, network) }
}

/// How OpenCLIP names a text encoder of `layers` layers.
pub(super) fn open_clip(layers: usize, encoder: Encoder) -> Naming {
    let mut pairs: Vec<Pair> = below("", "", &ENDS).collect();
    pairs.push(projection("text_projection", encoder));
    pairs.push(Pair::new("visual", ""));
    for layer in 0..layers {
        let original = format!("transformer.resblocks.{layer}");
        if encoder.shortened && layer + 1 == layers {
            pairs.push(Pair::new(original, ""));
            continue;
        }
        let network = format!("text_model.encoder.layers.{layer}");
        pairs.extend(below(&original, &network, &LAYER));
        for ending in ["weight", "bias"] {
            let name = |part: &str| format!("{network}.self_attn.{part}.{ending}");
            pairs.extend(fused(&format!("{original}.attn.in_proj_{ending}"), name));
        }
    }
    Naming { pairs, keeps: false }
}

/// How transformers names one; `body` is `text_model.` or nothing.
pub(super) fn transformers(body: &str, layers: usize, encoder: Encoder) -> Naming {
    let mut pairs: Vec<Pair> = below("", "", &NOT_NEEDED).collect();
    pairs.push(projection(&format!("{body}text_projection"), encoder));
    let linear = if encoder.shortened { "" } else { "text_projection.weight" };
    pairs.push(Pair::new("text_projection.weight", linear));
    for layer in 0..layers {
        let at = format!("{body}encoder.layers.{layer}");
        if encoder.shortened && layer + 1 == layers {
            pairs.push(Pair::new(at, ""));
            continue;
        }
        pairs.extend(fused(&format!("{at}.self_attn.in_proj"), |part| format!("{at}.self_attn.{part}")));
    }
    Naming { pairs, keeps: true }
}

/// The config of an encoder (`CLIPTextConfig`) from the shapes of its tensors, by transformers' names.
///
/// # Errors
/// With the name of a tensor that is needed and not there.
pub(super) fn config(shapes: &Shapes, encoder: Encoder) -> Result<Value, String> {
    let body = if shapes.has_from("text_model.") { "text_model." } else { "" };
    let extent = |name: &str, axis| shapes.extent(&format!("{body}{name}.weight"), axis);
    let tokens = extent("embeddings.token_embedding", 0)?;
    let width = extent("embeddings.token_embedding", 1)?;
    let mut config = json!({
        "architectures": ["CLIPTextModel"],
        "vocab_size": tokens,
        "hidden_size": width,
        "intermediate_size": extent("encoder.layers.0.mlp.fc1", 0)?,
        "num_hidden_layers": shapes.count(&format!("{body}encoder.layers")),
        // All of CLIP's text encoders have heads of 64 values.
        "num_attention_heads": (width / 64).max(1),
        "max_position_embeddings": extent("embeddings.position_embedding", 0)?,
        "hidden_act": if encoder.open { "gelu" } else { "quick_gelu" },
        "projection_dim": width,
        "eos_token_id": tokens.saturating_sub(1).min(49_407),
    });
    if let Ok(projection) = shapes.extent("text_projection.weight", 0) {
        config["architectures"] = json!(["CLIPTextModelWithProjection"]);
        config["projection_dim"] = json!(projection);
    }
    Ok(config)
}
