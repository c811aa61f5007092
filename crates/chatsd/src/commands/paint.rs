//! `chatsd paint`: a sheet of different pictures from one sentence.

use std::path::Path;

use anyhow::{Context, Result};
use chatsd_gallery::{Enlarge, Gallery, SheetLayout, read_image};
use chatsd_studio::{Event, Outcome, PictureChoices, Plan, Studio};
use chatsd_types::{Image, ImageModel, Mask, ModelCard, Source};

use super::write::{as_line, prompt_choices};
use crate::{
    cli,
    failure::{OK, STOPPED, Usage},
    messages::Lang,
    output,
    progress::{Progress, say_notes},
    settings::Settings,
    stop, trace, wiring,
};

/// Pictures with sides up to this many pixels are shown enlarged on the sheet.
const SMALL: u32 = 256;
/// Pixels between the pictures of a sheet.
const GAP: u32 = 8;

/// Paints a sheet.
///
/// # Errors
/// A sentence, choice, model, folder or picture that cannot be used; what was finished is kept.
pub fn run(arguments: cli::Paint, mut settings: Settings) -> Result<u8> {
    let strength_alone = arguments.picture.strength.is_some() && arguments.init.is_none();
    arguments.prompt.put_into(&mut settings);
    arguments.picture.put_into(&mut settings);
    arguments.model.put_into(&mut settings);
    arguments.engine.put_into(&mut settings);
    arguments.show.put_into(&mut settings);
    arguments.sheet.put_into(&mut settings);
    arguments.drawing.put_into(&mut settings);
    let lang = settings.lang();
    if strength_alone {
        return Err(Usage(lang.strength_alone()).into());
    }
    if settings.columns == Some(0) || arguments.grid_rows == Some(0) {
        return Err(Usage(lang.no_cells()).into());
    }
    if let Some(rows) = arguments.grid_rows {
        let columns = *settings.columns.get_or_insert(rows);
        settings.count = Some((rows as usize).saturating_mul(columns as usize));
    }
    let (library, wildcards) = (wiring::library(lang)?, wiring::wildcards(&settings)?);
    let source = source(arguments.init.as_deref(), arguments.mask.as_deref(), lang)?;
    let prompt = prompt_choices(&arguments.wish, &settings);
    let mut picture = picture_choices(&settings);
    // Which picture it is, only the gallery can tell; whether there is one is known before the gallery is touched.
    picture.init = source.init.as_ref().map(|_| String::new());
    picture.mask = source.mask.as_ref().map(|_| String::new());
    let model = wiring::picture_model(&settings)?;
    let studio = Studio { model: &model, library: &library, wildcards: &wildcards };
    let mut plan = studio.plan(&arguments.sentence.text(), &prompt, &picture)?;
    if arguments.dry_run {
        return dry_run(&plan, &model, arguments.json, &settings);
    }
    let gallery = open_gallery(&settings)?;
    let (init, mask) = keep_sources(&gallery, &source)?;
    for request in &mut plan.requests {
        (request.init, request.mask) = (init.clone(), mask.clone());
    }
    let outcome = paint(&studio, &plan, &source, &gallery, &settings, arguments.json)?;
    finish(&outcome, plan.requests.len(), &gallery, &settings, arguments.json)
}

/// What was decided about the pictures.
fn picture_choices(settings: &Settings) -> PictureChoices {
    PictureChoices {
        size: settings.size,
        steps: settings.steps,
        sampler: settings.sampler,
        schedule: settings.schedule,
        guidance: settings.guidance.map(|guidance| guidance.0),
        guidance_rescale: settings.guidance_rescale.map(|portion| portion.0),
        noise: settings.noise,
        strength: settings.strength.map(|portion| portion.0),
        init: None,
        mask: None,
    }
}

/// Opens the gallery, and says what was taken up that an interrupted program had left.
///
/// # Errors
/// A folder that cannot be made, written or read as a gallery.
pub fn open_gallery(settings: &Settings) -> Result<Gallery> {
    let gallery = Gallery::open(settings.out())?;
    let adopted = gallery.recovered().adopted.len();
    if adopted > 0 && !settings.quiet() {
        output::talk(settings.lang().recovered(adopted, gallery.folder().display()));
    }
    Ok(gallery)
}

/// What is painted over, and where.
///
/// # Errors
/// A file that is not there or no PNG picture.
pub fn source(init: Option<&Path>, mask: Option<&Path>, lang: Lang) -> Result<Source> {
    let read = |path: Option<&Path>| path.map(read_image).transpose();
    let init = read(init).with_context(|| lang.start_unusable())?;
    let mask = read(mask).with_context(|| lang.mask_unusable())?.map(|image| mask_of(&image));
    Ok(Source { init, mask, ..Source::default() })
}

/// White paints anew, black keeps: the mean of the three colours.
pub fn mask_of(image: &Image) -> Mask {
    let mean = |pixel: &[u8]| (pixel.iter().map(|&value| u32::from(value)).sum::<u32>() / 3) as u8;
    Mask { size: image.size, coverage: image.rgb.chunks_exact(3).map(mean).collect() }
}

/// Keeps the starting picture and the mask in the gallery; returns their SHA-256.
///
/// # Errors
/// When they cannot be written.
pub fn keep_sources(gallery: &Gallery, source: &Source) -> Result<(Option<String>, Option<String>)> {
    let grey =
        |mask: &Mask| Image { size: mask.size, rgb: mask.coverage.iter().flat_map(|&value| [value; 3]).collect() };
    let init = source.init.as_ref().map(|init| gallery.keep_source(init)).transpose()?;
    let mask = source.mask.as_ref().map(|mask| gallery.keep_source(&grey(mask))).transpose()?;
    Ok((init, mask))
}

/// Paints a plan while the person in front is told, and Ctrl-C is heard.
///
/// # Errors
/// As [`Studio::paint`].
pub fn paint(
    studio: &Studio<'_>,
    plan: &Plan,
    source: &Source,
    gallery: &Gallery,
    settings: &Settings,
    json: bool,
) -> Result<Outcome> {
    let cancel = stop::listen(settings.lang())?;
    let mut progress = Progress::new(settings, json, studio.library);
    let layout = sheet_layout(studio.model.card(), settings);
    let wants_svg = settings.svg.unwrap_or(false);
    let mut traced = Ok(());
    let mut kept = Vec::new();
    let mut follow = |event: Event<'_>| {
        progress.follow(&event);
        // Beside each picture as soon as that is kept, so that an early end leaves whole pairs.
        if let Event::Kept { path, .. } = event {
            kept.push(path.to_owned());
            if wants_svg && traced.is_ok() {
                traced = trace::beside(path);
            }
        }
    };
    let painted = studio.paint(plan, source, gallery, &layout, &mut follow, cancel);
    let outcome = painted.map_err(anyhow::Error::from).and_then(|outcome| Ok(traced.map(|()| outcome)?));
    if outcome.is_err() && !json {
        // What was kept before it failed is there all the same.
        kept.iter().try_for_each(|path| output::data(path.display()))?;
    }
    outcome
}

/// Small pictures are shown at twice their size.
fn sheet_layout(card: &ModelCard, settings: &Settings) -> SheetLayout {
    let small = card.size.width.max(card.size.height) <= SMALL;
    SheetLayout {
        columns: settings.columns.unwrap_or(0),
        enlarge: if small { Enlarge::Smooth2x } else { Enlarge::Nearest(1) },
        gap: GAP,
        background: [255; 3],
    }
}

/// Says where the pictures are: the paths on stdout, the rest on stderr. Returns the exit code.
pub fn finish(outcome: &Outcome, count: usize, gallery: &Gallery, settings: &Settings, json: bool) -> Result<u8> {
    let lang = settings.lang();
    let paths = outcome.entries.iter().map(|entry| gallery.path(entry));
    let paths: Vec<_> = paths.chain(outcome.sheet_path.clone()).collect();
    if !json {
        for path in &paths {
            output::data(path.display())?;
        }
    }
    let finished = outcome.entries.len();
    let folder = outcome.sheet_path.as_deref().and_then(Path::parent).map(|folder| folder.display().to_string());
    if !settings.quiet() {
        output::talk(match (&folder, outcome.stopped) {
            (None, _) => lang.stopped_early(),
            (Some(folder), true) => lang.stopped(finished, count, folder),
            (Some(folder), false) => lang.done_in(finished, folder),
        });
    }
    Ok(if outcome.stopped { STOPPED } else { OK })
}

fn dry_run(plan: &Plan, model: &dyn ImageModel, json: bool, settings: &Settings) -> Result<u8> {
    if json {
        output::json(&serde_json::json!({ "event": "planned", "plan": plan }))?;
        return Ok(OK);
    }
    if !settings.quiet() {
        say_notes(settings.lang(), &plan.notes);
        output::talk(settings.lang().nothing_painted());
    }
    for (number, request) in (1..).zip(&plan.requests) {
        let chatsd_types::Request { size, steps, sampler, schedule, guidance, seed, .. } = request;
        let how = settings.lang().how(size, steps, sampler, schedule, guidance, seed);
        let tokens = model.count_tokens(&request.prompt.positive);
        output::data(format!("{}  [{how}]", as_line(number, &request.prompt, tokens)))?;
    }
    Ok(OK)
}
