//! What is done to pictures outside the networks, against OpenCV and Pillow: see `reference/pixels.py`.

mod common;

use chatsd_types::{Image, Kernel, Size, blurred};
use common::Goldens;

/// The golden picture.
const SIZE: Size = Size { width: 44, height: 36 };

fn bytes(goldens: &Goldens, name: &str) -> Vec<u8> {
    goldens.values(name).into_iter().map(|value| value as u8).collect()
}

fn furthest(found: &[u8], expected: &[u8]) -> u8 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[test]
fn pictures_are_resized_as_pillow_does() {
    let goldens = Goldens::open("pixels.safetensors");
    let image = Image { size: SIZE, rgb: bytes(&goldens, "picture") };
    for (name, kernel) in [("lanczos", Kernel::Lanczos), ("cubic", Kernel::Cubic), ("triangle", Kernel::Triangle)] {
        for size in [Size { width: 60, height: 40 }, Size { width: 23, height: 17 }] {
            // Pillow rounds to bytes after the rows and again after the columns.
            let expected = bytes(&goldens, &format!("{name}.{size}"));
            assert!(furthest(&image.resized(size, kernel).rgb, &expected) <= 1, "{name} to {size}");
        }
    }
}

#[test]
fn a_mask_is_blurred_as_opencv_does() {
    let goldens = Goldens::open("pixels.safetensors");
    let soft = blurred(&goldens.values("hard"), SIZE, 4.0, 10);
    let soft: Vec<u8> = soft.into_iter().map(|value| value.round() as u8).collect();
    assert!(furthest(&soft, &bytes(&goldens, "mask")) <= 1);
}
