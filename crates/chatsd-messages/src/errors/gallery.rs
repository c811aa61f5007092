//! What can go wrong with a gallery or a picture file.

use chatsd_gallery::{FileAction, GalleryError, NoGallery, NoPng};

use super::{Spoken, say};
use crate::{ErrorClass, Lang};

impl Spoken for GalleryError {
    fn chinese(&self) -> String {
        match self {
            Self::ReadOnly { path } => format!("{} 不可写；请换一个输出文件夹，或修改它的权限", path.display()),
            Self::DiskFull { path } => {
                format!("磁盘没有空间写 {}；请腾出空间或换一个输出文件夹；完成的图片已保存", path.display())
            }
            Self::Io { doing, path, source } => {
                format!("无法{} {}：{}", action(*doing), path.display(), source.chinese())
            }
            Self::NotAGallery { path, found } => {
                format!("{} 是{}，应为图库的记录；请把它移走，记录会按图片重建", path.display(), no_gallery(*found))
            }
            Self::Newer { path, found, known } => format!(
                "{} 中的记录是第 {found} 版，这个程序只认到第 {known} 版；请用新的程序，或换一个输出文件夹",
                path.display()
            ),
            Self::Busy { path, seconds } => {
                format!("{} 被另一个程序占用超过 {seconds} 秒；请等它结束或结束它，然后再试", path.display())
            }
            Self::Database { path, source } => format!(
                "{} 中的记录不能用：{}；若文件已损坏，请把它移走，记录会按图片重建",
                path.display(),
                say(Lang::Zh, &**source)
            ),
            Self::DamagedRecord { path, id, source } => {
                format!("{} 中 {id} 的记录已损坏：{source}；可用 gallery remove {id} 移除", path.display())
            }
            Self::UnknownEntry { wanted, folder, last } => format!(
                "{} 中没有记录“{wanted}”；应为编号、编号的前几位，或最近一组中的序号（1 到 {last}）；gallery list 列出它们",
                folder.display()
            ),
            Self::AmbiguousEntry { wanted, ids } => {
                format!("“{wanted}”对应 {} 条记录，例如 {}；请多给几位", ids.len(), ids.join("、"))
            }
            Self::UnknownSheet { id, folder } => {
                format!("{} 中没有编号为“{id}”的一组图；可能在作画时被移除了", folder.display())
            }
            Self::NumberTaken { path } => format!("{} 已经存在；应为这一组中还没有用过的序号", path.display()),
            Self::MissingFile { id, path } => {
                format!("记录 {id} 的图片不见了：应在 {}；请放回去，或用 gallery remove {id} 移除", path.display())
            }
            Self::MissingSource { sha256, folder } => {
                format!("起始图片 {sha256} 不在 {} 中；请用 --init 或 --mask 再给一次", folder.display())
            }
            Self::DamagedSource { path, found } => {
                format!("{} 已损坏：像素的 SHA-256 是 {found}，应与文件名相同；请移除它，再给一次图片", path.display())
            }
            Self::InvalidImage { size, found, expected } => {
                format!("{size} 的图片有 {found} 字节像素：应为 {expected} 字节，且至少一个像素")
            }
            Self::TooLarge { path, width, height, limit } => {
                format!("{} 自称有 {width}x{height} 像素；总共最多 {limit} 像素", path.display())
            }
            Self::TextTooLarge { path, limit } => format!(
                "{} 中的一段文字或文件头在 {limit} 字节内解不开；应为带有请求的图片；请重新复制",
                path.display()
            ),
            Self::NotPng { path, found } => format!("{} 是{}，应为 PNG 图片", path.display(), no_png(found)),
            Self::Truncated { path, bytes } => {
                format!("{} 到第 {bytes} 字节就断了，应为完整的 PNG 图片；请重新复制", path.display())
            }
            Self::Damaged { path, source } => {
                format!("{} 是损坏的 PNG 图片：{}；请重新复制", path.display(), say(Lang::Zh, &**source))
            }
            Self::NoMetadata { path } => format!(
                "{} 里没有请求，应有名为 chatsd 或 parameters 的文字；可能被去掉了，或被别的程序改过",
                path.display()
            ),
            Self::BadMetadata { path, source } => format!(
                "{} 里的请求读不了：其中名为 chatsd 的文字不是图片的请求：{source}；若由更新的程序生成，请用那个程序",
                path.display()
            ),
            Self::ForeignMetadata { path } => {
                format!("{} 由别的程序生成：只有 parameters，应有 chatsd 中精确的请求", path.display())
            }
            Self::Unwritable => "这个请求写不下来：再读出来会变样；其中的数都应是有限的".to_owned(),
            Self::Unpackable { source } => format!("图片无法写成 PNG：{}", say(Lang::Zh, &**source)),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::ReadOnly { .. } => ErrorClass::Forbidden,
            Self::DiskFull { .. } => ErrorClass::NoRoom,
            Self::Io { source, .. } => source.class(),
            Self::Busy { .. } | Self::NumberTaken { .. } => ErrorClass::Conflict,
            Self::UnknownEntry { .. }
            | Self::UnknownSheet { .. }
            | Self::MissingFile { .. }
            | Self::MissingSource { .. } => ErrorClass::NotFound,
            Self::AmbiguousEntry { .. } | Self::Unwritable => ErrorClass::Usage,
            Self::NotAGallery { .. }
            | Self::Newer { .. }
            | Self::Database { .. }
            | Self::DamagedRecord { .. }
            | Self::DamagedSource { .. }
            | Self::InvalidImage { .. }
            | Self::TooLarge { .. }
            | Self::TextTooLarge { .. }
            | Self::NotPng { .. }
            | Self::Truncated { .. }
            | Self::Damaged { .. }
            | Self::NoMetadata { .. }
            | Self::BadMetadata { .. }
            | Self::ForeignMetadata { .. } => ErrorClass::Unusable,
            Self::Unpackable { .. } => ErrorClass::Failed,
        }
    }
}

const fn action(doing: FileAction) -> &'static str {
    match doing {
        FileAction::Read => "读取",
        FileAction::Write => "写入",
        FileAction::Create => "建立",
        FileAction::Remove => "移除",
    }
}

const fn no_gallery(found: NoGallery) -> &'static str {
    match found {
        NoGallery::Folder => "文件夹",
        NoGallery::NoDatabase => "别的文件，或损坏的 SQLite 数据库",
        NoGallery::OtherDatabase => "别的程序的数据库",
    }
}

fn no_png(found: &NoPng) -> String {
    match found {
        NoPng::Folder => "文件夹".to_owned(),
        NoPng::Empty => "空文件".to_owned(),
        NoPng::Picture { format } => format!(" {format} 图片"),
        NoPng::Unknown { first } => {
            let first: Vec<_> = first.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("不认识的文件（开头的字节是 {}）", first.join(" "))
        }
    }
}
