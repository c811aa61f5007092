//! Why no prompt came.

use chatsd_prompt::PromptError;
use chatsd_types::{SyntaxError, SyntaxProblem};

use super::Spoken;
use crate::ErrorClass;

impl Spoken for PromptError {
    fn chinese(&self) -> String {
        match self {
            Self::Empty => "句子是空的：请说图片要画什么，例如“可爱的小猫标志,开心,微笑”".to_owned(),
            Self::TooLong { found, limit } => format!("句子有 {found} 个字符，最多读 {limit} 个：请缩短"),
            Self::NothingToPaint { found } => format!("“{found}”里没有可画的东西：请加上图片要画什么"),
            Self::UnknownStyle { found, nearest } => format!("没有风格“{found}”：最接近的是 {}", nearest.join("、")),
            Self::StyleNotForModel { style, family, usable } => {
                format!("风格 {style} 需要别的模型；“{family}”会的有 {}", usable.join("、"))
            }
            Self::NoStyle { family, styles } => format!("{styles} 种风格中没有一种适合“{family}”类模型"),
            Self::Syntax(error) => error.chinese(),
            Self::Csv { line, message } => format!("styles.csv 第 {line} 行：{message}"),
        }
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}

impl Spoken for SyntaxError {
    fn chinese(&self) -> String {
        format!("第 {} 列：{}", self.column, self.problem.chinese())
    }

    fn class(&self) -> ErrorClass {
        self.problem.class()
    }
}

impl Spoken for SyntaxProblem {
    fn chinese(&self) -> String {
        match self {
            Self::NoWeight { found, example } => format!("“{found}”不是权重：应为数字，如 {example}"),
            Self::NoCount { found } => format!("“{found}”不是个数：应如 {{2$$a|b|c}} 或 {{1-2$$a|b|c}}"),
            Self::OpenBrace => "这个 { 没有 }：应为 {a|b}；普通的括号写作 \\{".to_owned(),
            Self::OpenWildcard { name } => format!("通配 __{name} 没有结尾：应为 __{name}__"),
            Self::TooDeep { depth, limit } => format!("括号套了 {depth} 层，最多读 {limit} 层"),
            Self::Loop { name, limit } => format!("__{name}__ 套着它自己，或套了超过 {limit} 个文件"),
            Self::UnknownWildcard { name } => format!("没有通配文件“{name}”：通配文件夹中应有 {name}.txt"),
            Self::EmptyWildcard { name } => format!("通配文件“{name}”里没有一行"),
            Self::InLine { name, line, inner } => format!("__{name}__ 的一行“{line}”中，{}", inner.chinese()),
            Self::TooLong { limit } => format!("展开后超过 {limit} 个字符"),
        }
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}
