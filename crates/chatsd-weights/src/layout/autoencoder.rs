//! Autoencoders: the original's names (`model.py` of latent diffusion, `taesd.py` of TAESD), and diffusers'
//! (`AutoencoderKL`, `AutoencoderTiny`).

use serde_json::{Value, json};

use super::{
    keys::{Naming, Pair, StoredView, below},
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

/// How the original names an autoencoder of latent diffusion that it named.
pub(super) fn original(shapes: &Shapes) -> Naming {
    Naming { pairs: pairs(shapes.count("encoder.down"), shapes.count("encoder.down.0.block")), keeps: true }
}

/// How the original would name one that diffusers named.
pub(super) fn to_original(shapes: &Shapes) -> Naming {
    let layers = shapes.count("encoder.down_blocks.0.resnets");
    Naming { pairs: pairs(shapes.count("encoder.down_blocks"), layers), keeps: true }
}

/// The original's places and diffusers', of so many stages. The original numbers the way up backwards.
fn pairs(stages: usize, layers: usize) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for half in ["encoder", "decoder"] {
        pairs.extend(below(half, half, &HALF));
        pairs.extend(ATTENTION.iter().map(|(from, to)| Pair {
            view: StoredView::Matrix,
            ..Pair::new(format!("{half}.mid.attn_1.{from}"), format!("{half}.mid_block.attentions.0.{to}"))
        }));
    }
    let mut stage = |original: String, network: String, [from, to]: [&str; 2], layers| {
        for layer in 0..layers {
            let (original, network) = (format!("{original}.block.{layer}"), format!("{network}.resnets.{layer}"));
            pairs.push(Pair::new(format!("{original}.nin_shortcut"), format!("{network}.conv_shortcut")));
            pairs.push(Pair::new(original, network));
        }
        pairs.push(Pair::new(format!("{original}.{from}.conv"), format!("{network}.{to}.0.conv")));
    };
    for at in 0..stages {
        let sizes = ["downsample", "downsamplers"];
        stage(format!("encoder.down.{at}"), format!("encoder.down_blocks.{at}"), sizes, layers);
        let original = format!("decoder.up.{}", stages - 1 - at);
        stage(original, format!("decoder.up_blocks.{at}"), ["upsample", "upsamplers"], layers + 1);
    }
    pairs
}

/// The config of an `AutoencoderKL` from the shapes of its tensors, by diffusers' names. None of them tells by what
/// latents are multiplied: that belongs to the picture network that was trained on them.
///
/// # Errors
/// With the name of a tensor that is needed and not there.
pub(super) fn config(shapes: &Shapes) -> Result<Value, String> {
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
