//! What a picture network is: `config.json` of diffusers' `UNet2DConditionModel`.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::network::{
    NetworkError, NetworkFlaw,
    config::{Checked, PerBlock},
};

pub(super) const CHECKED: Checked = Checked("picture network");
/// Side of a kernel in pixels; no published network has a larger one.
const LARGEST_KERNEL: usize = 15;

/// The config, with the library's defaults. `use_linear_projection` is missing because a 1×1 convolution and a linear
/// layer are the same here, and `upcast_attention` because everything is f32.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct UNetConfig {
    pub(super) in_channels: usize,
    pub(super) out_channels: usize,
    pub(super) flip_sin_to_cos: bool,
    pub(super) freq_shift: f32,
    pub(super) down_block_types: Vec<String>,
    pub(super) mid_block_type: Option<String>,
    pub(super) up_block_types: Vec<String>,
    pub(super) only_cross_attention: PerBlock<bool>,
    pub(super) block_out_channels: Vec<usize>,
    pub(super) layers_per_block: PerBlock<usize>,
    pub(super) downsample_padding: usize,
    pub(super) norm_num_groups: usize,
    pub(super) norm_eps: f32,
    pub(super) cross_attention_dim: PerBlock<usize>,
    pub(super) transformer_layers_per_block: PerBlock<PerBlock<usize>>,
    pub(super) reverse_transformer_layers_per_block: Option<PerBlock<PerBlock<usize>>>,
    /// The number of heads, in spite of its name: a mistake the library keeps for the sake of old files.
    attention_head_dim: PerBlock<usize>,
    num_attention_heads: Option<PerBlock<usize>>,
    addition_embed_type: Option<String>,
    addition_time_embed_dim: Option<usize>,
    projection_class_embeddings_input_dim: Option<usize>,
    time_embedding_dim: Option<usize>,
    pub(super) time_cond_proj_dim: Option<usize>,
    pub(super) conv_in_kernel: usize,
    pub(super) conv_out_kernel: usize,
}

impl Default for UNetConfig {
    fn default() -> Self {
        let (down, up) = ("CrossAttnDownBlock2D", "CrossAttnUpBlock2D");
        Self {
            in_channels: 4,
            out_channels: 4,
            flip_sin_to_cos: true,
            freq_shift: 0.0,
            down_block_types: [down, down, down, "DownBlock2D"].map(String::from).into(),
            mid_block_type: Some("UNetMidBlock2DCrossAttn".into()),
            up_block_types: ["UpBlock2D", up, up, up].map(String::from).into(),
            only_cross_attention: PerBlock::All(false),
            block_out_channels: vec![320, 640, 1280, 1280],
            layers_per_block: PerBlock::All(2),
            downsample_padding: 1,
            norm_num_groups: 32,
            norm_eps: 1e-5,
            cross_attention_dim: PerBlock::All(1280),
            transformer_layers_per_block: PerBlock::All(PerBlock::All(1)),
            reverse_transformer_layers_per_block: None,
            attention_head_dim: PerBlock::All(8),
            num_attention_heads: None,
            addition_embed_type: None,
            addition_time_embed_dim: None,
            projection_class_embeddings_input_dim: None,
            time_embedding_dim: None,
            time_cond_proj_dim: None,
            conv_in_kernel: 3,
            conv_out_kernel: 3,
        }
    }
}

/// What a network that takes pooled vectors and sizes takes.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// Values of a pooled vector and of the embeddings of all sizes.
    pub(super) inputs: usize,
    /// Values of the embedding of one size.
    pub(super) size: usize,
}

impl UNetConfig {
    /// Reads a config and refuses what is not built here or makes no network.
    pub(crate) fn read(config: &Value) -> Result<Self, NetworkError> {
        refuse_other_kinds(config)?;
        let config: Self = CHECKED.read(config)?;
        let blocks = config.block_out_channels.len();
        CHECKED.counts("block_out_channels", &config.block_out_channels, blocks)?;
        for (name, kinds) in
            [("down_block_types", &config.down_block_types), ("up_block_types", &config.up_block_types)]
        {
            CHECKED.entries(name, kinds.len(), blocks)?;
        }
        for (name, value) in [
            ("in_channels", Some(config.in_channels)),
            ("out_channels", Some(config.out_channels)),
            ("conv_in_kernel", Some(config.conv_in_kernel)),
            ("conv_out_kernel", Some(config.conv_out_kernel)),
            ("time_embedding_dim", config.time_embedding_dim),
            ("time_cond_proj_dim", config.time_cond_proj_dim),
            ("addition_time_embed_dim", config.addition_time_embed_dim),
            ("projection_class_embeddings_input_dim", config.projection_class_embeddings_input_dim),
        ] {
            value.map_or(Ok(0), |value| CHECKED.count(name, value))?;
        }
        for (name, kernel) in [("conv_in_kernel", config.conv_in_kernel), ("conv_out_kernel", config.conv_out_kernel)] {
            if kernel.is_multiple_of(2) || kernel > LARGEST_KERNEL {
                let name = name.to_owned();
                return CHECKED.unsupported(NetworkFlaw::Kernel { name, found: kernel, high: LARGEST_KERNEL });
            }
        }
        CHECKED.one_of("downsample_padding", &config.downsample_padding, &[0, 1])?;
        CHECKED.epsilon("norm_eps", config.norm_eps)?;
        for block in 0..blocks {
            let (found, expected) = (config.context_of(block)?, config.context()?);
            if found != expected {
                let name = "cross_attention_dim".to_owned();
                return CHECKED.unsupported(NetworkFlaw::Widths { name, found: vec![found, expected] });
            }
        }
        let frequencies = config.addition_time_embed_dim.unwrap_or(usize::MAX).min(config.block_out_channels[0]) / 2;
        if !(0.0..=1.0).contains(&config.freq_shift) || frequencies < 2 {
            return CHECKED.inconsistent(NetworkFlaw::Frequencies { shift: config.freq_shift, frequencies });
        }
        Ok(config)
    }

    /// Blocks on the way down, and as many on the way up.
    pub(super) fn blocks(&self) -> usize {
        self.block_out_channels.len()
    }

    /// Channels of what each layer on the way down makes, in order.
    pub(super) fn skip_channels(&self) -> Result<Vec<usize>, NetworkError> {
        let mut channels = vec![self.block_out_channels[0]];
        for (block, &width) in self.block_out_channels.iter().enumerate() {
            let layers = CHECKED.of_block("layers_per_block", &self.layers_per_block, block)?;
            let halves = usize::from(block + 1 < self.blocks());
            channels.extend(std::iter::repeat_n(width, layers + halves));
        }
        Ok(channels)
    }

    /// Width of the time embedding.
    pub(super) fn time(&self) -> usize {
        self.time_embedding_dim.unwrap_or(4 * self.block_out_channels[0])
    }

    /// Width of the words' vectors.
    pub(crate) fn context(&self) -> Result<usize, NetworkError> {
        self.context_of(0)
    }

    fn context_of(&self, block: usize) -> Result<usize, NetworkError> {
        let name = "cross_attention_dim";
        CHECKED.count(name, CHECKED.of_block(name, &self.cross_attention_dim, block)?)
    }

    /// Whether it is told the guidance.
    pub(crate) fn takes_guidance(&self) -> bool {
        self.time_cond_proj_dim.is_some()
    }

    /// Pooled vectors and sizes, when it takes them.
    pub(crate) fn added(&self) -> Result<Option<Sizes>, NetworkError> {
        if self.addition_embed_type.is_none() {
            return Ok(None);
        }
        let (size, inputs) = (self.addition_time_embed_dim, self.projection_class_embeddings_input_dim);
        match (inputs, size) {
            (Some(inputs), Some(size)) if inputs > size => Ok(Some(Sizes { inputs, size })),
            _ => CHECKED.inconsistent(NetworkFlaw::NoPooled { inputs: inputs.unwrap_or(0), size: size.unwrap_or(0) }),
        }
    }

    /// Heads of the attentions of down block `block`, and of the up block opposite.
    pub(super) fn heads(&self, block: usize) -> Result<usize, NetworkError> {
        match &self.num_attention_heads {
            Some(heads) => CHECKED.of_block("num_attention_heads", heads, block),
            None => CHECKED.of_block("attention_head_dim", &self.attention_head_dim, block),
        }
    }

    /// Whether a block of this kind has attention; `plain` and `crossing` are the kinds there are.
    pub(super) fn crosses(kind: &str, [plain, crossing]: [&str; 2]) -> Result<bool, NetworkError> {
        CHECKED.one_of("the kind of a block", &kind, &[plain, crossing])?;
        Ok(kind == crossing)
    }
}

/// Switches of the library that turn the network into another one: each must be off.
fn refuse_other_kinds(config: &Value) -> Result<(), NetworkError> {
    let nothing = || vec![Value::Null, json!(false)];
    let one = || vec![json!(1), json!(1.0)];
    for (name, allowed) in [
        ("act_fn", vec![json!("silu"), json!("swish")]),
        ("addition_embed_type", vec![Value::Null, json!("text_time")]),
        ("attention_type", vec![json!("default")]),
        ("center_input_sample", nothing()),
        ("class_embed_type", nothing()),
        ("class_embeddings_concat", nothing()),
        ("cross_attention_norm", nothing()),
        ("dual_cross_attention", nothing()),
        ("encoder_hid_dim", nothing()),
        ("encoder_hid_dim_type", nothing()),
        ("mid_block_scale_factor", one()),
        ("num_class_embeds", nothing()),
        ("resnet_out_scale_factor", one()),
        ("resnet_skip_time_act", nothing()),
        ("resnet_time_scale_shift", vec![json!("default")]),
        ("time_embedding_act_fn", nothing()),
        ("time_embedding_type", vec![json!("positional")]),
        ("timestep_post_act", nothing()),
    ] {
        if let Some(found) = config.get(name).filter(|found| !allowed.contains(found)) {
            let expected = allowed.iter().map(Value::to_string).collect();
            let (name, found) = (name.to_owned(), found.to_string());
            return CHECKED.unsupported(NetworkFlaw::Value { name, found, expected });
        }
    }
    Ok(())
}
