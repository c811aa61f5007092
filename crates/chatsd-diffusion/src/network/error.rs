//! What can be wrong with a network's config or weights.

use chatsd_weights::WeightsError;

use super::config::Expected;

/// A network that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The config is not the JSON expected.
    #[error("the config of the {network} cannot be read: {source}")]
    Config {
        /// Which network.
        network: &'static str,
        /// Which value, and why.
        source: serde_json::Error,
    },
    /// The config, or the tensors, contradict themselves: there is no such network.
    #[error("the config of the {network} makes no network: {flaw}; get the model again")]
    Inconsistent {
        /// Which network.
        network: &'static str,
        /// What contradicts what.
        flaw: NetworkFlaw,
    },
    /// A kind of network that is not built here. The model may be in order.
    #[error("this kind of {network} is not supported: {flaw}")]
    Unsupported {
        /// Which network.
        network: &'static str,
        /// What is not supported.
        flaw: NetworkFlaw,
    },
    /// A tensor is missing or does not fit the config.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// What makes a config, or the tensors of a file, no network that is built here. Names are those of the config's
/// entries or of tensors.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkFlaw {
    /// A count out of its range.
    #[error("{name} is {found}, expected {low} to {high}")]
    Count {
        /// What is counted.
        name: String,
        /// In the config or the file.
        found: usize,
        /// The least.
        low: usize,
        /// The most.
        high: usize,
    },
    /// A number that is not between two others, which it must not be either.
    #[error("{name} is {found}, expected between {low} and {high}")]
    Number {
        /// Of the entry.
        name: String,
        /// In the config.
        found: f32,
        /// Below it.
        low: f32,
        /// Above it.
        high: f32,
    },
    /// Side of a convolution's kernel without a middle, or too large.
    #[error("{name} is {found}, expected an odd number up to {high}")]
    Kernel {
        /// Of the entry.
        name: String,
        /// Pixels, in the config.
        found: usize,
        /// The most.
        high: usize,
    },
    /// None of the values that are built here.
    #[error("{name} is {found}, expected {}", Expected(expected))]
    Value {
        /// Of the entry.
        name: String,
        /// In the config.
        found: String,
        /// Those there are.
        expected: Vec<String>,
    },
    /// An entry is missing.
    #[error("it has no {name}: expected {}", Expected(expected))]
    NoValue {
        /// Of the entry.
        name: String,
        /// The values it may have.
        expected: Vec<String>,
    },
    /// An entry that another kind of network has.
    #[error("it has {name}, which is not read")]
    Spare {
        /// Of the entry.
        name: String,
    },
    /// A list that is not as long as there are blocks.
    #[error("{name} has {found} entries for {blocks} blocks")]
    Entries {
        /// Of the list.
        name: String,
        /// Its entries.
        found: usize,
        /// Blocks that another entry names.
        blocks: usize,
    },
    /// Too few or too many blocks.
    #[error("{name} has {found} entries, expected 1 to {high}")]
    Blocks {
        /// Of the list.
        name: String,
        /// Its entries.
        found: usize,
        /// The most.
        high: usize,
    },
    /// A list without an entry for a block.
    #[error("{name} has no entry {index}, expected one for each block")]
    NoEntry {
        /// Of the list.
        name: String,
        /// Of the block, from 0.
        index: usize,
    },
    /// Groups or heads that cannot be equally large.
    #[error("{name} {found} does not divide {channels} channels")]
    Division {
        /// What is counted.
        name: String,
        /// How many.
        found: usize,
        /// Channels to be divided among them.
        channels: usize,
    },
    /// Several widths where there must be one.
    #[error("{name} is {}, expected one width", joined(found))]
    Widths {
        /// Of the entry.
        name: String,
        /// In the config.
        found: Vec<usize>,
    },
    /// Too few frequencies of a sinusoidal embedding, or spread beyond the last.
    #[error("freq_shift is {shift} for {frequencies} waves, expected 0 to 1 for 2 or more")]
    Frequencies {
        /// Taken off their number where they are spread.
        shift: f32,
        /// Of sines, and as many of cosines.
        frequencies: usize,
    },
    /// No room for a pooled vector beside the embeddings of sizes.
    #[error(
        "projection_class_embeddings_input_dim {inputs} does not hold sizes of addition_time_embed_dim {size} and a \
         pooled vector"
    )]
    NoPooled {
        /// Values that the layer reads.
        inputs: usize,
        /// Values of the embedding of one size.
        size: usize,
    },
    /// Latents that would be scaled to nothing or to infinity.
    #[error("scaling_factor is {factor} and shift_factor {shift}, expected numbers but 0")]
    Scaling {
        /// Latents are multiplied by it.
        factor: f32,
        /// It is taken off them before.
        shift: f32,
    },
    /// A folder where all tensors stand in one file.
    #[error("a folder, expected a file")]
    Folder,
    /// A tensor of other extents than the kind of layer has.
    #[error("{name} has the shape {found:?}, expected {}", Extents(expected))]
    TensorShape {
        /// Of the tensor.
        name: String,
        /// In the file.
        found: Vec<usize>,
        /// `None` is any extent.
        expected: Vec<Option<usize>>,
    },
    /// Patches of a picture that make no square.
    #[error("{found} places, expected one more than a square number")]
    Places {
        /// Vectors of places: one for each patch, and one for the class.
        found: usize,
    },
    /// A layer that does not read what the one before makes, or no picture.
    #[error("{layer} reads {found} channels, expected {}", Expected(expected))]
    Inputs {
        /// Of the layer.
        layer: String,
        /// Channels that it reads.
        found: usize,
        /// Those there are.
        expected: Vec<usize>,
    },
    /// A last layer that makes no picture.
    #[error("{layer} makes {found} channels, expected three for each pixel of a square")]
    Outputs {
        /// Of the layer.
        layer: String,
        /// Channels that it makes.
        found: usize,
    },
    /// Tensors of another network.
    #[error(
        "{}, expected {}",
        if found.is_empty() { "no tensors".to_owned() } else { format!("tensors such as {}", found.join(", ")) },
        Expected(expected)
    )]
    Tensors {
        /// The first of them.
        found: Vec<String>,
        /// Networks that are known.
        expected: Vec<String>,
    },
    /// A tensor that the known networks do not have.
    #[error("it also has the tensor {name}, which plain ones do not have")]
    SpareTensor {
        /// Of the tensor.
        name: String,
    },
    /// An upscaler that reads squares of pixels as one and does not make as many of them.
    #[error("squares of {squares} pixels made {scale} times larger: it shrinks pictures")]
    Shrinks {
        /// Side of the squares, in pixels.
        squares: usize,
        /// How many times larger their picture becomes.
        scale: usize,
    },
    /// An IP-Adapter of another kind.
    #[error("no tensor image_proj.proj.weight; expected a plain one, not Plus or FaceID")]
    NotPlain,
    /// An IP-Adapter whose image tokens are no tokens of the model.
    #[error("it projects pictures by {found:?}, the model reads tokens of {channels} values: it is for another family")]
    Projection {
        /// Outputs and inputs of the projection.
        found: Vec<usize>,
        /// Values of the model's tokens.
        channels: usize,
    },
    /// An IP-Adapter for attentions of another width.
    #[error("attention {index} has {found} channels, the model's {expected}: it is for another family")]
    Attention {
        /// Place of the attention, from 0.
        index: usize,
        /// Its channels in the file.
        found: usize,
        /// Its channels in the model.
        expected: usize,
    },
}

fn joined(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(" and ")
}

/// Extents of a tensor, of which some may be any.
struct Extents<'a>(&'a [Option<usize>]);

impl std::fmt::Display for Extents<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let extents = self.0.iter().map(|extent| extent.map_or_else(|| "any".to_owned(), |extent| extent.to_string()));
        write!(f, "[{}]", extents.collect::<Vec<_>>().join(", "))
    }
}
