//! A model with a request's adapters and learned words in it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chatsd_types::{Adapted, Adapter, FileKind, LearnedWord, PaintError, Request};
use chatsd_weights::{self as weights, AdapterSet, Adopted, ModelFiles, Scope, Strength, WeightsError, Workshop};

use crate::{DiffusionError, PictureModel, error::unusable, few_steps, picture_model::Networks, reader::TEXT_ENCODERS};

/// Digits of a hash by which picture programs name adapters.
const HASH_DIGITS: usize = 12;
/// Names of few-step adapters stand in one of these, besides the file's name.
const TITLES: [&str; 2] = ["ss_output_name", "modelspec.title"];

/// What networks with other weights are made of, and those that were made last.
pub(crate) struct Adapting {
    files: ModelFiles,
    /// The layers of the model itself.
    base: Workshop,
    opened: Mutex<HashMap<String, Arc<weights::Adapter>>>,
    current: Mutex<Option<Current>>,
}

/// The model as the last request with adapters or learned words wanted it.
struct Current {
    adapters: Vec<Adapter>,
    words: Vec<LearnedWord>,
    workshop: Option<Workshop>,
    model: Arc<PictureModel>,
}

impl Adapting {
    pub(crate) fn new(files: ModelFiles, base: Workshop) -> Self {
        Self { files, base, opened: Mutex::default(), current: Mutex::default() }
    }
}

impl PictureModel {
    /// The model as a request wants it; nothing where that is the model itself. The next request with the same adapters
    /// and words finds it ready; one with others shares all layers that are the same.
    ///
    /// # Errors
    /// When an adapter or a learned word is not found or does not fit the model.
    pub(crate) fn changed(&self, request: &Request) -> Result<Option<Arc<Self>>, PaintError> {
        let (adapters, words) = (&request.adapters, &request.learned_words);
        if adapters.is_empty() && words.is_empty() {
            return Ok(None);
        }
        let Some(adapting) = &self.adapting else { return Ok(Some(Arc::new(self.with_words(words)?))) };
        let mut current = adapting.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = current.as_ref().filter(|now| now.adapters == *adapters && now.words == *words) {
            return Ok(Some(Arc::clone(&current.model)));
        }
        let before = current.take();
        let (workshop, model) = if adapters.is_empty() {
            (None, self.with_words(words)?)
        } else {
            let (set, _) = adapting.adopt(self, adapters)?;
            let workshop = Workshop::new(self.engine.clone(), set);
            workshop.share(&adapting.base);
            if let Some(before) = before.as_ref().and_then(|before| before.workshop.as_ref()) {
                workshop.share(before);
            }
            // Layers that only the last request had make room before others are made.
            drop(before);
            let networks = Networks::load(&adapting.files, &workshop);
            let Networks { unet, text_encoders } = networks.map_err(|why| refused(adapters, why))?;
            let model = Self { unet, text_encoders, ..self.twin() }.with_words(words)?;
            (Some(workshop), model)
        };
        let model = Arc::new(model);
        let (adapters, words) = (adapters.clone(), words.clone());
        *current = Some(Current { adapters, words, workshop, model: Arc::clone(&model) });
        Ok(Some(model))
    }

    /// The same model, which reads these learned words.
    fn with_words(&self, words: &[LearnedWord]) -> Result<Self, PaintError> {
        let vectors: Vec<_> =
            words.iter().map(|word| self.reader.learned.vectors(&word.name)).collect::<Result<_, _>>()?;
        let model = self.twin();
        let text_encoders = model.text_encoders.iter().enumerate().map(|(place, encoder)| {
            encoder.with_learned(vectors.iter().flat_map(|vectors| vectors.values[place].iter().copied()).collect())
        });
        let text_encoders = text_encoders.collect::<Result<_, _>>().map_err(|why| {
            let names: Vec<&str> = words.iter().map(|word| word.name.as_str()).collect();
            unusable(FileKind::Embedding, &names.join(", "), why)
        })?;
        Ok(Self { text_encoders, reader: model.reader.with_words(&vectors), ..model })
    }

    /// See `ImageModel::adapted`.
    pub(crate) fn with_adapters(&self, adapters: &mut [Adapter]) -> Result<Adapted, PaintError> {
        let mut adapted = Adapted { card: self.card.clone(), few_steps: None, unmatched: Vec::new() };
        if adapters.is_empty() {
            return Ok(adapted);
        }
        let Some(adapting) = &self.adapting else {
            return Err(PaintError::NoAdapters { model: self.card.name.clone(), adapter: adapters[0].name.clone() });
        };
        let (_, adopted) = adapting.adopt(self, adapters)?;
        for (adapter, adopted) in adapters.iter_mut().zip(adopted) {
            let opened = adapting.open(self, &adapter.name)?;
            adapter.hash = opened.hash().chars().take(HASH_DIGITS).collect();
            if !adopted.unmatched.is_empty() {
                adapted.unmatched.push((adapter.name.clone(), adopted.unmatched));
            }
            let titles: Vec<String> = TITLES.iter().filter_map(|key| opened.metadata(key)).collect();
            let names = std::iter::once(adapter.name.as_str()).chain(titles.iter().map(String::as_str));
            if adapter.weight != 0.0 && few_steps::bring(names, &mut adapted.card) {
                adapted.few_steps = Some(adapter.name.clone());
            }
        }
        Ok(adapted)
    }
}

impl Adapting {
    /// The adapters, matched with the model.
    fn adopt(&self, model: &PictureModel, adapters: &[Adapter]) -> Result<(AdapterSet, Vec<Adopted>), PaintError> {
        let opened = adapters.iter().map(|adapter| {
            let strength = Strength { network: adapter.weight, text: adapter.text_weight.unwrap_or(adapter.weight) };
            Ok((self.open(model, &adapter.name)?, strength))
        });
        let opened = opened.collect::<Result<Vec<_>, PaintError>>()?;
        let names = TEXT_ENCODERS.into_iter().chain(["unet"]).filter(|name| self.files.has(name));
        let networks = names.map(|name| Ok((name, self.files.component(name)?.weights)));
        let networks = networks.collect::<Result<_, WeightsError>>();
        let networks: Vec<(&str, Scope<'_>)> = networks.map_err(|why| refused(adapters, why))?;
        // One by one they tell which of them fits nothing.
        for (adapter, opened) in adapters.iter().zip(&opened).filter(|_| adapters.len() > 1) {
            let alone = AdapterSet::new(vec![opened.clone()], &networks);
            alone.map_err(|why| refused(std::slice::from_ref(adapter), why))?;
        }
        AdapterSet::new(opened, &networks).map_err(|why| refused(adapters, why))
    }

    /// An adapter by its name; opened once.
    fn open(&self, model: &PictureModel, name: &str) -> Result<Arc<weights::Adapter>, PaintError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(adapter) = opened.get(name) {
            return Ok(Arc::clone(adapter));
        }
        let found = model.finder.find(FileKind::Adapter, name).and_then(weights::Adapter::open);
        let adapter = Arc::new(found.map_err(|why| unusable(FileKind::Adapter, name, why))?);
        opened.insert(name.to_owned(), Arc::clone(&adapter));
        Ok(adapter)
    }
}

/// That adapters cannot be used together, or the one cannot.
fn refused(adapters: &[Adapter], why: impl Into<DiffusionError>) -> PaintError {
    let names: Vec<&str> = adapters.iter().map(|adapter| adapter.name.as_str()).collect();
    unusable(FileKind::Adapter, &names.join(", "), why.into())
}
