//! A model written anew: as a GGUF file of ChatSD, or as a safetensors checkpoint that every program reads.

mod tensor;

use std::{collections::BTreeMap, path::Path};

use chatsd_tensor::Format;
use serde_json::Value as Json;

pub(crate) use self::tensor::{Converted, Form};
use crate::{
    Array, Component, GgufWriter, ModelFamily, ModelFiles, Unsupported, Value, WeightsError,
    layout::{self, StoredView},
    safetensors_writer::SafetensorsWriter,
};

/// The components that are written, in this order.
const COMPONENTS: [&str; 5] = ["text_encoder", "text_encoder_2", "unet", "vae", "controlnet"];

impl ModelFiles {
    /// Writes the model at `path`, whole or not at all: GGUF when its name ends so, else safetensors.
    ///
    /// A GGUF file has the configs, the settings and the tokenizer in it. A safetensors checkpoint has the names of
    /// the file that the model came from, or the original's where it came from a folder or a GGUF file of ChatSD.
    ///
    /// `format` is that of matrices; `None` keeps each tensor's. Blocks are not used for what is small or delicate:
    /// norms, biases, tables of words and times, the autoencoder. What makes no whole blocks of a K format takes the
    /// smaller blocks that llama.cpp takes then, or f16.
    ///
    /// # Errors
    /// When a part cannot be read or holds numbers that the format cannot, the format is not written or not known to
    /// safetensors, or the system cannot write.
    pub fn convert(
        &self,
        path: &Path,
        format: Option<Format>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<(), WeightsError> {
        let unsupported = |what| WeightsError::Unsupported { path: path.to_owned(), what };
        let components: Vec<&str> = COMPONENTS.into_iter().filter(|name| self.has(name)).collect();
        if components.is_empty() {
            self.component("unet")?;
        }
        if let Some(format) = format.filter(|format| !Format::WRITTEN.contains(format)) {
            return Err(unsupported(Unsupported::NotWritten { format }));
        }
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("gguf") => self.to_gguf(&components, format)?.write_with(path, progress),
            Some("safetensors") => match format.filter(|format| format.block() > 1) {
                Some(format) => Err(unsupported(Unsupported::NotInSafetensors { format })),
                None => self.to_safetensors(&components, format)?.write(path, progress),
            },
            _ => Err(unsupported(Unsupported::FileEnding)),
        }
    }

    fn to_gguf(&self, components: &[&str], format: Option<Format>) -> Result<GgufWriter<'_>, WeightsError> {
        let mut writer = GgufWriter::new();
        let text = |value: String| Value::Text(value.into());
        writer.metadata("general.architecture", "chatsd-picture");
        if let Some(name) = self.path().file_stem() {
            writer.metadata("general.name", text(name.to_string_lossy().into_owned()));
        }
        let licence = self.file().and_then(|file| file.metadata("general.license")?.as_text().map(str::to_owned));
        if let Some(licence) = licence {
            writer.metadata("general.license", text(licence));
        }
        if components.contains(&"unet")
            && let Some(settings) = self.pipeline_config()?
        {
            writer.metadata("chatsd.pipeline.config", text(settings.to_string()));
        }
        let opened: Vec<Component<'_>> =
            components.iter().map(|name| self.component(name)).collect::<Result<_, _>>()?;
        // Rows of a convolution are as long as its kernel: only channels last do they make blocks.
        let was_last = opened.iter().any(|component| component.weights.is_channels_last());
        let channels_last = format.is_some_and(|format| format.block() > 1) || was_last;
        if channels_last {
            writer.metadata("chatsd.convolution_layout", "ohwi");
        }
        for (name, component) in components.iter().zip(&opened) {
            writer.metadata(format!("chatsd.{name}.config"), text(component.config.to_string()));
        }
        if components.iter().any(|name| name.starts_with("text_encoder")) {
            let words = self.vocabulary()?;
            let merges: Vec<String> = words.merges.iter().map(|(first, second)| format!("{first} {second}")).collect();
            writer.metadata("tokenizer.ggml.model", "clip");
            writer.metadata("tokenizer.ggml.tokens", Value::Array(Array::texts(words.tokens.iter().copied())));
            writer.metadata("tokenizer.ggml.merges", Value::Array(Array::texts(merges.iter().map(String::as_str))));
        }
        for (name, component) in components.iter().zip(opened) {
            let scope = component.weights;
            let last_there = scope.is_channels_last();
            for tensor in scope.names() {
                let Some(mut shape) = scope.shape(tensor) else { continue };
                let found = scope.format(tensor)?;
                if found.is_integer() {
                    continue;
                }
                let turn = channels_last && !last_there && shape.len() == 4;
                if turn {
                    shape = vec![shape[0], shape[2], shape[3], shape[1]];
                }
                let form = if turn { Form::ChannelsLast } else { Form::Same };
                let format = chosen(format, found, name, tensor, &shape);
                let (scope, names) = (scope.clone(), vec![tensor.to_owned()]);
                writer.converted(format!("{name}.{tensor}"), Converted { scope, names, form, shape, format });
            }
        }
        Ok(writer)
    }

    fn to_safetensors(
        &self,
        components: &[&str],
        format: Option<Format>,
    ) -> Result<SafetensorsWriter<'_>, WeightsError> {
        let mut writer = SafetensorsWriter::default();
        writer.metadata("format", "pt");
        let mut family = None;
        if components.contains(&"unet") {
            family = ModelFamily::of_config(&self.component("unet")?.config);
            let settings = self.pipeline_config()?.unwrap_or_default();
            let is_v = settings.get("prediction_type").and_then(Json::as_str) == Some("v_prediction");
            writer.metadata("modelspec.prediction_type", if is_v { "v" } else { "epsilon" });
            // The markers by which other programs know such models.
            if is_v {
                writer.marker("v_pred");
            }
            if settings.get("rescale_betas_zero_snr") == Some(&Json::Bool(true)) {
                writer.marker("ztsnr");
            }
        }
        for name in components {
            let scope = self.component(name)?.weights;
            if scope.is_channels_last() {
                return Err(WeightsError::Unsupported {
                    path: self.path().to_owned(),
                    what: Unsupported::ChannelsLast,
                });
            }
            let mut places: BTreeMap<String, Vec<(StoredView, String)>> = BTreeMap::new();
            for (tensor, place, view) in layout::places(name, family, &scope) {
                places.entry(place).or_default().push((view, tensor));
            }
            for (place, mut parts) in places {
                parts.sort_by_key(|(view, _)| if let StoredView::Third(part) = view { *part } else { 0 });
                let view = parts[0].0;
                let names: Vec<String> = parts.into_iter().map(|(_, tensor)| tensor).collect();
                let found = scope.format(&names[0])?;
                if found.is_integer() {
                    continue;
                }
                let shape = view.stored_shape(scope.shape(&names[0]).unwrap_or_default());
                let form = if view == StoredView::Transposed { Form::Transposed } else { Form::Same };
                let format = format.unwrap_or_else(|| found.kept());
                writer.tensor(place, Converted { scope: scope.clone(), names, form, shape, format });
            }
        }
        Ok(writer)
    }
}

/// The format of a tensor in a GGUF file.
fn chosen(asked: Option<Format>, found: Format, component: &str, tensor: &str, shape: &[usize]) -> Format {
    let Some(asked) = asked else {
        // GGUF has no numbers for formats of eight bits.
        return if matches!(found, Format::F8E4M3 | Format::F8E5M2) { Format::F16 } else { found };
    };
    if asked.block() == 1 {
        return asked;
    }
    let plain = if found.block() > 1 { found } else { found.kept() };
    let rows = shape.last().copied().unwrap_or(1);
    let is_small = shape.iter().filter(|&&extent| extent > 1).count() < 2;
    if is_small {
        return plain;
    }
    if component == "vae" || tensor.contains("embedding") {
        return if plain == Format::F32 { Format::F16 } else { plain };
    }
    // llama.cpp, `llama-quant.cpp`: what takes the place of blocks of 256.
    let smaller = match asked {
        Format::Q4K => Format::Q5_0,
        Format::Q5K => Format::Q5_1,
        Format::Q6K => Format::Q8_0,
        other => other,
    };
    [asked, smaller].into_iter().find(|format| rows.is_multiple_of(format.block())).unwrap_or(Format::F16)
}
