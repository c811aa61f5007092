//! The picture between two steps, good enough to see where it is going, in next to no time.

use std::sync::Arc;

use chatsd_tensor::Tensor;
use chatsd_types::{Image, Preview, Size};

use crate::{PictureModel, pixels};

/// Red, green and blue of a latent pixel: `factors · latent + bias`, from -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// Of each channel of the latent, as the network sees it.
    pub factors: [[f32; 3]; 4],
    /// Added to them.
    pub bias: [f32; 3],
}

/// Stable Diffusion 1 and 2: ComfyUI, `comfy/latent_formats.py`, `SD15`.
pub const SD: Projection = Projection {
    factors: [
        [0.3512, 0.2297, 0.3227],
        [0.3250, 0.4974, 0.2350],
        [-0.2829, 0.1762, 0.2721],
        [-0.2120, -0.2616, -0.7177],
    ],
    bias: [0.0; 3],
};

/// Stable Diffusion XL: as above, `SDXL`.
pub const SDXL: Projection = Projection {
    factors: [
        [0.3651, 0.4232, 0.4341],
        [-0.2533, -0.0042, 0.1068],
        [0.1076, 0.1111, -0.0362],
        [-0.3165, -0.2492, -0.2188],
    ],
    bias: [0.1084, -0.0175, -0.0011],
};

impl Projection {
    /// The picture of a `1 × height × width × 4` latent, a pixel each.
    #[must_use]
    pub fn image(&self, latent: &Tensor) -> Image {
        let shape = latent.shape();
        let pixel = |values: &[f32]| {
            let mut colour = self.bias;
            for (value, factors) in values.iter().zip(self.factors) {
                colour.iter_mut().zip(factors).for_each(|(sum, factor)| *sum += value * factor);
            }
            colour.map(pixels::byte)
        };
        let rgb = latent.values().chunks_exact(shape.channels).flat_map(pixel).collect();
        Image { size: Size { width: shape.width as u32, height: shape.height as u32 }, rgb }
    }
}

impl PictureModel {
    /// The picture of an unfinished latent: exact where latents are pixels, a pixel for each of the latent's elsewhere.
    /// It holds nothing of the model but the autoencoder, and that only where latents are pixels.
    pub(crate) fn preview(&self, latent: Arc<Tensor>) -> Preview {
        let Some(projection) = self.reader.family.projection else {
            let (engine, autoencoder) = (self.engine.clone(), self.autoencoder.clone());
            return Preview::new(move || Some(pixels::to_image(&autoencoder.decode(&engine, &latent))));
        };
        let has_channels = latent.shape().channels == projection.factors.len();
        Preview::new(move || has_channels.then(|| projection.image(&latent)))
    }
}

#[cfg(test)]
mod tests {
    use chatsd_tensor::Shape;

    use super::*;

    #[test]
    fn a_latent_pixel_becomes_a_pixel() {
        let latent = Tensor::new(Shape::new(1, 1, 2, 4), vec![1.0, 0.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0]);
        let image = SD.image(&latent);
        assert_eq!(image.size, Size { width: 2, height: 1 });
        // (0.3512 + 1) · 127.5 and so on; what is brighter than white is white.
        assert_eq!(image.rgb, [172, 157, 169, 255, 255, 255]);
        assert_eq!(SDXL.image(&Tensor::new(Shape::new(1, 1, 1, 4), vec![0.0; 4])).rgb, [141, 125, 127]);
    }
}
