//! `chatsd paint`: a sheet of different pictures from one sentence.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use chatsd_studio::{
    ControlChoice, Draft, DryRun, ImagePromptChoice, PaintJob, PictureChoices, Prediction, Region, read_source,
};
use chatsd_types::{Adapter, Mask, ParameterChoices, ParameterError, Prerequisite, Request, SourceRole};

use super::write::{as_line, prompt_choices};
use crate::{
    args::{
        cli,
        settings::Settings,
        values::{ControlArg, ImagePromptArg},
    },
    failure::{OK, ProgramError},
    model_names, run_job,
    terminal::{
        output,
        progress::{say_drafts, say_notes, takes},
    },
    wiring::House,
};

/// Paints a sheet.
///
/// # Errors
/// A sentence, choice, model, folder or picture that cannot be used; what was finished is kept.
pub fn run(arguments: cli::Paint, mut settings: Settings) -> Result<u8> {
    let cli::Paint { sentence, chance, prompt, parameters, grid_rows, init, mask, extend, .. } = arguments;
    prompt.put_into(&mut settings);
    parameters.put_into(&mut settings)?;
    arguments.draft.put_into(&mut settings);
    arguments.sheet.put_into(&mut settings);
    let json = arguments.painting.put_into(&mut settings);
    if arguments.full {
        settings.draft = Some(Draft::Off);
    }
    if grid_rows == Some(0) {
        return Err(ProgramError::NoCells.into());
    }
    if let Some(rows) = grid_rows {
        let columns = *settings.columns.get_or_insert(rows);
        settings.count = Some((rows as usize).saturating_mul(columns as usize));
    }
    let read = |role, path: Option<PathBuf>| path.map(|path| read_source(role, &path)).transpose();
    let mask = read(SourceRole::Mask, mask)?.as_ref().map(Mask::from_image);
    let job = PaintJob {
        sentence: sentence.text(),
        model: settings.model.clone(),
        prompt: prompt_choices(&chance, &settings),
        picture: PictureChoices {
            parameters: settings.parameters.clone(),
            draft: settings.draft.unwrap_or_default(),
            adapters: adapters(&arguments.lora, &mut settings),
            controls: arguments.control.into_iter().map(control).collect::<Result<_>>()?,
            image_prompts: arguments.image_prompt.into_iter().map(image_prompt).collect::<Result<_>>()?,
        },
        init: read(SourceRole::Init, init)?,
        region: mask.map(Region::Mask).or(extend.map(Region::Margins)),
        budget: arguments.minutes.map(|minutes| Duration::from_secs_f64(60.0 * f64::from(minutes.0))),
        columns: settings.sheet_columns()?,
    };
    check_alone(&parameters.0, &job)?;
    if arguments.dry_run {
        return dry_run(&House::new(&settings).studio()?.dry_run(&job)?, json, &settings);
    }
    run_job::run(&settings, json, Box::new(move |studio, events, cancel| studio.paint(&job, events, cancel)))
}

/// A flag that works on something which nobody asked for is a mistake; in a config file it waits for its day.
fn check_alone(flags: &ParameterChoices, job: &PaintJob) -> Result<(), ParameterError> {
    for (parameter, _) in flags.iter() {
        let missing = parameter.needs.filter(|needs| match needs {
            Prerequisite::Init => job.init.is_none(),
            Prerequisite::Mask => job.region.is_none(),
            Prerequisite::SecondPass => !job.picture.parameters.has("hires"),
        });
        if let Some(needs) = missing {
            return Err(ParameterError::Needs { parameter, needs });
        }
    }
    Ok(())
}

fn control(argument: ControlArg) -> Result<ControlChoice> {
    let ControlArg { name, image, preprocessor, weight, from, to } = argument;
    let image = read_source(SourceRole::Control, &image)?;
    Ok(ControlChoice { name, image, preprocessor, weight, start: from, end: to })
}

fn image_prompt(argument: ImagePromptArg) -> Result<ImagePromptChoice> {
    let ImagePromptArg { name, image, weight } = argument;
    Ok(ImagePromptChoice { name, image: read_source(SourceRole::ImagePrompt, &image)?, weight })
}

/// The adapters that were given. One given by its path is called by its file's name, so that no picture tells others of
/// this machine's folders.
fn adapters(given: &[String], settings: &mut Settings) -> Vec<Adapter> {
    let adapters = given.iter().map(|text| {
        let mut adapter = chatsd_types::adapter(text);
        let path = PathBuf::from(&adapter.name);
        if path.exists() {
            adapter.name = model_names::name(&adapter.name);
            settings.given.insert(adapter.name.clone(), path);
        }
        adapter
    });
    adapters.collect()
}

fn dry_run(dry_run: &DryRun, json: bool, settings: &Settings) -> Result<u8> {
    let DryRun { plan, prediction: Prediction { seconds, bytes }, tokens } = dry_run;
    let lang = settings.lang();
    if json {
        let planned = serde_json::json!({ "event": "planned", "plan": plan, "expected_seconds": seconds, "expected_bytes": bytes });
        output::json(&planned)?;
        return Ok(OK);
    }
    if !settings.quiet() {
        say_notes(lang, &plan.notes);
        say_drafts(lang, plan);
        output::talk(takes(lang, *seconds, *bytes));
        output::talk(lang.nothing_painted());
    }
    for (number, (request, tokens)) in (1..).zip(plan.requests.iter().zip(tokens)) {
        let Request { size, steps, sampler, schedule, guidance, seed, .. } = request;
        let how = lang.how(size, steps, sampler, schedule, guidance, seed);
        output::data(format!("{}  [{how}]", as_line(number, &request.prompt, *tokens)))?;
    }
    Ok(OK)
}
