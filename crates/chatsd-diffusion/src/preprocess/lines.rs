//! Lines and sketches by differences of blurs.

use chatsd_types::{Image, blurred};

/// White lines where the picture is darker than around: `lineart_standard` of the ControlNet extension.
pub(super) fn lineart(image: &Image) -> Vec<u8> {
    let (around, own) = (softened(image, 6.0, 18, true), planes(image));
    let pixel = |index: usize| {
        let darker = (0..3).map(|channel| around[channel][index] - own[channel][index]);
        darker.fold(f32::INFINITY, f32::min).clamp(0.0, 255.0)
    };
    let darker: Vec<f32> = (0..own[0].len()).map(pixel).collect();
    let mut lines: Vec<f32> = darker.iter().copied().filter(|value| *value > 8.0).collect();
    lines.sort_by(f32::total_cmp);
    let middle = match lines.len() {
        0 => 0.0,
        count if count % 2 == 0 => f32::midpoint(lines[count / 2 - 1], lines[count / 2]),
        count => lines[count / 2],
    };
    darker.iter().map(|value| (value / middle.max(16.0) * 127.0).clamp(0.0, 255.0) as u8).collect()
}

/// White where a fine blur is much darker than a coarse one: `scribble_xdog` of the ControlNet extension, threshold 32.
pub(super) fn scribble(image: &Image) -> Vec<u8> {
    let (fine, coarse) = (softened(image, 0.5, 2, false), softened(image, 5.0, 20, false));
    let pixel = |index: usize| {
        let darker = (0..3).map(|channel| coarse[channel][index] - fine[channel][index]);
        let kept = (255.0 - darker.fold(f32::INFINITY, f32::min)).clamp(0.0, 255.0) as u8;
        if 2 * (255 - i32::from(kept)) > 32 { 255 } else { 0 }
    };
    (0..fine[0].len()).map(pixel).collect()
}

/// The colours as planes.
fn planes(image: &Image) -> [Vec<f32>; 3] {
    [0, 1, 2].map(|channel| image.rgb.iter().skip(channel).step_by(3).map(|&value| f32::from(value)).collect())
}

/// The colours blurred, and rounded to bytes where OpenCV blurs bytes.
fn softened(image: &Image, deviation: f32, radius: usize, rounded: bool) -> [Vec<f32>; 3] {
    planes(image).map(|plane| {
        let soft = blurred(&plane, image.size, deviation, radius);
        if rounded { soft.into_iter().map(f32::round).collect() } else { soft }
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use chatsd_types::Size;
    use chatsd_weights::WeightFile;

    use super::*;

    /// The picture of `reference/pixels.py`, and its other values by name.
    pub(in crate::preprocess) fn golden() -> (Image, impl Fn(&str) -> Vec<u8>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/pixels.safetensors");
        let file = WeightFile::open(&path).unwrap();
        let shape = file.shape("picture").unwrap().to_vec();
        let values = move |name: &str| -> Vec<u8> {
            file.get(name).unwrap().values().unwrap().into_iter().map(|value| value as u8).collect()
        };
        let size = Size { width: shape[1] as u32, height: shape[0] as u32 };
        (Image { size, rgb: values("picture") }, values)
    }

    #[test]
    fn lines_and_sketches_are_opencvs_but_for_rounding() {
        let (image, values) = golden();
        let furthest = lineart(&image).iter().zip(values("lineart")).map(|(a, b)| a.abs_diff(b)).max();
        // OpenCV rounds its kernels to 2⁻⁸ when it blurs bytes: a level more or less, times 127 / median.
        assert!(furthest <= Some(8), "{furthest:?}");
        let differing = scribble(&image).iter().zip(values("scribble")).filter(|(a, b)| **a != *b).count();
        assert!(differing <= 4, "{differing} pixels of {}", 44 * 36);
    }
}
