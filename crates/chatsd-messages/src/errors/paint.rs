//! Why no picture came.

use chatsd_types::{
    ExpectedValue, PaintError, ParameterError, ParameterValues, Prerequisite, Property, UnknownName, ValueError,
};

use super::{Spoken, class, spaced};
use crate::{ErrorClass, Lang};

impl Spoken for PaintError {
    fn chinese(&self) -> String {
        let of = |text| Lang::Zh.of(text);
        match self {
            Self::Stopped { step, steps } => format!("在第 {step}/{steps} 步停止"),
            Self::Parameter(error) => error.chinese(),
            Self::Size { found, model, step, limit, nearest } => format!(
                "模型 {model} 画不了 {found}：宽高须为 {step} 的倍数，从 {step} 到 {limit} 像素；最接近的是 {nearest}"
            ),
            Self::Side { found, limit } => format!("图片 {found}：边长应为 1 到 {limit} 像素"),
            Self::Weight { kind, name, found, low, high } => {
                format!("{} {name} 的权重是 {found}：应在 {low} 到 {high} 之间", of(kind.label()))
            }
            Self::StepRange { name, start, end } => {
                format!("{name} 从步数的 {start} 到 {end} 起作用：两者应在 0 到 1 之间，且前者不大于后者")
            }
            Self::Syntax { negative, source } => {
                format!("{}，{}", if *negative { "负面提示词" } else { "提示词" }, source.chinese())
            }
            Self::NoSource { role } => format!("请求中有{}，但没有给出：请再给一次", spaced(of(role.label())).trim_end()),
            Self::SourceCount { role, found, expected } => {
                format!("请求中有 {expected} 个{}，却给出了 {found} 个：请给同样多", spaced(of(role.label())).trim_end())
            }
            Self::SourceSize { role, found, pixels, expected } => {
                format!("{}是 {found}（{pixels} 像素），请求是 {expected}：两者应相同", of(role.label()))
            }
            Self::StrengthAlone { found } => format!("重画程度 {found} 缺少起始图片：请给出一张，或保持为 1"),
            Self::MaskAlone => "有蒙版而没有起始图片：请给出要保留的图片".to_owned(),
            Self::MaskedSecondPass => "局部重绘不能再画第二遍：请去掉蒙版，或去掉第二遍".to_owned(),
            Self::UnmaskedControl { name } => format!("{name} 要跟随蒙版，而没有蒙版：请给出蒙版，或换预处理"),
            Self::NothingToEdit { model } => format!("模型 {model} 用来改图，而没有图：请用 --init 给出"),
            Self::ClipSkip { found, layers } => {
                format!("clip skip 是 {found}：应在 1 到 {layers} 之间，即文本编码器的层数")
            }
            Self::NotANumber { step } => {
                format!("网络在第 {step} 步给出了 NaN 或无穷大；降低引导强度或换采样器可能有用")
            }
            Self::NotPixels => {
                "自编码器给出了 NaN 或无穷大的像素：文件已损坏，如溢出后存成 f16 的；请用 --vae 换一个，或用 --decoder tiny"
                    .to_owned()
            }
            Self::Unusable { kind, name, .. } => format!("{}“{name}”不能用", of(kind.label())),
            Self::WrongFamily { kind, name, property, found, expected, model, family } => format!(
                "{}“{name}”是为另一类模型做的：它有 {found} {}，模型 {model} 有 {expected}；请用为 {family} 做的",
                of(kind.label()),
                property_in_chinese(*property)
            ),
            Self::NoAdapters { model, adapter } => format!("模型 {model} 不能用 LoRA：请去掉 {adapter}"),
            Self::NotCounted { model } => format!("模型 {model} 说不出画一张图需要多少"),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Stopped { .. } => ErrorClass::Stopped,
            Self::Parameter(_)
            | Self::Size { .. }
            | Self::Side { .. }
            | Self::Weight { .. }
            | Self::StepRange { .. }
            | Self::Syntax { .. }
            | Self::NoSource { .. }
            | Self::SourceCount { .. }
            | Self::SourceSize { .. }
            | Self::StrengthAlone { .. }
            | Self::MaskAlone
            | Self::MaskedSecondPass
            | Self::UnmaskedControl { .. }
            | Self::NothingToEdit { .. }
            | Self::ClipSkip { .. }
            | Self::WrongFamily { .. }
            | Self::NoAdapters { .. } => ErrorClass::Usage,
            Self::Unusable { source, .. } => class(&**source),
            Self::NotANumber { .. } | Self::NotCounted { .. } => ErrorClass::Failed,
            Self::NotPixels => ErrorClass::Unusable,
        }
    }
}

const fn property_in_chinese(property: Property) -> &'static str {
    match property {
        Property::ContextChannels => "个词元通道",
        Property::LatentChannels => "个潜变量通道",
        Property::LayerChannels => "个层通道",
        Property::LatentFactor => "个像素对应一个潜变量像素",
        Property::PooledVectors => "个池化向量",
        Property::Layers => "层",
    }
}

impl Spoken for ParameterError {
    fn chinese(&self) -> String {
        match self {
            Self::Unknown { key, expected } => format!("图片没有参数“{key}”；可用的有：{}", expected.join("、")),
            Self::Value { parameter, found } => {
                let name = spaced(Lang::Zh.of(parameter.name));
                format!("{}不能是“{found}”：应为{}", name.trim_start(), values_in_chinese(parameter.values))
            }
            Self::Needs { parameter, needs } => {
                let lacking = match needs {
                    Prerequisite::Init => "没有起始图片；可用 --init 给出",
                    Prerequisite::Mask => "没有蒙版；可用 --mask 给出",
                    Prerequisite::SecondPass => "没有第二遍；用 --hires 要求",
                };
                let name = spaced(Lang::Zh.of(parameter.name));
                format!("{}在这里没有意义：这张图{lacking}", name.trim_start())
            }
        }
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}

fn values_in_chinese(values: ParameterValues) -> String {
    match values {
        ParameterValues::Whole { low, high } => format!("从 {low} 到 {high} 的整数"),
        ParameterValues::Number { low, high } => format!("从 {low} 到 {high} 的数"),
        ParameterValues::Name { all } => format!("其中之一：{}", all().join("、")),
        ParameterValues::Truth => " true 或 false".to_owned(),
        ParameterValues::Size => "宽x高（像素），如 512x768".to_owned(),
        ParameterValues::UpscaleTarget => "倍数（1 到 16），或宽x高（像素）".to_owned(),
        ParameterValues::Text => "一段文字".to_owned(),
    }
}

impl Spoken for UnknownName {
    fn chinese(&self) -> String {
        let kind = Lang::Zh.of(self.kind);
        format!("没有{kind}“{}”：应为其中之一：{}", self.found, self.expected.replace(", ", "、"))
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}

impl Spoken for ValueError {
    fn chinese(&self) -> String {
        let expected = match self.expected {
            ExpectedValue::Size => "宽x高（像素），如 512x768".to_owned(),
            ExpectedValue::UpscaleTarget { limit } => format!("倍数（1 到 {limit}），或宽x高（像素）"),
            ExpectedValue::Number { low, high } => format!("从 {low} 到 {high} 的数"),
            ExpectedValue::Margins { limit } => {
                format!(" left、right、top、bottom 或 all，各 1 到 {limit} 像素，如 left=64,top=32")
            }
            ExpectedValue::Control => {
                "名称=图片，需要时逗号后加 weight=0.8、from=0.2、to=0.7 或 preprocessor=canny".to_owned()
            }
            ExpectedValue::ImagePrompt => "名称=图片，需要时逗号后加 weight=0.6".to_owned(),
            ExpectedValue::Pair => "键=值，如 seed=7".to_owned(),
        };
        format!("“{}”不对，应为{expected}", self.found)
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}
