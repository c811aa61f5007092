//! What can go wrong with files from elsewhere.

use chatsd_hub::{HubError, LookupError, in_words};

use super::Spoken;
use crate::{ErrorClass, Lang};

impl Spoken for HubError {
    fn chinese(&self) -> String {
        match self {
            Self::Network { host, fault } => {
                format!("连不上 {host}：{}；已下载的部分保留着，再运行同一命令即可继续", fault.chinese())
            }
            Self::NotFound { url, said } => format!("{url} 不存在{}", its_words(said)),
            Self::Refused { host, url, variable, page, sent, said } => {
                let who = if *sent { "这个令牌" } else { "匿名访问" };
                let token = match variable {
                    Some(variable) if *sent => format!("；请检查 {variable} 中的令牌"),
                    Some(variable) => format!("；请在该网站创建令牌并设为 {variable}"),
                    None => String::new(),
                };
                let page = page.as_ref().map(|page| format!("；若需同意许可，请打开 {page}")).unwrap_or_default();
                format!("{host} 不向{who}提供 {url}{}{token}{page}", its_words(said))
            }
            Self::Limited { host, seconds } => {
                format!("对 {host} 的访问太频繁：它要求等 {seconds} 秒；请稍后再试，或使用自己的令牌")
            }
            Self::Answer { url, fault } => format!("{url}：{}", fault.chinese()),
            Self::Length { url, found, expected } => {
                format!("{url} 有 {found} 字节，应为 {expected}：被截断了，或不是列出的那个文件")
            }
            Self::Hash { url, found, expected } => {
                format!("{url} 的 SHA-256 是 {found}，应为 {expected}：文件损坏或被换过；没有保留")
            }
            Self::Changing { url } => format!("{url} 在下载过程中一再改变；请以后再试"),
            Self::Space { path, needed, free } => format!(
                "{} 还需要 {}，而磁盘只剩 {}；请腾出空间，或换一个文件夹",
                path.display(),
                in_words(*needed),
                in_words(*free)
            ),
            Self::Busy { path } => format!("另一个程序正在下载 {}；请等它结束", path.display()),
            Self::Stopped { path, bytes } => {
                format!("已停止；{} 的 {} 保留着，再运行同一命令即可继续", path.display(), in_words(*bytes))
            }
            Self::Io { path, source } => format!("{}：{}", path.display(), source.chinese()),
            Self::Name { name, fault } => format!("“{name}”{}", fault.chinese()),
            Self::Offline { what, cache } => format!(
                "{what} 不在这台机器上，而 HF_HUB_OFFLINE 禁止下载；请取消该变量，或把文件放进 {}",
                cache.display()
            ),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Network { fault, .. } => fault.class(),
            Self::NotFound { .. } | Self::Offline { .. } => ErrorClass::NotFound,
            Self::Refused { .. } => ErrorClass::Forbidden,
            Self::Limited { .. } => ErrorClass::Limited,
            Self::Answer { fault, .. } => fault.class(),
            Self::Length { .. } | Self::Hash { .. } | Self::Changing { .. } => ErrorClass::Remote,
            Self::Space { .. } => ErrorClass::NoRoom,
            Self::Busy { .. } => ErrorClass::Conflict,
            Self::Stopped { .. } => ErrorClass::Stopped,
            Self::Io { source, .. } => source.class(),
            Self::Name { fault, .. } => fault.class(),
        }
    }
}

fn its_words(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("（它说：{said}）") }
}

impl Spoken for LookupError {
    fn chinese(&self) -> String {
        let of = |text| Lang::Zh.of(text);
        match self {
            Self::NoFile { kind, name, nearest } if nearest.is_empty() => {
                format!("没有叫 {name} 的{}；chatsd models list 列出现有的", of(kind.label()))
            }
            Self::NoFile { kind, name, nearest } => {
                format!("没有叫 {name} 的{}；最接近的是 {}", of(kind.label()), nearest.join("、"))
            }
            Self::InCatalog { kind, name, bytes } => format!(
                "{} {name} 不在这里，但目录里有：chatsd models pull {name}（{}）",
                of(kind.label()),
                in_words(*bytes)
            ),
            Self::NotInCatalog { name, nearest } => {
                format!("目录里没有 {name}；最接近的是 {}；Hugging Face 上的写作 owner/name", nearest.join("、"))
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::NoFile { .. } | Self::InCatalog { .. } | Self::NotInCatalog { .. } => ErrorClass::NotFound,
        }
    }
}
