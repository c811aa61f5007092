//! A picture model, loaded and ready to paint.

use std::{ops::ControlFlow, panic, sync::Arc, thread};

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{
    Adapted, Adapter, Cost, FileKind, Image, ImageModel, LearnedWord, ModelCard, PaintError, Progress, Property,
    Request, Size, Source, TokenCount,
};
use chatsd_weights::{AdapterSet, LayerCache, ModelFiles};
use serde_json::Value as Json;

use crate::{
    DiffusionError, Finder, Fit, ModelFlaw, PictureUpscaler, PromptReader,
    companions::Companions,
    cost::Counter,
    denoiser::Parameters,
    extra_channels::ExtraChannels,
    families::PictureFamily,
    network::{Autoencoder, TextEncoder},
    networks::{AdaptedNetworks, Networks},
    pipeline_settings::PipelineSettings,
    text_to_image::{paint_latent, text_to_image},
};

/// The parts whose weights tell one model from another.
const COMPONENTS: [&str; 4] = ["text_encoder", "text_encoder_2", "unet", "vae"];

/// A picture model: text encoders, picture network and autoencoder, and how they belong together. Clones share all that
/// is loaded.
#[derive(Clone)]
pub struct PictureModel {
    pub(crate) engine: Engine,
    pub(crate) card: ModelCard,
    pub(crate) reader: PromptReader,
    pub(crate) networks: Networks,
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) extra_channels: ExtraChannels,
    pub(crate) autoencoder: Arc<Autoencoder>,
    /// Bytes of memory that an autoencoder may take.
    pub(crate) autoencoder_limit: u64,
    pub(crate) companions: Companions,
    /// The networks of requests that change them.
    pub(crate) adapted_networks: Arc<AdaptedNetworks>,
    /// Counts what a request takes.
    pub(crate) counter: Option<Counter>,
}

impl PictureModel {
    /// Loads a model: a folder as diffusers saves it, or a GGUF file of ChatSD. `name` is what requests call it.
    ///
    /// # Errors
    /// When a file is missing or damaged, a network does not fit its weights, or it is a kind not built here.
    pub fn load(files: &ModelFiles, name: &str, engine: Engine) -> Result<Self, DiffusionError> {
        Self::meta(files, name)?.with_weights(files, engine)
    }

    /// A model of [`PictureModel::meta`] with the weights of its files, and its hash. It reads prompts with the same
    /// vocabulary, and `self` counts for it.
    ///
    /// # Errors
    /// As [`PictureModel::load`].
    pub fn with_weights(&self, files: &ModelFiles, engine: Engine) -> Result<Self, DiffusionError> {
        // Both read every byte: side by side they take as long as the slower one.
        let (model, hash) = thread::scope(|scope| {
            let hash = scope.spawn(|| Self::hash_of(files));
            let model = Self::of_files(files, &self.card.name, engine, self.reader.clone());
            (model, hash.join().unwrap_or_else(|cause| panic::resume_unwind(cause)))
        });
        Ok(Self {
            card: ModelCard { hash: hash?, ..self.card.clone() },
            autoencoder_limit: self.autoencoder_limit,
            counter: Some(Counter::Of(Arc::new(self.clone()))),
            ..model?
        })
    }

    /// The hash that a model of these files has on its card. Reads all of them the first time.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn hash_of(files: &ModelFiles) -> Result<String, DiffusionError> {
        Ok(files.short_hash(&COMPONENTS)?)
    }

    /// The same model, which finds what requests name beside it with `finder`.
    #[must_use]
    pub fn with_finder(self, finder: Finder) -> Self {
        let reader = self.reader.with_finder(finder.clone());
        match self.counter {
            Some(Counter::DryRun(tally, alone)) => {
                let companions = Companions::new(Self::without_weights(&finder, &tally));
                Self { reader, companions, counter: Some(Counter::DryRun(tally, alone)), ..self }
            }
            Some(Counter::Of(dry)) => {
                // Words are looked up once for both.
                let dry = Self { reader: reader.clone(), ..Self::clone(&dry).with_finder(finder.clone()) };
                let counter = Some(Counter::Of(Arc::new(dry)));
                Self { reader, companions: Companions::new(finder), counter, ..self }
            }
            None => Self { reader, companions: Companions::new(finder), ..self },
        }
    }

    /// The same model with what is known of it beside its files: its licence, how it paints best.
    #[must_use]
    pub fn with_card(mut self, change: impl FnOnce(&mut ModelCard)) -> Self {
        change(&mut self.card);
        self
    }

    /// What a request calls `name` makes pictures larger.
    pub(crate) fn upscaler(&self, name: &str) -> Result<PictureUpscaler, PaintError> {
        PictureUpscaler::find_in(&self.companions.upscalers, &self.companions.finder, name)
    }

    /// The model without its hash.
    pub(crate) fn of_files(
        files: &ModelFiles,
        name: &str,
        engine: Engine,
        reader: PromptReader,
    ) -> Result<Self, DiffusionError> {
        let settings = PipelineSettings::read(files.pipeline_config()?)?;
        let mut parameters = settings.parameters()?;
        let family = reader.family;
        parameters.levels.aligned_as_xl = family.aligned_as_xl;
        let unet = files.component("unet")?;
        let sample_size = unet.config.get("sample_size").and_then(Json::as_u64);
        let workshop = LayerCache::new(engine.clone(), AdapterSet::default());
        let networks = Networks::load(files, &workshop)?;
        let autoencoder = match settings.patch {
            Some(patch) => Autoencoder::patch(patch)?,
            None => {
                let vae = files.component("vae")?;
                Autoencoder::load(&vae.weights, &vae.config)?
            }
        };
        let extra_channels = check_fit(&networks, &autoencoder, &family)?;

        let factor = autoencoder.factor() as u32;
        let side = |setting: Option<u32>| {
            let of_config = sample_size.and_then(|side| u32::try_from(side).ok()?.checked_mul(factor));
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
            hash: String::new(),
            licence: metadata("general.license").unwrap_or_else(|| "unknown".into()),
            size: Size { width: side(settings.width), height: side(settings.height) },
            size_step: factor * networks.unet.factor() as u32,
            size_limit: family.side_limit,
            steps: settings.steps.unwrap_or(family.steps),
            guidance: settings.guidance.unwrap_or(family.guidance),
            sampler: family.sampler,
            schedule,
        };
        let (size, nearest) = (card.size, card.nearest_size(card.size));
        if size != nearest || card.size_step > card.size_limit {
            let (step, limit) = (card.size_step, card.size_limit);
            return Err(ModelFlaw::Size { found: size, step, limit, nearest }.into());
        }
        Ok(Self {
            engine,
            card,
            reader,
            networks,
            parameters: Arc::new(parameters),
            extra_channels,
            autoencoder: Arc::new(autoencoder),
            autoencoder_limit: u64::MAX,
            companions: Companions::new(Finder::default()),
            adapted_networks: Arc::new(AdaptedNetworks::new(files.clone(), workshop)),
            counter: None,
        })
    }
}

impl PictureModel {
    /// That a file which a request names was made for another family: `[found, expected]`.
    pub(crate) fn wrong_family(
        &self,
        kind: FileKind,
        name: &str,
        property: Property,
        [found, expected]: [usize; 2],
    ) -> PaintError {
        let (model, family) = (self.card.name.clone(), self.card.family.clone());
        PaintError::WrongFamily { kind, name: name.to_owned(), property, found, expected, model, family }
    }

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
        let changed = self.changed(request)?;
        paint_latent(changed.as_ref().unwrap_or(self), request, source, observer)
    }
}

/// Whether the picture network reads what the other networks write, and what it is shown beside the latent.
fn check_fit(
    Networks { unet, text_encoders: encoders }: &Networks,
    autoencoder: &Autoencoder,
    family: &PictureFamily,
) -> Result<ExtraChannels, ModelFlaw> {
    let latent = autoencoder.latent_channels();
    let words: usize = encoders.iter().map(TextEncoder::channels).sum();
    let pooled = encoders.last().and_then(TextEncoder::pooled_channels);
    for (property, of_unet, of_others) in [
        (Fit::OutChannels, Some(unet.out_channels()), Some(latent)),
        (Fit::ContextChannels, Some(unet.context_channels()), Some(words)),
        // A projection that the picture network has no use for is common.
        (Fit::PooledChannels, unet.pooled_channels(family.sizes()), pooled.filter(|_| unet.takes_pooled())),
    ] {
        if of_unet != of_others {
            return Err(ModelFlaw::Fit { property, of_unet, of_others });
        }
    }
    let channels = unet.in_channels();
    ExtraChannels::of(channels, latent).ok_or(ModelFlaw::InputChannels { found: channels, latent })
}

impl ImageModel for PictureModel {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn count_tokens(&self, text: &str) -> TokenCount {
        self.reader.count_tokens(text)
    }

    fn adapted(&self, adapters: &mut [Adapter]) -> Result<Adapted, PaintError> {
        self.with_adapters(adapters)
    }

    fn learned_words(&self, text: &str) -> Vec<LearnedWord> {
        self.reader.learned_words(text)
    }

    fn cost(&self, request: &Request, source: &Source) -> Result<Cost, PaintError> {
        self.count(request, source)
    }

    fn pace(&self) -> Option<f64> {
        self.probed()
    }

    fn paint(
        &self,
        request: &Request,
        source: &Source,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Image, PaintError> {
        let changed = self.changed(request)?;
        text_to_image(changed.as_ref().unwrap_or(self), request, source, observer)
    }
}
