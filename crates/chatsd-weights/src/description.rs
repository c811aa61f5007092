//! What a model's files are, in facts for people and programs. Nothing but headers is read.

use std::{collections::BTreeMap, fmt};

use chatsd_tensor::Format;

use crate::{Component, ModelFamily, ModelFiles, WeightsError, WeightsKind, layout::Found};

/// The components that a picture model may have.
const COMPONENTS: [&str; 5] = ["text_encoder", "text_encoder_2", "unet", "vae", "controlnet"];

/// What a file or folder is.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// What it is for.
    pub kind: WeightsKind,
    /// Which models it is, or belongs to, where that can be told.
    pub family: Option<ModelFamily>,
    /// What tells it from the family's first model, where the shapes do.
    pub variant: Option<Variant>,
    /// What its network predicts: `epsilon`, `v_prediction`, `sample`, `flow`.
    pub predicts: Option<String>,
    /// The networks in it.
    pub components: Vec<ComponentFacts>,
    /// Components that a picture model of this family needs and this one has not.
    pub missing: Vec<&'static str>,
}

/// What tells a picture network from the first of its family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Reads the masked picture beside its latent.
    Inpainting,
    /// Reads the picture that is to be edited beside its latent.
    InstructPix2Pix,
    /// Reads the guidance, and paints in few steps.
    LatentConsistency,
    /// A smaller network that learned from the first: without attention in the middle.
    NoMiddleAttention,
    /// A smaller network that learned from the first: with one layer in each block.
    OneLayerBlocks,
}

impl fmt::Display for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Inpainting => "inpainting",
            Self::InstructPix2Pix => "instruct-pix2pix",
            Self::LatentConsistency => "latent consistency",
            Self::NoMiddleAttention => "distilled, without attention in the middle",
            Self::OneLayerBlocks => "distilled, one layer a block",
        })
    }
}

/// What is known of one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentFacts {
    /// `unet`, `text_encoder`, `text_encoder_2`, `vae`, `controlnet`.
    pub name: &'static str,
    /// Its class in diffusers or transformers.
    pub class: String,
    /// How many numbers it learned.
    pub parameters: usize,
    /// How many of them are stored in which format, the most first.
    pub formats: Vec<(Format, usize)>,
}

impl ModelFiles {
    /// What the files are.
    ///
    /// # Errors
    /// When a component cannot be opened.
    pub fn description(&self) -> Result<Description, WeightsError> {
        let found = self.found();
        let mut components = Vec::new();
        let (mut family, mut variant) = (found.and_then(|found| found.family), None);
        for name in COMPONENTS.into_iter().filter(|name| self.has(name)) {
            let component = self.component(name)?;
            if name == "unet" {
                family = family.or_else(|| ModelFamily::of_config(&component.config));
                variant = variant_of(&component);
            }
            components.push(facts(name, &component)?);
        }
        let has = |name: &str| components.iter().any(|component| component.name == name);
        let kind = match found {
            Some(Found { kind: WeightsKind::PictureNetwork, .. }) if components.len() > 1 => WeightsKind::Checkpoint,
            Some(found) => found.kind,
            None if has("unet") && components.len() > 1 => WeightsKind::Checkpoint,
            None if has("unet") => WeightsKind::PictureNetwork,
            None if has("controlnet") => WeightsKind::ControlNet,
            None if has("vae") => WeightsKind::Autoencoder,
            None => WeightsKind::TextEncoder,
        };
        let settings = if has("unet") { self.pipeline_config()? } else { None };
        let predicts = settings.as_ref().and_then(|settings| {
            let predicts = settings.get("prediction_type").or_else(|| settings.get("prediction"));
            predicts.and_then(|predicts| predicts.as_str()).map(str::to_owned)
        });
        // A model whose latents are squares of pixels needs no autoencoder.
        let squares = settings.as_ref().is_some_and(|settings| settings.get("patch").is_some());
        let missing = match (kind, family) {
            (WeightsKind::Checkpoint | WeightsKind::PictureNetwork, Some(family)) => {
                let needed = family.text_encoders().iter().chain(["vae"].iter().filter(|_| !squares));
                needed.copied().filter(|name| !has(name)).collect()
            }
            _ => Vec::new(),
        };
        Ok(Description { kind, family, variant, predicts, components, missing })
    }
}

/// What tells a picture network from the first of its family.
fn variant_of(component: &Component<'_>) -> Option<Variant> {
    let config = &component.config;
    let number = |key: &str| config.get(key).and_then(serde_json::Value::as_u64);
    match (number("in_channels"), number("time_cond_proj_dim"), component.weights.has("mid_block.attentions")) {
        (Some(9), ..) => Some(Variant::Inpainting),
        (Some(8), ..) => Some(Variant::InstructPix2Pix),
        (_, Some(_), _) => Some(Variant::LatentConsistency),
        (.., false) => Some(Variant::NoMiddleAttention),
        _ if number("layers_per_block") == Some(1) => Some(Variant::OneLayerBlocks),
        _ => None,
    }
}

fn facts(name: &'static str, component: &Component<'_>) -> Result<ComponentFacts, WeightsError> {
    let (scope, config) = (&component.weights, &component.config);
    let mut formats: BTreeMap<String, (Format, usize)> = BTreeMap::new();
    let mut parameters = 0;
    for name in scope.names() {
        let count = scope.shape(name).unwrap_or_default().iter().product::<usize>();
        let Ok(format) = scope.stored_format(name) else { continue };
        parameters += count;
        formats.entry(format!("{format:?}")).or_insert((format, 0)).1 += count;
    }
    let mut formats: Vec<(Format, usize)> = formats.into_values().collect();
    formats.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let class = config.get("_class_name").or_else(|| config.get("architectures")?.get(0));
    let class = class.and_then(|class| class.as_str()).unwrap_or("unknown").to_owned();
    Ok(ComponentFacts { name, class, parameters, formats })
}
