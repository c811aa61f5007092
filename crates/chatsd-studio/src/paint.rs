//! From requests to entries: one by one, each kept as soon as it is finished, the sheet at the end.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use chatsd_gallery::{Entry, Gallery, GalleryError, NewEntry, Sheet, SheetLayout};
use chatsd_types::{Image, ImageModel, PaintError, Request, Source};

use crate::{Event, Pace, Plan, Studio, StudioError, masked::Prepared};

/// Entries that are looked at to guess how long it takes.
const LOOK_BACK: usize = 64;

/// What became of a plan.
#[derive(Debug)]
pub struct Outcome {
    /// The sheet; none when it was stopped before the first picture was finished.
    pub sheet: Option<Sheet>,
    /// What is finished and kept, in the order of the sheet.
    pub entries: Vec<Entry>,
    /// The picture of the whole sheet.
    pub sheet_path: Option<PathBuf>,
    /// Whether it was stopped before all were finished.
    pub stopped: bool,
}

impl Studio<'_> {
    /// Paints the pictures of a plan and keeps each as soon as it is finished. The sheet is made of what is finished,
    /// also when `cancel` becomes true (then the step in hand is the last) or a picture fails. `layout` is how
    /// the sheet looks.
    ///
    /// The sheet is begun when its first picture is finished, so that an early stop leaves nothing behind.
    ///
    /// # Errors
    /// A picture that the model cannot paint or the gallery cannot keep; what was finished before is kept.
    pub fn paint(
        &self,
        plan: &Plan,
        source: &Source,
        gallery: &Gallery,
        layout: &SheetLayout,
        events: &mut dyn FnMut(Event<'_>),
        cancel: &AtomicBool,
    ) -> Result<Outcome, StudioError> {
        let begun = Instant::now();
        let pace = self.pace(gallery)?;
        let expected = plan.requests.iter().map(|request| Some(pace.expected(request)?.as_secs_f64())).sum();
        events(Event::Planned { plan, expected_seconds: expected });
        let mut outcome = Outcome { sheet: None, entries: Vec::new(), sheet_path: None, stopped: false };
        let mut work = Work { model: self.model, source, pace, events, cancel };
        let painted = work.paint_all(plan, gallery, &mut outcome);
        let finished = match outcome.sheet.take_if(|_| outcome.entries.is_empty()) {
            Some(empty) => gallery.abandon_sheet(&empty.id),
            None => finish(gallery, layout, &mut outcome, begun, events),
        };
        // What went wrong first is what is told.
        painted?;
        finished?;
        if outcome.stopped {
            let (finished, count) = (outcome.entries.len() as u32, plan.requests.len() as u32);
            events(Event::Stopped { finished, count });
        }
        Ok(outcome)
    }

    /// How fast this model painted before, as the gallery remembers.
    fn pace(&self, gallery: &Gallery) -> Result<Pace, StudioError> {
        Ok(Pace::of_entries(&gallery.list(LOOK_BACK)?, &self.model.card().hash))
    }
}

/// Makes the picture of a sheet that has entries.
fn finish(
    gallery: &Gallery,
    layout: &SheetLayout,
    outcome: &mut Outcome,
    begun: Instant,
    events: &mut dyn FnMut(Event<'_>),
) -> Result<(), GalleryError> {
    let Some(sheet) = &outcome.sheet else { return Ok(()) };
    let path = gallery.finish_sheet(&sheet.id, layout)?;
    let finished = outcome.entries.len() as u32;
    events(Event::SheetDone { sheet, path: &path, finished, seconds: begun.elapsed().as_secs_f64() });
    outcome.sheet_path = Some(path);
    Ok(())
}

/// Everything one run of painting has at hand.
struct Work<'a> {
    model: &'a dyn ImageModel,
    source: &'a Source,
    pace: Pace,
    events: &'a mut dyn FnMut(Event<'_>),
    cancel: &'a AtomicBool,
}

impl Work<'_> {
    /// Fills the outcome until all is painted, it is stopped, or something fails.
    fn paint_all(&mut self, plan: &Plan, gallery: &Gallery, outcome: &mut Outcome) -> Result<(), StudioError> {
        let count = plan.requests.len() as u32;
        for (number, request) in (1..).zip(&plan.requests) {
            if self.cancel.load(Ordering::SeqCst) {
                outcome.stopped = true;
                break;
            }
            (self.events)(Event::Started { number, count, request });
            let begun = Instant::now();
            let image = match self.paint_one(number, request, &plan.requests[number as usize..]) {
                Ok(image) => image,
                Err(PaintError::Stopped { .. }) => {
                    outcome.stopped = true;
                    break;
                }
                Err(source) => return Err(StudioError::Paint { number, source }),
            };
            let duration = begun.elapsed();
            (self.events)(Event::Painted { number, seconds: duration.as_secs_f64(), image: &image });
            let sheet = match &outcome.sheet {
                Some(sheet) => sheet,
                None => outcome.sheet.insert(gallery.begin_sheet(&plan.idea)?),
            };
            let parents = plan.parents.clone();
            let entry =
                gallery.add(&sheet.id, NewEntry { number, request: request.clone(), image, duration, parents })?;
            (self.events)(Event::Kept { entry: &entry, path: &gallery.path(&entry) });
            outcome.entries.push(entry);
        }
        Ok(())
    }

    /// `rest` is what will be painted after it.
    fn paint_one(&mut self, number: u32, request: &Request, rest: &[Request]) -> Result<Image, PaintError> {
        let prepared = Prepared::new(request, self.source);
        let Self { model, pace, events, cancel, .. } = self;
        let mut before = Instant::now();
        let painted = model.paint(request, &prepared.source, &mut |progress| {
            let part = 1.0 / f64::from(progress.steps.max(1));
            pace.measured(request, part, before.elapsed());
            before = Instant::now();
            let seconds = |request| Some(pace.expected(request)?.as_secs_f64());
            let here = seconds(request).map(|all| all * part * f64::from(progress.steps - progress.step));
            let after: Option<f64> = rest.iter().map(seconds).sum();
            let left_seconds = here.zip(after).map(|(here, after)| here + after);
            events(Event::Step { number, step: progress.step, steps: progress.steps, left_seconds });
            if cancel.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        painted.map(|image| prepared.finish(image))
    }
}
