//! A picture model, loaded and ready to paint.

use std::ops::ControlFlow;

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{Image, ImageModel, ModelCard, PaintError, Progress, Request, Size, Source, TokenCount, weighted};
use chatsd_weights::ModelFiles;
use serde_json::Value as Json;

use crate::{
    DiffusionError,
    chunks::{self, Window},
    denoiser::Parameters,
    model_card::{Family, Settings},
    network::{Autoencoder, TextEncoder, UNet},
    text_to_image::{paint_latent, text_to_image},
    tokenizer::Tokenizer,
};

/// Tokens a text encoder of CLIP sees at once, marks for begin and end included.
const CLIP_LENGTH: usize = 77;

/// A picture model: text encoders, picture network and autoencoder, and how they belong together.
pub struct PictureModel {
    pub(crate) engine: Engine,
    pub(crate) card: ModelCard,
    pub(crate) family: Family,
    pub(crate) parameters: Parameters,
    pub(crate) tokenizer: Tokenizer,
    /// Each with what it sees at once; their states stand side by side.
    pub(crate) text_encoders: Vec<(TextEncoder, Window)>,
    pub(crate) unet: UNet,
    pub(crate) autoencoder: Autoencoder,
}

impl PictureModel {
    /// Loads a model: a folder as diffusers saves it, or a GGUF file of ChatSD. `name` is what requests call it.
    ///
    /// # Errors
    /// When a file is missing or damaged, a network does not fit its weights, or it is a kind not built here.
    pub fn load(files: &ModelFiles, name: &str, engine: Engine) -> Result<Self, DiffusionError> {
        let settings = Settings::read(files.pipeline_config()?)?;
        let parameters = settings.parameters()?;
        let tokenizer = Tokenizer::new(&files.vocabulary()?)?;
        let unet = files.component("unet")?;
        let unet_config = unet.config;
        let number = |name: &str| unet_config.get(name).and_then(Json::as_u64);
        let unet = UNet::load(&unet.weights, &unet_config)?;
        let autoencoder = match settings.patch {
            Some(patch) => Autoencoder::patch(patch)?,
            None => {
                let vae = files.component("vae")?;
                Autoencoder::load(&vae.weights, &vae.config)?
            }
        };
        let mut encoders = Vec::new();
        let mut projected = None;
        for component in ["text_encoder", "text_encoder_2"] {
            if files.has(component) {
                let component = files.component(component)?;
                encoders.push(TextEncoder::load(&component.weights, &component.config)?);
                let is_projected = component.weights.has("text_projection");
                projected = component.config.get("projection_dim").and_then(Json::as_u64).filter(|_| is_projected);
            }
        }
        let channels: usize = encoders.iter().map(TextEncoder::channels).sum();
        check_fit(&unet, &autoencoder)?;
        expect("values of a token's vector", number("cross_attention_dim"), Some(channels as u64))?;
        if unet.takes_pooled() {
            let sizes = number("addition_time_embed_dim").and_then(|channels| channels.checked_mul(6));
            let found = projected.zip(sizes).map(|(pooled, sizes)| pooled + sizes);
            expect("values of a prompt's vector and sizes", number("projection_class_embeddings_input_dim"), found)?;
        }
        let family = Family::of(settings.is_flow(), channels, unet.takes_pooled());
        let windows = family.pad.iter().map(|pad| pad.or(settings.pad_token).unwrap_or(tokenizer.end()));
        let text_encoders = encoders.into_iter().zip(windows);
        let text_encoders = text_encoders.map(|(encoder, pad)| {
            let length = settings.sequence_length.unwrap_or(CLIP_LENGTH).min(encoder.positions()).max(3);
            (encoder, Window { words: length - 2, begin: tokenizer.begin(), end: tokenizer.end(), pad })
        });
        let text_encoders: Vec<_> = text_encoders.collect();

        let factor = autoencoder.factor() as u32;
        let side = |setting: Option<u32>| {
            let of_config = number("sample_size").and_then(|side| u32::try_from(side).ok()?.checked_mul(factor));
            setting.or(of_config).unwrap_or(family.side)
        };
        let metadata = |key: &str| files.file().and_then(|file| file.metadata(key)?.as_text().map(str::to_owned));
        let schedule = match family.schedule {
            chatsd_types::Schedule::Automatic => settings.own_schedule(),
            schedule => schedule,
        };
        let card = ModelCard {
            name: name.into(),
            family: family.name.into(),
            hash: files.file().map(|file| file.short_hash().to_owned()).unwrap_or_default(),
            licence: metadata("general.license").unwrap_or_else(|| "unknown".into()),
            size: Size { width: side(settings.width), height: side(settings.height) },
            size_step: factor * unet.factor() as u32,
            size_limit: family.side_limit,
            steps: settings.steps.unwrap_or(family.steps),
            guidance: settings.guidance.unwrap_or(family.guidance),
            sampler: family.sampler,
            schedule,
        };
        Ok(Self { engine, card, family, parameters, tokenizer, text_encoders, unet, autoencoder })
    }
}

impl PictureModel {
    /// Paints a request up to its latent: `1 × height/factor × width/factor × channels`. `observer` also sees the
    /// latent after each step, `x0 + sigma · noise` there, and may stop the work.
    ///
    /// # Errors
    /// As `ImageModel::paint`.
    pub fn latent(
        &self,
        request: &Request,
        source: &Source,
        observer: &mut dyn FnMut(Progress, &Tensor) -> ControlFlow<()>,
    ) -> Result<Tensor, PaintError> {
        paint_latent(self, request, source, observer)
    }

    /// The pixels of a latent: `1 × height × width × 3`, -1 to 1, and a little beyond.
    #[must_use]
    pub fn decode(&self, latent: &Tensor) -> Tensor {
        self.autoencoder.decode(&self.engine, latent)
    }
}

/// Whether the picture network reads and returns the autoencoder's latents.
fn check_fit(unet: &UNet, autoencoder: &Autoencoder) -> Result<(), DiffusionError> {
    let latent = autoencoder.latent_channels() as u64;
    expect("channels to read", Some(unet.in_channels() as u64), Some(latent))?;
    expect("channels to return", Some(unet.out_channels() as u64), Some(latent))
}

/// Whether the picture network's number is the other networks'.
fn expect(what: &str, of_unet: Option<u64>, of_others: Option<u64>) -> Result<(), DiffusionError> {
    let text = |number: Option<u64>| number.map_or_else(|| "none".into(), |number| number.to_string());
    if of_unet == of_others && of_unet.is_some() {
        return Ok(());
    }
    Err(DiffusionError::Unsupported(format!(
        "its picture network has {} {what}, its other networks {}: expected the same",
        text(of_unet),
        text(of_others)
    )))
}

impl ImageModel for PictureModel {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn count_tokens(&self, text: &str) -> TokenCount {
        let Some((_, window)) = self.text_encoders.first() else { return TokenCount { tokens: 0, chunk: 0 } };
        let tokens = match weighted(text) {
            Ok(pieces) => chunks::split(&self.tokenizer, &pieces, *window).1,
            Err(_) => self.tokenizer.encode(text).len(),
        };
        TokenCount { tokens, chunk: window.words }
    }

    fn paint(
        &self,
        request: &Request,
        source: &Source,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Image, PaintError> {
        text_to_image(self, request, source, observer)
    }
}
