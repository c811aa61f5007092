//! What can go wrong with a gallery or a picture file.

use chatsd_gallery::GalleryError;

use super::Spoken;
use crate::ErrorClass;

impl Spoken for GalleryError {
    fn chinese(&self) -> String {
        old(self).unwrap_or_else(|| self.to_string())
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Failed
    }
}

fn old(error: &GalleryError) -> Option<String> {
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
