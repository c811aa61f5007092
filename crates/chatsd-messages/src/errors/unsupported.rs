//! What is not read or written, though it may be in order.

use chatsd_weights::{Unsupported, WriteFault};

use super::Spoken;
use crate::ErrorClass;

impl Spoken for Unsupported {
    fn chinese(&self) -> String {
        match self {
            Self::BigEndianGguf => "大端机器的 GGUF 文件；请用小端的".to_owned(),
            Self::GgufVersion { found } => format!("GGUF 第 {found} 版，应为第 2 或 3 版；请重新转换模型"),
            Self::ManyTensors { found, limit } => format!("文件头有 {found} 个张量，最多应为 {limit}"),
            Self::MuchMetadata { found, limit } => format!("文件头有 {found} 项元数据，最多应为 {limit}"),
            Self::TorchScript => "TorchScript 程序；请用 torch.save 保存其模块的 state_dict".to_owned(),
            Self::BigEndianCheckpoint => "大端机器的模型文件；请在小端机器上重新保存".to_owned(),
            Self::CheckpointVersion { expected } => {
                format!("模型文件的版式不是第 {expected} 版；请用 torch.save 重新保存")
            }
            Self::StorageType { found } => format!("不认识的存储类型 {found}"),
            Self::ManyArchiveEntries { found, limit } => format!("压缩包有 {found} 个条目，最多应为 {limit}"),
            Self::EncryptedEntry { name } => format!("条目 {name} 是加密的；请解开后重新保存"),
            Self::CompressedEntry { name, method } => {
                format!("条目 {name} 是压缩的（方法 {method}）；PyTorch 原样存放条目：请用 torch.save 重新保存")
            }
            Self::Opcode { opcode, at } => format!("第 {at} 字节处的 pickle 操作码 {opcode:#04x}"),
            Self::ManyValues { limit, at_once } => format!("pickle 的值超过 {limit} 个，或同时超过 {at_once} 个"),
            Self::ManyContainers { limit } => format!("pickle 的容器和调用超过 {limit} 个"),
            Self::ManyEntries { limit } => format!("模型文件的条目超过 {limit} 个"),
            Self::DeepEntry { name, limit } => format!("{name} 外面套了超过 {limit} 层容器"),
            Self::LongName { limit } => format!("名字超过 {limit} 字节"),
            Self::ManyNames { tensors, bytes } => {
                format!("模型文件的张量超过 {tensors} 个，或名字共超过 {bytes} 字节")
            }
            Self::LongText { limit } => format!("超过 {limit} 字节，不像模型里的文字"),
            Self::NoAdapter => "其中没有一个张量属于 LoRA 或同类：请给出这样的文件".to_owned(),
            Self::EdmNoise => "用 EDM 噪声的模型（Playground 2.5 及同类），应为用 beta 的".to_owned(),
            Self::NotWritten { format } => format!("{format} 只读不写"),
            Self::NotInSafetensors { format } => format!("safetensors 没有 {format}；请写成 .gguf 文件"),
            Self::FileEnding => "文件名的结尾应为 .gguf 或 .safetensors".to_owned(),
            Self::ChannelsLast => "卷积以通道在后的次序存放；请写成 .gguf 文件".to_owned(),
            Self::Write(fault) => fault.chinese(),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::BigEndianGguf
            | Self::GgufVersion { .. }
            | Self::ManyTensors { .. }
            | Self::MuchMetadata { .. }
            | Self::TorchScript
            | Self::BigEndianCheckpoint
            | Self::CheckpointVersion { .. }
            | Self::StorageType { .. }
            | Self::ManyArchiveEntries { .. }
            | Self::EncryptedEntry { .. }
            | Self::CompressedEntry { .. }
            | Self::Opcode { .. }
            | Self::ManyValues { .. }
            | Self::ManyContainers { .. }
            | Self::ManyEntries { .. }
            | Self::DeepEntry { .. }
            | Self::LongName { .. }
            | Self::ManyNames { .. }
            | Self::LongText { .. }
            | Self::NoAdapter
            | Self::EdmNoise => ErrorClass::Unusable,
            // Another format or file may be asked for.
            Self::NotWritten { .. } | Self::NotInSafetensors { .. } | Self::FileEnding | Self::ChannelsLast => {
                ErrorClass::Usage
            }
            Self::Write(fault) => fault.class(),
        }
    }
}

impl Spoken for WriteFault {
    fn chinese(&self) -> String {
        match self {
            Self::Name(damage) => damage.chinese(),
            Self::Tensor(damage) => damage.chinese(),
            Self::TensorTwice { name } => format!("张量 {name} 出现两次"),
            Self::HugeTensor { name } => format!("{name} 大得任何文件都放不下"),
            Self::Extents { name, found, limit } => format!("张量 {name} 有 {found} 维，最多应为 {limit}"),
            Self::NotInGguf { name, format } => format!("张量 {name} 的格式是 {format}，GGUF 没有它的编号"),
            Self::Size { name, bytes, shape, format } => {
                format!("张量 {name} 有 {bytes} 字节，与 {shape:?} 个 {format} 值不符")
            }
            Self::MetadataKey { key } => format!("元数据的键 {key:?} 不是名称，或出现两次"),
            Self::Alignment { alignment } => format!("general.alignment 是 {alignment}，它不能自选"),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Name(damage) => damage.class(),
            Self::Tensor(damage) => damage.class(),
            Self::TensorTwice { .. }
            | Self::HugeTensor { .. }
            | Self::Extents { .. }
            | Self::NotInGguf { .. }
            | Self::Size { .. }
            | Self::MetadataKey { .. }
            | Self::Alignment { .. } => ErrorClass::Unusable,
        }
    }
}
