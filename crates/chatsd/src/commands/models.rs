//! `chatsd models`: what can paint.

use anyhow::Result;
use chatsd_types::{ImageModel, ModelCard};
use serde_json::{Value, json};

use crate::{cli::Models, failure::OK, output, settings::Settings, wiring};

/// Lists or shows models.
///
/// # Errors
/// A model that cannot be read.
pub fn run(arguments: Models, mut settings: Settings) -> Result<u8> {
    match arguments {
        Models::List { model, json } => {
            model.put_into(&mut settings);
            list(&Settings::default(), json)?;
            if wiring::model_path(&settings).is_some() {
                list(&settings, json)?;
            }
        }
        Models::Show { model, json } => {
            model.put_into(&mut settings);
            let facts = facts(&settings)?;
            if json {
                output::json(&facts)?;
            } else if let Value::Object(fields) = facts {
                for (name, value) in fields {
                    output::data(format!(
                        "{name:<12} {}",
                        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                    ))?;
                }
            }
        }
    }
    Ok(OK)
}

fn list(settings: &Settings, json: bool) -> Result<()> {
    let facts = facts(settings)?;
    if json {
        return output::json(&facts);
    }
    let text = |key: &str| facts[key].as_str().unwrap_or_default().to_owned();
    output::data(format!(
        "{:<10} [{}]  {}  {}  {}",
        text("name"),
        text("hash"),
        text("family"),
        text("size"),
        text("path")
    ))
}

fn facts(settings: &Settings) -> Result<Value> {
    let model = wiring::picture_model(settings)?;
    let ModelCard { name, family, hash, licence, size, size_step, size_limit, steps, guidance, sampler, schedule } =
        model.card();
    let path =
        wiring::model_path(settings).map_or_else(|| settings.lang().built_in(), |path| path.display().to_string());
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
