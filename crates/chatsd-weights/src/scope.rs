//! The tensors below one name, and the layers made of them.

use std::{borrow::Cow, collections::BTreeSet, path::Path};

use chatsd_tensor::{Convolution, Embedding, Format, Layout, Linear, Norm, UpsampleConvolution, Weight, WeightError};

use crate::{
    LayerCache, LayerFault, Tally, WeightFile, WeightsError,
    adapter::{MergedWeight, VectorPart, layer_name, stacked},
    file::nearest,
    layout::{KeyMap, StoredView},
};

/// The tensors of one or several files whose names begin with a prefix. A network hands `scope.at("part")` to its
/// parts; each takes its layers by their short names.
///
/// Names are diffusers' (transformers' for text encoders). Where the files name or cut their tensors otherwise, a key
/// map finds them; messages and [`Scope::unused`] tell the files' own names.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    files: &'a [WeightFile],
    /// Where the names of the network stand in the files; `None` where they are the files' own.
    keys: Option<&'a KeyMap>,
    /// Empty, or ends with a dot.
    prefix: String,
    /// The format that layers are kept in; `None` keeps each as it is stored.
    pub store: Option<Format>,
    /// Where the sizes of layers are added up, when they are outlined instead of loaded.
    pub(crate) tally: Option<Tally>,
    /// Where layers are made and kept, and which network they are of.
    cache: Option<(&'a LayerCache, LayerRoot<'a>)>,
}

/// A network's name, and how long the prefix of all its tensors is.
#[derive(Clone, Copy, Debug)]
struct LayerRoot<'a> {
    name: &'a str,
    root: usize,
}

/// A layer with a path beside it where there is one.
macro_rules! beside {
    ($layer:expr, $path:expr) => {
        match &$path {
            Some(path) => $layer.with_low_rank(path),
            None => Ok($layer),
        }
    };
}

impl<'a> Scope<'a> {
    /// All tensors of `files`, which are the parts of one set of weights.
    #[must_use]
    pub fn new(files: &'a [WeightFile]) -> Self {
        Self { files, keys: None, prefix: String::new(), store: None, tally: None, cache: None }
    }

    /// The tensors of `files` by the names that stand in `keys`.
    pub(crate) fn mapped(files: &'a [WeightFile], keys: &'a KeyMap) -> Self {
        Self { keys: Some(keys), ..Self::new(files) }
    }

    /// The files that the tensors are in, for their names and hashes.
    #[must_use]
    pub fn files(&self) -> &'a [WeightFile] {
        self.files
    }

    /// Where the tensors stand in the files, where those have names of their own.
    pub(crate) fn keys(&self) -> Option<&'a KeyMap> {
        self.keys
    }

    /// Whether the files store convolutions channels last.
    pub(crate) fn is_channels_last(&self) -> bool {
        self.files.iter().any(|file| file.layout() == Layout::Ohwi)
    }

    /// The tensors below `name`.
    #[must_use]
    pub fn at(&self, name: impl AsRef<str>) -> Self {
        Self { prefix: self.full(name.as_ref()) + ".", ..self.clone() }
    }

    /// The same tensors, kept in another format once they are layers.
    #[must_use]
    pub fn stored_as(&self, store: Option<Format>) -> Self {
        Self { store, ..self.clone() }
    }

    /// The same tensors, of which layers without numbers are made; what they would hold is added to `tally`.
    #[must_use]
    pub(crate) fn outlined_into(&self, tally: Option<&Tally>) -> Self {
        Self { tally: tally.cloned(), ..self.clone() }
    }

    /// The same tensors, whose layers are made once and kept in `cache`: those of the network `name` (`unet`, `text_encoder`), all
    /// of whose names begin here.
    #[must_use]
    pub fn with_cache(&self, cache: &'a LayerCache, name: &'a str) -> Self {
        Self { cache: Some((cache, LayerRoot { name, root: self.prefix.len() })), ..self.clone() }
    }

    /// Whether there is a tensor `name` here, or one below it.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let full = self.full(name);
        match self.keys {
            Some(keys) => keys.get(&full).is_some() || keys.names_from(&format!("{full}.")).next().is_some(),
            None => self.files.iter().any(|file| file.contains(&full) || file.has_below(&full)),
        }
    }

    /// The full name of `name` here, as the network calls it.
    #[must_use]
    pub fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Names here, below the prefix, sorted within each file.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let names: Box<dyn Iterator<Item = &'a str>> = match self.keys {
            Some(keys) => Box::new(keys.names_from(&self.prefix)),
            None => Box::new(self.files.iter().flat_map(WeightFile::names)),
        };
        let prefix = self.prefix.clone();
        names.filter_map(move |name| name.strip_prefix(&prefix))
    }

    /// Full names here, as they stand in the files, that nobody asked for once a network is loaded: weights of
    /// something it does not have.
    #[must_use]
    pub fn unused(&self) -> Vec<&'a str> {
        let Some(keys) = self.keys else {
            return self.files.iter().flat_map(|file| file.unused(&self.prefix)).collect();
        };
        let unused: BTreeSet<&str> = self.files.iter().flat_map(|file| file.unused("")).collect();
        let known = keys.names_from(&self.prefix).filter_map(|name| Some(keys.get(name)?.name.as_str()));
        let rest = keys.rest().iter().map(String::as_str).filter(|_| self.prefix.is_empty());
        let names: BTreeSet<&str> = known.chain(rest).filter(|name| unused.contains(name)).collect();
        names.into_iter().collect()
    }

    /// The extents of the tensor `name`, outermost first.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        let (file, name, view) = self.place(&self.full(name))?;
        file.shape(&name).map(|shape| view.shape(shape))
    }

    /// The tensor `name` as stored.
    ///
    /// # Errors
    /// When it is missing, or stored in a format no layer is made of.
    pub fn weight(&self, name: &str) -> Result<Weight<'a>, WeightsError> {
        let full = self.full(name);
        let (file, stored, view) = self.place_of(&full)?;
        view.of(file.get(&stored)?).map_err(|error| self.error_of(name, error))
    }

    /// The format of the tensor `name`, without a look at its numbers.
    pub(crate) fn format(&self, name: &str) -> Result<Format, WeightsError> {
        let (file, stored, view) = self.place_of(&self.full(name))?;
        file.format(&stored).map(|format| view.format(format))
    }

    /// The format that the tensor `name` is stored in.
    pub(crate) fn stored_format(&self, name: &str) -> Result<Format, WeightsError> {
        let (file, stored, _) = self.place_of(&self.full(name))?;
        file.format(&stored)
    }

    /// Where the tensor of a full name lies.
    fn place_of(&self, full: &str) -> Result<(&'a WeightFile, Cow<'a, str>, StoredView), WeightsError> {
        self.place(full).ok_or_else(|| {
            let tensor = self.original(full);
            let nearest = nearest(&tensor, self.files.iter().flat_map(WeightFile::names));
            WeightsError::MissingTensor { path: self.path(full).to_owned(), tensor, nearest }
        })
    }

    /// Where the tensor of a full name lies: in which file, under which name, and what of it.
    fn place(&self, full: &str) -> Option<(&'a WeightFile, Cow<'a, str>, StoredView)> {
        match self.keys {
            Some(keys) => {
                let stored = keys.get(full)?;
                Some((self.files.get(stored.file)?, Cow::Borrowed(stored.name.as_str()), stored.view))
            }
            None => {
                let file = self.files.iter().find(|file| file.contains(full))?;
                Some((file, Cow::Owned(full.to_owned()), StoredView::Whole))
            }
        }
    }

    /// What the files call the tensor of a full name.
    fn original(&self, full: &str) -> String {
        self.keys.map_or_else(|| full.to_owned(), |keys| keys.original(full))
    }

    /// `y = W x + b` from `name.weight` of `[outputs, inputs]`, and `name.bias` where there is one.
    ///
    /// # Errors
    /// When a tensor is missing or has other extents.
    pub fn linear(&self, name: &str, inputs: usize, outputs: usize) -> Result<Linear, WeightsError> {
        if let Some(format) = self.outlined(name)? {
            return Ok(self.tallied(Linear::meta(inputs, outputs, format, false), Linear::size));
        }
        self.made("linear", &[name], || {
            let MergedWeight { weight, store, path, .. } = self.prepared(name, true)?;
            let bias = self.bias(name, outputs)?;
            let layer = Linear::new(&weight, bias.as_ref(), inputs, outputs, store);
            layer.and_then(|layer| beside!(layer, path)).map_err(|error| self.error(name, error))
        })
    }

    /// As [`Scope::linear`], for a layer whose first half of outputs is gated by the second.
    ///
    /// # Errors
    /// When a tensor is missing or has other extents.
    pub fn linear_gated(&self, name: &str, inputs: usize, outputs: usize) -> Result<Linear, WeightsError> {
        if let Some(format) = self.outlined(name)? {
            return Ok(self.tallied(Linear::meta(inputs, outputs, format, true), Linear::size));
        }
        self.made("gated", &[name], || {
            let MergedWeight { weight, store, path, .. } = self.prepared(name, true)?;
            let bias = self.bias(name, outputs)?;
            let layer = Linear::gated(&weight, bias.as_ref(), inputs, outputs, store);
            layer.and_then(|layer| beside!(layer, path)).map_err(|error| self.error(name, error))
        })
    }

    /// Several layers of `[outputs, inputs]` each that read the same input, as one with their outputs side by side.
    ///
    /// # Errors
    /// When a tensor is missing or has other extents, or only some of the layers have a bias.
    pub fn linear_stacked(&self, names: &[&str], inputs: usize, outputs: usize) -> Result<Linear, WeightsError> {
        if let Some(format) = names.first().map(|name| self.outlined(name)).transpose()?.flatten() {
            return Ok(self.tallied(Linear::meta(inputs, outputs * names.len(), format, false), Linear::size));
        }
        self.made("stacked", names, || {
            let mut parts = Vec::with_capacity(names.len());
            let (mut paths, mut plain) = (Vec::new(), None);
            for name in names {
                let MergedWeight { weight, store, path, merged } = self.prepared(name, true)?;
                if weight.shape != [outputs, inputs, 1, 1] {
                    weight.expect_shape(&[outputs, inputs]).map_err(|error| self.error(name, error))?;
                }
                plain = plain.or(store.filter(|_| merged));
                paths.push(path);
                parts.push((weight, self.bias(name, outputs)?));
            }
            let failed = |error| self.error(&names.join("+"), error);
            if let Some(format) = plain {
                // What was changed must not be rounded to the blocks of a neighbour.
                for (weight, _) in &mut parts {
                    let encoded = weight.values().and_then(|values| Ok(format.encode(&values)?));
                    (weight.bytes, weight.format) = (encoded.map_err(failed)?.into(), format);
                }
            }
            let linear = Linear::stacked(&parts, inputs, outputs, plain.or(self.store));
            let path = stacked(paths, outputs);
            linear.and_then(|linear| beside!(linear, path)).map_err(failed)
        })
    }

    /// A convolution with a square kernel, from `name.weight` and `name.bias` where there is one.
    ///
    /// # Errors
    /// When a tensor is missing or has other extents.
    pub fn convolution(&self, name: &str, [inputs, outputs, kernel]: [usize; 3]) -> Result<Convolution, WeightsError> {
        if let Some(format) = self.outlined(name)? {
            return Ok(self.tallied(Convolution::meta([inputs, outputs, kernel], format), Convolution::size));
        }
        self.made("convolution", &[name], || {
            let MergedWeight { weight, store, path, .. } = self.prepared(name, true)?;
            let bias = self.bias(name, outputs)?;
            let layer = Convolution::new(&weight, bias.as_ref(), [inputs, outputs, kernel], self.layout(name), store);
            layer.and_then(|layer| beside!(layer, path)).map_err(|error| self.error(name, error))
        })
    }

    /// A doubling of the picture followed by a 3×3 convolution, from `name.weight` and `name.bias` where there is one.
    ///
    /// # Errors
    /// When a tensor is missing or has other extents.
    pub fn upsample_convolution(
        &self,
        name: &str,
        [inputs, outputs]: [usize; 2],
    ) -> Result<UpsampleConvolution, WeightsError> {
        if let Some(format) = self.outlined(name)? {
            let outline = UpsampleConvolution::meta([inputs, outputs], format);
            return Ok(self.tallied(outline, UpsampleConvolution::size));
        }
        self.made("upsampling", &[name], || {
            let MergedWeight { weight, store, .. } = self.prepared(name, false)?;
            let bias = self.bias(name, outputs)?;
            let layer = UpsampleConvolution::new(&weight, bias.as_ref(), [inputs, outputs], self.layout(name), store);
            layer.map_err(|error| self.error(name, error))
        })
    }

    /// Scale and shift of a normalisation, from `name.weight` and `name.bias` of `[channels]`.
    ///
    /// # Errors
    /// When a tensor is missing or has other extents.
    pub fn norm(&self, name: &str, channels: usize, epsilon: f32) -> Result<Norm, WeightsError> {
        if self.outlined(name)?.is_some() {
            return Ok(Norm::meta(channels, epsilon));
        }
        self.made("norm", &[name], || {
            let scale = self.vector(name, VectorPart::Weight, self.weight(&format!("{name}.weight"))?)?;
            let shift = self.shaped(&format!("{name}.bias"), &[channels])?;
            let shift = self.vector(name, VectorPart::Bias, shift)?;
            Norm::new(&scale, &shift, channels, epsilon).map_err(|error| self.error(name, error))
        })
    }

    /// A table of token vectors, from `name.weight` of `[tokens, channels]`.
    ///
    /// # Errors
    /// When it is missing or has other extents.
    pub fn embedding(&self, name: &str, tokens: usize, channels: usize) -> Result<Embedding, WeightsError> {
        if self.outlined(name)?.is_some() {
            // A table is kept as stored, whatever layers are kept in.
            let format = self.format(&format!("{name}.weight"))?;
            return Ok(self.tallied(Embedding::meta(tokens, channels, format), Embedding::size));
        }
        self.made("embedding", &[name], || {
            let table = self.weight(&format!("{name}.weight"))?;
            Embedding::new(&table, tokens, channels).map_err(|error| self.error(name, error))
        })
    }

    /// The values of the tensor `name` (its whole name here) of a shape.
    ///
    /// # Errors
    /// When it is missing or has other extents.
    pub fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        self.shaped(name, shape)?.values().map_err(|error| self.error_of(name, error))
    }

    fn bias(&self, name: &str, outputs: usize) -> Result<Option<Weight<'a>>, WeightsError> {
        let bias = format!("{name}.bias");
        let weight = self.shape(&bias).is_some().then(|| self.shaped(&bias, &[outputs])).transpose()?;
        weight.map(|weight| self.vector(name, VectorPart::Bias, weight)).transpose()
    }

    /// The layer of `kind` that `make` makes of the layers `names`; with a cache, made once.
    fn made<T: Clone + Send + Sync + 'static>(
        &self,
        kind: &str,
        names: &[&str],
        make: impl FnOnce() -> Result<T, WeightsError>,
    ) -> Result<T, WeightsError> {
        let Some((cache, network)) = self.cache else { return make() };
        let of: Vec<String> =
            names.iter().map(|name| layer_name(network.name, &self.full(name)[network.root..])).collect();
        cache.layer(format!("{kind} {}", of.join("+")), of, make)
    }

    /// The weights of the layer `name` as adapters change them, or what they put `beside` where that is allowed.
    fn prepared(&self, name: &str, beside: bool) -> Result<MergedWeight<'a>, WeightsError> {
        let weight = self.weight(&format!("{name}.weight"))?;
        match self.cache {
            Some((cache, network)) if !cache.adapters.is_empty() => {
                let layer = &self.full(name)[network.root..];
                let (layer, layout) = ((network.name, layer), self.layout(name));
                cache.adapters.weight(&cache.engine, layer, weight, layout, self.store, beside)
            }
            _ => Ok(MergedWeight { weight, store: self.store, path: None, merged: false }),
        }
    }

    /// A bias, scale or shift of the layer `name` as adapters change it.
    fn vector(&self, name: &str, part: VectorPart, weight: Weight<'a>) -> Result<Weight<'a>, WeightsError> {
        match self.cache {
            Some((cache, network)) if !cache.adapters.is_empty() => {
                let layer = layer_name(network.name, &self.full(name)[network.root..]);
                cache.adapters.vector(&layer, part, weight)
            }
            _ => Ok(weight),
        }
    }

    fn shaped(&self, name: &str, shape: &[usize]) -> Result<Weight<'a>, WeightsError> {
        let weight = self.weight(name)?;
        weight.expect_shape(shape).map_err(|error| self.error_of(name, error))?;
        Ok(weight)
    }

    /// The order of the file that has the layer `name`.
    pub(crate) fn layout(&self, name: &str) -> Layout {
        let full = self.full(&format!("{name}.weight"));
        self.place(&full).map_or(Layout::Oihw, |(file, ..)| file.layout())
    }

    /// The file that has a tensor, or the folder of all when none does.
    fn path(&self, full: &str) -> &Path {
        let file = self.place(full).map(|(file, ..)| file);
        match (file, self.files) {
            (Some(file), _) | (None, [file]) => file.path(),
            (None, [file, ..]) => file.path().parent().unwrap_or(file.path()),
            (None, []) => Path::new("a model without files"),
        }
    }

    fn error(&self, layer: &str, error: WeightError) -> WeightsError {
        self.error_of(&format!("{layer}.weight"), error)
    }

    fn error_of(&self, name: &str, error: impl Into<LayerFault>) -> WeightsError {
        let full = self.full(name);
        let (path, tensor) = (self.path(&full).to_owned(), self.original(&full));
        match error.into() {
            LayerFault::Weight(WeightError::Shape { found, expected }) => {
                WeightsError::Shape { path, tensor, found, expected }
            }
            source => WeightsError::Layer { path, tensor, source },
        }
    }
}
