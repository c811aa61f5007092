//! What a file that is no model file looks like: the usual mistakes, by their first bytes.

use std::fmt;

/// What a file, or what stands in its place, looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the text of a variant says what it is")]
pub enum FileLooks {
    Folder,
    Device,
    Empty,
    GitLfsPointer,
    HtmlPage,
    ZipArchive,
    Pickle,
    Compressed,
    Archive,
    OldGgml,
    Hdf5,
    Picture,
    Pdf,
    Onnx,
    Json,
    Zeros,
    Text,
    Unknown,
}

/// What to do with a file that is no model file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the text of a variant says what it is")]
pub enum FileAdvice {
    GiveFileInside,
    ChooseAnother,
    DownloadFile,
    DownloadFileNotPage,
    PullGitLfs,
    Unpack,
    GiveModelFile,
    GiveFolderOrWeights,
}

impl FileLooks {
    /// By a file's first bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let head = &bytes[..bytes.len().min(512)];
        let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
        let starts = |magic: &[u8]| head.starts_with(magic);
        if bytes.is_empty() {
            Self::Empty
        } else if text.starts_with("version https://git-lfs") {
            Self::GitLfsPointer
        } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
            Self::HtmlPage
        } else if starts(b"PK\x03\x04") {
            Self::ZipArchive
        } else if head.len() > 2 && head[0] == 0x80 && matches!(head[1], 2..=5) {
            Self::Pickle
        } else if starts(b"\x1f\x8b") || starts(b"BZh") || starts(b"\xfd7zXZ\0") || starts(b"\x28\xb5\x2f\xfd") {
            Self::Compressed
        } else if starts(b"7z\xbc\xaf\x27\x1c") || starts(b"Rar!") || head.get(257..262) == Some(b"ustar") {
            Self::Archive
        } else if starts(b"lmgg") || starts(b"tjgg") || starts(b"fmgg") || starts(b"algg") {
            Self::OldGgml
        } else if starts(b"\x89HDF") {
            Self::Hdf5
        } else if starts(b"\x89PNG") || starts(b"\xff\xd8\xff") || starts(b"GIF8") || starts(b"RIFF") {
            Self::Picture
        } else if starts(b"%PDF") {
            Self::Pdf
        } else if contains(head, b"pytorch") && head[0] == 0x08 {
            Self::Onnx
        } else if text.starts_with('{') || text.starts_with('[') {
            Self::Json
        } else if head.iter().all(|&byte| byte == 0) {
            Self::Zeros
        } else if std::str::from_utf8(head).is_ok() {
            Self::Text
        } else {
            Self::Unknown
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> FileAdvice {
        match self {
            Self::Folder => FileAdvice::GiveFileInside,
            Self::Device | Self::Picture | Self::Pdf | Self::Text | Self::Unknown => FileAdvice::ChooseAnother,
            Self::Empty | Self::Zeros => FileAdvice::DownloadFile,
            Self::GitLfsPointer => FileAdvice::PullGitLfs,
            Self::HtmlPage => FileAdvice::DownloadFileNotPage,
            Self::ZipArchive | Self::Compressed | Self::Archive => FileAdvice::Unpack,
            Self::Pickle | Self::OldGgml | Self::Hdf5 | Self::Onnx => FileAdvice::GiveModelFile,
            Self::Json => FileAdvice::GiveFolderOrWeights,
        }
    }
}

impl fmt::Display for FileLooks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Folder => "a folder",
            Self::Device => "a device or pipe",
            Self::Empty => "empty",
            Self::GitLfsPointer => "a Git LFS pointer to a model",
            Self::HtmlPage => "an HTML page",
            Self::ZipArchive => "a ZIP archive",
            Self::Pickle => "a pickle of Python, but no PyTorch checkpoint",
            Self::Compressed => "a compressed file",
            Self::Archive => "an archive",
            Self::OldGgml => "a model in ggml's format before GGUF",
            Self::Hdf5 => "an HDF5 file, as Keras writes",
            Self::Picture => "a picture",
            Self::Pdf => "a PDF document",
            Self::Onnx => "an ONNX model: not readable",
            Self::Json => "a JSON text",
            Self::Zeros => "a run of zeros, as an unfinished download leaves",
            Self::Text => "a text",
            Self::Unknown => "of an unknown kind",
        })
    }
}

impl fmt::Display for FileAdvice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::GiveFileInside => "give the file of weights inside it",
            Self::ChooseAnother => "choose another file",
            Self::DownloadFile => "download the file itself",
            Self::DownloadFileNotPage => "download the file itself, not the page that shows it",
            Self::PullGitLfs => "fetch the file it points to with `git lfs pull`",
            Self::Unpack => "unpack it",
            Self::GiveModelFile => "use the model's safetensors, GGUF or PyTorch file",
            Self::GiveFolderOrWeights => "give the model's folder, or the file of its weights",
        })
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
