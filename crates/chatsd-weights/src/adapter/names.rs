//! What other programs call the layers of a network.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::{UNET, flat};
use crate::layout::original_names;

/// What diffusers called the matrices of an attention before it used PEFT.
const OLD_ATTENTION: [(&str, &str); 5] = [
    ("_to_out_0", "_to_out"),
    ("_self_attn_q_proj", "_self_attn_to_q"),
    ("_self_attn_k_proj", "_self_attn_to_k"),
    ("_self_attn_v_proj", "_self_attn_to_v"),
    ("_self_attn_out_proj", "_self_attn_to_out"),
];

/// Every name by which adapters may mean one of a network's `layers`, with underscores for dots, and the layer meant.
pub(super) fn aliases<'a>(network: &str, layers: &BTreeSet<&'a str>) -> BTreeMap<String, &'a str> {
    let originals = if network == UNET { original_names(layers) } else { BTreeMap::new() };
    let mut aliases = BTreeMap::new();
    for &layer in layers {
        let name = flat(layer);
        for (new, old) in OLD_ATTENTION {
            if let Some(begin) = name.strip_suffix(new) {
                aliases.insert(format!("{begin}{old}"), layer);
            }
        }
        if let Some(original) = originals.get(layer) {
            aliases.insert(flat(original), layer);
        }
        aliases.insert(name, layer);
    }
    aliases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_originals_numbers_follow_from_the_blocks() {
        // As Stable Diffusion XL has them: two residual blocks a block, attention in the second and third.
        let mut names = vec!["conv_in".to_owned(), "conv_out".into(), "mid_block.attentions.0.proj_in".into()];
        for block in 0..3 {
            for layer in 0..2 {
                names.push(format!("down_blocks.{block}.resnets.{layer}.conv1"));
                names.push(format!("down_blocks.{block}.attentions.{layer}.proj_in"));
            }
            for layer in 0..3 {
                names.push(format!("up_blocks.{block}.resnets.{layer}.conv1"));
                if block < 2 {
                    names.push(format!("up_blocks.{block}.attentions.{layer}.transformer_blocks.0.attn1.to_out.0"));
                }
            }
            names.push(format!("mid_block.resnets.{}.norm2", block % 2));
            if block < 2 {
                names.push(format!("down_blocks.{block}.downsamplers.0.conv"));
                names.push(format!("up_blocks.{block}.upsamplers.0.conv"));
            }
        }
        let layers: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let aliases = aliases(UNET, &layers);
        for (original, layer) in [
            ("input_blocks_0_0", "conv_in"),
            ("input_blocks_1_0_in_layers_2", "down_blocks.0.resnets.0.conv1"),
            ("input_blocks_3_0_op", "down_blocks.0.downsamplers.0.conv"),
            ("input_blocks_4_1_proj_in", "down_blocks.1.attentions.0.proj_in"),
            ("input_blocks_8_1_proj_in", "down_blocks.2.attentions.1.proj_in"),
            ("middle_block_1_proj_in", "mid_block.attentions.0.proj_in"),
            ("middle_block_2_out_layers_0", "mid_block.resnets.1.norm2"),
            ("output_blocks_2_2_conv", "up_blocks.0.upsamplers.0.conv"),
            (
                "output_blocks_5_1_transformer_blocks_0_attn1_to_out_0",
                "up_blocks.1.attentions.2.transformer_blocks.0.attn1.to_out.0",
            ),
            ("output_blocks_8_0_in_layers_2", "up_blocks.2.resnets.2.conv1"),
            (
                "up_blocks_1_attentions_2_transformer_blocks_0_attn1_to_out",
                "up_blocks.1.attentions.2.transformer_blocks.0.attn1.to_out.0",
            ),
            ("conv_out", "conv_out"),
            ("out_2", "conv_out"),
        ] {
            assert_eq!(aliases.get(original).copied(), Some(layer), "{original}");
        }
    }
}
