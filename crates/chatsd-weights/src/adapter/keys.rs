//! What the tensors of an adapter are called: which layer, and which part of its change.

/// A part of the change of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ChangePart {
    /// LoRA: `up · mid · down`.
    Down,
    Up,
    Mid,
    /// What the change is scaled by, times the rank; OFT: how far it may turn.
    Alpha,
    /// DoRA: the length of each row (or column) of the changed weights.
    Magnitude,
    /// LoHa: `(w1_a · w1_b) ⊙ (w2_a · w2_b)`.
    HadamardA1,
    HadamardB1,
    HadamardA2,
    HadamardB2,
    HadamardCore1,
    HadamardCore2,
    /// LoKr: `w1 ⊗ w2`.
    Kronecker1,
    KroneckerA1,
    KroneckerB1,
    Kronecker2,
    KroneckerA2,
    KroneckerB2,
    KroneckerCore2,
    /// OFT: blocks whose skew part turns the outputs.
    Turns,
    /// OFT, older: blocks that are multiplied as they are.
    Rotations,
    /// OFT of PEFT: upper triangles of blocks that turn the inputs.
    InputTurns,
    /// OFT: a factor of each output.
    Rescale,
    /// What is added, in full.
    Difference,
    BiasDifference,
}

/// Ends of names. kohya-ss' sd-scripts (`networks/lora.py`, `networks/oft.py`), LyCORIS (`lycoris/modules`), diffusers
/// (`loaders/lora_conversion_utils.py`) and PEFT (`tuners/*/layer.py`).
const ENDS: &[(&str, ChangePart)] = &[
    (".lora_down.weight", ChangePart::Down),
    (".lora_up.weight", ChangePart::Up),
    (".lora_mid.weight", ChangePart::Mid),
    (".lora_A.weight", ChangePart::Down),
    (".lora_B.weight", ChangePart::Up),
    (".lora_A.default.weight", ChangePart::Down),
    (".lora_B.default.weight", ChangePart::Up),
    (".lora.down.weight", ChangePart::Down),
    (".lora.up.weight", ChangePart::Up),
    ("_lora.down.weight", ChangePart::Down),
    ("_lora.up.weight", ChangePart::Up),
    (".lora_linear_layer.down.weight", ChangePart::Down),
    (".lora_linear_layer.up.weight", ChangePart::Up),
    (".alpha", ChangePart::Alpha),
    (".dora_scale", ChangePart::Magnitude),
    (".lora_magnitude_vector", ChangePart::Magnitude),
    (".lora_magnitude_vector.weight", ChangePart::Magnitude),
    (".lora_magnitude_vector.default.weight", ChangePart::Magnitude),
    (".hada_w1_a", ChangePart::HadamardA1),
    (".hada_w1_b", ChangePart::HadamardB1),
    (".hada_w2_a", ChangePart::HadamardA2),
    (".hada_w2_b", ChangePart::HadamardB2),
    (".hada_t1", ChangePart::HadamardCore1),
    (".hada_t2", ChangePart::HadamardCore2),
    (".lokr_w1", ChangePart::Kronecker1),
    (".lokr_w1_a", ChangePart::KroneckerA1),
    (".lokr_w1_b", ChangePart::KroneckerB1),
    (".lokr_w2", ChangePart::Kronecker2),
    (".lokr_w2_a", ChangePart::KroneckerA2),
    (".lokr_w2_b", ChangePart::KroneckerB2),
    (".lokr_t2", ChangePart::KroneckerCore2),
    (".oft_blocks", ChangePart::Turns),
    (".oft_diag", ChangePart::Rotations),
    (".oft_R.weight", ChangePart::InputTurns),
    (".oft_R.default.weight", ChangePart::InputTurns),
    (".rescale", ChangePart::Rescale),
    (".diff", ChangePart::Difference),
    (".diff_b", ChangePart::BiasDifference),
    (".w_norm", ChangePart::Difference),
    (".b_norm", ChangePart::BiasDifference),
];

/// What stands before a layer's name, and the network it means.
const PLACES: &[(&str, &str)] = &[
    ("lora_unet_", UNET),
    ("oft_unet_", UNET),
    ("lycoris_", UNET),
    ("lora_te1_", TEXT),
    ("lora_te2_", TEXT_2),
    ("lora_te_", TEXT),
    ("unet.", UNET),
    ("text_encoder.", TEXT),
    ("text_encoder_2.", TEXT_2),
    ("model.diffusion_model.", UNET),
    ("diffusion_model.", UNET),
    ("text_encoders.clip_l.transformer.", TEXT),
    ("text_encoders.clip_g.transformer.", TEXT_2),
    ("clip_l.transformer.", TEXT),
    ("clip_g.transformer.", TEXT_2),
];

pub(super) const UNET: &str = "unet";
pub(super) const TEXT: &str = "text_encoder";
pub(super) const TEXT_2: &str = "text_encoder_2";
/// The networks that adapters change.
pub(super) const NETWORKS: [&str; 3] = [UNET, TEXT, TEXT_2];

/// The layer and the part that a tensor's name means; nothing where the end is unknown.
pub(super) fn split(name: &str) -> Option<(&str, ChangePart)> {
    let (end, part) = ENDS.iter().find(|(end, _)| name.ends_with(end))?;
    Some((&name[..name.len() - end.len()], *part))
}

/// Whether a tensor's name is one that adapters alone have. Other files may well have an `alpha`.
pub(crate) fn is_of_adapter(name: &str) -> bool {
    split(name).is_some_and(|(_, part)| !matches!(part, ChangePart::Alpha | ChangePart::Rescale))
}

/// Whether the second extent of a tensor is the width of the words that its layer reads: the family follows from it.
pub(crate) fn has_width_of_words(name: &str) -> bool {
    split(name).is_some_and(|(layer, part)| {
        matches!(part, ChangePart::Down | ChangePart::HadamardB1) && place(layer).1.ends_with("attn2_to_k")
    })
}

/// The networks that a layer's name may be of, and its name there with underscores for dots.
pub(super) fn place(layer: &str) -> (&'static [&'static str], String) {
    let layer = layer.strip_prefix("base_model.model.").unwrap_or(layer);
    let found = PLACES.iter().find_map(|(prefix, network)| Some((layer.strip_prefix(prefix)?, *network)));
    let (name, networks): (&str, &[&str]) = match found {
        Some((name, network)) => {
            (name, NETWORKS.iter().position(|known| *known == network).map_or(&[], |at| &NETWORKS[at..=at]))
        }
        None => (layer, &NETWORKS),
    };
    (networks, flat(name))
}

/// A layer's name with underscores for dots, as the name on its own begins in every network.
pub(super) fn flat(name: &str) -> String {
    let name = name.strip_prefix("text_model.").or_else(|| name.strip_prefix("text_model_")).unwrap_or(name);
    // Old files of diffusers name the processor that held the matrices.
    name.replace('.', "_").replace("_processor_to_", "_to_")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_names_the_same_layer() {
        let to_q = "down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
        for (name, expected) in [
            ("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight", UNET),
            ("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight", UNET),
            ("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight", UNET),
            ("diffusion_model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_down.weight", UNET),
        ] {
            let (layer, part) = split(name).unwrap();
            assert_eq!((part, place(layer)), (ChangePart::Down, (&[expected][..], to_q.to_owned())), "{name}");
        }
        let (layer, _) =
            split("base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight").unwrap();
        assert_eq!(place(layer), (&NETWORKS[..], to_q.to_owned()));
        let q_proj = "encoder_layers_0_self_attn_q_proj";
        for (name, expected) in [
            ("lora_te_text_model_encoder_layers_0_self_attn_q_proj.alpha", TEXT),
            ("lora_te2_text_model_encoder_layers_0_self_attn_q_proj.alpha", TEXT_2),
            ("text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj.alpha", TEXT_2),
            ("text_encoders.clip_l.transformer.text_model.encoder.layers.0.self_attn.q_proj.alpha", TEXT),
        ] {
            let (layer, part) = split(name).unwrap();
            assert_eq!((part, place(layer)), (ChangePart::Alpha, (&[expected][..], q_proj.to_owned())), "{name}");
        }
        assert_eq!(split("a.on_input"), None);
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in "(lora_unet_|unet\\.|base_model\\.model\\.)?\\PC{0,12}(\\.lora_A\\.weight|\\.alpha|_lora.up.weight)?") {
            if let Some((layer, _)) = split(&name) {
                let _ = place(layer);
            }
        }
    }
}
