//! From requests to entries: one by one, each kept as soon as it is finished, the sheet at the end.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use chatsd_gallery::{Entry, Gallery, GalleryError, NewEntry, Sheet, SheetLayout};
use chatsd_types::{Cost, Image, ImageModel, PaintError, Progress, Request, Source};

use crate::{Event, Pace, Plan, Prediction, Studio, StudioError, masked::Prepared, predict::prediction};

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
    /// Pictures that were not begun because the time was up.
    pub left_out: u32,
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
        let costs = self.costs(plan, |request| source_of(request, source, gallery).ok());
        let Prediction { seconds, bytes } = prediction(&costs, pace);
        let fits = plan.budget_seconds.map(|budget| fitting(&costs, pace, budget));
        events(Event::Planned { plan, expected_seconds: seconds, expected_bytes: bytes, fits });
        let mut outcome = Outcome { sheet: None, entries: Vec::new(), sheet_path: None, stopped: false, left_out: 0 };
        let mut work = Work { model: self.model, source, costs, pace, begun, events, cancel };
        let painted = work.paint_all(plan, gallery, &mut outcome);
        let finished = match outcome.sheet.take_if(|_| outcome.entries.is_empty()) {
            Some(empty) => gallery.abandon_sheet(&empty.id),
            None => finish(gallery, layout, &mut outcome, begun, events),
        };
        // What went wrong first is what is told.
        painted?;
        finished?;
        if outcome.left_out > 0 {
            let (finished, count) = (outcome.entries.len() as u32, plan.requests.len() as u32);
            let rest = &plan.requests[(count - outcome.left_out) as usize..];
            let styles = rest.iter().map(|request| request.prompt.style.as_str()).collect();
            events(Event::LeftOut { finished, count, styles });
        }
        if outcome.stopped {
            let (finished, count) = (outcome.entries.len() as u32, plan.requests.len() as u32);
            events(Event::Stopped { finished, count });
        }
        Ok(outcome)
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
    /// What each request takes.
    costs: Vec<Option<Cost>>,
    pace: Pace,
    begun: Instant,
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
            if plan.budget_seconds.is_some_and(|budget| !outcome.entries.is_empty() && self.is_too_late(number, budget))
            {
                outcome.left_out = count - number + 1;
                break;
            }
            (self.events)(Event::Started { number, count, request });
            let begun = Instant::now();
            let source = source_of(request, self.source, gallery)?;
            let image = match self.paint_one(number, request, &source) {
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
            let parents = plan.parents.get(number as usize - 1).cloned().unwrap_or_default();
            let entry =
                gallery.add(&sheet.id, NewEntry { number, request: request.told(), image, duration, parents })?;
            (self.events)(Event::Kept { entry: &entry, path: &gallery.path(&entry) });
            outcome.entries.push(entry);
        }
        Ok(())
    }

    /// Whether a picture would not be finished within so many seconds from the beginning.
    fn is_too_late(&self, number: u32, budget: f64) -> bool {
        let takes = self.costs[number as usize - 1].as_ref().and_then(|cost| self.pace.seconds(cost.work));
        self.begun.elapsed().as_secs_f64() + takes.unwrap_or(0.0) > budget
    }

    fn paint_one(&mut self, number: u32, request: &Request, source: &Source) -> Result<Image, PaintError> {
        let prepared = Prepared::new(request, source);
        let Self { model, pace, costs, events, cancel, .. } = self;
        let cost = costs[number as usize - 1].clone();
        let after: Option<f64> = costs[number as usize..].iter().map(|cost| Some(cost.as_ref()?.work)).sum();
        let (mut before, mut done) = (Instant::now(), 0.0);
        let painted = model.paint(request, &prepared.source, &mut |progress| {
            let now_done = cost.as_ref().and_then(|cost| cost.after_steps.get(progress.step as usize - 1)).copied();
            if let Some(now_done) = now_done {
                pace.measured(now_done - done, before.elapsed());
                (before, done) = (Instant::now(), now_done);
            }
            let left = cost.as_ref().zip(after).map(|(cost, after)| cost.work - done + after);
            let left_seconds = left.and_then(|left| pace.seconds(left));
            let Progress { step, steps, preview, .. } = progress;
            events(Event::Step { number, step, steps, left_seconds, preview });
            if cancel.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(cost) = &cost {
            pace.measured(cost.work - done, before.elapsed());
        }
        Ok(prepared.finish(painted))
    }
}

/// What a request is painted from: what was given, and what the gallery has kept of the rest.
pub(crate) fn source_of(request: &Request, given: &Source, gallery: &Gallery) -> Result<Source, GalleryError> {
    let mut source = given.clone();
    if let (None, Some(init)) = (&source.init, &request.init) {
        source.init = Some(gallery.source(init)?);
    }
    if source.controls.is_empty() {
        source.controls =
            request.controls.iter().map(|control| gallery.source(&control.image)).collect::<Result<_, _>>()?;
    }
    if source.image_prompts.is_empty() {
        source.image_prompts =
            request.image_prompts.iter().map(|prompt| gallery.source(&prompt.image)).collect::<Result<_, _>>()?;
    }
    Ok(source)
}

/// How many of the pictures, from the first, are finished within so many seconds; at least one.
fn fitting(costs: &[Option<Cost>], pace: Pace, budget: f64) -> u32 {
    let mut spent = 0.0;
    let fits = costs.iter().take_while(|cost| {
        spent += cost.as_ref().and_then(|cost| pace.seconds(cost.work)).unwrap_or(0.0);
        spent <= budget
    });
    (fits.count() as u32).max(1)
}
