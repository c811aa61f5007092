//! `chatsd write`: the prompts alone. Needs the model's tokenizer, but not its network.

use anyhow::Result;
use chatsd_studio::{Composed, PromptChoices, compose};
use chatsd_types::{Prompt, TokenCount};
use serde_json::json;

use crate::{
    args::{
        cli::{self, ChanceArgs},
        settings::Settings,
    },
    failure::OK,
    terminal::{output, progress::say_notes},
    wiring::{self, House},
};

/// Writes prompts for a sentence.
///
/// # Errors
/// A sentence, style or model that cannot be used.
pub fn run(arguments: cli::Write, mut settings: Settings) -> Result<u8> {
    arguments.prompt.put_into(&mut settings);
    arguments.files.put_into(&mut settings);
    let house = House::new(&settings);
    let reader = house.open(house.chosen_model())?.reader()?;
    let library = wiring::library(settings.lang())?;
    let wildcards = wiring::wildcards(&settings)?;
    let composed = compose(
        &arguments.sentence.text(),
        &prompt_choices(&arguments.chance, &settings),
        reader.family(),
        &|text| reader.count_tokens(text),
        &library,
        &wildcards,
    )?;
    if arguments.json { as_json(&composed) } else { as_text(&composed, &settings) }?;
    Ok(OK)
}

/// What was decided about the prompts.
pub fn prompt_choices(chance: &ChanceArgs, settings: &Settings) -> PromptChoices {
    PromptChoices {
        count: settings.count,
        styles: settings.styles.clone().unwrap_or_default().0,
        all_styles: chance.all_styles,
        negative: settings.negative.clone().unwrap_or_default(),
        seed: chance.seed,
    }
}

fn as_json(composed: &Composed) -> Result<()> {
    output::json(&json!({ "event": "understood", "idea": composed.idea, "seed": composed.seed }))?;
    for (number, written) in (1..).zip(&composed.prompts) {
        let mut line = json!({ "event": "written", "number": number });
        if let (Some(line), serde_json::Value::Object(fields)) = (line.as_object_mut(), serde_json::to_value(written)?)
        {
            line.extend(fields);
        }
        output::json(&line)?;
    }
    Ok(())
}

fn as_text(composed: &Composed, settings: &Settings) -> Result<()> {
    if !settings.quiet() {
        say_notes(settings.lang(), &composed.notes());
    }
    for (number, written) in (1..).zip(&composed.prompts) {
        output::data(as_line(number, &written.prompt, written.tokens))?;
    }
    Ok(())
}

/// One line for a prompt: number, style, the text with what was added dim, what must not be seen, the token meter.
pub fn as_line(number: u32, prompt: &Prompt, tokens: TokenCount) -> String {
    let text = match prompt.positive.split_once(&prompt.subject) {
        Some((before, after)) => format!("{}{}{}", output::dim(before), prompt.subject, output::dim(after)),
        None => prompt.positive.clone(),
    };
    let negative = if prompt.negative.is_empty() { String::new() } else { format!("  –  {}", prompt.negative) };
    let meter = output::dim(&format!("[{}/{}]", tokens.tokens, tokens.chunk));
    format!("{number}  {}  {text}{negative}  {meter}", prompt.style)
}
