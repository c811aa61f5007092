//! Why there is no engine, and why a weight makes no layer.

use chatsd_tensor::{EngineError, Format, FormatError, WeightError};

use super::Spoken;
use crate::ErrorClass;

impl Spoken for EngineError {
    fn chinese(&self) -> String {
        match self {
            Self::Instructions { wanted, found } => {
                format!("处理器没有 {wanted} 指令集；它最宽的是 {found}")
            }
            Self::Threads { threads, source } => format!("无法启动 {threads} 个线程：{}", source.chinese()),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Instructions { .. } => ErrorClass::Usage,
            Self::Threads { source, .. } => source.class(),
        }
    }
}

impl Spoken for WeightError {
    fn chinese(&self) -> String {
        match self {
            Self::Shape { found, expected } => format!("形状是 {found:?}，应为 {expected:?}"),
            Self::Format(error) => error.chinese(),
            Self::Bytes { bytes, shape } => format!("形状 {shape:?} 有 {bytes} 字节，两者不符"),
            Self::Rows { bytes, format, rows, depth } => {
                format!("{bytes} 字节的 {format} 凑不成 {rows} 行、每行 {depth} 个值")
            }
            Self::TooLarge { outputs, depth } => format!("{outputs} 乘 {depth} 的矩阵，内存放不下"),
            Self::GatedOutputs { found, multiple } => format!("有 {found} 个门控输出：应为 {multiple} 的倍数"),
            Self::SomeBias { found, layers } => {
                format!("叠在一起的 {layers} 层中只有 {found} 层有偏置：应全有或全没有")
            }
            Self::Vectors { found, channels } => format!("{found} 个值凑不成整数个 {channels} 维的向量"),
            Self::NoMatrix { shape } => format!("{shape:?} 不是矩阵"),
            Self::NoThirds { shape } => {
                format!("{shape:?} 的 {} 行分不成相等的三份", shape.first().copied().unwrap_or(0))
            }
            Self::BeyondF16 { value } => format!("其中的值 {value} 超出 f16 的范围；请选 bf16 或 f32"),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Format(error) => error.class(),
            Self::BeyondF16 { .. } => ErrorClass::Usage,
            Self::Shape { .. }
            | Self::Bytes { .. }
            | Self::Rows { .. }
            | Self::TooLarge { .. }
            | Self::GatedOutputs { .. }
            | Self::SomeBias { .. }
            | Self::Vectors { .. }
            | Self::NoMatrix { .. }
            | Self::NoThirds { .. } => ErrorClass::Unusable,
        }
    }
}

impl Spoken for FormatError {
    fn chinese(&self) -> String {
        match self {
            Self::Length { format, bytes, values } => format!(
                "{bytes} 字节里没有 {values} 个 {format} 值：每 {} 个值占 {} 字节",
                format.block(),
                format.block_bytes()
            ),
            Self::NotWritten { format } => {
                let written: Vec<_> = Format::WRITTEN.iter().map(|format| format.name()).collect();
                format!("{format} 只读不写；请选其中之一：{}", written.join("、"))
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Length { .. } => ErrorClass::Unusable,
            Self::NotWritten { .. } => ErrorClass::Usage,
        }
    }
}
