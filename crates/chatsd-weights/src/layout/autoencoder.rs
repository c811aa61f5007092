//! Autoencoders: the original's names (`model.py` of latent diffusion, `taesd.py` of TAESD), and diffusers'
//! (`AutoencoderKL`, `AutoencoderTiny`).

use serde_json::{Value, json};

use super::{
    keys::{Naming, Pair, View, below},
    shapes::Shapes,
};

/// Places of both halves outside the stages.
const HALF: [(&str, &str); 4] = [
    (".norm_out", ".conv_norm_out"),
    (".mid.block_1", ".mid_block.resnets.0"),
    (".mid.block_2", ".mid_block.resnets.1"),
    (".mid.attn_1.norm", ".mid_block.attentions.0.group_norm"),
];

/// Layers of the attention: 1×1 convolutions there, matrices here.
const ATTENTION: [(&str, &str); 4] = [("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")];

/// How the original names the autoencoder of latent diffusion. Its way up is numbered backwards.
pub(super) fn original(shapes: &Shapes) -> Naming {
    let mut pairs = Vec::new();
    for half in ["encoder", "decoder"] {
        pairs.extend(below(half, half, &HALF));
        pairs.extend(ATTENTION.iter().map(|(from, to)| Pair {
            view: View::Matrix,
            ..Pair::new(format!("{half}.mid.attn_1.{from}"), format!("{half}.mid_block.attentions.0.{to}"))
        }));
    }
    let stages = shapes.count("encoder.down");
    for stage in 0..stages {
        let original = format!("encoder.down.{stage}");
        let network = format!("encoder.down_blocks.{stage}");
        resnets(&mut pairs, shapes, &original, &network);
        pairs.push(Pair::new(format!("{original}.downsample.conv"), format!("{network}.downsamplers.0.conv")));
    }
    let stages = shapes.count("decoder.up");
    for stage in 0..stages {
        let original = format!("decoder.up.{}", stages - 1 - stage);
        let network = format!("decoder.up_blocks.{stage}");
        resnets(&mut pairs, shapes, &original, &network);
        pairs.push(Pair::new(format!("{original}.upsample.conv"), format!("{network}.upsamplers.0.conv")));
    }
    Naming { pairs, keeps: true }
}

fn resnets(pairs: &mut Vec<Pair>, shapes: &Shapes, original: &str, network: &str) {
    for index in 0..shapes.count(&format!("{original}.block")) {
        let (original, network) = (format!("{original}.block.{index}"), format!("{network}.resnets.{index}"));
        pairs.push(Pair::new(format!("{original}.nin_shortcut"), format!("{network}.conv_shortcut")));
        pairs.push(Pair::new(original, network));
    }
}

/// The config of an `AutoencoderKL` from the shapes of its tensors, by diffusers' names. `scaling` is not told by any:
/// it belongs to the picture network that was trained on its latents.
///
/// # Errors
/// With the name of a tensor that is needed and not there.
pub(super) fn config(shapes: &Shapes, scaling: f64) -> Result<Value, String> {
    let stages = shapes.count("encoder.down_blocks");
    let width = |stage| shapes.extent(&format!("encoder.down_blocks.{stage}.resnets.0.conv1.weight"), 0);
    let widths: Vec<usize> = (0..stages).map(width).collect::<Result<_, _>>()?;
    Ok(json!({
        "_class_name": "AutoencoderKL",
        "in_channels": shapes.extent("encoder.conv_in.weight", 1)?,
        "out_channels": shapes.extent("decoder.conv_out.weight", 0)?,
        "block_out_channels": widths,
        "down_block_types": vec!["DownEncoderBlock2D"; stages],
        "up_block_types": vec!["UpDecoderBlock2D"; stages],
        "layers_per_block": shapes.count("encoder.down_blocks.0.resnets"),
        "latent_channels": shapes.extent("decoder.conv_in.weight", 1)?,
        "mid_block_add_attention": shapes.has_from("encoder.mid_block.attentions.0."),
        "use_quant_conv": shapes.has("quant_conv.weight"),
        "use_post_quant_conv": shapes.has("post_quant_conv.weight"),
        "scaling_factor": scaling,
    }))
}

/// How TAESD names a half of its autoencoder; `half` is `encoder` or `decoder`, `original` what stands before its
/// layers' numbers. Its decoder numbers a clamp as layer 0, diffusers' does not.
pub(super) fn tiny(shapes: &Shapes, prefix: &str, original: &str, half: &str) -> Naming {
    let skipped = usize::from(half == "decoder");
    let numbers = shapes.names_from(&format!("{prefix}{original}"));
    let numbers = numbers.filter_map(|name| name[prefix.len() + original.len()..].split('.').next()?.parse().ok());
    let last: usize = numbers.max().unwrap_or(0).min(1000);
    let pair = |at: usize| Pair::new(format!("{original}{at}"), format!("{half}.layers.{}", at - skipped));
    Naming { pairs: (skipped..=last).map(pair).collect(), keeps: false }
}

/// The config of an `AutoencoderTiny`. Of its stages each begins with a lone convolution, in the decoder it ends with
/// one; blocks lie between.
///
/// # Errors
/// As [`config`].
pub(super) fn tiny_config(shapes: &Shapes) -> Result<Value, String> {
    let layers = |half: &str| {
        let numbers = shapes.names_from(&format!("{half}.layers."));
        let numbers = numbers.filter_map(|name| name.split('.').nth(2)?.parse::<usize>().ok());
        numbers.max().unwrap_or(0).min(1000)
    };
    let is_block = |half: &str, at: usize| shapes.has_from(&format!("{half}.layers.{at}.conv."));
    let blocks = |half: &str| {
        let mut counts = Vec::new();
        let mut blocks = 0;
        for at in 1..=layers(half) {
            if is_block(half, at) {
                blocks += 1;
            } else if blocks > 0 {
                counts.push(std::mem::take(&mut blocks));
            }
        }
        counts
    };
    let (encoder, decoder) = (blocks("encoder"), blocks("decoder"));
    Ok(json!({
        "_class_name": "AutoencoderTiny",
        "in_channels": shapes.extent("encoder.layers.0.weight", 1)?,
        "out_channels": shapes.extent(&format!("decoder.layers.{}.weight", layers("decoder")), 0)?,
        "encoder_block_out_channels": vec![shapes.extent("encoder.layers.0.weight", 0)?; encoder.len()],
        "decoder_block_out_channels": vec![shapes.extent("decoder.layers.0.weight", 0)?; decoder.len()],
        "num_encoder_blocks": encoder,
        "num_decoder_blocks": decoder,
        "latent_channels": shapes.extent("decoder.layers.0.weight", 1)?,
        "scaling_factor": 1.0,
    }))
}
