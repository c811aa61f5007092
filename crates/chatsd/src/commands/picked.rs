//! Pictures that were picked out of the gallery, and a new sheet made of them.

use anyhow::{Context, Result};
use chatsd_gallery::{Entry, Gallery};
use chatsd_studio::{Plan, Studio};
use chatsd_types::{Request, Source};

use super::{
    fit,
    paint::{finish, open_gallery, paint},
};
use crate::{settings::Settings, wiring};

/// Pictures that were picked, and where they are.
pub struct Picked {
    pub gallery: Gallery,
    pub entries: Vec<Entry>,
}

impl Picked {
    /// Finds the pictures that are meant. Unless another model is chosen, theirs is.
    ///
    /// # Errors
    /// When one is not there.
    pub fn find(ids: &[String], settings: &mut Settings) -> Result<Self> {
        let (lang, folder) = (settings.lang(), settings.out());
        if !folder.is_dir() {
            anyhow::bail!("{}", lang.no_gallery(folder.display()));
        }
        let gallery = open_gallery(settings)?;
        let entries = ids.iter().map(|id| gallery.find(id)).collect::<Result<Vec<_>, _>>()?;
        if let (None, Some(first)) = (&settings.model, entries.first()) {
            settings.model = Some(first.request.model.clone());
        }
        Ok(Self { gallery, entries })
    }

    /// Paints what `requests` makes of a picture, for each, on a new sheet whose pictures have the picked ones as
    /// parents. Returns the exit code.
    ///
    /// # Errors
    /// A picture that the model cannot paint, for which there is no memory, or that cannot be kept.
    pub fn paint(
        &self,
        requests: &dyn Fn(&Studio<'_>, &Entry) -> Result<Vec<Request>>,
        source: &Source,
        settings: &Settings,
        json: bool,
    ) -> Result<u8> {
        let lang = settings.lang();
        let (library, wildcards) = (wiring::library(lang)?, wiring::wildcards(settings)?);
        let first = self.entries.first().context("no picture was picked")?;
        let (sheet, _) = self.gallery.sheet(&first.sheet)?;
        let plan = |studio: &Studio<'_>| -> Result<Plan> {
            let mut plan = Plan { idea: sheet.idea.clone(), ..Plan::default() };
            for entry in &self.entries {
                let made = requests(studio, entry)?;
                plan.parents.extend(made.iter().map(|_| vec![entry.id.clone()]));
                plan.requests.extend(made);
            }
            Ok(plan)
        };
        let chosen = wiring::Chosen::open(settings)?;
        let outline = chosen.outline()?;
        let studio = Studio { model: &outline, library: &library, wildcards: &wildcards };
        fit::check(&studio, &plan(&studio)?, (source, Some(&self.gallery)), settings)?;
        let model = chosen.picture_model()?;
        let studio = Studio { model: &model, ..studio };
        let plan = plan(&studio)?;
        let outcome = paint(&studio, &plan, source, &self.gallery, settings, json)?;
        finish(&outcome, plan.requests.len(), &self.gallery, settings, json)
    }
}
