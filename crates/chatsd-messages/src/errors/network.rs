//! What can be wrong with a network's config or weights.

use std::fmt::Display;

use chatsd_diffusion::{NetworkError, NetworkFlaw};

use super::{Spoken, spaced};
use crate::ErrorClass;

impl Spoken for NetworkError {
    fn chinese(&self) -> String {
        match self {
            Self::Config { network, source } => format!("无法读取{}的配置：{source}", network_name(network)),
            Self::Inconsistent { network, flaw } => {
                format!("{}的配置构不成网络：{}；请重新获取模型", network_name(network).trim_start(), flaw.chinese())
            }
            Self::Unsupported { network, flaw } => {
                format!("不支持这种{}：{}", network_name(network).trim_end(), flaw.chinese())
            }
            Self::Weights(error) => error.chinese(),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Config { .. } | Self::Inconsistent { .. } | Self::Unsupported { .. } => ErrorClass::Unusable,
            Self::Weights(error) => error.class(),
        }
    }
}

/// A network, which errors name in English.
fn network_name(english: &str) -> String {
    spaced(match english {
        "picture network" => "图片网络",
        "text encoder" => "文本编码器",
        "image encoder" => "图像编码器",
        "autoencoder" => "自编码器（VAE）",
        "upscaler" => "放大模型",
        name => name,
    })
}

/// What a flaw names: an entry of a config as it is, and what stands in none in Chinese.
fn term(english: &str) -> String {
    spaced(match english {
        "channels" => "通道数",
        "pixels of a patch" => "图块的像素数",
        "values of a picture's vector" => "图片向量的值数",
        "the kind of a block" => "块的种类",
        "a compact network (SRVGG)" => "紧凑网络（SRVGG）",
        name => name,
    })
}

impl Spoken for NetworkFlaw {
    fn chinese(&self) -> String {
        match self {
            Self::Count { name, found, low, high } => {
                format!("{}是 {found}，应为 {low} 到 {high}", term(name).trim_start())
            }
            Self::Number { name, found, low, high } => {
                format!("{name} 是 {found}，应在 {low} 与 {high} 之间，不含两端")
            }
            Self::Kernel { name, found, high } => format!("{name} 是 {found}，应为不超过 {high} 的奇数"),
            Self::Value { name, found, expected } => {
                format!("{}是 {found}，应为 {}", term(name).trim_start(), or(expected))
            }
            Self::NoValue { name, expected } => format!("没有 {name}：应为 {}", or(expected)),
            Self::Spare { name } => format!("它有 {name}，这里读不了"),
            Self::Entries { name, found, blocks } => format!("{name} 有 {found} 项，块却有 {blocks} 个"),
            Self::Blocks { name, found, high } => format!("{name} 有 {found} 项，应为 1 到 {high} 项"),
            Self::NoEntry { name, index } => format!("{name} 没有第 {index} 项，应每块一项"),
            Self::Division { name, found, channels } => format!("{name} 是 {found}，不能整除 {channels} 个通道"),
            Self::Widths { name, found } => format!("{name} 是 {}，应为同一宽度", list(found, "和")),
            Self::Frequencies { shift, frequencies } => {
                format!("freq_shift 是 {shift}，波有 {frequencies} 个：应为 0 到 1，波至少 2 个")
            }
            Self::NoPooled { inputs, size } => format!(
                "projection_class_embeddings_input_dim 是 {inputs}，容不下 addition_time_embed_dim 为 {size} \
                 的尺寸和一个池化向量"
            ),
            Self::Scaling { factor, shift } => {
                format!("scaling_factor 是 {factor}，shift_factor 是 {shift}：应为非零的数")
            }
            Self::Folder => "是文件夹，应为文件".to_owned(),
            Self::TensorShape { name, found, expected } => {
                let extents: Vec<_> = expected
                    .iter()
                    .map(|extent| extent.map_or("任意".to_owned(), |extent| extent.to_string()))
                    .collect();
                format!("{name} 的形状是 {found:?}，应为 [{}]", extents.join(", "))
            }
            Self::Places { found } => format!("有 {found} 个位置，应比一个平方数多 1"),
            Self::Inputs { layer, found, expected } => {
                format!("{layer} 读 {found} 个通道，应为 {}", or(expected))
            }
            Self::Outputs { layer, found } => {
                format!("{layer} 给出 {found} 个通道，应为方块中每个像素 3 个")
            }
            Self::Tensors { found, expected } => {
                let found = if found.is_empty() {
                    "没有张量".to_owned()
                } else {
                    format!("有 {} 这样的张量", found.join("、"))
                };
                let expected: Vec<_> = expected.iter().map(|name| term(name).trim().to_owned()).collect();
                format!("{found}，应为 {}", or(&expected))
            }
            Self::SpareTensor { name } => format!("还有张量 {name}，普通的没有它"),
            Self::Shrinks { squares, scale } => {
                format!("把边长 {squares} 像素的方块放大 {scale} 倍：图片会变小")
            }
            Self::NotPlain => "没有张量 image_proj.proj.weight；应为普通的，而不是 Plus 或 FaceID".to_owned(),
            Self::Projection { found, channels } => {
                format!("它以 {found:?} 投影图片，模型读的词元有 {channels} 个值：它是为另一类模型做的")
            }
            Self::Attention { index, found, expected } => {
                format!("第 {index} 个注意力有 {found} 个通道，模型的有 {expected} 个：它是为另一类模型做的")
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Count { .. }
            | Self::Number { .. }
            | Self::Kernel { .. }
            | Self::Value { .. }
            | Self::NoValue { .. }
            | Self::Spare { .. }
            | Self::Entries { .. }
            | Self::Blocks { .. }
            | Self::NoEntry { .. }
            | Self::Division { .. }
            | Self::Widths { .. }
            | Self::Frequencies { .. }
            | Self::NoPooled { .. }
            | Self::Scaling { .. }
            | Self::Folder
            | Self::TensorShape { .. }
            | Self::Places { .. }
            | Self::Inputs { .. }
            | Self::Outputs { .. }
            | Self::Tensors { .. }
            | Self::SpareTensor { .. }
            | Self::Shrinks { .. }
            | Self::NotPlain
            | Self::Projection { .. }
            | Self::Attention { .. } => ErrorClass::Unusable,
        }
    }
}

/// The last two joined with a word, the others with commas.
pub(super) fn list(values: &[impl Display], last: &str) -> String {
    let values: Vec<_> = values.iter().map(ToString::to_string).collect();
    match values.split_last() {
        Some((end, before)) if !before.is_empty() => format!("{} {last} {end}", before.join("、")),
        _ => values.concat(),
    }
}

fn or(values: &[impl Display]) -> String {
    list(values, "或")
}
