//! From requests to entries: one by one, each kept as soon as it is finished, the sheet at the end.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use chatsd_gallery::{Enlarge, Entry, Gallery, GalleryError, NewEntry, Sheet, SheetLayout};
use chatsd_types::{Cost, Image, ImageModel, ModelCard, PaintError, Progress, Request, Source};

use crate::{
    Event, Events, Pace, Plan, Prediction, StudioError,
    masking::MaskedSource,
    predict::{costs, pace_of, prediction},
    sources,
};

/// Pictures with sides up to this many pixels are shown enlarged on the sheet.
const SMALL: u32 = 256;
/// Pixels between the pictures of a sheet.
const GAP: u32 = 8;

/// What became of a job.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The sheet; `None` when it was stopped before the first picture was finished.
    pub sheet: Option<Arc<Sheet>>,
    /// What is finished and kept, in the order of the sheet.
    pub entries: Vec<Arc<Entry>>,
    /// Pictures there should have been.
    pub count: usize,
    /// The picture of the whole sheet.
    pub sheet_path: Option<PathBuf>,
    /// Whether it was stopped before all were finished.
    pub stopped: bool,
    /// Pictures that were not begun because the time was up.
    pub left_out: u32,
}

impl Outcome {
    /// Of a job of `count` pictures of which none is finished yet.
    pub(crate) const fn of(count: usize) -> Self {
        Self { sheet: None, entries: Vec::new(), count, sheet_path: None, stopped: false, left_out: 0 }
    }
}

/// How the sheet of a model's pictures looks: small ones are shown at twice their size. 0 columns are as many as make it
/// square.
pub(crate) fn sheet_layout(card: &ModelCard, columns: u32) -> SheetLayout {
    let small = card.size.width.max(card.size.height) <= SMALL;
    let enlarge = if small { Enlarge::Smooth2x } else { Enlarge::Nearest(1) };
    SheetLayout { columns, enlarge, gap: GAP, background: [255; 3] }
}

/// Paints the pictures of a plan and keeps each as soon as it is finished. The sheet is made of what is finished, also
/// when `cancel` becomes true (then the step in hand is the last) or a picture fails.
///
/// The sheet is begun when its first picture is finished, so that an early stop leaves nothing behind.
///
/// # Errors
/// A picture that the model cannot paint or the gallery cannot keep; what was finished before is kept.
pub(crate) fn paint_plan(
    model: &dyn ImageModel,
    plan: Plan,
    source: &Source,
    gallery: &Gallery,
    layout: &SheetLayout,
    events: &mut Events<'_>,
    cancel: &AtomicBool,
) -> Result<Outcome, StudioError> {
    let begun = Instant::now();
    let plan = Arc::new(plan);
    let pace = pace_of(model, gallery)?;
    let costs = costs(model, &plan, |request| sources::of_request(request, source, gallery).ok());
    let Prediction { seconds, bytes } = prediction(&costs, pace);
    let fits = plan.budget_seconds.map(|budget| fitting(&costs, pace, budget));
    events(Event::Planned { plan: Arc::clone(&plan), expected_seconds: seconds, expected_bytes: bytes, fits });
    let mut outcome = Outcome::of(plan.requests.len());
    let mut work = SheetWork { model, source, costs, pace, begun, events, cancel };
    let painted = work.paint_all(&plan, gallery, &mut outcome);
    let finished = match outcome.sheet.take_if(|_| outcome.entries.is_empty()) {
        Some(empty) => gallery.abandon_sheet(&empty.id),
        None => finish_sheet(gallery, layout, &mut outcome, begun, events),
    };
    // What went wrong first is what is told.
    painted?;
    finished?;
    let (finished, count) = (outcome.entries.len() as u32, plan.requests.len() as u32);
    if outcome.left_out > 0 {
        let rest = &plan.requests[outcome.entries.len()..];
        let styles = rest.iter().map(|request| request.prompt.style.clone()).collect();
        events(Event::LeftOut { finished, count, styles });
    }
    if outcome.stopped {
        events(Event::Stopped { finished, count });
    }
    Ok(outcome)
}

/// Makes the picture of a sheet that has entries.
pub(crate) fn finish_sheet(
    gallery: &Gallery,
    layout: &SheetLayout,
    outcome: &mut Outcome,
    begun: Instant,
    events: &mut Events<'_>,
) -> Result<(), GalleryError> {
    let Some(sheet) = &outcome.sheet else { return Ok(()) };
    let path = gallery.finish_sheet(&sheet.id, layout)?;
    let finished = outcome.entries.len() as u32;
    let (sheet, seconds) = (Arc::clone(sheet), begun.elapsed().as_secs_f64());
    events(Event::SheetDone { sheet, path: path.clone(), finished, seconds });
    outcome.sheet_path = Some(path);
    Ok(())
}

/// Everything one run of painting has at hand.
struct SheetWork<'a> {
    model: &'a dyn ImageModel,
    source: &'a Source,
    /// What each request takes.
    costs: Vec<Option<Cost>>,
    pace: Pace,
    begun: Instant,
    events: &'a mut Events<'a>,
    cancel: &'a AtomicBool,
}

impl SheetWork<'_> {
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
                outcome.left_out = count - outcome.entries.len() as u32;
                break;
            }
            (self.events)(Event::Started { number, count, request: Arc::new(request.clone()) });
            let begun = Instant::now();
            let source = sources::of_request(request, self.source, gallery)?;
            let image = match self.paint_one(number, request, &source) {
                Ok(image) => image,
                Err(PaintError::Stopped { .. }) => {
                    outcome.stopped = true;
                    break;
                }
                Err(source) => return Err(StudioError::Paint { number, source }),
            };
            let duration = begun.elapsed();
            let image = Arc::new(image);
            (self.events)(Event::Painted { number, seconds: duration.as_secs_f64(), image: Arc::clone(&image) });
            let sheet = match &outcome.sheet {
                Some(sheet) => sheet,
                None => outcome.sheet.insert(Arc::new(gallery.begin_sheet(&plan.idea)?)),
            };
            let parents = plan.parents.get(number as usize - 1).cloned().unwrap_or_default();
            let image = Arc::unwrap_or_clone(image);
            let new = NewEntry { number, request: request.without_paths(), image, duration, parents };
            let entry = Arc::new(gallery.add(&sheet.id, new)?);
            (self.events)(Event::Kept { entry: Arc::clone(&entry), path: gallery.path(&entry) });
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
        let masked = MaskedSource::new(request, source);
        let Self { model, pace, costs, events, cancel, .. } = self;
        let cost = costs[number as usize - 1].clone();
        let after: Option<f64> = costs[number as usize..].iter().map(|cost| Some(cost.as_ref()?.work)).sum();
        let (mut before, mut done) = (Instant::now(), 0.0);
        let painted = model.paint(request, &masked.source, &mut |progress| {
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
        Ok(masked.finish(painted))
    }
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
