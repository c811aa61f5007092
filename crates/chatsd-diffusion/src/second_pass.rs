//! The second pass over a picture made larger: "hires fix" of stable-diffusion-webui (`sample_hr_pass` in
//! `modules/processing.py`).

use chatsd_tensor::{Engine, Shape, Tensor};
use chatsd_types::{Kernel, PaintError, Request, SecondPass, Source};

use crate::{PictureModel, picture_upscaler::PictureUpscaler, pixels, start::Start};

/// Noise levels of a schedule of which the second pass takes the last; a strength near 0 would ask for millions.
const ALL_LIMIT: usize = 100_000;

/// The sampling run of the second pass.
pub(crate) struct SecondPassRun {
    /// The request of the larger picture.
    pub(crate) request: Request,
    pub(crate) sigmas: Vec<f64>,
    /// The first sigma of the schedule whose last ones they are.
    pub(crate) greatest: f64,
    upscaler: PictureUpscaler,
}

impl SecondPassRun {
    /// That of `second`: the steps asked for are all taken, of a schedule so long that they are its last `strength`.
    ///
    /// # Errors
    /// When its upscaler is not there or cannot be used.
    pub(crate) fn new(model: &PictureModel, request: &Request, second: &SecondPass) -> Result<Self, PaintError> {
        let steps = if second.steps == 0 { request.steps } else { second.steps } as usize;
        let all = (steps as f64 / f64::from(second.strength.min(0.999))) as usize;
        let all = model.sigmas(request, all.clamp(steps, ALL_LIMIT));
        let greatest = all[0];
        let sigmas = all[(all.len() - 1).saturating_sub(steps)..].to_vec();
        let request = Request { size: second.size, ..request.clone() };
        Ok(Self { request, sigmas, greatest, upscaler: model.upscaler(&second.upscaler)? })
    }

    /// Steps it takes.
    pub(crate) fn steps(&self) -> usize {
        self.sigmas.len() - 1
    }

    /// What the network may read beside the larger latent.
    pub(crate) fn source(&self, source: &Source) -> Source {
        let init = source.init.as_ref().map(|init| init.resized(self.request.size, Kernel::Lanczos));
        Source { init, ..Source::default() }
    }

    /// What it starts from: the picture of the first pass, larger.
    pub(crate) fn start(&self, model: &PictureModel, latent: &Tensor) -> Result<Start, PaintError> {
        let engine = &model.engine;
        if matches!(self.upscaler, PictureUpscaler::Latent) {
            return Ok(Start::of_latent(interpolated(engine, latent, model.latent_shape(&self.request))));
        }
        let image = model.image(self.request.decoder, latent)?;
        let larger = self.upscaler.image(engine, &image, self.request.size);
        Ok(Start::of_latent(model.encode(&pixels::to_tensor(&larger))))
    }
}

/// A latent at another size, as `torch.nn.functional.interpolate` does it in mode `bilinear`.
fn interpolated(engine: &Engine, latent: &Tensor, shape: Shape) -> Tensor {
    let from = latent.shape();
    let taps = |from: usize, to: usize| -> Vec<(usize, usize, f32)> {
        let tap = |place: usize| {
            let centre = ((place as f32 + 0.5) * (from as f32 / to as f32) - 0.5).max(0.0);
            let first = (centre as usize).min(from - 1);
            (first, (first + 1).min(from - 1), centre - first as f32)
        };
        (0..to).map(tap).collect()
    };
    let (rows, columns) = (taps(from.height, shape.height), taps(from.width, shape.width));
    let pixel = |y: usize, x: usize| &latent.values()[(y * from.width + x) * from.channels..][..from.channels];
    let mut larger = engine.filled(shape, 0.0);
    let places = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
    for ((row, column), values) in places.zip(larger.values_mut().chunks_exact_mut(shape.channels)) {
        let across = |y: usize, channel: usize| {
            let (left, right) = (pixel(y, column.0)[channel], pixel(y, column.1)[channel]);
            (1.0 - column.2) * left + column.2 * right
        };
        for (channel, value) in values.iter_mut().enumerate() {
            *value = (1.0 - row.2) * across(row.0, channel) + row.2 * across(row.1, channel);
        }
    }
    larger
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use chatsd_tensor::testing::assert_close;
    use chatsd_weights::WeightFile;

    use super::*;

    #[test]
    fn a_latent_is_interpolated_as_pytorch_does() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/pixels.safetensors");
        let file = WeightFile::open(&path).unwrap();
        let values = |name: &str| file.get(name).unwrap().values().unwrap();
        let width = 3 * file.shape("picture").unwrap()[1];
        let corner = values("picture").chunks_exact(width).take(6).flat_map(|row| &row[..15]).copied().collect();
        let latent = Tensor::new(Shape::new(1, 6, 5, 3), corner);
        for (width, height) in [(10, 12), (7, 9)] {
            let made = interpolated(&Engine::reference(), &latent, Shape::new(1, height, width, 3));
            let name = format!("latent.{width}x{height}");
            assert_close(&name, made.values(), &values(&name), 1e-6);
        }
        let same = interpolated(&Engine::reference(), &latent, latent.shape());
        assert_eq!(same.values(), latent.values());
    }
}
