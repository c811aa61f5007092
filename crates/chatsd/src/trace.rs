//! A picture traced to an SVG drawing: areas of one colour become smooth outlines, stacked from back to front.
//!
//! The steps and their figures are those of VTracer's colour mode (visioncortex/vtracer, `cmdapp/src/config.rs`).

use std::{fmt::Write, path::Path};

use chatsd_gallery::{GalleryError, read_image, write_whole};
use chatsd_types::Image;
use visioncortex::{
    ColorImage, PathSimplifyMode, PointF64,
    color_clusters::{Runner, RunnerConfig},
};

/// Areas below this many pixels are speckles.
const SPECKLE: usize = 16;
/// Lowest bits of a colour that do not matter.
const COLOUR_BITS_LOST: i32 = 2;
/// Colour distance between two layers.
const LAYER: i32 = 16;
/// A corner turns by at least this angle.
const CORNER_DEGREES: f64 = 60.0;
/// A curve is cut where it has turned by this angle.
const SPLICE_DEGREES: f64 = 45.0;
/// Segments are made this short in pixels.
const LENGTH: f64 = 4.0;
/// Rounds of smoothing.
const ROUNDS: usize = 10;

/// Traces a picture file into an SVG file beside it.
///
/// # Errors
/// When the picture cannot be read or the drawing cannot be written.
pub fn beside(picture: &Path) -> Result<(), GalleryError> {
    write_whole(&picture.with_extension("svg"), svg(&read_image(picture)?).as_bytes())
}

/// The text of an SVG file.
pub fn svg(image: &Image) -> String {
    let (width, height) = (image.size.width as usize, image.size.height as usize);
    let pixels = image.rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let config = RunnerConfig {
        good_min_area: SPECKLE,
        good_max_area: width * height,
        is_same_color_a: COLOUR_BITS_LOST,
        deepen_diff: LAYER,
        ..RunnerConfig::default()
    };
    let clusters = Runner::new(config, ColorImage { pixels, width, height }).run();
    let view = clusters.view();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n"
    );
    for &index in view.clusters_output.iter().rev() {
        let cluster = view.get_cluster(index);
        let path = cluster.to_compound_path(
            &view,
            false,
            PathSimplifyMode::Spline,
            CORNER_DEGREES.to_radians(),
            LENGTH,
            ROUNDS,
            SPLICE_DEGREES.to_radians(),
        );
        let colour = cluster.residue_color();
        let (outline, offset) = path.to_svg_string(true, PointF64::default(), Some(2));
        let written = writeln!(
            text,
            "<path d=\"{outline}\" fill=\"#{:02x}{:02x}{:02x}\" transform=\"translate({},{})\"/>",
            colour.r, colour.g, colour.b, offset.x, offset.y
        );
        debug_assert!(written.is_ok(), "a String takes everything");
    }
    text.push_str("</svg>\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsd_types::Size;

    #[test]
    fn a_square_on_white_is_two_areas() {
        let mut image = Image::filled(Size { width: 64, height: 64 }, [255; 3]);
        for y in 20..44_usize {
            for x in 20..44 {
                image.rgb[3 * (y * 64 + x)..][..3].copy_from_slice(&[200, 30, 30]);
            }
        }
        let text = svg(&image);
        assert_eq!(text.matches("<path").count(), 2, "{text}");
        assert!(text.contains("#c81e1e") && text.contains("#ffffff") && text.ends_with("</svg>\n"), "{text}");
    }
}
