//! `chatsd doctor`: what was found, what is missing, what to do.

use std::{
    fs,
    io::{self, IsTerminal},
};

use anyhow::Result;
use chatsd_gallery::Gallery;
use chatsd_messages::{ErrorClass, Lang};
use chatsd_types::ImageModel;
use serde_json::json;

use crate::{
    args::{
        cli, config,
        settings::{SetBy, Settings},
    },
    failure,
    memory::{self, Memory},
    terminal::{output, progress},
    wiring::{self, House},
};

/// Looks at everything; what is wrong does not keep it from looking at the rest.
///
/// # Errors
/// When nobody reads.
pub fn run(arguments: cli::Doctor, mut settings: Settings) -> Result<u8> {
    arguments.loading.put_into(&mut settings);
    let house = House::new(&settings);
    let mut visit = Visit { lang: settings.lang(), json: arguments.json, troubles: 0 };
    visit.machine(&house)?;
    visit.terminal(&settings)?;
    visit.settings(&settings)?;
    visit.brought_along(&settings)?;
    visit.gallery(&settings)?;
    visit.place_for_pictures(&settings)?;
    visit.model(&house)?;
    let (lang, troubles) = (visit.lang, visit.troubles);
    if visit.json {
        output::json(&json!({ "found": "troubles", "count": troubles }))?;
    } else {
        output::data(if troubles == 0 { lang.all_well() } else { lang.troubles(troubles) })?;
    }
    Ok(if troubles == 0 { failure::OK } else { ErrorClass::Failed.exit_code() })
}

struct Visit {
    lang: Lang,
    json: bool,
    troubles: usize,
}

impl Visit {
    fn tell(&self, heading: &str, text: &str, fact: &serde_json::Value) -> Result<()> {
        if self.json { output::json(fact) } else { output::data(format!("{heading:<10} {text}")) }
    }

    fn trouble(&mut self, heading: &str, found: &str, error: &anyhow::Error) -> Result<()> {
        self.troubles += 1;
        let message = failure::message(self.lang, error);
        self.tell(heading, &format!("✗ {message}"), &json!({ "found": found, "trouble": message }))
    }

    fn machine(&mut self, house: &House) -> Result<()> {
        let heading = self.lang.machine();
        match house.engine() {
            Ok(engine) => {
                let options = engine.options();
                let threads = options.threads.unwrap_or(1);
                let instructions = options.instructions.map(|set| set.to_string()).unwrap_or_default();
                let fact = json!({ "found": "machine", "threads": threads, "instructions": instructions });
                self.tell(&heading, &self.lang.processor(threads, &instructions), &fact)?;
            }
            Err(error) => self.trouble(&heading, "machine", &error)?,
        }
        match memory::memory() {
            Some(Memory { total, available }) => {
                let (total, available) = (total >> 20, available >> 20);
                let fact = json!({ "found": "memory", "total_mb": total, "available_mb": available });
                self.tell("", &self.lang.memory(total, available), &fact)
            }
            None => self.tell("", &self.lang.memory_unknown(), &json!({ "found": "memory" })),
        }
    }

    fn terminal(&self, settings: &Settings) -> Result<()> {
        let way = progress::way_to_show(settings);
        let is_terminal = io::stderr().is_terminal();
        let fact = json!({ "found": "terminal", "is_terminal": is_terminal, "show": way });
        self.tell(&self.lang.terminal(), &self.lang.shows_pictures(way), &fact)
    }

    fn settings(&self, settings: &Settings) -> Result<()> {
        let lang = self.lang;
        if let Some(path) = config::file() {
            let shown = path.display();
            let text = if path.is_file() { lang.config_file(shown) } else { lang.config_file_absent(shown) };
            self.tell(&lang.settings(), &text, &json!({ "found": "config", "path": path, "exists": path.is_file() }))?;
        }
        for (name, value, set_by) in settings.report() {
            let whose = match set_by {
                SetBy::Default => lang.set_by_default(),
                SetBy::File => lang.set_by_file(),
                SetBy::Environment => lang.set_by_environment(format!("CHATSD_{}", name.to_uppercase())),
                SetBy::Flag => lang.set_by_flag(),
            };
            let fact = json!({ "found": "setting", "name": name, "value": value, "set_by": set_by.to_string() });
            self.tell("", &format!("{name:<18} {:<30} {whose}", output::tame(&value)), &fact)?;
        }
        Ok(())
    }

    /// The user's own styles and wildcard files.
    fn brought_along(&mut self, settings: &Settings) -> Result<()> {
        let lang = self.lang;
        match wiring::library(lang) {
            Ok(library) => {
                let (count, own) = (library.styles().len(), wiring::own_styles().unwrap_or_default());
                let fact = json!({ "found": "styles", "count": count, "own": own, "exists": own.is_file() });
                self.tell(&lang.styles(), &lang.styles_known(count, own.display()), &fact)?;
            }
            Err(error) => self.trouble(&lang.styles(), "styles", &error)?,
        }
        match wiring::wildcard_folder(settings) {
            Ok(None) => Ok(()),
            Ok(Some(folder)) => {
                let (shown, exists) = (folder.display(), folder.is_dir());
                let text = if exists { lang.wildcards_in(shown) } else { lang.wildcards_absent(shown) };
                self.tell(
                    &lang.wildcards(),
                    &text,
                    &json!({ "found": "wildcards", "folder": folder, "exists": exists }),
                )
            }
            Err(error) => self.trouble(&lang.wildcards(), "wildcards", &error),
        }
    }

    /// Whether a file can be written where the pictures go: tried, because permissions do not tell all.
    fn place_for_pictures(&mut self, settings: &Settings) -> Result<()> {
        let folder = settings.out();
        let folder = if folder.is_absolute() { folder } else { std::env::current_dir()?.join(folder) };
        let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(&folder);
        let trial = there.join(format!(".chatsd-trial-{}", std::process::id()));
        let tried = fs::File::create_new(&trial).and_then(|_| fs::remove_file(&trial));
        match tried {
            Ok(()) => {
                let fact = json!({ "found": "writable", "folder": folder });
                self.tell("", &self.lang.gallery_writable(folder.display()), &fact)
            }
            Err(error) => {
                let error = anyhow::Error::from(error).context(self.lang.gallery_not_writable(folder.display()));
                self.trouble("", "writable", &error)
            }
        }
    }

    fn gallery(&mut self, settings: &Settings) -> Result<()> {
        let (heading, folder) = (self.lang.gallery(), settings.out());
        if !folder.exists() {
            let fact = json!({ "found": "gallery", "folder": folder, "exists": false });
            return self.tell(&heading, &self.lang.gallery_none(folder.display()), &fact);
        }
        let looked = Gallery::open(&folder).and_then(|gallery| Ok((gallery.recover()?, gallery.list(usize::MAX)?)));
        match looked {
            Ok((recovery, entries)) => {
                let mut sheets: Vec<&str> = entries.iter().map(|entry| entry.sheet.as_str()).collect();
                sheets.sort_unstable();
                sheets.dedup();
                let (missing, adopted) = (recovery.missing.len(), recovery.adopted.len());
                self.troubles += usize::from(missing > 0);
                if adopted > 0 {
                    let fact = json!({ "found": "recovered", "entries": adopted });
                    self.tell(&heading, &self.lang.recovered(adopted, folder.display()), &fact)?;
                }
                let fact = json!({ "found": "gallery", "folder": folder, "entries": entries.len(), "sheets": sheets.len(),
                    "missing": missing });
                self.tell(&heading, &self.lang.gallery_health(entries.len(), sheets.len(), missing), &fact)
            }
            Err(error) => self.trouble(&heading, "gallery", &error.into()),
        }
    }

    fn model(&mut self, house: &House) -> Result<()> {
        let heading = self.lang.model();
        match house.open(house.chosen_model()).and_then(|opened| opened.picture_model()) {
            Ok(model) => {
                let card = model.card();
                let text = self.lang.model_is(&card.name, &card.hash, card.size, card.steps);
                let fact =
                    json!({ "found": "model", "name": card.name, "hash": card.hash, "size": card.size.to_string() });
                self.tell(&heading, &text, &fact)
            }
            Err(error) => self.trouble(&heading, "model", &error),
        }
    }
}
