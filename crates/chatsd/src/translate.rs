//! Errors of the other rooms in the user's language. The rooms speak English; what a user is likely to meet is said in
//! Chinese here, and everything else stays as the room says it.

use std::error::Error;

use chatsd_diffusion::DiffusionError;
use chatsd_gallery::GalleryError;
use chatsd_hub::HubError;
use chatsd_prompt::{Note, PromptError};
use chatsd_studio::StudioError;
use chatsd_tensor::EngineError;
use chatsd_types::{PaintError, SyntaxError, SyntaxProblem};
use chatsd_weights::WeightsError;

use crate::{kinds, messages::Lang, settings::SettingError, translate_hub};

/// One error, without its causes.
pub fn error(lang: Lang, error: &(dyn Error + 'static)) -> String {
    let chinese = || {
        error
            .downcast_ref::<StudioError>()
            .and_then(studio)
            .or_else(|| error.downcast_ref::<PromptError>().and_then(prompt))
            .or_else(|| error.downcast_ref::<GalleryError>().and_then(gallery))
            .or_else(|| error.downcast_ref::<PaintError>().and_then(paint))
            .or_else(|| error.downcast_ref::<SettingError>().map(setting))
            .or_else(|| error.downcast_ref::<WeightsError>().map(weights))
            .or_else(|| error.downcast_ref::<DiffusionError>().and_then(diffusion))
            .or_else(|| error.downcast_ref::<EngineError>().map(engine))
            .or_else(|| error.downcast_ref::<HubError>().and_then(translate_hub::chinese))
    };
    Some(lang).filter(|lang| *lang == Lang::Zh).and_then(|_| chinese()).unwrap_or_else(|| error.to_string())
}

/// What the user should know about a prompt.
pub fn note(lang: Lang, note: &Note) -> String {
    if lang == Lang::En {
        return note.to_string();
    }
    match note {
        Note::LongSentence { tokens, room } => {
            format!("句子本身有 {tokens} 个词元，每段只容 {room} 个：全部保留、分段读取，结尾的影响较弱")
        }
        Note::LeftOut { words, room } => format!("为了让你的话放进 {room} 个词元，省去了：{}", words.join("、")),
        Note::Untranslated { words } => format!("词典里没有、原样保留：{}", words.join("、")),
        Note::StyleNotForModel { style, family, instead } => {
            format!("模型“{family}”不会风格 {style}；改用{}", instead.as_deref().unwrap_or("它自己的风格"))
        }
        Note::ControlCharacters { count } => format!("{count} 个控制字符按空格读取"),
        Note::Tags { tags } => format!("不支持，没有交给模型：{}", tags.join("、")),
        Note::FewSteps { adapter, how } => format!("{adapter} 是少步数用的：没有另说的都用 {how}"),
        Note::Unmatched { adapter, parts } => {
            format!("{adapter} 有 {} 部分与这个模型的层对不上：{}", parts.len(), Note::first(parts))
        }
        Note::NegativeUnheard => "引导强度为 1 时，不要有的东西不起作用；提高 --guidance 才有用".to_owned(),
        Note::OtherSize { found, trained } => format!("模型是按 {trained} 训练的：{found} 的图会差一些"),
    }
}

fn studio(error: &StudioError) -> Option<String> {
    Some(match error {
        StudioError::Prompt(error) => return prompt(error),
        StudioError::Gallery(error) => return gallery(error),
        StudioError::Size { found, model, step, limit, near } => {
            format!("模型 {model} 画不了 {found}：宽高须为 {step} 的倍数，从 {step} 到 {limit} 像素；最接近的是 {near}")
        }
        StudioError::Range { what, found, low, high } => {
            let what = match *what {
                "the number of pictures" => "图片数",
                "the number of steps" => "步数",
                "the guidance" => "引导强度",
                "the guidance rescale" => "引导回收",
                "the strength" => "重画程度",
                "the weight of a LoRA" => "LoRA 的权重",
                other => other,
            };
            format!("{what}是 {found}：应在 {low} 到 {high} 之间")
        }
        StudioError::UnknownPart { key, expected } => format!("图片没有“{key}”可改；可改的有：{expected}"),
        StudioError::BadPart { key, value, reason } => format!("{key} 不能是“{value}”：{reason}"),
        StudioError::Model(error) => return paint(error),
        StudioError::Paint { number, .. } => format!("第 {number} 张没有画成"),
    })
}

fn prompt(error: &PromptError) -> Option<String> {
    Some(match error {
        PromptError::Empty => "句子是空的：请说图片要画什么，例如“可爱的小猫标志,开心,微笑”".to_owned(),
        PromptError::TooLong { found, limit } => format!("句子有 {found} 个字符，最多读 {limit} 个：请缩短"),
        PromptError::NothingToPaint { found } => format!("“{found}”里没有可画的东西：请加上图片要画什么"),
        PromptError::UnknownStyle { found, nearest } => format!("没有风格“{found}”：最接近的是 {}", nearest.join("、")),
        PromptError::StyleNotForModel { style, family, usable } => {
            format!("风格 {style} 需要别的模型；“{family}”会的有 {}", usable.join("、"))
        }
        PromptError::NoStyle { family, styles } => format!("{styles} 种风格中没有一种适合“{family}”类模型"),
        PromptError::Syntax(error) => syntax(error),
        PromptError::Csv { line, message } => format!("styles.csv 第 {line} 行：{message}"),
    })
}

fn syntax(error: &SyntaxError) -> String {
    let problem = match &error.problem {
        SyntaxProblem::NoWeight { found, example } => format!("“{found}”不是权重：应为数字，如 {example}"),
        SyntaxProblem::NoCount { found } => format!("“{found}”不是个数：应如 {{2$$a|b|c}} 或 {{1-2$$a|b|c}}"),
        SyntaxProblem::OpenBrace => "这个 { 没有 }：应为 {a|b}；普通的括号写作 \\{".to_owned(),
        SyntaxProblem::OpenWildcard { name } => format!("通配 __{name} 没有结尾：应为 __{name}__"),
        SyntaxProblem::TooDeep { depth, limit } => format!("括号套了 {depth} 层，最多读 {limit} 层"),
        SyntaxProblem::Loop { name, limit } => format!("__{name}__ 套着它自己，或套了超过 {limit} 个文件"),
        SyntaxProblem::UnknownWildcard { name } => format!("没有通配文件“{name}”：通配文件夹中应有 {name}.txt"),
        SyntaxProblem::EmptyWildcard { name } => format!("通配文件“{name}”里没有一行"),
        SyntaxProblem::InLine { name, line, inner } => format!("__{name}__ 的一行“{line}”中，{}", syntax(inner)),
        SyntaxProblem::TooLong { limit } => format!("展开后超过 {limit} 个字符"),
    };
    format!("第 {} 列：{problem}", error.column)
}

/// What is wrong in detail stays as the room says it.
fn weights(error: &WeightsError) -> String {
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
            let advice = kinds::advice(Lang::Zh, kind.advice_for(part));
            let (kind, part) = (kinds::named(Lang::Zh, *kind), kinds::part(Lang::Zh, part));
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

fn diffusion(error: &DiffusionError) -> Option<String> {
    match error {
        DiffusionError::Weights(error) => Some(weights(error)),
        DiffusionError::Settings(error) => Some(format!("无法读取模型流程的设置：{error}；请重新获取模型")),
        DiffusionError::Unsupported(what) => Some(format!("不支持这种图片模型：{what}")),
        DiffusionError::Network(_) | DiffusionError::Vocabulary(_) => None,
    }
}

fn engine(error: &EngineError) -> String {
    match error {
        EngineError::Instructions { wanted, found } => {
            format!("处理器没有 {wanted} 指令集；它最宽的是 {found}")
        }
        EngineError::Threads { threads, source } => format!("无法启动 {threads} 个线程：{source}"),
    }
}

fn paint(error: &PaintError) -> Option<String> {
    match error {
        PaintError::Stopped { step, steps } => Some(format!("在第 {step}/{steps} 步停止")),
        PaintError::Unsupported(_) => None,
        PaintError::NotANumber { step } => {
            Some(format!("网络在第 {step} 步给出了非数字的值；降低引导强度或换采样器可能有用"))
        }
    }
}

fn setting(error: &SettingError) -> String {
    match error {
        SettingError::Unknown { key, near } => format!("没有设置“{key}”；最接近的是 {}", near.join("、")),
        SettingError::Value { key, value, reason } => format!("设置“{key}”不能是“{value}”：{reason}"),
    }
}

fn gallery(error: &GalleryError) -> Option<String> {
    Some(match error {
        GalleryError::ReadOnly { path } => {
            format!("{} 不可写；请换一个输出文件夹，或修改它的权限", path.display())
        }
        GalleryError::DiskFull { path } => {
            format!("磁盘没有空间写 {}；请腾出空间或换一个输出文件夹；完成的图片已保存", path.display())
        }
        GalleryError::Busy { path, seconds } => {
            format!("{} 被另一个程序占用超过 {seconds} 秒；请等它结束后再试", path.display())
        }
        GalleryError::UnknownEntry { wanted, folder, last } => format!(
            "{} 中没有记录“{wanted}”；应为编号、编号的前几位，或最近一组中的序号（1 到 {last}）；gallery list 列出它们",
            folder.display()
        ),
        GalleryError::AmbiguousEntry { wanted, ids } => {
            format!("“{wanted}”对应 {} 条记录，例如 {}；请多给几位", ids.len(), ids.join("、"))
        }
        GalleryError::MissingFile { id, path } => {
            format!("记录 {id} 的图片不见了：应在 {}；请放回去，或 gallery remove {id}", path.display())
        }
        GalleryError::NotPng { path, found } => format!("{} 是 {found}，应为 PNG 图片", path.display()),
        GalleryError::Truncated { path, bytes } => {
            format!("{} 只有 {bytes} 字节，不是完整的 PNG；请重新复制", path.display())
        }
        GalleryError::NoMetadata { path } => {
            format!("{} 里没有请求信息；可能被去掉了，或被别的程序改过", path.display())
        }
        GalleryError::ForeignMetadata { path } => {
            format!("{} 由别的程序生成：只有 parameters，没有精确的请求", path.display())
        }
        GalleryError::MissingSource { sha256, folder } => {
            format!("起始图片 {sha256} 不在 {} 中；请用 --init 或 --mask 再给一次", folder.display())
        }
        _ => return None,
    })
}
