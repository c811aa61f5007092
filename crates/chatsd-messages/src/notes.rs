//! What the user should know about a prompt or a picture of it.

use chatsd_types::Note;

use crate::Lang;

/// A note in a language.
#[must_use]
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
        Note::FewSteps { adapter, steps, sampler, schedule, guidance } => {
            format!("{adapter} 是少步数用的：没有另说的都用 {steps} 步、{sampler}、{schedule}、引导强度 {guidance}")
        }
        Note::Unmatched { adapter, parts } => {
            format!("{adapter} 有 {} 部分与这个模型的层对不上：{}", parts.len(), Note::first(parts))
        }
        Note::NegativeUnheard => "引导强度为 1 时，不要有的东西不起作用；提高 --guidance 才有用".to_owned(),
        Note::OtherSize { found, trained } => format!("模型是按 {trained} 训练的：{found} 的图会差一些"),
        Note::Foreign { taken } => format!("由别的程序生成；沿用其中的：{}", taken.join("、")),
        Note::NotUsed { left } => format!("没有用到、因此画面可能不同：{}", Note::pairs(left)),
        Note::WithoutInit => "它是从一张起始图画成的，而那张图不在这里，所以从头画起；可用 --init 给出".to_owned(),
        Note::OtherModel { found, used, name } => {
            format!("原图用的模型是 {found}，现在是 {used}，画面会不同；请用 --model {name} 或它所在的位置")
        }
    }
}
