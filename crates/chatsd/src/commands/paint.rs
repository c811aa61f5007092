//! `chatsd paint`: a sheet of different pictures from one sentence.

use std::path::{Path, PathBuf};

use anyhow::Result;
use chatsd_gallery::{Enlarge, Gallery, SheetLayout};
use chatsd_studio::{Draft, Event, Outcome, PictureChoices, Plan, Prediction, SecondChoices, Studio, extended};
use chatsd_types::{Adapter, Fill, ImageModel, Masking, ModelCard, SamplerOptions, Source};

use super::{
    fit,
    write::{as_line, prompt_choices},
};
use crate::{
    cli,
    failure::{OK, STOPPED, Usage},
    output,
    progress::{Progress, say_drafts, say_notes, takes},
    settings::Settings,
    shelves, sources, stop, trace,
    values::Portion,
    wiring,
};

/// Pictures with sides up to this many pixels are shown enlarged on the sheet.
const SMALL: u32 = 256;
/// How much of the margins is painted anew when nobody says.
const EXTEND_STRENGTH: Portion = Portion(0.8);
/// Pixels between the pictures of a sheet.
const GAP: u32 = 8;

/// Paints a sheet.
///
/// # Errors
/// A sentence, choice, model, folder or picture that cannot be used; what was finished is kept.
pub fn run(arguments: cli::Paint, mut settings: Settings) -> Result<u8> {
    let strength_alone = arguments.picture.strength.is_some() && arguments.init.is_none();
    arguments.prompt.put_into(&mut settings);
    let masking_alone = arguments.masking.is_given() && arguments.mask.is_none() && arguments.extend.is_none();
    let hires_alone = arguments.second.is_given() && arguments.second.hires.is_none() && settings.hires.is_none();
    arguments.picture.put_into(&mut settings);
    arguments.draft.put_into(&mut settings);
    if arguments.full {
        settings.draft = Some(Draft::Off);
    }
    arguments.masking.put_into(&mut settings);
    arguments.second.put_into(&mut settings);
    arguments.model.put_into(&mut settings);
    arguments.engine.put_into(&mut settings);
    arguments.show.put_into(&mut settings);
    arguments.sheet.put_into(&mut settings);
    arguments.drawing.put_into(&mut settings);
    let lang = settings.lang();
    if strength_alone {
        return Err(Usage(lang.strength_alone()).into());
    }
    if masking_alone {
        return Err(Usage(lang.masking_alone()).into());
    }
    if hires_alone {
        return Err(Usage(lang.hires_alone()).into());
    }
    if arguments.extend.is_some() {
        // The margins are new: little of what stands there at first should be seen at the end.
        settings.mask_fill.get_or_insert(Fill::Blur);
        settings.strength.get_or_insert(EXTEND_STRENGTH);
    }
    if settings.columns == Some(0) || arguments.grid_rows == Some(0) {
        return Err(Usage(lang.no_cells()).into());
    }
    if let Some(rows) = arguments.grid_rows {
        let columns = *settings.columns.get_or_insert(rows);
        settings.count = Some((rows as usize).saturating_mul(columns as usize));
    }
    let (library, wildcards) = (wiring::library(lang)?, wiring::wildcards(&settings)?);
    let mut source = sources::read(arguments.init.as_deref(), arguments.mask.as_deref(), lang)?;
    let (controls, followed) = sources::controls(&arguments.control, &settings)?;
    let (image_prompts, looked) = sources::image_prompts(&arguments.image_prompt, &settings)?;
    (source.controls, source.image_prompts) = (followed, looked);
    let prompt = prompt_choices(&arguments.wish, &settings);
    let mut picture = picture_choices(&settings);
    picture.adapters = adapters(&arguments.lora, &mut settings);
    if let (Some(init), Some(margins)) = (&source.init, arguments.extend) {
        let (canvas, mask) = extended(init, margins, 2 * picture.masking.blur);
        (source.init, source.mask) = (Some(canvas), Some(mask));
    }
    // Which picture it is, only the gallery can tell; whether there is one is known before the gallery is touched.
    picture.init = source.init.as_ref().map(|_| String::new());
    picture.mask = source.mask.as_ref().map(|_| String::new());
    let chosen = wiring::Chosen::open(&settings)?;
    let outline = chosen.outline()?;
    if let (Some(_), Some(canvas)) = (arguments.extend, &source.init) {
        picture.size = picture.size.or_else(|| Some(outline.card().nearest_size(canvas.size)));
    }
    // Planned with the outline first: what there is no memory for is refused before a weight is read.
    let studio = Studio { model: &outline, library: &library, wildcards: &wildcards };
    let mut plan = studio.plan(&arguments.sentence.text(), &prompt, &picture)?;
    plan.budget_seconds = arguments.minutes.map(|minutes| 60.0 * f64::from(minutes.0));
    for request in &mut plan.requests {
        request.controls.clone_from(&controls);
        request.image_prompts.clone_from(&image_prompts);
    }
    if arguments.dry_run {
        let hash = chosen.hash()?;
        plan.requests.iter_mut().for_each(|request| request.model_hash.clone_from(&hash));
        let pace = wiring::pace(&settings)?;
        let prediction = studio.predict(&plan, &source, None, pace);
        return dry_run(&plan, prediction, &outline, arguments.json, &settings);
    }
    fit::check(&studio, &plan, (&source, None), &settings)?;
    let model = chosen.picture_model()?;
    let studio = Studio { model: &model, ..studio };
    plan.requests.iter_mut().for_each(|request| request.model_hash.clone_from(&model.card().hash));
    let gallery = open_gallery(&settings)?;
    sources::keep(&gallery, &source, &mut plan.requests)?;
    let outcome = paint(&studio, &plan, &source, &gallery, &settings, arguments.json)?;
    finish(&outcome, plan.requests.len(), &gallery, &settings, arguments.json)
}

/// The adapters that were given. One given by its path is called by its file's name, so that no picture tells others of
/// this machine's folders.
fn adapters(given: &[String], settings: &mut Settings) -> Vec<Adapter> {
    let adapters = given.iter().map(|text| {
        let mut adapter = chatsd_types::adapter(text);
        let path = PathBuf::from(&adapter.name);
        if path.exists() {
            adapter.name = shelves::name(&adapter.name);
            settings.given.insert(adapter.name.clone(), path);
        }
        adapter
    });
    adapters.collect()
}

/// What was decided about the pictures.
fn picture_choices(settings: &Settings) -> PictureChoices {
    PictureChoices {
        size: settings.size,
        draft: settings.draft.unwrap_or_default(),
        decoder: settings.decoder,
        steps: settings.steps,
        sampler: settings.sampler.map(|named| named.sampler),
        schedule: settings.schedule.or(settings.sampler.and_then(|named| named.schedule)),
        sampling: SamplerOptions { eta: settings.eta.map(|portion| portion.0), ..SamplerOptions::default() },
        variation_seed: settings.variation_seed,
        variation_strength: settings.variation_strength.map(|portion| portion.0),
        seed_resize: settings.seed_resize,
        clip_skip: settings.clip_skip.map(std::num::NonZeroU32::get),
        adapters: Vec::new(),
        noise_seed_delta: settings.noise_seed_delta,
        guidance: settings.guidance.map(|guidance| guidance.0),
        guidance_rescale: settings.guidance_rescale.map(|portion| portion.0),
        image_guidance: settings.image_guidance.map(|guidance| guidance.0),
        noise: settings.noise,
        strength: settings.strength.map(|portion| portion.0),
        init: None,
        mask: None,
        masking: masking(settings),
        second: second(settings),
    }
}

/// How masked painting is done.
fn masking(settings: &Settings) -> Masking {
    let default = Masking::default();
    Masking {
        blur: settings.mask_blur.unwrap_or(default.blur),
        fill: settings.mask_fill.unwrap_or(default.fill),
        only_masked: settings.only_masked.unwrap_or(default.only_masked),
        padding: settings.mask_padding.unwrap_or(default.padding),
    }
}

/// The second pass, where one is asked for.
fn second(settings: &Settings) -> Option<SecondChoices> {
    Some(SecondChoices {
        larger: settings.hires?,
        steps: settings.hires_steps,
        strength: settings.hires_strength.map(|portion| portion.0),
        upscaler: settings.hires_upscaler.clone(),
    })
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

fn dry_run(plan: &Plan, prediction: Prediction, model: &dyn ImageModel, json: bool, settings: &Settings) -> Result<u8> {
    let Prediction { seconds, bytes } = prediction;
    if json {
        let planned = serde_json::json!({ "event": "planned", "plan": plan, "expected_seconds": seconds, "expected_bytes": bytes });
        output::json(&planned)?;
        return Ok(OK);
    }
    if !settings.quiet() {
        say_notes(settings.lang(), &plan.notes);
        say_drafts(settings.lang(), plan);
        output::talk(takes(settings.lang(), seconds, bytes));
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
