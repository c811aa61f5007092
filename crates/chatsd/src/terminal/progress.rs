//! What is said, shown and drawn while a sheet is painted: on stderr for the person in front, or as JSON on stdout.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    sync::Arc,
    time::Instant,
};

use chatsd_messages::{Lang, note};
use chatsd_prompt::StyleLibrary;
use chatsd_studio::{Drafts, Event, Plan};
use chatsd_types::{Image, Note, Preview};
use indicatif::ProgressBar;

use crate::{
    args::{
        settings::Settings,
        values::{Previews, Show},
    },
    terminal::{self, Live, bar::bar, output},
};

/// Character cells across that one picture takes.
pub const PICTURE_COLUMNS: u32 = 24;
/// Character cells across that the whole sheet takes.
const SHEET_COLUMNS: u32 = 78;
/// Memory that is worth a word, in megabytes.
const NOTEWORTHY: u64 = 512;
/// A sheet this small is only one picture, which has been shown.
const ONE: u32 = 1;

/// Follows the events of one sheet.
pub struct Progress<'a> {
    lang: Lang,
    json: bool,
    talks: bool,
    way: Show,
    bar: ProgressBar,
    library: &'a StyleLibrary,
    count: u32,
    style: String,
    painted: Option<Arc<Image>>,
    seconds: f64,
    /// The picture in the making, where it is shown.
    live: Option<Live>,
}

impl<'a> Progress<'a> {
    /// Follows as the settings say.
    pub fn new(settings: &Settings, json: bool, library: &'a StyleLibrary) -> Self {
        let talks = !settings.quiet();
        let way = match settings.show.unwrap_or(Show::Auto) {
            Show::Auto if !talks || json => Show::None,
            _ => way_to_show(settings),
        };
        let bar = ProgressBar::hidden();
        // Only a terminal can be drawn over.
        let shows = way != Show::None && settings.preview != Some(Previews::None);
        let live = (shows && output::coloured(io::stderr().is_terminal())).then(Live::new);
        Self {
            lang: settings.lang(),
            json,
            talks,
            way,
            bar,
            library,
            count: 0,
            style: String::new(),
            painted: None,
            seconds: 0.0,
            live,
        }
    }

    /// Takes one event.
    pub fn follow(&mut self, event: &Event) {
        if self.json {
            // A reader who left does not stop the painting.
            let _ = output::json(event);
        }
        match event {
            Event::Recovered { entries, folder } => self.say(&self.lang.recovered(entries, folder.display())),
            Event::Planned { plan, expected_seconds, expected_bytes, fits } => {
                self.planned(plan, *expected_seconds, *expected_bytes, *fits);
            }
            Event::Started { request, .. } => self.style = self.style_name(&request.prompt.style),
            Event::Step { number, step, steps, left_seconds, preview } => {
                self.preview(preview.as_ref());
                self.bar.set_position(u64::from((number - 1) * steps + step));
                let place = self.lang.step_of(number, self.count, &self.style, step, steps);
                let left = left_seconds.map(|seconds| self.lang.time_left(rounded(seconds)));
                self.bar.set_message([Some(place), left].into_iter().flatten().collect::<Vec<_>>().join(" · "));
            }
            Event::Painted { image, seconds, .. } => {
                self.end_preview();
                self.painted = Some(Arc::clone(image));
                self.seconds = *seconds;
            }
            Event::Kept { entry, path } => {
                let line = self.lang.painted(entry.number, self.count, &self.style, format!("{:.1}", self.seconds));
                // A picture that is only made larger was not painted.
                if let Some(image) = self.painted.take() {
                    self.show(&image, path, PICTURE_COLUMNS);
                    self.say(&line);
                }
            }
            Event::SheetDone { path, finished, .. } => {
                self.bar.finish_and_clear();
                if *finished > ONE
                    && self.way != Show::None
                    && let Ok(image) = chatsd_gallery::read_image(path)
                {
                    let width =
                        terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| u32::from(width.0));
                    self.show(&image, path, SHEET_COLUMNS.min(width.saturating_sub(1)));
                }
            }
            Event::Upscaling { from, to, upscaler, all: 0, .. } => {
                self.say(&self.lang.enlarging(from, to, upscaler));
                self.bar = bar(self.talks && !self.json, None);
            }
            Event::Upscaling { done, all, .. } => {
                self.bar.set_length(*all as u64);
                self.bar.set_position(*done as u64);
            }
            Event::Compared { .. } if self.json => {}
            Event::Compared { same_bytes, differing_pixels, path } => {
                let old = path.display();
                self.say(&match (same_bytes, differing_pixels) {
                    (true, _) => self.lang.again_same(old),
                    (false, 0) => self.lang.again_same_pixels(old),
                    (false, pixels) => self.lang.again_differs(old, pixels),
                });
            }
            Event::LeftOut { styles, .. } => {
                let names: Vec<String> = styles.iter().map(|style| self.style_name(style)).collect();
                self.say(&self.lang.left_out(names.len(), names.join(self.lang.pick(", ", "、"))));
            }
            Event::Stopped { .. } => {
                self.end_preview();
                self.bar.finish_and_clear();
            }
        }
    }

    fn planned(&mut self, plan: &Plan, seconds: Option<f64>, bytes: Option<u64>, fits: Option<u32>) {
        self.count = plan.requests.len() as u32;
        let Some(first) = plan.requests.first() else { return };
        if !self.talks {
            return;
        }
        let lang = self.lang;
        say_notes(lang, &plan.notes);
        if !plan.idea.excluded.is_empty() {
            self.say(&lang.excluded(plan.idea.excluded.join(", ")));
        }
        say_drafts(lang, plan);
        if let (Some(fits), Some(budget)) = (fits, plan.budget_seconds) {
            self.say(&lang.fits(fits, self.count, rounded(budget / 60.0)));
        }
        let what = lang.painting(self.count, &first.model, first.size, first.steps);
        self.say(&format!("{what} · {} · {}", lang.seed(first.seed), takes(lang, seconds, bytes)));
        let steps = plan.requests.iter().map(|request| u64::from(request.steps)).sum();
        self.bar = bar(true, Some(steps));
    }

    /// The style's name in the user's language.
    fn style_name(&self, id: &str) -> String {
        match self.library.find(id) {
            Some(style) => self.lang.pick(&style.name, &style.name_zh).clone(),
            None if id.is_empty() => self.lang.no_style(),
            None => id.to_owned(),
        }
    }

    fn say(&self, line: &str) {
        if self.talks {
            self.bar.suspend(|| output::talk(output::tame(line)));
        }
    }

    /// Draws the picture in the making, every now and then.
    fn preview(&mut self, preview: Option<&Preview>) {
        let Some(live) = self.live.as_mut().filter(|live| live.is_due()) else { return };
        let begun = Instant::now();
        if let Some(image) = preview.and_then(Preview::image) {
            let text = live.draw(&image);
            self.bar.suspend(|| output::draw(&text));
        }
        live.took(begun.elapsed());
    }

    /// Takes the picture in the making away.
    fn end_preview(&mut self) {
        let text = self.live.as_mut().map(Live::erase).unwrap_or_default();
        if !text.is_empty() {
            self.bar.suspend(|| output::draw(&text));
        }
    }

    fn show(&self, image: &Image, path: &Path, columns: u32) {
        if self.way == Show::None {
            return;
        }
        let Ok(png) = std::fs::read(path) else { return };
        self.bar.suspend(|| {
            if let Err(error) = terminal::show(self.way, image, &png, columns) {
                output::talk(format!("{error:#}"));
            }
        });
        let _ = io::stderr().flush();
    }
}

/// How pictures are shown here.
pub fn way_to_show(settings: &Settings) -> Show {
    let is_terminal = io::stderr().is_terminal();
    match settings.show.unwrap_or(Show::Auto) {
        Show::Auto => terminal::detect(is_terminal, output::coloured(is_terminal), |name| std::env::var(name).ok()),
        way => way,
    }
}

/// Says what the user should know about the prompts.
pub fn say_notes(lang: Lang, notes: &[Note]) {
    for about in notes {
        output::talk(output::tame(&note(lang, about)));
    }
}

/// Says what the pictures are drafts of, where they are.
pub fn say_drafts(lang: Lang, plan: &Plan) {
    if let Some(Drafts { size, steps, full_size, full_steps }) = plan.drafts {
        output::talk(lang.drafts(size, steps, full_size, full_steps));
    }
}

/// What a plan takes: time, and memory where it is worth a word.
pub fn takes(lang: Lang, seconds: Option<f64>, bytes: Option<u64>) -> String {
    let time = seconds.map_or_else(|| lang.time_unknown(), |seconds| lang.about_seconds(rounded(seconds)));
    match bytes.map(|bytes| bytes >> 20) {
        Some(megabytes) if megabytes >= NOTEWORTHY => format!("{time} · {}", lang.about_megabytes(megabytes)),
        _ => time,
    }
}

/// Seconds as people say them: tenths below ten.
fn rounded(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.1}") } else { format!("{seconds:.0}") }
}
