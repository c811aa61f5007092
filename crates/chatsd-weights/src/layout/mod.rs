//! What a file is, told from its tensors; where the networks in it find theirs; and the configs that are not in it.
//!
//! Networks ask for tensors by diffusers' names (transformers' for text encoders). Checkpoints of other programs name
//! and number them otherwise; here stand the tables of both, never the name of a file.

mod autoencoder;
mod keys;
mod kind;
mod part;
mod settings;
mod shapes;
mod text;
mod unet;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

pub(crate) use self::keys::{KeyMap, StoredTensor, StoredView};
use self::{keys::Naming, shapes::Shapes, text::Encoder};
pub use self::{
    kind::{ForeignNetwork, KindAdvice, ModelFamily, WeightsKind},
    part::ModelPart,
    settings::{Predicts, UnknownPrediction},
};
use crate::{Scope, WeightFile, WeightsError};

/// One network found in a file.
#[derive(Debug)]
pub(crate) struct FoundPart {
    pub(crate) config: Value,
    pub(crate) keys: KeyMap,
}

/// What a file, or a file and its other half, holds.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kind: WeightsKind,
    pub(crate) family: Option<ModelFamily>,
    /// `unet`, `text_encoder`, `text_encoder_2`, `vae`, `controlnet`.
    pub(crate) parts: BTreeMap<&'static str, FoundPart>,
    /// Beginning of the picture network's names, and of the file's own markers.
    picture: Option<String>,
}

impl Found {
    /// Why `component` is not there.
    pub(crate) fn without(&self, component: &str, path: &Path) -> WeightsError {
        let (kind, family) = (self.kind, self.family);
        WeightsError::WithoutPart { path: path.to_owned(), kind, family, part: ModelPart::of(component) }
    }
}

/// Ends of names by which a network is found, whatever stands before them.
const PICTURE: [&str; 2] = ["input_blocks.0.0.weight", "time_embedding.linear_1.weight"];
const CONTROL: [&str; 2] = ["input_hint_block.0.weight", "controlnet_cond_embedding.conv_in.weight"];
const AUTOENCODER: [&str; 2] = ["decoder.mid.block_1.norm1.weight", "decoder.mid_block.resnets.0.norm1.weight"];
const TRANSFORMERS: &str = "embeddings.token_embedding.weight";
const OPEN_CLIP: &str = "transformer.resblocks.0.ln_1.weight";
/// TAESD: a block's last convolution, in both namings and in files of one half.
const TINY: [&str; 3] = ["decoder.layers.2.conv.4.weight", "decoder.3.conv.4.weight", "3.conv.4.weight"];

/// Averages that were kept in training beside the weights: not what the network is used with.
fn is_average(prefix: &str) -> bool {
    prefix.contains("model_ema.") || prefix.starts_with("ema.")
}

/// A network's names: where they begin, and how they go on.
struct NetworkPlace<'a> {
    name: &'static str,
    prefix: &'a str,
    naming: Naming,
    of: ConfigKind,
}

/// What is needed to make a config of the shapes.
#[derive(Clone, Copy)]
enum ConfigKind {
    Picture,
    Control,
    Kl,
    Tiny,
    Text(Encoder),
}

/// Finds the networks in `files`: one, or the two halves of TAESD.
///
/// # Errors
/// When a network is there but lacks tensors that say what it is.
pub(crate) fn recognise(files: &[WeightFile]) -> Result<Found, WeightsError> {
    let Some((first, rest)) = files.split_first() else {
        return Ok(Found { kind: WeightsKind::Unknown, family: None, parts: BTreeMap::new(), picture: None });
    };
    let shapes = shapes_of(first);
    let mut places = Vec::new();
    let picture = picture_place(&shapes);
    let family = picture.as_ref().and_then(|place| family_of(&shapes, place));
    places.extend(control_place(&shapes));
    let controls = !places.is_empty();
    let picture_prefix = picture.as_ref().map(|place| place.prefix.to_owned());
    places.extend(picture);
    places.extend(autoencoder_place(&shapes));
    places.extend(text_places(&shapes, family));
    let prefixes: Vec<&str> = places.iter().map(|place| place.prefix).collect();
    let mut parts = BTreeMap::new();
    for NetworkPlace { name, prefix, naming, of } in &places {
        let mut keys = KeyMap::default();
        keys.add(0, &shapes, prefix, &prefixes, naming.clone());
        if matches!(of, ConfigKind::Tiny)
            && let Some(other) = rest.first()
        {
            add_half(&mut keys, 1, other);
        }
        let mut part = part(files, keys, *of).map_err(|missing| WeightsError::MissingTensor {
            path: first.path().to_owned(),
            tensor: missing,
            nearest: None,
        })?;
        if let (ConfigKind::Kl, Some(family)) = (of, family) {
            part.config["scaling_factor"] = family.latent_scale().into();
        }
        parts.insert(*name, part);
    }
    let (kind, family) = match (parts.contains_key("unet"), controls) {
        (true, _) if parts.len() > 1 => (WeightsKind::Checkpoint, family),
        (true, _) => (WeightsKind::PictureNetwork, family),
        (false, true) => {
            (WeightsKind::ControlNet, parts.get("controlnet").and_then(|part| ModelFamily::of_config(&part.config)))
        }
        (false, false) if parts.contains_key("vae") && parts.len() == 1 => (WeightsKind::Autoencoder, None),
        (false, false) if !parts.is_empty() => (WeightsKind::TextEncoder, None),
        _ => kind::other_kind(&shapes),
    };
    Ok(Found { kind, family, parts, picture: picture_prefix })
}

/// The shapes of a file's tensors.
fn shapes_of(file: &WeightFile) -> Shapes {
    file.names().map(|name| (name.to_owned(), file.shape(name).unwrap_or_default().to_vec())).collect()
}

/// A network with its config; fails with the name of a tensor that is not there.
fn part(files: &[WeightFile], keys: KeyMap, of: ConfigKind) -> Result<FoundPart, String> {
    let shape = |stored: &StoredTensor| stored.view.shape(files[stored.file].shape(&stored.name).unwrap_or_default());
    let shapes: Shapes = keys.entries().map(|(name, stored)| (name.to_owned(), shape(stored))).collect();
    let config = match of {
        ConfigKind::Picture => unet::config(&shapes),
        ConfigKind::Control => unet::control_config(&shapes),
        ConfigKind::Kl => autoencoder::config(&shapes),
        ConfigKind::Tiny => autoencoder::tiny_config(&shapes),
        ConfigKind::Text(encoder) => text::config(&shapes, encoder),
    };
    let config = config.map_err(|missing| keys.original(&missing))?;
    Ok(FoundPart { config, keys })
}

fn without<'a>(shapes: &'a Shapes, prefix: &str) -> Shapes {
    let name = |full: &'a str| (full[prefix.len()..].to_owned(), shapes.get(full).unwrap_or_default().to_vec());
    shapes.names_from(prefix).map(name).collect()
}

/// A naming that is the networks' own.
fn own() -> Naming {
    Naming { pairs: Vec::new(), keeps: true }
}

fn picture_place(shapes: &Shapes) -> Option<NetworkPlace<'_>> {
    for (ending, is_original) in PICTURE.into_iter().zip([true, false]) {
        for prefix in shapes.before(ending) {
            let controls = CONTROL.iter().any(|control| shapes.has(&format!("{prefix}{control}")));
            // Adapters of one layer may be called so as well; a network has an end.
            let ends = ["out.2.weight", "conv_out.weight"].iter().any(|end| shapes.has(&format!("{prefix}{end}")));
            if controls || !ends || is_average(prefix) {
                continue;
            }
            let naming = if is_original { unet::original(&without(shapes, prefix)) } else { own() };
            return Some(NetworkPlace { name: "unet", prefix, naming, of: ConfigKind::Picture });
        }
    }
    None
}

fn control_place(shapes: &Shapes) -> Option<NetworkPlace<'_>> {
    let (ending, is_original) =
        CONTROL.into_iter().zip([true, false]).find(|(ending, _)| !shapes.before(ending).is_empty())?;
    let prefix = shapes.before(ending).into_iter().next()?;
    let naming = if is_original { unet::original(&without(shapes, prefix)) } else { own() };
    Some(NetworkPlace { name: "controlnet", prefix, naming, of: ConfigKind::Control })
}

fn autoencoder_place(shapes: &Shapes) -> Option<NetworkPlace<'_>> {
    for (ending, is_original) in AUTOENCODER.into_iter().zip([true, false]) {
        if let Some(prefix) = shapes.before(ending).into_iter().find(|prefix| !is_average(prefix)) {
            let naming = if is_original { autoencoder::original(&without(shapes, prefix)) } else { own() };
            return Some(NetworkPlace { name: "vae", prefix, naming, of: ConfigKind::Kl });
        }
    }
    for (ending, half) in TINY.into_iter().zip(["layers", "decoder", ""]) {
        let Some(prefix) = shapes.before(ending).into_iter().next() else { continue };
        let naming = match half {
            "layers" => own(),
            "decoder" => {
                let mut naming = autoencoder::tiny(shapes, prefix, "encoder.", "encoder");
                naming.pairs.extend(autoencoder::tiny(shapes, prefix, "decoder.", "decoder").pairs);
                naming
            }
            // One half: the decoder begins with a clamp, which has no weights.
            _ if shapes.has(&format!("{prefix}0.weight")) => autoencoder::tiny(shapes, prefix, "", "encoder"),
            _ => autoencoder::tiny(shapes, prefix, "", "decoder"),
        };
        return Some(NetworkPlace { name: "vae", prefix, naming, of: ConfigKind::Tiny });
    }
    None
}

/// The other half of TAESD, in a file of its own.
fn add_half(keys: &mut KeyMap, file: usize, other: &WeightFile) {
    let shapes = shapes_of(other);
    if let Some(place) = autoencoder_place(&shapes) {
        keys.add(file, &shapes, place.prefix, &[], place.naming);
    }
}

/// Text encoders, each in its slot.
fn text_places(shapes: &Shapes, family: Option<ModelFamily>) -> Vec<NetworkPlace<'_>> {
    struct TextCandidate<'a> {
        prefix: &'a str,
        body: Option<&'static str>,
        width: usize,
        open: bool,
    }

    let mut found: Vec<TextCandidate<'_>> = Vec::new();
    for before in shapes.before(OPEN_CLIP) {
        if let Ok(width) = shapes.extent(&format!("{before}token_embedding.weight"), 1) {
            found.push(TextCandidate { prefix: before, body: None, width, open: true });
        }
    }
    for before in shapes.before(TRANSFORMERS) {
        let stripped = before.strip_suffix("text_model.");
        let (prefix, body) = stripped.map_or((before, ""), |prefix| (prefix, "text_model."));
        let Ok(width) = shapes.extent(&format!("{before}{TRANSFORMERS}"), 1) else { continue };
        // stable-diffusion.cpp renames OpenCLIP's tensors and leaves their form.
        let renamed = shapes.has(&format!("{before}encoder.layers.0.self_attn.in_proj.weight"));
        found.push(TextCandidate { prefix, body: Some(body), width, open: renamed || matches!(width, 1024 | 1280) });
    }
    found.sort_by_key(|candidate| (candidate.open, candidate.width));
    let slots: Vec<&'static str> = match (family, found.as_slice()) {
        (Some(ModelFamily::SdxlRefiner), _) => vec!["text_encoder_2"],
        (Some(ModelFamily::Sdxl), [one]) if one.open => vec!["text_encoder_2"],
        (None, [one]) if one.width == 1280 => vec!["text_encoder_2"],
        _ => vec!["text_encoder", "text_encoder_2"],
    };
    let mut places = Vec::new();
    for (name, TextCandidate { prefix, body, width, open }) in slots.into_iter().zip(found) {
        let layers = body.map_or_else(|| "transformer.resblocks".to_owned(), |body| format!("{body}encoder.layers"));
        let layers = shapes.count(&format!("{prefix}{layers}"));
        // As published by diffusers, the encoder of the second family has 23 of OpenCLIP's 24 layers.
        let second = matches!(family, Some(ModelFamily::Sd1 | ModelFamily::Sd2)) || family.is_none() && width == 1024;
        let whole = if body.is_none() { layers != 23 } else { layers == 24 };
        let shortened = open && second && name == "text_encoder" && whole;
        let encoder = Encoder { open, shortened };
        let naming = match body {
            None => text::open_clip(layers, encoder),
            Some(body) => text::transformers(body, layers, encoder),
        };
        places.push(NetworkPlace { name, prefix, naming, of: ConfigKind::Text(encoder) });
    }
    places
}

/// The family of a picture network, told before its config is made.
fn family_of(shapes: &Shapes, place: &NetworkPlace<'_>) -> Option<ModelFamily> {
    let reads = |name: &&str| name.starts_with(place.prefix) && name.ends_with(".attn2.to_k.weight");
    let context = shapes.names().find(reads).and_then(|name| shapes.extent(name, 1).ok())?;
    let pooled = ["label_emb.0.0.weight", "add_embedding.linear_1.weight"];
    let pooled = pooled.iter().any(|name| shapes.has(&format!("{}{name}", place.prefix)));
    Some(ModelFamily::of(context, pooled))
}

/// What the original calls each of a picture network's `layers`, which are named as the network names them.
pub(crate) fn original_names<'a>(layers: &BTreeSet<&'a str>) -> BTreeMap<&'a str, String> {
    let shapes: Shapes = layers.iter().map(|layer| ((*layer).to_owned(), Vec::new())).collect();
    let naming = unet::to_original(&shapes);
    layers.iter().map(|layer| (*layer, naming.place_of(layer).0)).collect()
}

/// Where a checkpoint has each tensor of `component`: as the file that it came from, or where the original would put
/// it. Name, place, and what of the place it is.
pub(crate) fn places(
    component: &str,
    family: Option<ModelFamily>,
    scope: &Scope<'_>,
) -> Vec<(String, String, StoredView)> {
    if let Some(keys) = scope.keys() {
        let place = |(name, stored): (&str, &StoredTensor)| (name.to_owned(), stored.name.clone(), stored.view);
        return keys.entries().map(place).collect();
    }
    let shapes: Shapes = scope.names().map(|name| (name.to_owned(), scope.shape(name).unwrap_or_default())).collect();
    let layers = shapes.count("text_model.encoder.layers").max(shapes.count("encoder.layers"));
    let encoder = Encoder { open: true, shortened: false };
    let xl = matches!(family, Some(ModelFamily::Sdxl));
    let (prefix, naming) = match (component, family) {
        ("unet", _) => ("model.diffusion_model.", unet::to_original(&shapes)),
        ("controlnet", _) => ("control_model.", unet::to_original(&shapes)),
        ("vae", _) if shapes.has_from("decoder.layers.") => ("", own()),
        ("vae", None) => ("", autoencoder::to_original(&shapes)),
        ("vae", Some(_)) => ("first_stage_model.", autoencoder::to_original(&shapes)),
        ("text_encoder_2", _) => {
            let prefix = if xl { "conditioner.embedders.1.model." } else { "conditioner.embedders.0.model." };
            (prefix, text::open_clip(layers, encoder))
        }
        (_, Some(ModelFamily::Sd2)) => ("cond_stage_model.model.", text::open_clip(layers, encoder)),
        _ if xl => ("conditioner.embedders.0.transformer.", own()),
        _ => ("cond_stage_model.transformer.", own()),
    };
    let place = |name: &str| {
        let whole = if component.starts_with("text_encoder") && !name.starts_with("text_") {
            format!("text_model.{name}")
        } else {
            name.to_owned()
        };
        let (original, view) = naming.place_of(&whole);
        (name.to_owned(), format!("{prefix}{original}"), view)
    };
    scope.names().map(place).collect()
}
