//! A sheet of different pictures from one sentence.

use std::{sync::atomic::AtomicBool, time::Duration};

use chatsd_types::{Image, ImageModel, Masking, PaintError, Source, TokenCount, check_sides};

use crate::{
    Events, Outcome, Pace, PictureChoices, Plan, Prediction, PromptChoices, Region, Studio, StudioError, card_of,
    extend, memory, predict,
    sheet::{paint_plan, sheet_layout},
    sources,
};

/// How much of the margins is painted anew when nobody says.
const EXTEND_STRENGTH: &str = "0.8";
/// What stands in the margins at first when nobody says: little of it should be seen at the end.
const EXTEND_FILL: &str = "fill";

/// A sheet of different pictures from one sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaintJob {
    /// What the pictures should show.
    pub sentence: String,
    /// The model, by name or path; else the usual one.
    pub model: Option<String>,
    /// Choices about the prompts.
    pub prompt: PromptChoices,
    /// Choices about the pictures.
    pub picture: PictureChoices,
    /// Start from this picture.
    pub init: Option<Image>,
    /// Paint anew only there, and not the whole starting picture.
    pub region: Option<Region>,
    /// Paint as many pictures as fit into so much time.
    pub budget: Option<Duration>,
    /// Columns of the sheet; 0 are as many as make it square.
    pub columns: u32,
}

/// What a job would paint.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// The plan.
    pub plan: Plan,
    /// What it takes.
    pub prediction: Prediction,
    /// Tokens of each prompt, in the order of the plan.
    pub tokens: Vec<TokenCount>,
}

impl Studio {
    /// Paints a sheet. What there is no memory for is refused before a weight is read, and nothing is written before
    /// it is known that the model can paint it.
    ///
    /// # Errors
    /// A sentence, choice, model, folder or picture that cannot be used; what was finished is kept.
    pub fn paint(&self, job: &PaintJob, events: &mut Events<'_>, cancel: &AtomicBool) -> Result<Outcome, StudioError> {
        let opened = self.open(job.model.as_deref())?;
        let meta = self.meta(&*opened)?;
        let (mut plan, source) = self.plan(&*meta, job)?;
        memory::check(&*self.models, &*opened, &*meta, &plan, &source, None)?;
        let model = self.load(&*opened)?;
        plan.requests.iter_mut().for_each(|request| request.model_hash.clone_from(&model.card().hash));
        let gallery = self.gallery(events)?;
        sources::keep(&gallery, &source)?;
        let layout = sheet_layout(model.card(), job.columns);
        paint_plan(&*model, plan, &source, &gallery, &layout, events, cancel)
    }

    /// What a job would paint. Makes no layer and writes nothing.
    ///
    /// # Errors
    /// As [`Studio::paint`].
    pub fn dry_run(&self, job: &PaintJob) -> Result<DryRun, StudioError> {
        let opened = self.open(job.model.as_deref())?;
        let meta = self.meta(&*opened)?;
        let (mut plan, source) = self.plan(&*meta, job)?;
        let hash = card_of(&*opened, &*meta)?.hash;
        plan.requests.iter_mut().for_each(|request| request.model_hash.clone_from(&hash));
        let prediction = predict(&*meta, &plan, &source, None, Pace::of(opened.pace()));
        let tokens = plan.requests.iter().map(|request| meta.count_tokens(&request.prompt.positive)).collect();
        Ok(DryRun { plan, prediction, tokens })
    }

    /// The plan of a job for a model, and what it is painted from.
    fn plan(&self, model: &dyn ImageModel, job: &PaintJob) -> Result<(Plan, Source), StudioError> {
        let mut picture = job.picture.clone();
        let mut source = sources::given(job.init.as_ref(), &picture);
        match (&job.region, &job.init) {
            (None, _) => {}
            (Some(_), None) => return Err(PaintError::MaskAlone.into()),
            (Some(Region::Mask(mask)), Some(_)) => source.mask = Some(mask.clone()),
            (Some(Region::Margins(margins)), Some(init)) => {
                check_sides(margins.around(init.size))?;
                let parameters = &mut picture.parameters;
                parameters.choose_if_open("mask_fill", EXTEND_FILL)?;
                parameters.choose_if_open("strength", EXTEND_STRENGTH)?;
                let blur = parameters.value("mask_blur").unwrap_or(Masking::default().blur);
                let (canvas, mask) = extend(init, *margins, 2 * blur);
                parameters.choose_if_open("size", &model.card().nearest_size(canvas.size).to_string())?;
                (source.init, source.mask) = (Some(canvas), Some(mask));
            }
        }
        let mut plan = self.plan_sentence(model, &job.sentence, &job.prompt, &picture, &source)?;
        plan.budget_seconds = job.budget.map(|budget| budget.as_secs_f64());
        Ok((plan, source))
    }
}
