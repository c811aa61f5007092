//! Picture files: PNG with the request inside, written and read.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Seek, SeekFrom},
    path::Path,
};

use chatsd_infotext::Infotext;
use chatsd_types::{Image, Request, Size};
use png::{ColorType, Decoder, DecodingError, Limits, Reader, Transformations};
use serde::{Deserialize, Serialize};

use crate::{FileAction, GalleryError, NoPng, error::io_error};

/// Keyword of our own text: an [`Origin`] as JSON.
const OWN_KEY: &str = "chatsd";
/// Keyword of the text of other programs.
const COMMON_KEY: &str = "parameters";
/// Most pixels that are decoded.
const PIXEL_LIMIT: u64 = 1 << 26;
/// Most bytes of one text inside a picture, unpacked.
const TEXT_LIMIT: usize = 16 << 20;
/// Most bytes the PNG decoder may hold besides the pixels.
const DECODER_LIMIT: usize = 64 << 20;

/// Where a picture comes from: what it carries of its entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// Enough to make the picture again.
    pub request: Request,
    /// What it was made from: ids or SHA-256 of other entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
}

/// What a picture tells about its making.
#[derive(Clone, Debug, PartialEq)]
pub enum Metadata {
    /// Made here: exact.
    Own(Box<Origin>),
    /// Made by another program, or ours went lost: whatever `parameters` says.
    Foreign(Infotext),
}

/// The bytes of a PNG file with `origin` inside; without it a picture that tells nothing.
///
/// The same picture and origin give the same bytes.
///
/// # Errors
/// [`GalleryError::InvalidImage`], and [`GalleryError::Unwritable`] for a request that JSON cannot hold.
pub fn encode_png(image: &Image, origin: Option<&Origin>) -> Result<Vec<u8>, GalleryError> {
    check_image(image)?;
    let unpackable = |error: png::EncodingError| GalleryError::Unpackable { source: error.into() };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.size.width, image.size.height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    if let Some(origin) = origin {
        let infotext = Infotext::of(&origin.request).to_string();
        // tEXt is Latin-1; all other text needs iTXt, which is UTF-8.
        if infotext.chars().all(|c| u32::from(c) < 0x100) {
            encoder.add_text_chunk(COMMON_KEY.into(), infotext).map_err(unpackable)?;
        } else {
            encoder.add_itxt_chunk(COMMON_KEY.into(), infotext).map_err(unpackable)?;
        }
        encoder.add_itxt_chunk(OWN_KEY.into(), own_text(origin)?).map_err(unpackable)?;
    }
    let mut writer = encoder.write_header().map_err(unpackable)?;
    writer.write_image_data(&image.rgb).map_err(unpackable)?;
    writer.finish().map_err(unpackable)?;
    Ok(bytes)
}

/// The origin as JSON that reads back as the same: JSON has no number that is not finite.
fn own_text(origin: &Origin) -> Result<String, GalleryError> {
    let text = serde_json::to_string(origin).ok();
    let faithful = text.filter(|text| serde_json::from_str::<Origin>(text).is_ok_and(|read| read == *origin));
    faithful.ok_or(GalleryError::Unwritable)
}

/// Checks that a picture has as many bytes as its size says, and at least one pixel.
pub(crate) fn check_image(image: &Image) -> Result<(), GalleryError> {
    let expected = 3 * u128::from(image.size.width) * u128::from(image.size.height);
    if expected == 0 || expected != image.rgb.len() as u128 {
        return Err(GalleryError::InvalidImage { size: image.size, found: image.rgb.len(), expected });
    }
    Ok(())
}

/// The request a picture was made with here, from a file anywhere.
///
/// # Errors
/// As [`read_metadata`]; [`GalleryError::ForeignMetadata`] where only another program's text is there.
pub fn read_request(path: &Path) -> Result<Request, GalleryError> {
    match read_metadata(path)? {
        Metadata::Own(origin) => Ok(origin.request),
        Metadata::Foreign(_) => Err(GalleryError::ForeignMetadata { path: path.to_owned() }),
    }
}

/// What a picture file tells about its making. Ours is preferred to the text for other programs.
///
/// # Errors
/// [`GalleryError::Io`], [`GalleryError::NotPng`], [`GalleryError::Truncated`], [`GalleryError::Damaged`],
/// [`GalleryError::TextTooLarge`], [`GalleryError::NoMetadata`], [`GalleryError::BadMetadata`].
pub fn read_metadata(path: &Path) -> Result<Metadata, GalleryError> {
    read_metadata_from(open(path)?, path)
}

/// [`read_metadata`] from bytes that are not in a file; `path` names them in messages.
///
/// # Errors
/// As [`read_metadata`].
pub fn read_metadata_from(source: impl BufRead + Seek, path: &Path) -> Result<Metadata, GalleryError> {
    let (mut reader, length) = open_png(source, path)?;
    if let Some(metadata) = metadata_so_far(&reader, path, length)? {
        return Ok(metadata);
    }
    // Texts may also stand behind the pixels.
    reader.finish().map_err(|error| png_error(error, path, length))?;
    metadata_so_far(&reader, path, length)?.ok_or_else(|| GalleryError::NoMetadata { path: path.to_owned() })
}

fn metadata_so_far<R: BufRead + Seek>(
    reader: &Reader<R>,
    path: &Path,
    length: u64,
) -> Result<Option<Metadata>, GalleryError> {
    if let Some(text) = text(reader, OWN_KEY, path, length)? {
        let bad = |source| GalleryError::BadMetadata { path: path.to_owned(), source };
        let origin = serde_json::from_str(&text).map_err(bad)?;
        return Ok(Some(Metadata::Own(origin)));
    }
    Ok(text(reader, COMMON_KEY, path, length)?.map(|text| Metadata::Foreign(Infotext::parse(&text))))
}

/// The text under `key`, of whichever of the three kinds.
fn text<R: BufRead + Seek>(
    reader: &Reader<R>,
    key: &str,
    path: &Path,
    length: u64,
) -> Result<Option<String>, GalleryError> {
    let info = reader.info();
    let failed = |error| png_error(error, path, length);
    // The decoder has one error for a text that swells beyond the limit and for one that is damaged.
    let packed = |_| GalleryError::TextTooLarge { path: path.to_owned(), limit: TEXT_LIMIT };
    if let Some(chunk) = info.utf8_text.iter().find(|chunk| chunk.keyword == key) {
        let mut chunk = chunk.clone();
        chunk.decompress_text_with_limit(TEXT_LIMIT).map_err(packed)?;
        return chunk.get_text().map(Some).map_err(failed);
    }
    if let Some(chunk) = info.uncompressed_latin1_text.iter().find(|chunk| chunk.keyword == key) {
        return Ok(Some(chunk.text.clone()));
    }
    if let Some(chunk) = info.compressed_latin1_text.iter().find(|chunk| chunk.keyword == key) {
        let mut chunk = chunk.clone();
        chunk.decompress_text_with_limit(TEXT_LIMIT).map_err(packed)?;
        return chunk.get_text().map(Some).map_err(failed);
    }
    Ok(None)
}

/// The pixels of a PNG file; what is transparent in it is laid on white.
///
/// # Errors
/// As [`decode_png`], and [`GalleryError::Io`].
pub fn read_image(path: &Path) -> Result<Image, GalleryError> {
    decode(open(path)?, path)
}

/// The pixels of a PNG in memory; `path` names it in messages. What is transparent is laid on white.
///
/// # Errors
/// [`GalleryError::NotPng`], [`GalleryError::Truncated`], [`GalleryError::Damaged`], [`GalleryError::TooLarge`],
/// [`GalleryError::TextTooLarge`].
pub fn decode_png(bytes: &[u8], path: &Path) -> Result<Image, GalleryError> {
    decode(Cursor::new(bytes), path)
}

fn decode(source: impl BufRead + Seek, path: &Path) -> Result<Image, GalleryError> {
    let (mut reader, length) = open_png(source, path)?;
    let size = Size { width: reader.info().width, height: reader.info().height };
    let mut pixels = vec![0; reader.output_buffer_size().ok_or_else(|| too_large(path, size))?];
    reader.next_frame(&mut pixels).map_err(|error| png_error(error, path, length))?;
    let (colour, _) = reader.output_color_type();
    reader.finish().map_err(|error| png_error(error, path, length))?;
    let rgb = match colour {
        ColorType::Rgb => pixels,
        ColorType::Rgba => {
            pixels.as_chunks().0.iter().flat_map(|&[r, g, b, alpha]| [r, g, b].map(|v| on_white(v, alpha))).collect()
        }
        ColorType::GrayscaleAlpha => {
            pixels.as_chunks().0.iter().flat_map(|&[value, alpha]| [on_white(value, alpha); 3]).collect()
        }
        // `Transformations::normalize_to_color8` leaves no palette.
        ColorType::Grayscale | ColorType::Indexed => pixels.iter().flat_map(|&value| [value; 3]).collect(),
    };
    let image = Image { size, rgb };
    check_image(&image)?;
    Ok(image)
}

fn on_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u16::from(value), u16::from(alpha));
    u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

fn open(path: &Path) -> Result<BufReader<File>, GalleryError> {
    let file = File::open(path).map_err(|error| io_error(FileAction::Read, path, error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(GalleryError::NotPng { path: path.to_owned(), found: NoPng::Folder });
    }
    Ok(BufReader::new(file))
}

/// Reads up to the pixels; also gives the length of the file.
fn open_png<R: BufRead + Seek>(mut source: R, path: &Path) -> Result<(Reader<R>, u64), GalleryError> {
    let read_error = |error| io_error(FileAction::Read, path, error);
    let length = source.seek(SeekFrom::End(0)).map_err(read_error)?;
    source.rewind().map_err(read_error)?;
    let head = source.fill_buf().map_err(read_error)?;
    if let Some(found) = other_kind(head) {
        return Err(GalleryError::NotPng { path: path.to_owned(), found });
    }
    let mut decoder = Decoder::new_with_limits(source, Limits { bytes: DECODER_LIMIT });
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(|error| png_error(error, path, length))?;
    let size = Size { width: header.width, height: header.height };
    if u64::from(size.width) * u64::from(size.height) > PIXEL_LIMIT {
        return Err(too_large(path, size));
    }
    let reader = decoder.read_info().map_err(|error| png_error(error, path, length))?;
    Ok((reader, length))
}

/// What a file that is no PNG is, by its first bytes (the signatures of the formats' own specifications).
fn other_kind(head: &[u8]) -> Option<NoPng> {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
    if head.starts_with(PNG) || (!head.is_empty() && PNG.starts_with(head)) {
        return None;
    }
    let format = match head {
        [] => return Some(NoPng::Empty),
        [0xFF, 0xD8, 0xFF, ..] => "JPEG",
        [b'G', b'I', b'F', b'8', ..] => "GIF",
        [b'B', b'M', ..] => "BMP",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "WebP",
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => "AVIF",
        _ => return Some(NoPng::Unknown { first: head[..head.len().min(4)].to_vec() }),
    };
    Some(NoPng::Picture { format })
}

fn too_large(path: &Path, size: Size) -> GalleryError {
    let (width, height) = (size.width.into(), size.height.into());
    GalleryError::TooLarge { path: path.to_owned(), width, height, limit: PIXEL_LIMIT }
}

/// Gives an error of the decoder its place and its meaning.
fn png_error(error: DecodingError, path: &Path, length: u64) -> GalleryError {
    let path = path.to_owned();
    match error {
        DecodingError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            GalleryError::Truncated { path, bytes: length }
        }
        DecodingError::IoError(error) => io_error(FileAction::Read, path, error),
        DecodingError::LimitsExceeded => GalleryError::TextTooLarge { path, limit: DECODER_LIMIT },
        other => GalleryError::Damaged { path, source: other.into() },
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
