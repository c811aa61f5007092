//! What a file that is no model file looks like: the usual mistakes, by their first bytes.

/// A description that fits "… is ___, not a model file", and what to do.
pub(crate) fn looks_like(bytes: &[u8]) -> (&'static str, &'static str) {
    const DOWNLOAD: &str = "download the file itself";
    const CONVERT: &str = "use the model's safetensors, GGUF or PyTorch file";
    const CHOOSE: &str = "choose another file";
    let head = &bytes[..bytes.len().min(512)];
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    let starts = |magic: &[u8]| head.starts_with(magic);
    if bytes.is_empty() {
        ("empty", DOWNLOAD)
    } else if text.starts_with("version https://git-lfs") {
        ("a Git LFS pointer to a model", "fetch the file it points to with `git lfs pull`")
    } else if text.starts_with("<!doctype html") || text.starts_with("<html") {
        ("an HTML page", "download the file itself, not the page that shows it")
    } else if starts(b"PK\x03\x04") {
        ("a ZIP archive", "unpack it")
    } else if head.len() > 2 && head[0] == 0x80 && matches!(head[1], 2..=5) {
        ("a pickle of Python, but no PyTorch checkpoint", CONVERT)
    } else if starts(b"\x1f\x8b") || starts(b"BZh") || starts(b"\xfd7zXZ\0") || starts(b"\x28\xb5\x2f\xfd") {
        ("a compressed file", "unpack it")
    } else if starts(b"7z\xbc\xaf\x27\x1c") || starts(b"Rar!") || head.get(257..262) == Some(b"ustar") {
        ("an archive", "unpack it")
    } else if starts(b"lmgg") || starts(b"tjgg") || starts(b"fmgg") || starts(b"algg") {
        ("a model in ggml's format before GGUF", CONVERT)
    } else if starts(b"\x89HDF") {
        ("an HDF5 file, as Keras writes", CONVERT)
    } else if starts(b"\x89PNG") || starts(b"\xff\xd8\xff") || starts(b"GIF8") || starts(b"RIFF") {
        ("a picture", CHOOSE)
    } else if starts(b"%PDF") {
        ("a PDF document", CHOOSE)
    } else if contains(head, b"pytorch") && head[0] == 0x08 {
        ("an ONNX model: not readable", CONVERT)
    } else if text.starts_with('{') || text.starts_with('[') {
        ("a JSON text", "give the model's folder, or the file of its weights")
    } else if head.iter().all(|&byte| byte == 0) {
        ("a run of zeros, as an unfinished download leaves", DOWNLOAD)
    } else if std::str::from_utf8(head).is_ok() {
        ("a text", CHOOSE)
    } else {
        ("of an unknown kind", CHOOSE)
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
