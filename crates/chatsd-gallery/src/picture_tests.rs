//! Picture files: what is written reads back; whatever is read gives an answer.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use chatsd_types::{Image, Size, sample_request};
use proptest::prelude::*;

use super::*;

fn origin(positive: &str) -> Origin {
    Origin { request: sample_request(positive), parents: vec!["0011223344556677".into()] }
}

fn image() -> Image {
    let rgb = (0..96_u8).map(|value| value.wrapping_mul(37)).collect();
    Image { size: Size { width: 8, height: 4 }, rgb }
}

fn picture(positive: &str) -> Vec<u8> {
    encode_png(&image(), Some(&origin(positive))).unwrap()
}

fn here() -> &'static Path {
    Path::new("here.png")
}

fn metadata(bytes: &[u8]) -> Result<Metadata, GalleryError> {
    read_metadata_from(Cursor::new(bytes), here())
}

/// A chunk as the format wants it: length, kind, data, CRC-32.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend_from_slice(kind);
    chunk.extend_from_slice(data);
    let crc = chunk[4..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    chunk.extend_from_slice(&(!crc).to_be_bytes());
    chunk
}

/// A picture that tells nothing, with `chunks` put in behind its header.
fn plain_with(chunks: &[u8]) -> Vec<u8> {
    const HEADER_END: usize = 8 + 25;
    let mut bytes = encode_png(&image(), None).unwrap();
    bytes.splice(HEADER_END..HEADER_END, chunks.iter().copied());
    bytes
}

#[test]
fn a_picture_carries_its_origin_and_its_pixels() {
    for positive in ["a cat, \"cute\"", "可爱的小猫 🐱", "a\0b\r\n\u{1b}", "", "é"] {
        let bytes = picture(positive);
        assert_eq!(metadata(&bytes).unwrap(), Metadata::Own(Box::new(origin(positive))), "{positive:?}");
        assert_eq!(decode_png(&bytes, here()).unwrap(), image());
        assert_eq!(bytes, picture(positive), "same request, same bytes");
    }
}

#[test]
fn the_kind_of_text_follows_its_script() {
    let holds = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    assert!(holds(&picture("a café"), b"tEXtparameters\0a caf\xE9\n"));
    assert!(holds(&picture("小猫"), "iTXtparameters\0\0\0\0\0小猫\n".as_bytes()));
    assert!(holds(&picture("小猫"), b"iTXtchatsd\0\0\0\0\0{\"request\":{"));
}

#[test]
fn texts_of_other_programs_are_read_wherever_they_stand() {
    let text = chunk(b"tEXt", b"parameters\0a cat\nSteps: 1, Sampler: Euler, Seed: 5");
    let front = plain_with(&text);
    let mut back = plain_with(&[]);
    back.splice(back.len() - 12..back.len() - 12, text.iter().copied());
    for bytes in [front, back] {
        let Metadata::Foreign(infotext) = metadata(&bytes).unwrap() else { panic!("not foreign") };
        assert_eq!((infotext.prompt.as_str(), infotext.value("Seed")), ("a cat", Some("5")));
    }
}

#[test]
fn bad_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = picture("a cat");
    let wide = claiming(0x7FFF_FFFF, 4);
    let cases: &[(&str, &[u8], &str)] = &[
        ("empty.png", b"", "an empty file"),
        ("photo.png", b"\xFF\xD8\xFF\xE0....JFIF", "a JPEG picture"),
        ("photo.webp", b"RIFF....WEBPVP8 ", "a WebP picture"),
        ("photo.gif", b"GIF89a", "a GIF picture"),
        ("photo.bmp", b"BM....", "a BMP picture"),
        ("photo.avif", b"....ftypavif", "an AVIF picture"),
        ("notes.txt", b"hello", "begins with the bytes 68 65 6c 6c"),
        ("cut1.png", &whole[..5], "cut off after 5 bytes"),
        ("cut2.png", &whole[..60], "cut off after 60 bytes"),
        ("plain.png", &plain_with(&[]), "holds no request"),
        ("wide.png", &wide, "wide.png"),
        ("wrong.png", &plain_with(&chunk(b"iTXt", b"chatsd\0\0\0\0\0{\"request\":7}")), "not the request of a picture"),
    ];
    for (name, bytes, expected) in cases {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = read_request(&path).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(name), "{name}: {error}");
    }
    assert!(read_request(folder.path()).unwrap_err().to_string().contains("a folder"));
    let nowhere: PathBuf = folder.path().join("nowhere.png");
    assert!(read_request(&nowhere).unwrap_err().to_string().contains("could not read"));
    let foreign = plain_with(&chunk(b"tEXt", b"parameters\0a cat"));
    let path = folder.path().join("foreign.png");
    fs::write(&path, foreign).unwrap();
    assert!(matches!(read_request(&path), Err(GalleryError::ForeignMetadata { .. })));
    assert!(matches!(decode_png(&whole[..whole.len() - 30], here()), Err(GalleryError::Truncated { .. })));
    assert!(matches!(
        decode_png(&wide, here()),
        Err(GalleryError::TooLarge { .. } | GalleryError::TextTooLarge { .. })
    ));
}

/// A picture whose header claims so many pixels.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = plain_with(&[]);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = chunk(b"IHDR", &bytes[16..29])[21..].to_vec();
    bytes[29..33].copy_from_slice(&crc);
    bytes
}

#[test]
fn the_largest_picture_is_read_and_no_larger_one() {
    let metadata = |width, height| metadata(&claiming(width, height)).unwrap_err();
    // Its pixels are not there, which is seen only when they are asked for.
    let largest = metadata(1 << 13, 1 << 13);
    assert!(!matches!(largest, GalleryError::TooLarge { .. }), "{largest}");
    let larger = metadata(1 << 13, (1 << 13) + 1);
    assert!(matches!(larger, GalleryError::TooLarge { width: 8192, height: 8193, limit: 0x400_0000, .. }), "{larger}");
}

#[test]
fn a_text_that_swells_is_refused() {
    // 64 MiB of blanks, packed to some tens of KiB, as the PNG encoder itself packs them.
    let mut bomb = Vec::new();
    let mut encoder = png::Encoder::new(&mut bomb, 8, 4);
    encoder.set_color(ColorType::Rgb);
    encoder.add_ztxt_chunk("parameters".into(), " ".repeat(64 << 20)).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&image().rgb).unwrap();
    writer.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    assert!(matches!(metadata(&bomb), Err(GalleryError::TextTooLarge { .. })));
}

#[test]
fn pixels_of_every_kind_become_rgb() {
    let cases: [(ColorType, &[u8], [u8; 3]); 4] = [
        (ColorType::Grayscale, &[7], [7; 3]),
        (ColorType::GrayscaleAlpha, &[0, 0], [255; 3]),
        (ColorType::Rgba, &[255, 0, 0, 128], [255, 127, 127]),
        (ColorType::Rgb, &[1, 2, 3], [1, 2, 3]),
    ];
    for (colour, pixel, expected) in cases {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
        encoder.set_color(colour);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(pixel).unwrap();
        writer.finish().unwrap();
        assert_eq!(decode_png(&bytes, here()).unwrap().pixel(0, 0), expected, "{colour:?}");
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let broken = Image { size: Size { width: 2, height: 2 }, rgb: vec![0; 11] };
    assert!(matches!(encode_png(&broken, None), Err(GalleryError::InvalidImage { found: 11, expected: 12, .. })));
    let none = Image::filled(Size { width: 0, height: 9 }, [0; 3]);
    assert!(matches!(encode_png(&none, None), Err(GalleryError::InvalidImage { .. })));
    let mut endless = origin("");
    endless.request.guidance = f32::INFINITY;
    assert!(matches!(encode_png(&image(), Some(&endless)), Err(GalleryError::Unwritable)));
    // JSON would hold it as nothing.
    let mut vanishing = origin("");
    vanishing.request.image_guidance = Some(f32::NAN);
    assert!(matches!(encode_png(&image(), Some(&vanishing)), Err(GalleryError::Unwritable)));
}

proptest! {
    #[test]
    fn every_finite_number_reads_back(bits in any::<u32>(), strength in any::<u32>(), seed in any::<u64>()) {
        let mut origin = origin("");
        origin.request.guidance = f32::from_bits(bits);
        origin.request.strength = f32::from_bits(strength);
        origin.request.seed = seed;
        prop_assume!(origin.request.guidance.is_finite() && origin.request.strength.is_finite());
        let bytes = encode_png(&image(), Some(&origin)).unwrap();
        let Metadata::Own(read) = metadata(&bytes).unwrap() else { panic!("not ours") };
        prop_assert_eq!(read.request.guidance.to_bits(), bits);
        prop_assert_eq!(read.request.strength.to_bits(), strength);
        prop_assert_eq!(*read, origin);
    }

    #[test]
    fn any_prompt_is_carried(positive in any::<String>(), negative in any::<String>()) {
        let mut origin = origin(&positive);
        origin.request.prompt.negative = negative;
        let bytes = encode_png(&image(), Some(&origin)).unwrap();
        prop_assert_eq!(metadata(&bytes).unwrap(), Metadata::Own(Box::new(origin)));
    }

    #[test]
    fn spoilt_pictures_give_an_answer(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        shorter in any::<bool>(),
    ) {
        let mut bytes = picture("a cat 小猫");
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if shorter {
            bytes.truncate(cut.index(bytes.len()));
        }
        for error in [metadata(&bytes).err(), decode_png(&bytes, here()).err()].into_iter().flatten() {
            prop_assert!(error.to_string().contains("here.png"));
        }
    }

    #[test]
    fn any_chunk_gives_an_answer(kind in prop::sample::select(vec![*b"iTXt", *b"tEXt", *b"zTXt"]), data in any::<Vec<u8>>(), own in any::<bool>()) {
        let mut text = if own { b"chatsd\0".to_vec() } else { b"parameters\0".to_vec() };
        text.extend(data);
        if let Err(error) = metadata(&plain_with(&chunk(&kind, &text))) {
            prop_assert!(error.to_string().contains("here.png"));
        }
    }
}
