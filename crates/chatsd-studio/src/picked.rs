//! Pictures that were picked out of the gallery, and a new sheet made of them.

use std::sync::{Arc, atomic::AtomicBool};

use chatsd_gallery::{Entry, Gallery};
use chatsd_types::{ImageModel, ModelCard, Request, Source};

use crate::{
    Events, Outcome, Plan, Studio, StudioError, card_of, memory,
    sheet::{paint_plan, sheet_layout},
    sources,
};

/// What a job makes of a picked picture, for a model without its weights and its card with the hash.
pub(crate) type Remake<'a> = dyn Fn(&dyn ImageModel, &ModelCard, &Entry) -> Result<Vec<Request>, StudioError> + 'a;

/// Pictures that were picked, and where they are.
pub(crate) struct Picked {
    pub(crate) gallery: Arc<Gallery>,
    pub(crate) entries: Vec<Entry>,
}

impl Studio {
    /// Finds the pictures that are meant.
    pub(crate) fn pick(&self, ids: &[String], events: &mut Events<'_>) -> Result<Picked, StudioError> {
        if !self.folder.is_dir() {
            return Err(StudioError::NoGallery { folder: self.folder.clone() });
        }
        let gallery = self.gallery(events)?;
        let entries = ids.iter().map(|id| gallery.find(id)).collect::<Result<Vec<_>, _>>()?;
        Ok(Picked { gallery, entries })
    }

    /// Paints what `requests` makes of each picture, on a new sheet whose pictures have the picked ones as parents.
    /// Unless another model is asked for, that of the first picture paints.
    pub(crate) fn paint_picked(
        &self,
        picked: &Picked,
        model: Option<&str>,
        columns: u32,
        requests: &Remake<'_>,
        events: &mut Events<'_>,
        cancel: &AtomicBool,
    ) -> Result<Outcome, StudioError> {
        let Picked { gallery, entries } = picked;
        let Some(first) = entries.first() else { return Ok(Outcome::of(0)) };
        let opened = self.open(model.or(Some(&first.request.model)))?;
        let meta = self.meta(&*opened)?;
        let card = card_of(&*opened, &*meta)?;
        let (sheet, _) = gallery.sheet(&first.sheet)?;
        let mut plan = Plan { idea: sheet.idea, ..Plan::default() };
        for entry in entries {
            let made = requests(&*meta, &card, entry)?;
            plan.parents.extend(made.iter().map(|_| vec![entry.id.clone()]));
            plan.requests.extend(made);
        }
        // What is gone from the gallery is told before a weight is read.
        for request in &plan.requests {
            sources::of_request(request, &Source::default(), gallery)?;
        }
        memory::check(&*self.models, &*opened, &*meta, &plan, &Source::default(), Some(gallery))?;
        let model = self.load(&*opened)?;
        paint_plan(&*model, plan, &Source::default(), gallery, &sheet_layout(&card, columns), events, cancel)
    }
}
