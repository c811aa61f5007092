//! `chatsd models show`: everything about one model.

use anyhow::Result;
use chatsd_types::{ImageModel, ModelCard};
use serde_json::{Value, json};

use crate::{
    failure::OK,
    output,
    settings::{ModelArgs, Settings},
    wiring,
};

/// Shows one model, a fact a line.
///
/// # Errors
/// A model that cannot be read.
pub fn run(model: ModelArgs, json: bool, mut settings: Settings) -> Result<u8> {
    model.put_into(&mut settings);
    let facts = facts(&settings)?;
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

/// What is known of the chosen model.
///
/// # Errors
/// A model that cannot be read.
pub fn facts(settings: &Settings) -> Result<Value> {
    let model = wiring::Chosen::open(settings)?.picture_model()?;
    let ModelCard { name, family, hash, licence, size, size_step, size_limit, steps, guidance, sampler, schedule } =
        model.card();
    let path =
        wiring::model_path(settings)?.map_or_else(|| settings.lang().built_in(), |path| path.display().to_string());
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
