//! A picture model without a network: paints a plain colour made of the request, in no time.

use std::{ops::ControlFlow, time::Duration};

use crate::{
    Adapted, Adapter, Cost, Decoder, FileKind, Image, ImageModel, LearnedWord, ModelCard, PaintError, Preview,
    Progress, Request, Sampler, Schedule, Size, Source, SourceRole, TokenCount,
};

/// Paints one colour, made of the seed and the prompt; counts words as tokens. Refuses what a real model refuses.
pub struct FakeImageModel {
    /// What it says it is.
    pub card: ModelCard,
    /// Whether a tiny autoencoder is there.
    pub has_tiny: bool,
    /// What it is with adapters, whichever are named; without it, it takes none.
    pub adapted: Option<Adapted>,
    /// The learned words it can read.
    pub words: Vec<LearnedWord>,
}

impl Default for FakeImageModel {
    fn default() -> Self {
        Self {
            card: ModelCard {
                name: "fake".into(),
                family: "pocket".into(),
                hash: "0123456789".into(),
                licence: "MIT".into(),
                size: Size { width: 16, height: 16 },
                size_step: 8,
                size_limit: 64,
                steps: 4,
                guidance: 3.0,
                sampler: Sampler::Euler,
                schedule: Schedule::Flow,
            },
            has_tiny: true,
            adapted: None,
            words: Vec::new(),
        }
    }
}

impl ImageModel for FakeImageModel {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn count_tokens(&self, text: &str) -> TokenCount {
        TokenCount { tokens: text.split_whitespace().count(), chunk: 30 }
    }

    /// A step takes a unit for each pixel; words and decoding take half a step each.
    fn cost(&self, request: &Request, _source: &Source) -> Result<Cost, PaintError> {
        if request.decoder == Decoder::Tiny && !self.has_tiny {
            let (kind, name) = (FileKind::Autoencoder, "tiny".to_owned());
            return Err(PaintError::Unusable { kind, name, source: "there is none".into() });
        }
        let pixels = f64::from(request.size.width) * f64::from(request.size.height);
        let after_steps = (1..=request.steps).map(|step| pixels * (f64::from(step) + 0.5)).collect();
        let bytes = 1000 + 12 * pixels as u64;
        Ok(Cost { work: pixels * (f64::from(request.steps) + 1.0), after_steps, bytes })
    }

    fn pace(&self) -> Option<f64> {
        Some(1e-6)
    }

    fn adapted(&self, adapters: &mut [Adapter]) -> Result<Adapted, PaintError> {
        let card = || self.card.clone();
        match (adapters.first(), &self.adapted) {
            (None, _) => Ok(Adapted { card: card(), few_steps: None, unmatched: Vec::new() }),
            (Some(_), Some(adapted)) => Ok(adapted.clone()),
            (Some(adapter), None) => Err(PaintError::NoAdapters { model: card().name, adapter: adapter.name.clone() }),
        }
    }

    fn learned_words(&self, text: &str) -> Vec<LearnedWord> {
        self.words.iter().filter(|word| text.contains(&word.name)).cloned().collect()
    }

    fn paint(
        &self,
        request: &Request,
        source: &Source,
        observer: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Image, PaintError> {
        self.card.check(request)?;
        let size = request.size;
        for (role, found) in [
            (SourceRole::Init, source.init.as_ref().map(|init| init.size)),
            (SourceRole::Mask, source.mask.as_ref().map(|mask| mask.size)),
        ] {
            if let Some(found) = found.filter(|found| *found != size) {
                let pixels = found.width as usize * found.height as usize;
                return Err(PaintError::SourceSize { role, found, pixels, expected: size });
            }
        }
        let preview = Preview::new(move || Some(Image::filled(size, [128; 3])));
        for step in 1..=request.steps {
            let preview = Some(preview.clone());
            let progress = Progress { step, steps: request.steps, elapsed: Duration::ZERO, preview };
            if observer(progress).is_break() && step < request.steps {
                return Err(PaintError::Stopped { step, steps: request.steps });
            }
        }
        // FNV-1a over what the picture depends on.
        let mixed = request
            .prompt
            .positive
            .bytes()
            .chain(request.seed.to_le_bytes())
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let [red, green, blue, _] = mixed.to_le_bytes();
        Ok(Image::filled(request.size, [red, green, blue]))
    }
}
