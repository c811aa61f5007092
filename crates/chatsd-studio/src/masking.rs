//! Masked painting around the model: the mask is softened, the part to paint is cut out, and what was painted is put
//! back. Steps and numbers are those of stable-diffusion-webui (`modules/processing.py`, `modules/masking.py`).

use chatsd_types::{Image, Kernel, Mask, Request, Size, Source, blurred};

/// What the model is given for a request, and where its picture belongs.
pub(crate) struct MaskedSource {
    /// Pictures and mask at the request's size.
    pub(crate) source: Source,
    place: Option<Place>,
}

/// The part of a larger picture that is painted alone.
struct Place {
    part: Crop,
    whole: Image,
    mask: Mask,
}

/// A rectangle of pixels: left, top, and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Crop {
    left: u32,
    top: u32,
    size: Size,
}

impl MaskedSource {
    /// What `request` paints over, of what it was made from.
    pub(crate) fn new(request: &Request, source: &Source) -> Self {
        let soft = source.mask.as_ref().map(|mask| softened(mask, request.masking.blur));
        let place = source.init.as_ref().zip(soft.as_ref()).filter(|_| request.masking.only_masked);
        let place = place.and_then(|(init, mask)| {
            let mask = mask.resized(init.size);
            let part = part_of(&mask, request.masking.padding, request.size)?;
            Some(Place { part, whole: init.clone(), mask })
        });
        let (init, mask) = match &place {
            Some(Place { part, whole, mask }) => (Some(part.of_image(whole)), Some(part.of_mask(mask))),
            None => (source.init.clone(), soft),
        };
        let source = Source {
            init: init.map(|init| init.resized(request.size, Kernel::Lanczos)),
            mask: mask.map(|mask| mask.resized(request.size)),
            ..source.clone()
        };
        Self { source, place }
    }

    /// The picture as it is kept: what was painted, put back into what it was cut out of.
    pub(crate) fn finish(self, painted: Image) -> Image {
        let Some(Place { part, mut whole, mask }) = self.place else { return painted };
        let painted = painted.resized(part.size, Kernel::Lanczos);
        for y in 0..part.size.height {
            for x in 0..part.size.width {
                let at = (part.top + y) as usize * whole.size.width as usize + (part.left + x) as usize;
                let coverage = u32::from(mask.coverage[at]);
                for (kept, painted) in whole.rgb[3 * at..3 * at + 3].iter_mut().zip(painted.pixel(x, y)) {
                    let sum = coverage * u32::from(painted) + (255 - coverage) * u32::from(*kept);
                    *kept = ((sum + 127) / 255) as u8;
                }
            }
        }
        whole
    }
}

/// The mask with an edge as soft as asked for.
fn softened(mask: &Mask, blur: u32) -> Mask {
    let plane: Vec<f32> = mask.coverage.iter().map(|&value| f32::from(value)).collect();
    let deviation = blur as f32;
    let soft = blurred(&plane, mask.size, deviation, (2.5 * deviation + 0.5) as usize);
    Mask { size: mask.size, coverage: soft.iter().map(|value| value.round() as u8).collect() }
}

/// The part that the mask covers, with `padding` pixels around it, widened to the shape of `painted` where the picture
/// has room. Nothing where the mask covers nothing.
fn part_of(mask: &Mask, padding: u32, painted: Size) -> Option<Crop> {
    let Size { width, height } = mask.size;
    let covered = |index: &usize| mask.coverage[*index] > 0;
    let places: Vec<u32> = (0..mask.coverage.len()).filter(covered).map(|index| index as u32).collect();
    let range = |place: &dyn Fn(u32) -> u32, side: u32| {
        let least = places.iter().map(|&index| place(index)).min()?;
        let most = places.iter().map(|&index| place(index)).max()?;
        Some((i64::from(least.saturating_sub(padding)), i64::from((most + 1).saturating_add(padding).min(side))))
    };
    let across = range(&|index| index % width, width)?;
    let down = range(&|index| index / width, height)?;
    let (wide, high) = ((across.1 - across.0) as f64, (down.1 - down.0) as f64);
    let shape = f64::from(painted.width) / f64::from(painted.height);
    let (across, down) = if wide / high > shape {
        (across, widened(down, (wide / shape) as i64, height.into()))
    } else {
        (widened(across, (high * shape) as i64, width.into()), down)
    };
    let size = Size { width: (across.1 - across.0) as u32, height: (down.1 - down.0) as u32 };
    Some(Crop { left: across.0 as u32, top: down.0 as u32, size })
}

/// A range made `wanted` long on both sides alike, moved back inside `0..limit`, and cut off there.
fn widened((first, end): (i64, i64), wanted: i64, limit: i64) -> (i64, i64) {
    let more = (wanted - (end - first)).max(0);
    let (first, end) = (first - more / 2, end + more - more / 2);
    let beyond = (end - limit).max(0);
    let (first, end) = (first - beyond, end - beyond);
    let short = (-first).max(0);
    (first + short, (end + short).min(limit))
}

impl Crop {
    fn cut(self, values: &[u8], from: Size, channels: usize) -> Vec<u8> {
        let (stride, width) = (from.width as usize * channels, self.size.width as usize * channels);
        let first = self.left as usize * channels;
        let rows = values.chunks_exact(stride).skip(self.top as usize).take(self.size.height as usize);
        rows.flat_map(|row| &row[first..first + width]).copied().collect()
    }

    fn of_image(self, image: &Image) -> Image {
        Image { size: self.size, rgb: self.cut(&image.rgb, image.size, 3) }
    }

    fn of_mask(self, mask: &Mask) -> Mask {
        Mask { size: self.size, coverage: self.cut(&mask.coverage, mask.size, 1) }
    }
}

#[cfg(test)]
mod tests {
    use chatsd_types::Masking;

    use super::*;

    const SIZE: Size = Size { width: 40, height: 30 };

    /// A mask of `SIZE` that covers columns `x` and rows `y`.
    fn mask(x: std::ops::Range<u32>, y: std::ops::Range<u32>) -> Mask {
        let places = (0..SIZE.height).flat_map(|row| (0..SIZE.width).map(move |column| (column, row)));
        let coverage = places.map(|(column, row)| if x.contains(&column) && y.contains(&row) { 255 } else { 0 });
        Mask { size: SIZE, coverage: coverage.collect() }
    }

    #[test]
    fn the_part_is_padded_widened_to_the_shape_and_kept_inside() {
        let square = Size { width: 16, height: 16 };
        let part = |mask: &Mask, padding, painted| {
            let Crop { left, top, size } = part_of(mask, padding, painted).unwrap();
            (left, top, size.width, size.height)
        };
        assert_eq!(part(&mask(10..20, 10..14), 0, square), (10, 7, 10, 10));
        assert_eq!(part(&mask(10..20, 10..14), 2, square), (8, 5, 14, 14));
        // Moved back from each border.
        assert_eq!(part(&mask(36..40, 0..20), 0, square), (20, 0, 20, 20));
        assert_eq!(part(&mask(0..20, 28..30), 0, square), (0, 10, 20, 20));
        // No room for the whole shape.
        assert_eq!(part(&mask(0..40, 0..5), 0, square), (0, 0, 40, 30));
        assert_eq!(part(&mask(5..10, 5..10), 1000, square), (0, 0, 40, 30));
        assert_eq!(part(&mask(10..14, 10..14), 0, Size { width: 32, height: 16 }), (8, 10, 8, 4));
        assert_eq!(part_of(&mask(0..0, 0..0), 9, square), None);
    }

    #[test]
    fn only_the_masked_part_is_painted_and_put_back() {
        let masking = Masking { blur: 0, only_masked: true, padding: 3, ..Masking::default() };
        let size = Size { width: 16, height: 16 };
        let request = Request { size, masking, ..Request::default() };
        let whole = Image { size: SIZE, rgb: (0..SIZE.width * SIZE.height * 3).map(|index| index as u8).collect() };
        let source = Source { init: Some(whole.clone()), mask: Some(mask(10..20, 10..20)), ..Source::default() };
        let prepared = MaskedSource::new(&request, &source);
        assert_eq!(prepared.source.init.as_ref().unwrap().rgb, Crop { left: 7, top: 7, size }.of_image(&whole).rgb);
        let finished = prepared.finish(Image::filled(size, [1, 2, 3]));
        for y in 0..SIZE.height {
            for x in 0..SIZE.width {
                let inside = (10..20).contains(&x) && (10..20).contains(&y);
                assert_eq!(finished.pixel(x, y), if inside { [1, 2, 3] } else { whole.pixel(x, y) }, "{x}, {y}");
            }
        }
        let nothing = Source { mask: Some(mask(0..0, 0..0)), ..source };
        let prepared = MaskedSource::new(&request, &nothing);
        assert_eq!(prepared.finish(Image::filled(size, [9; 3])), Image::filled(size, [9; 3]), "the whole is painted");
    }

    #[test]
    fn a_soft_edge_reaches_as_far_as_two_and_a_half_deviations() {
        let soft = softened(&mask(0..20, 0..30), 4);
        let row = &soft.coverage[15 * 40..16 * 40];
        assert_eq!((row[8], row[31]), (255, 0));
        assert!(row[9..31].is_sorted_by(|a, b| a >= b) && row[19] > 128 && row[20] < 128, "{row:?}");
        assert_eq!(softened(&soft, 0), soft);
    }
}
