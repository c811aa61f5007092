//! `chatsd models show`: everything about one model.

use anyhow::Result;
use chatsd_messages::Lang;
use chatsd_types::{ImageModel, ModelCard};
use serde_json::{Value, json};

use crate::{
    args::{cli::FilesArgs, settings::Settings},
    failure::OK,
    terminal::output,
    wiring::House,
};

/// Shows one model, a fact a line.
///
/// # Errors
/// A model that cannot be read.
pub fn run(files: FilesArgs, json: bool, mut settings: Settings) -> Result<u8> {
    files.put_into(&mut settings);
    let house = House::new(&settings);
    let facts = facts(&house, house.chosen_model(), settings.lang())?;
    if json {
        output::json(&facts)?;
    } else if let Value::Object(fields) = facts {
        for (name, value) in fields {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            output::data(format!("{name:<12} {text}"))?;
        }
    }
    Ok(OK)
}

/// What is known of a model.
///
/// # Errors
/// A model that cannot be read.
pub fn facts(house: &House, name: &str, lang: Lang) -> Result<Value> {
    let path = house.model_path(name)?.map_or_else(|| lang.built_in(), |path| path.display().to_string());
    let model = house.open(name)?.picture_model()?;
    let ModelCard { name, family, hash, licence, size, size_step, size_limit, steps, guidance, sampler, schedule } =
        model.card();
    Ok(json!({
        "name": name,
        "path": path,
        "family": family,
        "hash": hash,
        "licence": licence,
        "size": size.to_string(),
        "size_step": size_step,
        "size_limit": size_limit,
        "steps": steps,
        "guidance": guidance,
        "sampler": sampler,
        "schedule": schedule,
    }))
}
