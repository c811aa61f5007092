//! Why a job cannot be done.

use chatsd_studio::StudioError;

use super::{Spoken, class};
use crate::{ErrorClass, Lang};

impl Spoken for StudioError {
    fn chinese(&self) -> String {
        match self {
            Self::Prompt(error) => error.chinese(),
            Self::Parameter(error) => error.chinese(),
            Self::Request(error) => error.chinese(),
            Self::Gallery(error) => error.chinese(),
            Self::Count { found, limit } => format!("图片数是 {found}：应在 1 到 {limit} 之间"),
            Self::Paint { number, .. } => format!("第 {number} 张没有画成"),
            Self::Model { name, .. } => format!("无法载入模型 {name}"),
            Self::TooLarge { needed, room, remedies } => {
                let (needed, room) = (needed.div_ceil(1 << 20), room >> 20);
                let remedies: Vec<String> = remedies.iter().map(ToString::to_string).collect();
                if remedies.is_empty() {
                    format!("这需要 {needed} MB 内存，而可用的只有 {room} MB；请关闭其他程序，或换小一些的模型")
                } else {
                    let remedies = remedies.join(" 或 ");
                    format!("这需要 {needed} MB 内存，而可用的只有 {room} MB；用 {remedies} 就放得下")
                }
            }
            Self::Source { role, .. } => format!("{}不能用", Lang::Zh.of(role.label())),
            Self::NoTarget { target, folder } => {
                format!("{target} 不是文件，{} 也不是图库：应为一张图片，或编号和 --out", folder.display())
            }
            Self::NoGallery { folder } => format!("{} 中没有图库可选；可用 --out 指定", folder.display()),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Prompt(error) => error.class(),
            Self::Parameter(error) => error.class(),
            Self::Request(error) | Self::Paint { source: error, .. } => error.class(),
            Self::Gallery(error) => error.class(),
            Self::Count { .. } => ErrorClass::Usage,
            Self::Model { source, .. } => class(&**source),
            Self::TooLarge { .. } => ErrorClass::NoRoom,
            Self::Source { source, .. } => source.class(),
            Self::NoTarget { .. } | Self::NoGallery { .. } => ErrorClass::NotFound,
        }
    }
}
