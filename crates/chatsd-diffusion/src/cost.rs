//! What a request takes: a dry run of painting, by a model of shapes without weights ("meta") on a back end that counts,
//! so that no count can be another than the work.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use chatsd_tensor::{Engine, Format};
use chatsd_types::{Cost, PaintError, Request, Source};
use chatsd_weights::{ModelFiles, Tally};

use crate::{DiffusionError, Finder, PictureModel, PromptReader, pixel_maker::limit, text_to_image::text_to_image};

/// Memory of the program itself, in bytes: code, thread stacks, the threads' scratch, the picture and its file.
/// Measured as what a run of the built-in model holds beyond weights and buffers.
const PROGRAM: u64 = 48 << 20;

/// Time of a network's work in that of as much work of the probe, which is one layer over and over: between layers the
/// weights come from memory and threads wait for each other. Measured from the words to the PNG: Stable Diffusion 1.5 at
/// 512² 1.20, 2.1 at 768² 1.22, XL at 1024² 1.27, in `Q8_0` 1.21.
const NETWORK: f64 = 1.22;

/// How a model counts what it takes.
#[derive(Clone)]
pub(crate) enum Counter {
    /// It has shapes alone: the bytes that its weights would hold. One request is counted at a time.
    DryRun(Tally, Arc<Mutex<()>>),
    /// Another one counts for it.
    Of(Arc<PictureModel>),
}

impl PictureModel {
    /// The model without its weights and without its hash: it counts what a request takes and reads prompts, but
    /// cannot paint. Opened in no time.
    ///
    /// # Errors
    /// As [`PictureModel::load`].
    pub fn meta(files: &ModelFiles, name: &str) -> Result<Self, DiffusionError> {
        let reader = PromptReader::open(files)?;
        let tally = Tally::default();
        let model = Self::of_files(&files.outlined_into(&tally), name, Engine::counting(), reader)?;
        let autoencoder_limit = limit(tally.bytes() as u64 + PROGRAM);
        Ok(Self { counter: Some(Counter::DryRun(tally, Arc::default())), autoencoder_limit, ..model })
    }

    /// Finds what `finder` finds, as shapes without weights.
    pub(crate) fn without_weights(finder: &Finder, tally: &Tally) -> Finder {
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
            Some(Counter::Of(dry)) => return dry.count(request, source),
            Some(Counter::DryRun(tally, alone)) => (tally, alone),
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
        text_to_image(changed.as_ref().unwrap_or(self), &request, source, &mut |_| {
            after_steps.push(work());
            ControlFlow::Continue(())
        })?;
        let bytes = (tally.bytes() + self.engine.held()) as u64 + PROGRAM;
        // Nothing was calculated in these buffers, and the next request is long in coming.
        self.engine.trim();
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
