//! Why a picture model cannot be used.

use chatsd_diffusion::{DiffusionError, EmbeddingError, Fit, ModelFlaw, TokenRole, VocabularyError};

use super::{Spoken, class, network::list, say};
use crate::{ErrorClass, Lang};

impl Spoken for DiffusionError {
    fn chinese(&self) -> String {
        match self {
            Self::Weights(error) => error.chinese(),
            Self::Lookup(error) => say(Lang::Zh, &**error),
            Self::Network(error) => error.chinese(),
            Self::Vocabulary(error) => error.chinese(),
            Self::Settings(error) => format!("无法读取模型流程的设置：{error}；请重新获取模型"),
            Self::Embedding(error) => error.chinese(),
            Self::ImageEncoderChannels { name, found, expected } => {
                format!("{name} 给出 {found} 个值的向量，应为 {expected} 个值")
            }
            // Why the one that was found does not do, the chain of causes says.
            Self::NoImageEncoder { channels, example, source: _ } => {
                format!("它需要 {channels} 个值的图像编码器，例如 {example}")
            }
            Self::Unsupported(flaw) => format!("不支持这种图片模型：{}", flaw.chinese()),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Weights(error) => error.class(),
            Self::Lookup(error) => class(&**error),
            Self::Network(error) => error.class(),
            Self::Vocabulary(error) => error.class(),
            Self::Embedding(error) => error.class(),
            Self::NoImageEncoder { source, .. } => {
                source.as_ref().map_or(ErrorClass::NotFound, |source| source.class())
            }
            Self::Unsupported(flaw) => flaw.class(),
            Self::Settings(_) | Self::ImageEncoderChannels { .. } => ErrorClass::Unusable,
        }
    }
}

impl Spoken for VocabularyError {
    fn chinese(&self) -> String {
        let Self { token, role } = self;
        format!("分词器的词表中没有词元 {token:?}：{}；请重新获取模型", role.chinese())
    }

    fn class(&self) -> ErrorClass {
        self.role.class()
    }
}

impl Spoken for TokenRole {
    fn chinese(&self) -> String {
        let role = match self {
            Self::Byte => "它代表一个字节",
            Self::LastByte => "它代表词尾的一个字节",
            Self::Joined => "有合并规则要用到它",
            Self::Made => "有合并规则要产生它",
            Self::Mark => "它标记文字的开头或结尾",
        };
        role.to_owned()
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Byte | Self::LastByte | Self::Joined | Self::Made | Self::Mark => ErrorClass::Unusable,
        }
    }
}

impl Spoken for EmbeddingError {
    fn chinese(&self) -> String {
        match self {
            Self::Folder => "是文件夹，应为文件".to_owned(),
            Self::Widths { found, expected } => {
                let found = if found.is_empty() {
                    "没有值".to_owned()
                } else {
                    format!("有 {} 个值", list(found, "和"))
                };
                format!("它的向量{found}，模型的词元有 {expected} 个：请用为这类模型做的")
            }
            Self::Values(error) => error.chinese(),
            Self::Counts { found } => {
                format!("它有 {} 个向量，应为每个编码器同样多", list(found, "和"))
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Folder | Self::Widths { .. } | Self::Counts { .. } => ErrorClass::Unusable,
            Self::Values(error) => error.class(),
        }
    }
}

impl Spoken for ModelFlaw {
    fn chinese(&self) -> String {
        match self {
            Self::Setting { name, found, low, high } => {
                format!("它的设置中 {name} 是 {found}，应为 {low} 到 {high} 的数")
            }
            Self::Size { found, step, limit, nearest } => {
                format!("它自己的尺寸是 {found}，而它能画的是 {step} 的倍数、最大 {limit} 像素：应为 {nearest}")
            }
            Self::Fit { property, of_unet, of_others } => {
                let or_none =
                    |number: &Option<usize>| number.map_or_else(|| "没有".to_owned(), |number| format!("是 {number}"));
                format!("{}：图片网络{}，其他网络{}；应相同", property.chinese(), or_none(of_unet), or_none(of_others))
            }
            Self::InputChannels { found, latent } => format!(
                "它的图片网络读 {found} 个通道，应为潜变量的 {latent} 个，带要改的图则为 {} 个，带蒙版及其余部分则为 {} 个",
                2 * latent,
                2 * latent + 1
            ),
            Self::NoTextEncoder => "它没有文本编码器：请重新获取整个模型".to_owned(),
            Self::SequenceLength { found, least } => {
                format!("它的文本编码器一次看 {found} 个词元，应至少 {least} 个")
            }
            Self::Scheduler { class } => format!("它的调度器是 {class}，应为用 beta 的模型的"),
            Self::Prediction { found } => {
                format!("它的预测是 {found:?}，应为 epsilon、v_prediction、sample 或 flow")
            }
            Self::Betas { first, last } => format!("beta 从 {first} 到 {last}，应为 0 与 1 之间的数"),
            Self::TrainedBetas { found, least } => format!("trained_betas 有 {found} 个，应至少 {least} 个"),
            Self::BetaSchedule { found } => {
                format!("beta_schedule 是 {found:?}，应为 scaled_linear、linear 或 squaredcos_cap_v2")
            }
            Self::ZeroSnr => "它的 beta 不能按 rescale_betas_zero_snr 的要求拉伸".to_owned(),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Setting { .. }
            | Self::Size { .. }
            | Self::Fit { .. }
            | Self::InputChannels { .. }
            | Self::NoTextEncoder
            | Self::SequenceLength { .. }
            | Self::Scheduler { .. }
            | Self::Prediction { .. }
            | Self::Betas { .. }
            | Self::TrainedBetas { .. }
            | Self::BetaSchedule { .. }
            | Self::ZeroSnr => ErrorClass::Unusable,
        }
    }
}

impl Spoken for Fit {
    fn chinese(&self) -> String {
        let property = match self {
            Self::OutChannels => "输出的通道数",
            Self::ContextChannels => "词元的值数",
            Self::PooledChannels => "整句提示词的值数",
        };
        property.to_owned()
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::OutChannels | Self::ContextChannels | Self::PooledChannels => ErrorClass::Unusable,
        }
    }
}
