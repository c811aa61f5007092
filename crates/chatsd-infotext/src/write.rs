//! A request as a text for other programs.

use chatsd_types::{Control, PARAMETERS, Request, Sampler, parameter, tag_of_adapter};

use crate::{Infotext, hashes, spelling};

impl Infotext {
    /// What other programs shall read about `request`. It depends on the request alone, so that the same request gives
    /// the same file.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let mut values = Vec::new();
        for parameter in PARAMETERS {
            values.extend(pairs_before(parameter.key, request));
            if let Some(value) = spelling::written(parameter, request).filter(|_| !parameter.label.is_empty()) {
                let label = match (parameter.key, request.sampler) {
                    ("eta", Sampler::Ddim) => spelling::ETA_OF_DDIM,
                    _ => parameter.label,
                };
                values.push((label.to_owned(), value));
            }
        }
        values.push(("Version".to_owned(), "ChatSD".to_owned()));
        // Adapters stand in the prompt as tags there.
        let tags = request.adapters.iter().map(|adapter| format!(" {}", tag_of_adapter(adapter)));
        let prompt = request.prompt.positive.clone() + &tags.collect::<String>();
        Self { prompt, negative: request.prompt.negative.clone(), values }
    }
}

/// The pairs that are no parameters, or not always the same one, and stand before the parameter of this key.
fn pairs_before(key: &str, request: &Request) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut push = |label: &str, value: String| pairs.push((label.to_owned(), value));
    match key {
        "strength" => {
            if !request.model_hash.is_empty() {
                push("Model hash", request.model_hash.clone());
            }
            push("Model", request.model.clone());
        }
        "hires" => {
            for (index, control) in request.controls.iter().enumerate() {
                push(&format!("ControlNet {index}"), control_text(control));
            }
            // There the one strength is that of the second pass where there is no starting picture.
            if let (None, Some(second), Ok(strength)) = (&request.init, &request.second_pass, parameter("strength")) {
                push(strength.label, second.strength.to_string());
            }
        }
        "noise" => {
            let adapters = request.adapters.iter().map(|adapter| (adapter.name.as_str(), adapter.hash.as_str()));
            let words = request.learned_words.iter().map(|word| (word.name.as_str(), word.hash.as_str()));
            if let Some(hashes) = hashes::written(adapters) {
                push("Lora hashes", hashes);
            }
            if let Some(hashes) = hashes::written(words) {
                push("TI hashes", hashes);
            }
        }
        _ => {}
    }
    pairs
}

/// A ControlNet as the extension of that name for stable-diffusion-webui writes one.
fn control_text(control: &Control) -> String {
    let Control { name, hash, preprocessor, weight, start, end, .. } = control;
    format!(
        "Module: {preprocessor}, Model: {name} [{hash}], Weight: {weight}, Guidance Start: {start}, Guidance End: {end}"
    )
}
