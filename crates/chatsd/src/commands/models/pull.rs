//! `chatsd models pull`: models from elsewhere.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use chatsd_hub::{Catalog, Client, FetchEvent, Hub, HubError, PullEvent, PullOptions, PullPlan, PullRecord, in_words};
use chatsd_messages::{Lang, say};
use indicatif::ProgressBar;
use serde_json::json;

use crate::{
    args::{cli, environment, settings::Settings},
    failure::{OK, ProgramError, STOPPED},
    model_names, stop,
    terminal::{bar::bar, output},
};

/// Fetches models, one after the other.
///
/// # Errors
/// A name that means nothing, a service that refuses, a disk that is full; what came is kept.
pub fn run(arguments: cli::Pull, settings: Settings) -> Result<u8> {
    let cli::Pull { names, kind, name, hf_cache, dry_run, json } = arguments;
    let lang = settings.lang();
    if name.is_some() && names.len() > 1 {
        return Err(ProgramError::OneNameForOne.into());
    }
    let own = model_names::own_folder()?;
    let (client, services) = (Client::new(environment::network())?, environment::services());
    let hub = Hub { client: &client, services: &services, own: &own };
    let stop = stop::listen(lang)?;
    for wanted in &names {
        let options = PullOptions { kind, name: name.clone(), shared: hf_cache };
        chatsd_hub::check_source(wanted)?;
        let plan = match hub.plan(wanted, &options, stop) {
            Ok(plan) => plan,
            Err(_) if stop.load(Ordering::SeqCst) => return Ok(STOPPED),
            Err(error) => return Err(error.into()),
        };
        tell_plan(&plan, json, &settings)?;
        if dry_run {
            continue;
        }
        match fetch(&hub, plan, stop, json, &settings) {
            Ok(record) => tell_record(&record, json, &settings)?,
            Err(error @ HubError::Stopped { .. }) => {
                output::talk(say(lang, &error));
                return Ok(STOPPED);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(OK)
}

/// What will be fetched, from where, and under which licence.
fn tell_plan(plan: &PullPlan, json: bool, settings: &Settings) -> Result<()> {
    let lang = settings.lang();
    let record = &plan.record;
    if json {
        let files: Vec<_> = plan.files.iter().map(|file| json!({ "path": file.path, "bytes": file.bytes() })).collect();
        output::json(&json!({
            "event": "planned", "name": record.name, "kind": record.kind, "source": record.source,
            "path": record.whole_path(), "licence": record.licence, "page": record.page, "bytes": plan.bytes(),
            "here": plan.here, "files": files,
        }))?;
    }
    if settings.quiet() {
        return Ok(());
    }
    let entry = record.catalog.as_deref().and_then(|id| Catalog::builtin().find(id));
    let licence = match (&record.licence, entry) {
        (Some(licence), Some(entry)) => format!("{licence} ({})", lang.badge(entry.badge)),
        (Some(licence), None) => licence.clone(),
        (None, _) => lang.licence_unknown(),
    };
    let size = match plan.bytes() {
        0 => lang.size_unknown(),
        bytes => in_words(bytes),
    };
    let line = format!("{} · {} · {size} · {licence}", record.name, lang.of(record.kind.label()));
    output::talk(output::tame(&line));
    if let Some(entry) = entry {
        output::talk(lang.pick(&entry.about, &entry.about_zh));
    }
    if plan.here {
        output::talk(lang.pulled_before(record.whole_path().display()));
    }
    Ok(())
}

fn fetch(
    hub: &Hub<'_>,
    plan: PullPlan,
    stop: &AtomicBool,
    json: bool,
    settings: &Settings,
) -> Result<PullRecord, HubError> {
    let lang = settings.lang();
    let bar = bar(!json && !settings.quiet(), None);
    let result = hub.pull(plan, stop, &mut |event| {
        if json {
            // A reader who left does not stop the fetching.
            let _ = output::json(&flat(&event));
        }
        show(&bar, &event, lang);
    });
    bar.finish_and_clear();
    result
}

/// One event in one level of JSON.
fn flat(event: &PullEvent<'_>) -> serde_json::Value {
    let mut value = serde_json::to_value(event.event).unwrap_or_default();
    value["file"] = json!(event.file);
    value["number"] = json!(event.number);
    value["count"] = json!(event.count);
    value
}

fn show(bar: &ProgressBar, event: &PullEvent<'_>, lang: Lang) {
    let file = if event.count > 1 {
        format!("{} ({}/{})", event.file, event.number, event.count)
    } else {
        event.file.to_owned()
    };
    let pace = match event.event {
        FetchEvent::Waiting { seconds, error } => {
            bar.set_message(output::tame(&lang.pull_waits(say(lang, error), format!("{seconds:.0}"))));
            return;
        }
        FetchEvent::Fetching(pace) | FetchEvent::Checking(pace) => pace,
    };
    if let Some(total) = pace.total {
        bar.set_length(total);
    }
    bar.set_position(pace.bytes);
    let mut parts = vec![if matches!(event.event, FetchEvent::Checking(_)) { lang.pull_checks(&file) } else { file }];
    let total = pace.total.map(|total| format!(" / {}", in_words(total))).unwrap_or_default();
    parts.push(format!("{}{total}", in_words(pace.bytes)));
    parts.push(format!("{}/s", in_words(pace.per_second as u64)));
    parts.extend(pace.left_seconds.map(|seconds| lang.time_left(format!("{seconds:.0}"))));
    bar.set_message(output::tame(&parts.join(" · ")));
}

fn tell_record(record: &PullRecord, json: bool, settings: &Settings) -> Result<()> {
    if json {
        return output::json(&json!({
            "event": "pulled", "name": record.name, "kind": record.kind, "source": record.source,
            "path": record.whole_path(), "licence": record.licence, "bytes": record.bytes(), "files": record.files,
        }));
    }
    output::data(record.whole_path().display())?;
    if !settings.quiet() && record.kind == chatsd_types::FileKind::Model {
        output::talk(settings.lang().pulled_model(&record.name));
    }
    Ok(())
}
