//! A model with a request's adapters and textual inversions in it.

use std::sync::Arc;

use chatsd_types::{Adapted, Adapter, FileKind, LearnedWord, PaintError, Request};

use crate::{PictureModel, error::unusable, few_steps, networks::Networks};

/// Digits of a hash by which picture programs name adapters.
const HASH_DIGITS: usize = 12;
/// Names of few-step adapters stand in one of these, besides the file's name.
const TITLES: [&str; 2] = ["ss_output_name", "modelspec.title"];

impl PictureModel {
    /// The model as a request wants it; `None` where that is the model itself.
    ///
    /// # Errors
    /// When an adapter or a textual inversion is not found or does not fit the model.
    pub(crate) fn changed(&self, request: &Request) -> Result<Option<Self>, PaintError> {
        let (adapters, words) = (&request.adapters, &request.learned_words);
        if adapters.is_empty() && words.is_empty() {
            return Ok(None);
        }
        if adapters.is_empty() {
            return self.with_inversions(words).map(Some);
        }
        let networks = self.adapted_networks.with(&self.engine, &self.companions.finder, adapters)?;
        Self { networks: Networks::clone(&networks), ..self.clone() }.with_inversions(words).map(Some)
    }

    /// The same model, which reads these words.
    fn with_inversions(&self, words: &[LearnedWord]) -> Result<Self, PaintError> {
        if words.is_empty() {
            return Ok(self.clone());
        }
        let inversions = words.iter().map(|word| self.reader.inversions.open(&word.name));
        let inversions: Vec<_> = inversions.collect::<Result<_, _>>()?;
        let text_encoders = self.networks.text_encoders.iter().enumerate().map(|(place, encoder)| {
            encoder.with_inversions(inversions.iter().flat_map(|inversion| &inversion.values[place]).copied().collect())
        });
        let text_encoders: Arc<[_]> = text_encoders.collect::<Result<_, _>>().map_err(|why| {
            let names: Vec<&str> = words.iter().map(|word| word.name.as_str()).collect();
            unusable(FileKind::Embedding, &names.join(", "), why)
        })?;
        let networks = Networks { text_encoders, ..self.networks.clone() };
        Ok(Self { networks, reader: self.reader.with_inversions(&inversions), ..self.clone() })
    }

    /// See `ImageModel::adapted`.
    pub(crate) fn with_adapters(&self, adapters: &mut [Adapter]) -> Result<Adapted, PaintError> {
        let mut adapted = Adapted { card: self.card.clone(), few_steps: None, unmatched: Vec::new() };
        if adapters.is_empty() {
            return Ok(adapted);
        }
        let finder = &self.companions.finder;
        let (_, adopted) = self.adapted_networks.adopt(finder, adapters)?;
        for (adapter, adopted) in adapters.iter_mut().zip(adopted) {
            let opened = self.adapted_networks.open(finder, &adapter.name)?;
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
