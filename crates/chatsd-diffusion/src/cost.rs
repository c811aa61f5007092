//! What a request takes: the whole way of painting is gone by a model of outlines on an engine that counts, so that no
//! count can be another than the work.

use std::{
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use chatsd_tensor::{Engine, Format};
use chatsd_types::{Cost, PaintError, Request, Source};
use chatsd_weights::{ModelFiles, Tally};

use crate::{DiffusionError, Finder, PictureModel, pixel_maker::limit, reader::Reader, text_to_image::text_to_image};

/// Memory of the program itself, in bytes: code, thread stacks, the threads' scratch, the picture and its file.
/// Measured as what a run of the built-in model holds beyond weights and buffers.
const PROGRAM: u64 = 48 << 20;

/// Time of a network's work in that of as much work of the probe, which is one layer over and over: between layers the
/// weights come from memory and threads wait for each other. Measured from the words to the PNG: Stable Diffusion 1.5 at
/// 512² 1.20, 2.1 at 768² 1.22, XL at 1024² 1.27, in `Q8_0` 1.21.
const NETWORK: f64 = 1.22;

/// How a model counts what it takes.
pub(crate) enum Counter {
    /// This is a model of outlines itself: the bytes its weights would hold. One request is counted at a time.
    Outline(Tally, Mutex<()>),
    /// Another one counts for it.
    Of(Box<PictureModel>),
}

impl PictureModel {
    /// The model without its weights and without its hash: it counts what a request takes and reads prompts, but
    /// cannot paint. Opened in no time.
    ///
    /// # Errors
    /// As [`PictureModel::load`].
    pub fn outline(files: &ModelFiles, name: &str) -> Result<Self, DiffusionError> {
        Self::outline_with(files, name, Reader::open(files)?)
    }

    /// As [`PictureModel::outline`], with the reader of these files.
    pub(crate) fn outline_with(files: &ModelFiles, name: &str, reader: Reader) -> Result<Self, DiffusionError> {
        let tally = Tally::default();
        let model = Self::of_files(&files.outlined_into(&tally), name, Engine::counting(), reader)?;
        let autoencoder_limit = limit(tally.bytes() as u64 + PROGRAM);
        Ok(Self { counter: Some(Counter::Outline(tally, Mutex::default())), autoencoder_limit, ..model })
    }

    /// Where the outline finds what requests name: the same files, outlined.
    pub(crate) fn outlined(finder: &Finder, tally: &Tally) -> Finder {
        let (finder, tally) = (finder.clone(), tally.clone());
        let names = finder.clone();
        let finder = Finder::new(move |kind, name| finder.find(kind, name).map(|files| files.outlined_into(&tally)));
        finder.listing(move |kind| names.names(kind))
    }

    /// Counts what a request takes.
    ///
    /// # Errors
    /// What the model cannot paint.
    pub(crate) fn count(&self, request: &Request, source: &Source) -> Result<Cost, PaintError> {
        let (tally, alone) = match &self.counter {
            Some(Counter::Of(outline)) => return outline.count(request, source),
            Some(Counter::Outline(tally, alone)) => (tally, alone),
            None => return Err(PaintError::NotCounted { model: self.card.name.clone() }),
        };
        // LoRAs are merged into weights: they change what is computed, not how much.
        let request = Request { adapters: Vec::new(), ..request.clone() };
        let _alone = alone.lock().unwrap_or_else(PoisonError::into_inner);
        self.engine.measure_afresh();
        let begun = self.engine.work().unwrap_or_default();
        let work = || (self.engine.work().unwrap_or_default() - begun).total();
        let mut after_steps = Vec::new();
        let changed = self.changed(&request)?;
        text_to_image(changed.as_deref().unwrap_or(self), &request, source, &mut |_| {
            after_steps.push(work());
            ControlFlow::Continue(())
        })?;
        let bytes = (tally.bytes() + self.engine.held()) as u64 + PROGRAM;
        Ok(Cost { work: work(), after_steps, bytes })
    }

    /// Seconds for a unit of a network's work on `engine`, by a probe.
    #[must_use]
    pub fn pace_of(engine: &Engine) -> Option<f64> {
        engine.pace(Format::F16).ok().map(|pace| NETWORK * pace)
    }

    /// Seconds for a unit of work on this machine.
    pub(crate) fn probed(&self) -> Option<f64> {
        if self.engine.work().is_some() { None } else { Self::pace_of(&self.engine) }
    }
}
