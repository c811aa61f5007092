//! `chatsd models list`: the models that are here.

use anyhow::Result;

use super::show::facts;
use crate::{
    failure::OK,
    output,
    settings::{ModelArgs, Settings},
    wiring,
};

/// Lists models, one a line.
///
/// # Errors
/// A model that cannot be read.
pub fn run(model: ModelArgs, json: bool, mut settings: Settings) -> Result<u8> {
    model.put_into(&mut settings);
    line(&Settings::default(), json)?;
    if wiring::model_path(&settings)?.is_some() {
        line(&settings, json)?;
    }
    Ok(OK)
}

fn line(settings: &Settings, json: bool) -> Result<()> {
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
