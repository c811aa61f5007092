//! From pixels to latents and back.

mod kl;
mod patch;
mod tiles;
mod tiny;

use chatsd_tensor::{Engine, Shape, Tensor};
use chatsd_weights::Scope;
use serde_json::Value;

use self::{kl::Kl, patch::Patch, tiny::Tiny};
use super::{NetworkError, NetworkFlaw, config::Checked};

const CHECKED: Checked = Checked("autoencoder");

/// Turns an image into the latent that the picture network works on, and a latent into an image.
///
/// Images are `batch × height × width × 3` in -1..1 (decoded ones may pass that a little); latents are
/// `batch × height/factor × width/factor × latent_channels`, already scaled as the picture network expects them.
#[derive(Clone)]
pub struct Autoencoder(AutoencoderKind);

#[derive(Clone)]
enum AutoencoderKind {
    Patch(Patch),
    Tiny(Box<Tiny>),
    Kl(Box<Kl>),
}

impl Autoencoder {
    /// The one that learns nothing: each latent pixel is a square of `patch × patch` image pixels.
    ///
    /// # Errors
    /// When `patch` is 0 or very large.
    pub fn patch(patch: usize) -> Result<Self, NetworkError> {
        Patch::new(patch).map(AutoencoderKind::Patch).map(Self)
    }

    /// From the weights and the config of a component; its `_class_name` says which of `AutoencoderKL` and
    /// `AutoencoderTiny` it is.
    ///
    /// # Errors
    /// When it is another one, the config makes no network, or a tensor is missing or does not fit it.
    pub fn load(weights: &Scope<'_>, config: &Value) -> Result<Self, NetworkError> {
        const CLASSES: [&str; 2] = ["AutoencoderKL", "AutoencoderTiny"];
        let Some(class) = config.get("_class_name").and_then(Value::as_str) else {
            let expected = CLASSES.map(String::from).to_vec();
            return CHECKED.inconsistent(NetworkFlaw::NoValue { name: "_class_name".into(), expected });
        };
        CHECKED.one_of("_class_name", &class, &CLASSES)?;
        Ok(Self(if class == CLASSES[0] {
            AutoencoderKind::Kl(Box::new(Kl::load(weights, config)?))
        } else {
            AutoencoderKind::Tiny(Box::new(Tiny::load(weights, config)?))
        }))
    }

    /// The latent of an image. Of a variational one, the mean.
    ///
    /// # Panics
    /// When height or width are no multiples of [`Autoencoder::factor`].
    #[must_use]
    pub fn encode(&self, engine: &Engine, image: &Tensor) -> Tensor {
        self.encode_within(engine, image, u64::MAX)
    }

    /// The image of a latent.
    #[must_use]
    pub fn decode(&self, engine: &Engine, latent: &Tensor) -> Tensor {
        self.decode_within(engine, latent, u64::MAX)
    }

    /// As [`Autoencoder::encode`], in overlapping tiles where the whole would take more than `limit` bytes.
    ///
    /// # Panics
    /// When height or width are no multiples of [`Autoencoder::factor`].
    #[must_use]
    pub fn encode_within(&self, engine: &Engine, image: &Tensor, limit: u64) -> Tensor {
        let (shape, factor) = (image.shape(), self.factor());
        assert!(
            shape.height.is_multiple_of(factor) && shape.width.is_multiple_of(factor),
            "an image of {}×{}: expected multiples of {factor}",
            shape.width,
            shape.height
        );
        let latent = Shape { height: shape.height / factor, width: shape.width / factor, ..shape };
        let side = tiles::side(latent, factor, self.bytes_a_pixel(), limit);
        let latent = match &self.0 {
            AutoencoderKind::Patch(patch) => patch.encode(engine, image),
            AutoencoderKind::Tiny(tiny) => tiny.encode(engine, image, side),
            AutoencoderKind::Kl(kl) => kl.encode(engine, image, side),
        };
        match self.spec().scaling {
            Some(scaling) => scaling.apply(engine, &latent),
            None => latent,
        }
    }

    /// As [`Autoencoder::decode`], in overlapping tiles where the whole would take more than `limit` bytes.
    #[must_use]
    pub fn decode_within(&self, engine: &Engine, latent: &Tensor, limit: u64) -> Tensor {
        let side = tiles::side(latent.shape(), self.factor(), self.bytes_a_pixel(), limit);
        match &self.0 {
            AutoencoderKind::Patch(patch) => patch.decode(engine, latent),
            AutoencoderKind::Tiny(tiny) => tiny.decode(engine, self.unscaled(engine, latent), side),
            AutoencoderKind::Kl(kl) => kl.decode(engine, self.unscaled(engine, latent), side),
        }
    }

    /// Bytes of memory that encoding or decoding takes for each image pixel, at the most.
    #[must_use]
    pub fn bytes_a_pixel(&self) -> u64 {
        (size_of::<f32>() * self.spec().values_a_pixel) as u64
    }

    /// A latent as the network itself makes it, before it is scaled for a picture network.
    #[must_use]
    pub fn unscaled(&self, engine: &Engine, latent: &Tensor) -> Tensor {
        self.spec().scaling.map_or_else(|| latent.clone(), |scaling| scaling.remove(engine, latent))
    }

    /// Channels of a latent.
    #[must_use]
    pub fn latent_channels(&self) -> usize {
        self.spec().channels
    }

    /// Side of the square of image pixels that one latent pixel stands for.
    #[must_use]
    pub fn factor(&self) -> usize {
        self.spec().factor
    }

    fn spec(&self) -> LatentSpec {
        match &self.0 {
            AutoencoderKind::Patch(patch) => patch.spec(),
            AutoencoderKind::Tiny(tiny) => tiny.spec,
            AutoencoderKind::Kl(kl) => kl.spec,
        }
    }
}

/// What a latent is, and what it takes to make one or a picture of it.
#[derive(Clone, Copy)]
struct LatentSpec {
    channels: usize,
    /// Side of the square of image pixels that one latent pixel stands for.
    factor: usize,
    /// Values that encoding or decoding holds for each image pixel, at the most.
    values_a_pixel: usize,
    /// `None` where latents are not scaled.
    scaling: Option<Scaling>,
}

/// `factor · x + offset`.
fn affine(engine: &Engine, x: &Tensor, factor: f32, offset: f32) -> Tensor {
    engine.combine(&[(factor, x), (offset, &engine.filled(x.shape(), 1.0))])
}

/// How latents are scaled for the picture network: `(latent - shift) · factor`.
#[derive(Clone, Copy)]
struct Scaling {
    factor: f32,
    shift: f32,
}

impl Scaling {
    fn new(factor: f32, shift: f32) -> Result<Self, NetworkError> {
        if factor.is_normal() && shift.is_finite() {
            return Ok(Self { factor, shift });
        }
        CHECKED.inconsistent(NetworkFlaw::Scaling { factor, shift })
    }

    fn apply(self, engine: &Engine, latent: &Tensor) -> Tensor {
        affine(engine, latent, self.factor, -self.shift * self.factor)
    }

    fn remove(self, engine: &Engine, latent: &Tensor) -> Tensor {
        affine(engine, latent, 1.0 / self.factor, self.shift)
    }
}
