//! Picture networks and ControlNets: the original's numbered blocks (`openaimodel.py` of latent diffusion, `cldm.py` of
//! ControlNet) and diffusers' named ones (`UNet2DConditionModel`, `ControlNetModel`).

use serde_json::{Value, json};

use super::{
    keys::{Naming, Pair, below},
    shapes::Shapes,
};

/// Places outside the blocks.
const ENDS: [(&str, &str); 10] = [
    ("time_embed.0", "time_embedding.linear_1"),
    ("time_embed.2", "time_embedding.linear_2"),
    ("time_embed.cond_proj", "time_embedding.cond_proj"),
    ("label_emb.0.0", "add_embedding.linear_1"),
    ("label_emb.0.2", "add_embedding.linear_2"),
    ("input_blocks.0.0", "conv_in"),
    ("out.0", "conv_norm_out"),
    ("out.2", "conv_out"),
    ("middle_block_out.0", "controlnet_mid_block"),
    ("input_hint_block.0", "controlnet_cond_embedding.conv_in"),
];

/// Inside a residual block.
const RESNET: [(&str, &str); 6] = [
    (".in_layers.0", ".norm1"),
    (".in_layers.2", ".conv1"),
    (".emb_layers.1", ".time_emb_proj"),
    (".out_layers.0", ".norm2"),
    (".out_layers.3", ".conv2"),
    (".skip_connection", ".conv_shortcut"),
];

/// How many parts a network has, and where: enough to name them all.
#[derive(Debug, Default, PartialEq, Eq)]
struct Structure {
    /// Layers of each block on the way down; each but the last halves the picture after them.
    downs: Vec<usize>,
    /// Whether each part in the middle is a residual block.
    middle: Vec<bool>,
    /// Layers of each block on the way up, and whether they attend; each but the last doubles the picture.
    ups: Vec<(usize, bool)>,
    /// Outputs of a ControlNet beside the middle's.
    outputs: usize,
    /// Convolutions of a ControlNet's hint after the first.
    hints: usize,
}

impl Structure {
    /// Told from the original's names. Its blocks are numbered through: which belong together shows in what they have.
    fn of_original(shapes: &Shapes) -> Self {
        let mut downs = vec![0];
        for index in 1..=shapes.count("input_blocks").saturating_sub(1) {
            match downs.last_mut() {
                Some(layers) if !shapes.has(&format!("input_blocks.{index}.0.op.weight")) => *layers += 1,
                _ => downs.push(0),
            }
        }
        let middle = 0..shapes.count("middle_block");
        let mut ups = Vec::new();
        let mut layers = 0;
        for index in 0..shapes.count("output_blocks") {
            let at = format!("output_blocks.{index}");
            layers += 1;
            let doubles = [1, 2].map(|part| shapes.has(&format!("{at}.{part}.conv.weight")));
            if doubles != [false, false] || !shapes.has_from(&format!("output_blocks.{}.", index + 1)) {
                let attends = !doubles[0] && shapes.has_from(&format!("{at}.1."));
                ups.push((std::mem::take(&mut layers), attends));
            }
        }
        // Every second layer of the hint's network is a convolution.
        let hints = (2..).step_by(2).take_while(|index| shapes.has(&format!("input_hint_block.{index}.weight")));
        Self {
            downs,
            middle: middle.map(|index| shapes.has(&format!("middle_block.{index}.in_layers.0.weight"))).collect(),
            ups,
            outputs: shapes.count("zero_convs"),
            hints: hints.count(),
        }
    }

    /// Told from diffusers' names.
    fn of_network(shapes: &Shapes) -> Self {
        let layers = |block: &str| shapes.count(&format!("{block}.resnets"));
        let downs = (0..shapes.count("down_blocks")).map(|block| layers(&format!("down_blocks.{block}"))).collect();
        let up = |block: usize| {
            let block = format!("up_blocks.{block}");
            (layers(&block), shapes.has_from(&format!("{block}.attentions.")))
        };
        let mut middle = vec![true; shapes.count("mid_block.resnets")];
        if shapes.has_from("mid_block.attentions.0.") {
            middle.insert(1.min(middle.len()), false);
        }
        let hint = "controlnet_cond_embedding";
        Self {
            downs,
            middle,
            ups: (0..shapes.count("up_blocks")).map(up).collect(),
            outputs: shapes.count("controlnet_down_blocks"),
            hints: shapes.count(&format!("{hint}.blocks"))
                + usize::from(shapes.has(&format!("{hint}.conv_out.weight"))),
        }
    }

    /// The original's place of every part, and diffusers'.
    fn pairs(&self) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = below("", "", &ENDS).collect();
        let mut index = 1; // the first is conv_in
        for (block, &layers) in self.downs.iter().enumerate() {
            let block = format!("down_blocks.{block}");
            for layer in 0..layers {
                let at = format!("input_blocks.{index}");
                pairs.extend(below(&format!("{at}.0"), &format!("{block}.resnets.{layer}"), &RESNET));
                pairs.push(Pair::new(format!("{at}.1"), format!("{block}.attentions.{layer}")));
                index += 1;
            }
            pairs.push(Pair::new(format!("input_blocks.{index}.0.op"), format!("{block}.downsamplers.0.conv")));
            index += 1;
        }
        let mut resnets = 0;
        for (index, &is_resnet) in self.middle.iter().enumerate() {
            let at = format!("middle_block.{index}");
            if is_resnet {
                pairs.extend(below(&at, &format!("mid_block.resnets.{resnets}"), &RESNET));
                resnets += 1;
            } else {
                pairs.push(Pair::new(at, "mid_block.attentions.0"));
            }
        }
        let mut index = 0;
        for (block, &(layers, attends)) in self.ups.iter().enumerate() {
            let block = format!("up_blocks.{block}");
            for layer in 0..layers {
                let at = format!("output_blocks.{index}");
                pairs.extend(below(&format!("{at}.0"), &format!("{block}.resnets.{layer}"), &RESNET));
                if attends {
                    pairs.push(Pair::new(format!("{at}.1"), format!("{block}.attentions.{layer}")));
                }
                if layer + 1 == layers {
                    let doubling = format!("{at}.{}.conv", if attends { 2 } else { 1 });
                    pairs.push(Pair::new(doubling, format!("{block}.upsamplers.0.conv")));
                }
                index += 1;
            }
        }
        for index in 0..self.outputs {
            pairs.push(Pair::new(format!("zero_convs.{index}.0"), format!("controlnet_down_blocks.{index}")));
        }
        for index in 0..self.hints {
            let network = if index + 1 == self.hints { "conv_out".into() } else { format!("blocks.{index}") };
            let original = format!("input_hint_block.{}", 2 * index + 2);
            pairs.push(Pair::new(original, format!("controlnet_cond_embedding.{network}")));
        }
        pairs
    }
}

/// How the original names a picture network or a ControlNet that it named.
pub(super) fn original(shapes: &Shapes) -> Naming {
    Naming { pairs: Structure::of_original(shapes).pairs(), keeps: false }
}

/// How the original would name one that diffusers named.
pub(super) fn to_original(shapes: &Shapes) -> Naming {
    Naming { pairs: Structure::of_network(shapes).pairs(), keeps: false }
}

/// One number where all are the same, else a list.
fn merged(values: &[usize]) -> Value {
    match values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => json!(first),
        _ => json!(values),
    }
}

/// A kind for each block; `attends` says which have attention.
fn kinds(attends: &[bool], [plain, crossing]: [&str; 2]) -> Vec<String> {
    attends.iter().map(|attends| if *attends { crossing } else { plain }.to_owned()).collect()
}

/// Transformer layers of each attention of a block; empty where it has none.
fn depths(shapes: &Shapes, block: &str) -> Vec<usize> {
    let attentions = 0..shapes.count(&format!("{block}.attentions"));
    attentions.map(|index| shapes.count(&format!("{block}.attentions.{index}.transformer_blocks"))).collect()
}

/// The config of a picture network (`UNet2DConditionModel`) from the shapes of its tensors, by diffusers' names.
///
/// # Errors
/// With the name of a tensor that is needed and not there.
pub(super) fn config(shapes: &Shapes) -> Result<Value, String> {
    let mut config = common(shapes)?;
    let downs = shapes.count("down_blocks");
    let up_depths: Vec<Vec<usize>> = (0..downs).map(|block| depths(shapes, &format!("up_blocks.{block}"))).collect();
    let attends: Vec<bool> = up_depths.iter().map(|depths| !depths.is_empty()).collect();
    // Up blocks are as deep as the down blocks opposite, unless the config says otherwise.
    let opposite = (0..downs).rev().map(|block| config["transformer_layers_per_block"][block].clone());
    let differs = up_depths.iter().zip(opposite).any(|(depths, down)| !depths.is_empty() && merged(depths) != down);
    if differs {
        let depths = up_depths.iter().map(|depths| if depths.is_empty() { json!(1) } else { merged(depths) });
        config["reverse_transformer_layers_per_block"] = depths.collect();
    }
    config["_class_name"] = json!("UNet2DConditionModel");
    config["out_channels"] = json!(shapes.extent("conv_out.weight", 0)?);
    config["conv_out_kernel"] = json!(shapes.extent("conv_out.weight", 2)?);
    config["up_block_types"] = json!(kinds(&attends, ["UpBlock2D", "CrossAttnUpBlock2D"]));
    Ok(config)
}

/// The config of a ControlNet (`ControlNetModel`), likewise.
///
/// # Errors
/// As [`config`].
pub(super) fn control_config(shapes: &Shapes) -> Result<Value, String> {
    let mut config = common(shapes)?;
    let hint = "controlnet_cond_embedding";
    let mut channels = vec![shapes.extent(&format!("{hint}.conv_in.weight"), 0)?];
    for block in (1..shapes.count(&format!("{hint}.blocks"))).step_by(2) {
        channels.push(shapes.extent(&format!("{hint}.blocks.{block}.weight"), 0)?);
    }
    config["_class_name"] = json!("ControlNetModel");
    config["conditioning_channels"] = json!(shapes.extent(&format!("{hint}.conv_in.weight"), 1)?);
    config["conditioning_embedding_out_channels"] = json!(channels);
    Ok(config)
}

/// What both kinds of config have.
fn common(shapes: &Shapes) -> Result<Value, String> {
    let blocks = shapes.count("down_blocks");
    let mut widths = Vec::new();
    let mut layers = Vec::new();
    for block in 0..blocks {
        let name = format!("down_blocks.{block}.resnets");
        widths.push(shapes.extent(&format!("{name}.0.conv1.weight"), 0)?);
        layers.push(shapes.count(&name));
    }
    let down_depths: Vec<Vec<usize>> =
        (0..blocks).map(|block| depths(shapes, &format!("down_blocks.{block}"))).collect();
    let attends: Vec<bool> = down_depths.iter().map(|depths| !depths.is_empty()).collect();
    let mid = depths(shapes, "mid_block");
    let mid_kind = match (shapes.has_from("mid_block.resnets.0."), mid.is_empty()) {
        (false, _) => Value::Null,
        (true, true) => json!("UNetMidBlock2D"),
        (true, false) => json!("UNetMidBlock2DCrossAttn"),
    };
    // A last block without attention lends its depth to the middle.
    let depth_of = |(block, depths): (usize, &Vec<usize>)| match (depths.as_slice(), mid.first()) {
        ([], Some(mid)) if block + 1 == blocks => json!(mid),
        ([], _) => json!(1),
        (depths, _) => merged(depths),
    };
    let depths: Vec<Value> = down_depths.iter().enumerate().map(depth_of).collect();
    let a_tensor = |ending: &str| shapes.names().find(|name| name.ends_with(ending));
    let context = match a_tensor(".attn2.to_k.weight") {
        Some(name) => shapes.extent(name, 1)?,
        None => return Err("down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight".into()),
    };
    let linear = a_tensor(".proj_in.weight").and_then(|name| shapes.get(name)).is_some_and(|shape| shape.len() == 2);
    // No tensor tells how many heads there are. Networks of the first family, whose attentions read CLIP's 768 values
    // through 1×1 convolutions, have 8; all later ones have heads of 64 values.
    let heads = match context {
        768 => json!(8),
        _ if !linear => json!(8),
        _ => widths.iter().map(|width| (width / 64).max(1)).collect(),
    };
    let mut config = json!({
        "in_channels": shapes.extent("conv_in.weight", 1)?,
        "conv_in_kernel": shapes.extent("conv_in.weight", 2)?,
        "block_out_channels": widths,
        "layers_per_block": merged(&layers),
        "down_block_types": kinds(&attends, ["DownBlock2D", "CrossAttnDownBlock2D"]),
        "mid_block_type": mid_kind,
        "transformer_layers_per_block": depths,
        "attention_head_dim": heads,
        "cross_attention_dim": context,
        "use_linear_projection": linear,
        "time_embedding_dim": shapes.extent("time_embedding.linear_1.weight", 0)?,
    });
    if let Ok(channels) = shapes.extent("time_embedding.cond_proj.weight", 1) {
        config["time_cond_proj_dim"] = json!(channels);
    }
    if let Ok(inputs) = shapes.extent("add_embedding.linear_1.weight", 1) {
        config["addition_embed_type"] = json!("text_time");
        config["addition_time_embed_dim"] = json!(256);
        config["projection_class_embeddings_input_dim"] = json!(inputs);
    }
    Ok(config)
}
