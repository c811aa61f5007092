//! `chatsd models show FILE`: what a file of weights is, told from its header alone.

use std::path::Path;

use anyhow::{Context, Result};
use chatsd_messages::{self as messages, Lang};
use chatsd_studio::{OnePicture, Prediction, predict_one};
use chatsd_types::FileKind;
use chatsd_weights::{ComponentFacts, Description, ModelFiles, ModelPart, WeightFile, WeightsKind};
use serde_json::{Map, Value, json};

use crate::{
    args::{cli::FilesArgs, settings::Settings},
    failure::OK,
    terminal::{output, progress::takes},
    wiring::{self, House},
};

/// Says what the file is, of what it consists, what is missing and what to do with it.
///
/// # Errors
/// No such file, or one that cannot be read.
pub fn run(file: &str, files: FilesArgs, json: bool, mut settings: Settings) -> Result<u8> {
    files.put_into(&mut settings);
    let house = House::new(&settings);
    let path = house.find(FileKind::Model, file)?;
    let lang = settings.lang();
    let files = ModelFiles::open(&path).with_context(|| lang.no_model_in(path.display()))?;
    let told = files.description()?;
    let mut facts = facts(&path, &told);
    let mut lines = lines(lang, &path, &told);
    let dropped: Vec<&str> = files.file().into_iter().flat_map(WeightFile::dropped).collect();
    if !dropped.is_empty() {
        facts["left_out"] = json!(dropped);
        lines.push((lang.label_left_out(), lang.code_left_out(dropped.join(", "))));
    }
    if matches!(told.kind, WeightsKind::Checkpoint | WeightsKind::PictureNetwork) && told.missing.is_empty() {
        // What it is was told from its header; that it cannot paint for another reason is for the one who paints.
        if let Ok(OnePicture { size, steps, prediction: Prediction { seconds, bytes } }) = one_picture(&house, file) {
            facts["takes"] = json!({ "size": size, "steps": steps, "seconds": seconds, "bytes": bytes });
            lines.push((lang.label_takes(), lang.takes_at(takes(lang, seconds, bytes), size, steps)));
        }
    }
    if json {
        output::json(&facts)?;
    } else {
        for (label, text) in lines {
            output::data(format!("{label:<16} {text}"))?;
        }
    }
    Ok(OK)
}

fn one_picture(house: &House, name: &str) -> Result<OnePicture> {
    Ok(predict_one(&house.open(name)?.meta_model()?, wiring::pace(house)?))
}

fn facts(path: &Path, told: &Description) -> Value {
    let component = |component: &ComponentFacts| {
        let formats = component.formats.iter().map(|(format, count)| (format.name().to_owned(), json!(count)));
        json!({
            "name": component.name,
            "class": component.class,
            "parameters": component.parameters,
            "formats": formats.collect::<Map<_, _>>(),
        })
    };
    json!({
        "path": path,
        "kind": told.kind.word(),
        "family": told.family.map(|family| family.name()),
        "variant": told.variant.map(|variant| variant.to_string()),
        "predicts": told.predicts,
        "components": told.components.iter().map(component).collect::<Vec<_>>(),
        "missing": told.missing,
        "advice": told.kind.advice().to_string(),
    })
}

fn lines(lang: Lang, path: &Path, told: &Description) -> Vec<(String, String)> {
    let mut lines =
        vec![(lang.label_file(), path.display().to_string()), (lang.label_kind(), messages::named(lang, told.kind))];
    lines.extend(told.family.map(|family| (lang.label_family(), family.to_string())));
    lines.extend(told.variant.map(|variant| (lang.label_variant(), messages::variant(lang, variant))));
    lines.extend(told.predicts.as_ref().map(|predicts| (lang.label_predicts(), predicts.clone())));
    for component in &told.components {
        let millions = format!("{:.1}", component.parameters as f64 / 1e6);
        let formats: Vec<String> = component
            .formats
            .iter()
            .map(|(format, count)| {
                let percent = 100.0 * *count as f64 / component.parameters.max(1) as f64;
                if component.formats.len() == 1 { format.to_string() } else { format!("{format} {percent:.0} %") }
            })
            .collect();
        let part = messages::part(lang, &ModelPart::of(component.name));
        lines.push((part, lang.parameters(millions, formats.join(", "))));
    }
    for name in &told.missing {
        let part = ModelPart::of(name);
        let advice = messages::advice(lang, WeightsKind::PictureNetwork.advice_for(&part));
        lines.push((lang.label_missing(), format!("{}: {advice}", messages::part(lang, &part))));
    }
    if told.kind != WeightsKind::PictureNetwork || told.missing.is_empty() {
        lines.push((lang.label_advice(), messages::advice(lang, told.kind.advice())));
    }
    lines
}
