//! Several adapters in order, matched with the layers of a model.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chatsd_tensor::{Engine, Format, Layout, LowRank, Weight, WeightError};

use super::{
    change::{Change, Extent, fits},
    file::{AdapterFile, Parts},
    keys::{ChangePart, UNET, place},
    names::aliases,
};
use crate::{ModelFamily, Scope, WeightsError, transpose::transpose};

/// How strongly an adapter works; 1 is as trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strength {
    /// Factor of the changes to the picture network.
    pub network: f32,
    /// Factor of the changes to the text encoders.
    pub text: f32,
}

impl Strength {
    fn of(self, network: &str) -> f32 {
        if network == UNET { self.network } else { self.text }
    }
}

/// What became of an adapter when it was matched with a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Layers of the model that it changes.
    pub layers: usize,
    /// Its tensors that found no layer they fit.
    pub unmatched: Vec<String>,
}

/// The change of one layer by one adapter.
#[derive(Debug)]
struct Link {
    adapter: usize,
    /// The layer's name in the adapter's file.
    layer: String,
    strength: f32,
}

/// Adapters in the order in which they change a model.
#[derive(Debug, Default)]
pub struct AdapterSet {
    adapters: Vec<Arc<AdapterFile>>,
    /// By [`layer_name`].
    links: HashMap<String, Vec<Link>>,
}

/// How a set tells what it does to a layer: which adapters change it, how strongly.
pub(crate) type Fingerprint = Vec<(String, u32)>;

/// The name of a layer among all networks of a model.
pub(crate) fn layer_name(network: &str, layer: &str) -> String {
    format!("{network}.{}", layer.strip_prefix("text_model.").unwrap_or(layer))
}

/// A weight as a layer is made of it.
pub(crate) struct MergedWeight<'a> {
    pub(crate) weight: Weight<'a>,
    /// The format the layer is kept in.
    pub(crate) store: Option<Format>,
    /// What stands beside it.
    pub(crate) path: Option<LowRank>,
    /// Whether it is another than in the file.
    pub(crate) merged: bool,
}

impl AdapterSet {
    /// Matches adapters with the networks of a model (`unet`, `text_encoder`, `text_encoder_2`), and tells what became
    /// of each.
    ///
    /// # Errors
    /// When an adapter fits no layer at all: says which family of models it was made for, where that can be told.
    pub fn new(
        adapters: Vec<(Arc<AdapterFile>, Strength)>,
        networks: &[(&str, Scope<'_>)],
    ) -> Result<(Self, Vec<Adopted>), WeightsError> {
        let models: Vec<TargetNetwork<'_>> =
            networks.iter().map(|(name, scope)| TargetNetwork::of(name, scope)).collect();
        let mut set = Self::default();
        let mut adopted = Vec::new();
        for (adapter, strength) in adapters {
            let mut one = Adopted { layers: 0, unmatched: adapter.unknown.clone() };
            for (layer, parts) in &adapter.layers {
                let (named, flat) = place(layer);
                let found = models.iter().filter(|model| named.contains(&model.name)).find_map(|model| {
                    let target = *model.aliases.get(&flat)?;
                    fits(adapter.file(), parts, model.extent(target)?).then_some((model, target))
                });
                let Some((model, target)) = found else {
                    one.unmatched.extend(parts.values().cloned());
                    continue;
                };
                if !model.layers.contains(format!("{target}.bias").as_str()) {
                    one.unmatched.extend(parts.get(&ChangePart::BiasDifference).cloned());
                }
                one.layers += 1;
                let strength = strength.of(model.name);
                if strength != 0.0 {
                    let link = Link { adapter: set.adapters.len(), layer: layer.clone(), strength };
                    set.links.entry(layer_name(model.name, target)).or_default().push(link);
                }
            }
            if one.layers == 0 {
                let path = adapter.file().path().to_owned();
                let family = models.iter().find_map(TargetNetwork::family);
                return Err(WeightsError::OtherModel { path, found: adapter.family(), expected: family });
            }
            set.adapters.push(adapter);
            adopted.push(one);
        }
        Ok((set, adopted))
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// What it does to the layers of these [`layer_name`]s.
    pub(crate) fn fingerprint(&self, layers: &[String]) -> Vec<Fingerprint> {
        let of_layer = |layer: &String| {
            let links = self.links.get(layer).into_iter().flatten();
            links.map(|link| (self.adapters[link.adapter].hash().to_owned(), link.strength.to_bits())).collect()
        };
        layers.iter().map(of_layer).collect()
    }

    fn links<'s>(&'s self, layer: &str) -> impl Iterator<Item = (&'s AdapterFile, &'s Link, &'s Parts)> {
        let links = self.links.get(layer).into_iter().flatten();
        links.filter_map(|link| {
            let adapter = &*self.adapters[link.adapter];
            Some((adapter, link, adapter.layers.get(&link.layer)?))
        })
    }

    /// The weights of a layer with all changes in them. Where the layer is kept in a block format, which would lose the
    /// changes by rounding, they go beside it if `beside` allows that and they are all of low rank; else it is kept in
    /// f16.
    pub(crate) fn weight<'a>(
        &self,
        engine: &Engine,
        (network, layer): (&str, &str),
        weight: Weight<'a>,
        layout: Layout,
        store: Option<Format>,
        beside: bool,
    ) -> Result<MergedWeight<'a>, WeightsError> {
        let (extent, ohwi) = extent_of(&weight.shape, layout);
        let mut changes = Vec::new();
        for (adapter, link, parts) in self.links(&layer_name(network, layer)) {
            if let Some(change) = Change::read(engine, adapter, (network, &link.layer), parts, extent)? {
                changes.push((change, link.strength));
            }
        }
        if changes.is_empty() {
            return Ok(MergedWeight { weight, store, path: None, merged: false });
        }
        let kept = store.unwrap_or(weight.format);
        // Their order matters, so they stand beside together or not at all.
        if kept.block() > 1 && beside && changes.iter().all(|(change, _)| change.is_low_rank()) {
            let paths = changes.into_iter().filter_map(|(change, strength)| Some((change.low_rank()?, strength)));
            return Ok(MergedWeight { weight, store, path: Some(joined(paths, extent)), merged: false });
        }
        let failed = |source: WeightError| WeightsError::Change { layer: layer.to_owned(), source };
        let mut values = weight.values().map_err(failed)?;
        if ohwi {
            values = transpose(&values, extent.outputs, extent.taps, extent.inputs);
        }
        for (change, strength) in changes {
            values = change.apply(engine, values, extent, strength).map_err(failed)?;
        }
        if ohwi {
            values = transpose(&values, extent.outputs, extent.inputs, extent.taps);
        }
        let format = if kept.block() > 1 { Format::F16 } else { kept };
        let bytes = Cow::Owned(format.encode(&values).map_err(|error| failed(error.into()))?);
        let weight = Weight { shape: weight.shape, format, bytes };
        Ok(MergedWeight { weight, store: Some(format), path: None, merged: true })
    }

    /// The bias of a layer, or the scale or shift of a norm, with what is added to it.
    pub(crate) fn vector<'a>(
        &self,
        name: &str,
        part: VectorPart,
        weight: Weight<'a>,
    ) -> Result<Weight<'a>, WeightsError> {
        let wanted = match part {
            VectorPart::Weight => ChangePart::Difference,
            VectorPart::Bias => ChangePart::BiasDifference,
        };
        let mut values: Option<Vec<f32>> = None;
        for (adapter, link, parts) in self.links(name) {
            let Some(added) = adapter.values(parts, wanted)? else { continue };
            let failed = |source: WeightError| WeightsError::Change { layer: name.to_owned(), source };
            let base = match values.take() {
                Some(values) => values,
                None => weight.values().map_err(failed)?,
            };
            if base.len() != added.values.len() {
                let (found, expected) = (added.shape, weight.shape.clone());
                return Err(failed(WeightError::Shape { found, expected }));
            }
            values = Some(base.iter().zip(&added.values).map(|(base, added)| base + link.strength * added).collect());
        }
        Ok(match values {
            Some(values) => Weight::from_values(&weight.shape, &values),
            None => weight,
        })
    }
}

/// Which of a layer's two tensors.
#[derive(Clone, Copy)]
pub(crate) enum VectorPart {
    Weight,
    Bias,
}

/// Extents of a stored weight, and whether its channels lie last.
fn extent_of(shape: &[usize], layout: Layout) -> (Extent, bool) {
    match (layout, shape) {
        (Layout::Ohwi, &[outputs, height, width, inputs]) => {
            (Extent { outputs, inputs, taps: height * width }, height * width > 1)
        }
        _ => (Extent::of(shape), false),
    }
}

/// Paths beside one layer as one.
fn joined(paths: impl Iterator<Item = (LowRank, f32)>, extent: Extent) -> LowRank {
    let paths: Vec<_> = paths.collect();
    let rank = paths.iter().map(|(path, _)| path.rank).sum();
    let mut up = Vec::with_capacity(extent.outputs * rank);
    for output in 0..extent.outputs {
        for (path, strength) in &paths {
            up.extend(path.up[output * path.rank..][..path.rank].iter().map(|value| strength * value));
        }
    }
    LowRank { rank, down: paths.into_iter().flat_map(|(path, _)| path.down).collect(), up }
}

/// Paths beside layers whose outputs stand side by side, each with its outputs, as one.
pub(crate) fn stacked(paths: Vec<Option<LowRank>>, outputs: usize) -> Option<LowRank> {
    let rank = paths.iter().flatten().map(|path| path.rank).sum();
    if rank == 0 {
        return None;
    }
    let mut all = LowRank { rank, down: Vec::new(), up: vec![0.0; outputs * paths.len() * rank] };
    let mut first = 0;
    for (part, path) in paths.into_iter().enumerate() {
        let Some(path) = path else { continue };
        for output in 0..outputs {
            all.up[(part * outputs + output) * rank + first..][..path.rank]
                .copy_from_slice(&path.up[output * path.rank..][..path.rank]);
        }
        all.down.extend(path.down);
        first += path.rank;
    }
    Some(all)
}

/// A network that adapters are matched with.
struct TargetNetwork<'a> {
    name: &'a str,
    scope: &'a Scope<'a>,
    aliases: BTreeMap<String, &'a str>,
    /// Names of its tensors.
    layers: BTreeSet<&'a str>,
}

impl<'a> TargetNetwork<'a> {
    fn of(name: &'a str, scope: &'a Scope<'a>) -> Self {
        let layers: BTreeSet<&str> = scope.names().collect();
        let weights: BTreeSet<&str> = layers.iter().filter_map(|name| name.strip_suffix(".weight")).collect();
        Self { name, scope, aliases: aliases(name, &weights), layers }
    }

    fn extent(&self, layer: &str) -> Option<Extent> {
        let name = format!("{layer}.weight");
        Some(extent_of(&self.scope.shape(&name)?, self.scope.layout(layer)).0)
    }

    /// Of a picture network, the family that the width of its words means.
    fn family(&self) -> Option<ModelFamily> {
        let layer = self.aliases.values().find(|layer| layer.ends_with("attn2.to_k"))?;
        ModelFamily::of_words(self.extent(layer)?.inputs)
    }
}
