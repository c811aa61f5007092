//! Pictures looked at like prompts.

use std::sync::Arc;

use chatsd_tensor::{Shape, Tensor};
use chatsd_types::{FileKind, Image, ImagePrompt, Kernel, PaintError, Request, Size, Source};

use crate::{
    DiffusionError, PictureModel,
    error::unusable,
    guidance::Ask,
    network::{ImageAdapter, ImageEncoder},
    words::Script,
};

/// Mean and deviation of red, green and blue, 0 to 1, that CLIP was trained with (`OPENAI_CLIP_MEAN`, `_STD`).
const COLOURS: [[f32; 2]; 3] = [[0.481_454_66, 0.268_629_54], [0.457_827_5, 0.261_302_6], [0.408_210_73, 0.275_777_1]];

/// Names that image encoders have in other programs' folders, by the width of what they make.
const ENCODERS: [(usize, &[&str]); 3] = [
    (1024, &["CLIP-ViT-H-14-laion2B-s32B-b79K", "clip_vision_h", "clip_h", "image_encoder"]),
    (1280, &["CLIP-ViT-bigG-14-laion2B-39B-b160k", "clip_vision_g", "clip_g", "image_encoder"]),
    (768, &["clip-vit-large-patch14", "clip_vision_l", "clip_l_vision", "image_encoder"]),
];

impl PictureModel {
    /// Makes the script also look at the pictures of `source`, as the image prompts of `request` say.
    ///
    /// # Errors
    /// When an IP-Adapter or the image encoder is not there or cannot be used.
    pub(crate) fn look(&self, script: &mut Script, request: &Request, source: &Source) -> Result<(), PaintError> {
        let engine = &self.engine;
        for (ImagePrompt { name, weight, .. }, image) in request.image_prompts.iter().zip(&source.image_prompts) {
            let unusable = |why: DiffusionError| unusable(FileKind::ImagePrompt, name, why);
            let open = || Ok(ImageAdapter::open(&self.finder.find(FileKind::ImagePrompt, name)?, &self.unet)?);
            let adapter = self.image_adapters.get(name, open).map_err(unusable)?;
            let encoder = self.image_encoder(adapter.channels()).map_err(unusable)?;
            let seen = encoder.forward(engine, &as_clip_sees(image, encoder.side()));
            // What is not wanted is no picture at all.
            let nothing = engine.filled(seen.shape(), 0.0);
            let vector = |ask: &Ask| if ask.positive { &seen } else { &nothing };
            let vectors: Vec<&Tensor> = script.asks.iter().map(vector).collect();
            let vectors = engine.stack(&vectors);
            for words in &mut script.words {
                words.context = adapter.look(engine, words.context.clone(), &vectors, *weight);
            }
        }
        Ok(())
    }

    /// The image encoder whose vectors have so many values.
    fn image_encoder(&self, channels: usize) -> Result<Arc<ImageEncoder>, DiffusionError> {
        let names =
            ENCODERS.iter().find(|(width, _)| *width == channels).map_or(&["image_encoder"][..], |(_, names)| names);
        let mut why: Option<DiffusionError> = None;
        for name in names {
            let open = || Ok(ImageEncoder::open(&self.finder.find(FileKind::ImageEncoder, name)?)?);
            match self.image_encoders.get(name, open) {
                Ok(encoder) if encoder.channels() == channels => return Ok(encoder),
                Ok(encoder) => {
                    let found = encoder.channels();
                    why = Some(DiffusionError::ImageEncoderChannels { name, found, expected: channels });
                }
                Err(error) => why = why.or(Some(error)),
            }
        }
        Err(DiffusionError::NoImageEncoder { channels, example: names[0], source: why.map(Box::new) })
    }
}

/// The middle square of a picture as CLIP is shown it: `CLIPImageProcessor` of transformers.
fn as_clip_sees(image: &Image, side: usize) -> Tensor {
    let Size { width, height } = image.size;
    let short = width.min(height).max(1);
    let long = |side_of: u32| (u64::from(side_of) * side as u64 / u64::from(short)).max(1) as u32;
    let small = image.resized(Size { width: long(width), height: long(height) }, Kernel::Cubic);
    let (left, top) = ((small.size.width as usize - side) / 2, (small.size.height as usize - side) / 2);
    let shape = Shape::new(1, side, side, 3);
    let value = |index: usize| {
        let (channel, x, y) = (index % 3, left + index / 3 % side, top + index / 3 / side);
        let [mean, deviation] = COLOURS[channel];
        (f32::from(small.rgb[3 * (y * small.size.width as usize + x) + channel]) / 255.0 - mean) / deviation
    };
    Tensor::new(shape, (0..shape.len()).map(value).collect())
}
