//! A picture model, loaded and ready to paint.

use std::{ops::ControlFlow, panic, thread};

use chatsd_tensor::{Engine, Tensor};
use chatsd_types::{
    Adapted, Adapter, Cost, FileKind, Image, ImageModel, LearnedWord, ModelCard, PaintError, Progress, Property,
    Request, Size, Source, TokenCount,
};
use chatsd_weights::{AdapterSet, ModelFiles, Workshop};
use serde_json::Value as Json;

use crate::{
    DiffusionError, Finder,
    adapted::Adapting,
    beside::Beside,
    cost::Counter,
    denoiser::Parameters,
    enlarge::Enlarger,
    model_card::{Family, Settings},
    network::{Autoencoder, ControlNet, ImageAdapter, ImageEncoder, TextEncoder, UNet, Upscaler},
    reader::{Reader, TEXT_ENCODERS},
    shelf::Shelf,
    text_to_image::{paint_latent, text_to_image},
};

/// The parts whose weights tell one model from another.
const COMPONENTS: [&str; 4] = ["text_encoder", "text_encoder_2", "unet", "vae"];

/// A picture model: text encoders, picture network and autoencoder, and how they belong together.
pub struct PictureModel {
    pub(crate) engine: Engine,
    pub(crate) card: ModelCard,
    /// Finds what requests name beside the model.
    pub(crate) finder: Finder,
    /// ControlNets of the requests before.
    pub(crate) control_nets: Shelf<ControlNet>,
    /// IP-Adapters and image encoders of the requests before.
    pub(crate) image_adapters: Shelf<ImageAdapter>,
    pub(crate) image_encoders: Shelf<ImageEncoder>,
    /// Upscalers of the requests before.
    pub(crate) upscalers: Shelf<Upscaler>,
    pub(crate) reader: Reader,
    pub(crate) parameters: Parameters,
    /// One or two; their states stand side by side.
    pub(crate) text_encoders: Vec<TextEncoder>,
    pub(crate) unet: UNet,
    pub(crate) beside: Beside,
    pub(crate) autoencoder: Autoencoder,
    /// Bytes of memory that an autoencoder may take.
    pub(crate) autoencoder_limit: u64,
    /// Tiny autoencoders of the family, when they were asked for.
    pub(crate) tiny_autoencoders: Shelf<Autoencoder>,
    /// Counts what a request takes.
    pub(crate) counter: Option<Counter>,
    /// Makes the networks of requests that change them; nothing where they were changed already, or have no weights.
    pub(crate) adapting: Option<Adapting>,
}

/// The networks that adapters change.
pub(crate) struct Networks {
    pub(crate) unet: UNet,
    pub(crate) text_encoders: Vec<TextEncoder>,
}

impl Networks {
    /// Made in a workshop.
    pub(crate) fn load(files: &ModelFiles, workshop: &Workshop) -> Result<Self, DiffusionError> {
        let unet = files.component("unet")?;
        let unet = UNet::load(&unet.weights.made_in(workshop, "unet"), &unet.config)?;
        let components = TEXT_ENCODERS.into_iter().filter(|name| files.has(name));
        let text_encoders = components.map(|name| {
            let component = files.component(name)?;
            Ok::<_, DiffusionError>(TextEncoder::load(&component.weights.made_in(workshop, name), &component.config)?)
        });
        Ok(Self { unet, text_encoders: text_encoders.collect::<Result<_, _>>()? })
    }
}

impl PictureModel {
    /// Loads a model: a folder as diffusers saves it, or a GGUF file of ChatSD. `name` is what requests call it.
    ///
    /// # Errors
    /// When a file is missing or damaged, a network does not fit its weights, or it is a kind not built here.
    pub fn load(files: &ModelFiles, name: &str, engine: Engine) -> Result<Self, DiffusionError> {
        // Both read every byte: side by side they take as long as the slower one.
        thread::scope(|scope| {
            let hash = scope.spawn(|| Self::hash_of(files));
            let reader = Reader::open(files)?;
            let outline = Self::outline_with(files, name, reader.clone())?;
            let mut model = Self::of_files(files, name, engine, reader)?;
            model.autoencoder_limit = outline.autoencoder_limit;
            model.counter = Some(Counter::Of(Box::new(outline)));
            model.card.hash = hash.join().unwrap_or_else(|cause| panic::resume_unwind(cause))?;
            Ok(model)
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
        let this = Self { reader, ..self };
        match this.counter {
            Some(Counter::Outline(tally, alone)) => {
                let finder = Self::outlined(&finder, &tally);
                Self { finder, counter: Some(Counter::Outline(tally, alone)), ..this }
            }
            Some(Counter::Of(outline)) => {
                // Words are looked up once for both.
                let outline = Self { reader: this.reader.clone(), ..outline.with_finder(finder.clone()) };
                Self { finder, counter: Some(Counter::Of(Box::new(outline))), ..this }
            }
            None => Self { finder, ..this },
        }
    }

    /// The same model with what is known of it beside its files: its licence, how it paints best.
    #[must_use]
    pub fn with_card(mut self, change: impl FnOnce(&mut ModelCard)) -> Self {
        change(&mut self.card);
        self
    }

    /// What a request calls `name` makes pictures larger.
    pub(crate) fn enlarger(&self, name: &str) -> Result<Enlarger, PaintError> {
        Enlarger::find_on(&self.upscalers, &self.finder, name)
    }

    /// The model without its hash.
    pub(crate) fn of_files(
        files: &ModelFiles,
        name: &str,
        engine: Engine,
        reader: Reader,
    ) -> Result<Self, DiffusionError> {
        let settings = Settings::read(files.pipeline_config()?)?;
        let mut parameters = settings.parameters()?;
        let family = reader.family;
        parameters.levels.aligned_as_xl = family.aligned_as_xl;
        let unet = files.component("unet")?;
        let sample_size = unet.config.get("sample_size").and_then(Json::as_u64);
        let workshop = Workshop::new(engine.clone(), AdapterSet::default());
        let Networks { unet, text_encoders } = Networks::load(files, &workshop)?;
        let autoencoder = match settings.patch {
            Some(patch) => Autoencoder::patch(patch)?,
            None => {
                let vae = files.component("vae")?;
                Autoencoder::load(&vae.weights, &vae.config)?
            }
        };
        let beside = check_fit(&unet, &autoencoder, &text_encoders, &family)?;

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
            size_step: factor * unet.factor() as u32,
            size_limit: family.side_limit,
            steps: settings.steps.unwrap_or(family.steps),
            guidance: settings.guidance.unwrap_or(family.guidance),
            sampler: family.sampler,
            schedule,
        };
        let (size, nearest) = (card.size, card.nearest_size(card.size));
        if size != nearest || card.size_step > card.size_limit {
            let (step, limit) = (card.size_step, card.size_limit);
            return Err(DiffusionError::Unsupported(format!(
                "its own size is {size}, but it paints multiples of {step} pixels up to {limit}: expected {nearest}"
            )));
        }
        Ok(Self {
            engine,
            card,
            finder: Finder::default(),
            control_nets: Shelf::default(),
            image_adapters: Shelf::default(),
            image_encoders: Shelf::default(),
            upscalers: Shelf::default(),
            reader,
            parameters,
            text_encoders,
            unet,
            beside,
            autoencoder,
            autoencoder_limit: u64::MAX,
            tiny_autoencoders: Shelf::default(),
            counter: None,
            adapting: Some(Adapting::new(files.clone(), workshop)),
        })
    }

    /// The same model, sharing its networks; it neither counts nor changes.
    pub(crate) fn twin(&self) -> Self {
        Self {
            engine: self.engine.clone(),
            card: self.card.clone(),
            finder: self.finder.clone(),
            reader: self.reader.clone(),
            parameters: self.parameters.clone(),
            text_encoders: self.text_encoders.clone(),
            unet: self.unet.clone(),
            beside: self.beside,
            autoencoder: self.autoencoder.clone(),
            control_nets: self.control_nets.clone(),
            image_adapters: self.image_adapters.clone(),
            image_encoders: self.image_encoders.clone(),
            upscalers: self.upscalers.clone(),
            autoencoder_limit: self.autoencoder_limit,
            tiny_autoencoders: self.tiny_autoencoders.clone(),
            counter: None,
            adapting: None,
        }
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
        paint_latent(changed.as_deref().unwrap_or(self), request, source, observer)
    }
}

/// Whether the picture network reads what the other networks write, and what it is shown beside the latent.
fn check_fit(
    unet: &UNet,
    autoencoder: &Autoencoder,
    encoders: &[TextEncoder],
    family: &Family,
) -> Result<Beside, DiffusionError> {
    let latent = autoencoder.latent_channels();
    let words: usize = encoders.iter().map(TextEncoder::channels).sum();
    let pooled = encoders.last().and_then(TextEncoder::pooled_channels);
    for (what, of_unet, of_others) in [
        ("channels to return", Some(unet.out_channels()), Some(latent)),
        ("values of a token", Some(unet.context_channels()), Some(words)),
        // A projection that the picture network has no use for is common.
        ("values of a whole prompt", unet.pooled_channels(family.sizes()), pooled.filter(|_| unet.takes_pooled())),
    ] {
        if of_unet != of_others {
            let text = |number: Option<usize>| number.map_or_else(|| "none".into(), |number| number.to_string());
            return Err(DiffusionError::Unsupported(format!(
                "its picture network has {} {what}, its other networks {}: expected the same",
                text(of_unet),
                text(of_others)
            )));
        }
    }
    let channels = unet.in_channels();
    Beside::of(channels, latent).ok_or_else(|| {
        DiffusionError::Unsupported(format!(
            "its picture network reads {channels} channels, expected {latent} of a latent, {} with a picture to edit, or \
             {} with a mask and what it leaves",
            2 * latent,
            2 * latent + 1
        ))
    })
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
        text_to_image(changed.as_deref().unwrap_or(self), request, source, observer)
    }
}
