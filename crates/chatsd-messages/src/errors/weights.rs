//! What can be wrong with model files.

use chatsd_weights::WeightsError;

use super::Spoken;
use crate::{ErrorClass, Lang};

impl Spoken for WeightsError {
    fn chinese(&self) -> String {
        old(self)
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Failed
    }
}

/// What is wrong in detail stays as the room says it.
fn old(error: &WeightsError) -> String {
    match error {
        WeightsError::Io { path, source } => format!("{}：{source}", path.display()),
        WeightsError::NotAModel { path, looks } => {
            format!("{} 是 {looks}，不是 safetensors 或 GGUF 文件；{}", path.display(), looks.advice())
        }
        WeightsError::Damaged { path, what } => format!("{} 已损坏：{what}；请重新获取", path.display()),
        WeightsError::Unsupported { path, what } => format!("{}：不支持：{what}", path.display()),
        WeightsError::Incomplete { path, what } => format!("{} 中没有 {what}", path.display()),
        WeightsError::WithoutPart { path, kind, family, part } => {
            let family = family.map(|family| format!("（{family}）")).unwrap_or_default();
            let advice = crate::advice(Lang::Zh, kind.advice_for(part));
            let (kind, part) = (crate::named(Lang::Zh, *kind), crate::part(Lang::Zh, part));
            format!("{} 是{kind}{family}，没有{part}；{advice}", path.display())
        }
        WeightsError::Json { path, place, source } => {
            format!("{}：{place} 不是所需的 JSON：{source}", path.display())
        }
        WeightsError::MissingTensor { path, tensor, nearest } => {
            let near = nearest.as_ref().map(|name| format!("；最接近的是 {name}")).unwrap_or_default();
            format!("{} 中没有张量 {tensor}{near}", path.display())
        }
        WeightsError::UnsupportedTensor { path, tensor, found } => format!(
            "{}：张量 {tensor} 的格式是 {found}，应为 F32、F16、BF16 或 Q8_0：请用该模型的其他文件",
            path.display()
        ),
        WeightsError::Shape { path, tensor, found, expected } => {
            format!("{}：张量 {tensor} 的形状是 {found:?}，应为 {expected:?}：权重与配置不符", path.display())
        }
        WeightsError::Layer { path, tensor, source } => format!("{}：张量 {tensor}：{source}", path.display()),
        WeightsError::OtherModel { path, found, expected } => format!(
            "{} 与这个模型没有一层相配：它是为 {} 做的，模型是 {}；请用适合这类模型的",
            path.display(),
            found.map_or_else(|| "别的网络".to_owned(), |found| found.to_string()),
            expected.map_or_else(|| "别的一类".to_owned(), |expected| expected.to_string())
        ),
        WeightsError::Change { layer, source } => format!("层 {layer} 无法改变：{source}"),
    }
}
