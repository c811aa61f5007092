//! What can be wrong with model files.

use chatsd_types::FileKind;
use chatsd_weights::{
    FileAdvice, FileLooks, JsonPlace, LayerFault, Missing, ModelFamily, StoredAs, UnknownPrediction, WeightsError,
};

use super::{Spoken, spaced};
use crate::{ErrorClass, Lang, advice, named, part};

impl Spoken for WeightsError {
    fn chinese(&self) -> String {
        match self {
            Self::Io { path, source } => format!("{}：{}", path.display(), source.chinese()),
            Self::NotAModel { path, looks } => format!(
                "{}{}，应为 safetensors、GGUF 或 PyTorch 文件；{}",
                path.display(),
                looks_like(*looks),
                file_advice(looks.advice())
            ),
            Self::Damaged { path, what } => format!("{} 已损坏：{}；请重新获取", path.display(), what.chinese()),
            Self::Unsupported { path, what } => format!("{}：不支持：{}", path.display(), what.chinese()),
            Self::Incomplete { path, what } => format!("{} 中没有{}", path.display(), what.chinese()),
            Self::WithoutPart { path, kind, family, part: wanted } => {
                let family = family.map(|family| format!("（{family}）")).unwrap_or_default();
                let advice = advice(Lang::Zh, kind.advice_for(wanted));
                let (kind, wanted) = (named(Lang::Zh, *kind), spaced(&part(Lang::Zh, wanted)));
                format!("{} 是{kind}{family}，没有{}；{advice}", path.display(), wanted.trim_end())
            }
            Self::Json { path, place, source } => {
                let place = match place {
                    JsonPlace::File => "文件内容".to_owned(),
                    JsonPlace::Key(key) => format!("{key} "),
                };
                format!("{}：{place}不是所需的 JSON：{source}", path.display())
            }
            Self::MissingTensor { path, tensor, nearest } => {
                let near = nearest.as_ref().map(|name| format!("；最接近的是 {name}")).unwrap_or_default();
                format!("{} 中没有张量 {tensor}{near}", path.display())
            }
            Self::UnsupportedTensor { path, tensor, found } => {
                format!("{}：张量 {tensor} 的存法读不了：{}；请用该模型的其他文件", path.display(), found.chinese())
            }
            Self::Shape { path, tensor, found, expected } => {
                format!("{}：张量 {tensor} 的形状是 {found:?}，应为 {expected:?}：权重与配置不符", path.display())
            }
            Self::Layer { path, tensor, source } => {
                format!("{}：张量 {tensor}：{}", path.display(), source.chinese())
            }
            Self::OtherModel { path, found, expected } => {
                let of = |family: &Option<ModelFamily>, other: &str| {
                    family.map_or_else(|| other.to_owned(), |family| format!(" {family} "))
                };
                format!(
                    "{} 与这个模型没有一层相配：它是为{}做的，模型属于{}；请用适合这类模型的",
                    path.display(),
                    of(found, "别的网络"),
                    of(expected, "别的一类").trim_end()
                )
            }
            Self::Change { layer, source } => format!("层 {layer} 无法改变：{}", source.chinese()),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Io { source, .. } => source.class(),
            Self::Unsupported { what, .. } => what.class(),
            Self::Incomplete { what, .. } => what.class(),
            Self::Layer { source, .. } => source.class(),
            Self::Change { source, .. } => source.class(),
            Self::NotAModel { .. }
            | Self::Damaged { .. }
            | Self::WithoutPart { .. }
            | Self::Json { .. }
            | Self::MissingTensor { .. }
            | Self::UnsupportedTensor { .. }
            | Self::Shape { .. }
            | Self::OtherModel { .. } => ErrorClass::Unusable,
        }
    }
}

/// What a file that is no model file is.
const fn looks_like(looks: FileLooks) -> &'static str {
    match looks {
        FileLooks::Folder => " 是文件夹",
        FileLooks::Device => " 是设备或管道",
        FileLooks::Empty => " 是空文件",
        FileLooks::GitLfsPointer => " 只是指向模型的 Git LFS 指针",
        FileLooks::HtmlPage => " 是 HTML 网页",
        FileLooks::ZipArchive => " 是 ZIP 压缩包",
        FileLooks::Pickle => " 是 Python 的 pickle，但不是 PyTorch 的模型文件",
        FileLooks::Compressed => " 是压缩过的文件",
        FileLooks::Archive => " 是归档文件",
        FileLooks::OldGgml => " 是 GGUF 之前的 ggml 格式的模型",
        FileLooks::Hdf5 => " 是 HDF5 文件，Keras 写的那种",
        FileLooks::Picture => " 是图片",
        FileLooks::Pdf => " 是 PDF 文档",
        FileLooks::Onnx => " 是 ONNX 模型，这里读不了",
        FileLooks::Json => " 是 JSON 文字",
        FileLooks::Zeros => " 全是零，像没有下载完的文件",
        FileLooks::Text => " 是一段文字",
        FileLooks::Unknown => " 是不认识的文件",
    }
}

/// What to do with a file that is no model file.
const fn file_advice(advice: FileAdvice) -> &'static str {
    match advice {
        FileAdvice::GiveFileInside => "请给出其中的权重文件",
        FileAdvice::ChooseAnother => "请选别的文件",
        FileAdvice::DownloadFile => "请下载文件本身",
        FileAdvice::DownloadFileNotPage => "请下载文件本身，而不是展示它的网页",
        FileAdvice::PullGitLfs => "请用 git lfs pull 取得它指向的文件",
        FileAdvice::Unpack => "请先解开",
        FileAdvice::GiveModelFile => "请用该模型的 safetensors、GGUF 或 PyTorch 文件",
        FileAdvice::GiveFolderOrWeights => "请给出模型的文件夹，或其权重文件",
    }
}

impl Spoken for Missing {
    fn chinese(&self) -> String {
        match self {
            Self::ComponentFolder => "带 config.json 的部件文件夹（unet、text_encoder、vae）；请给出 diffusers \
                 保存的模型文件夹，或 GGUF 文件"
                .to_owned(),
            Self::ComponentConfig { component } => format!(" {component}/config.json；请重新获取整个模型"),
            Self::WeightFile { names } => format!(" {} 或 {}；请重新获取整个模型", names[0], names[1]),
            Self::ConfigEntry { component } => {
                format!("元数据 chatsd.{component}.config：它不含 {component}；请给出完整的模型")
            }
            Self::Words { key } => format!("元数据中的文字数组 {key}：它不是完整的模型"),
            Self::Named { kind, name } => {
                let kind = kind.parse::<FileKind>().map_or(kind.as_str(), |kind| Lang::Zh.of(kind.label()));
                format!("叫 {name} 的{}", spaced(kind).trim_end())
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Named { .. } => ErrorClass::NotFound,
            Self::ComponentFolder
            | Self::ComponentConfig { .. }
            | Self::WeightFile { .. }
            | Self::ConfigEntry { .. }
            | Self::Words { .. } => ErrorClass::Unusable,
        }
    }
}

impl Spoken for LayerFault {
    fn chinese(&self) -> String {
        match self {
            Self::Weight(error) => error.chinese(),
            Self::Thirds { rows, shape } => format!("{shape:?} 的 {rows} 行分不成相等的三份"),
            Self::NoMatrix { shape } => format!("{shape:?} 不是矩阵"),
            Self::BeyondF16 { value } => format!("其中的值 {value} 超出 f16 的范围；请选 bf16 或 f32"),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Weight(error) => error.class(),
            Self::Thirds { .. } | Self::NoMatrix { .. } => ErrorClass::Unusable,
            Self::BeyondF16 { .. } => ErrorClass::Usage,
        }
    }
}

impl Spoken for StoredAs {
    fn chinese(&self) -> String {
        match self {
            Self::Type(name) => format!("类型是 {name}"),
            Self::NotValues => "它的字节不是它的值".to_owned(),
            Self::Factors { format, factors, rows } => {
                format!("格式是 {format}，有 {factors} 个系数，行数却是 {rows}")
            }
            Self::Product(error) => error.chinese(),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Type(_) | Self::NotValues | Self::Factors { .. } | Self::Product(_) => ErrorClass::Unusable,
        }
    }
}

impl Spoken for UnknownPrediction {
    fn chinese(&self) -> String {
        format!("没有叫“{}”的预测：应为 epsilon 或 v", self.found)
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}
