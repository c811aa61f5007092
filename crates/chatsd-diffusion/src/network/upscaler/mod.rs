//! Networks that make pictures larger, told apart by their tensors.

mod compact;
mod rrdb;

use chatsd_tensor::{Engine, Tensor};
use chatsd_weights::{ModelFiles, Scope};

use self::{compact::Compact, rrdb::Rrdb};
use super::{NetworkError, NetworkFlaw, config::Checked};

const CHECKED: Checked = Checked("upscaler");
/// Wrappers that training programs save the tensors in, first choice first; the averaged weights are the better ones.
const WRAPPERS: [&str; 4] = ["params_ema", "params", "state_dict", "model_state_dict"];

/// Makes pictures larger: `batch × height × width × 3` of 0 to 1 become `scale` times as high and wide.
#[derive(Clone)]
pub struct Upscaler(UpscalerKind);

#[derive(Clone)]
enum UpscalerKind {
    Rrdb(Box<Rrdb>),
    Compact(Box<Compact>),
}

impl Upscaler {
    /// Opens the file of an upscaler: ESRGAN with old or new names, Real-ESRGAN, compact networks.
    ///
    /// # Errors
    /// When it is another network, or its tensors do not fit each other.
    pub fn open(files: &ModelFiles) -> Result<Self, NetworkError> {
        Self::load(&Scope::new(std::slice::from_ref(CHECKED.file(files)?)))
    }

    /// From its tensors.
    ///
    /// # Errors
    /// When they are those of another network, or do not fit each other.
    pub fn load(weights: &Scope<'_>) -> Result<Self, NetworkError> {
        let wrapper = WRAPPERS.iter().find(|name| weights.has(name));
        let weights = &wrapper.map_or_else(|| weights.clone(), |name| weights.at(name));
        let kind = if let Some(rrdb) = Rrdb::load(weights)? {
            UpscalerKind::Rrdb(Box::new(rrdb))
        } else if let Some(compact) = Compact::load(weights)? {
            UpscalerKind::Compact(Box::new(compact))
        } else {
            let found = weights.names().take(3).map(str::to_owned).collect();
            let expected = ["ESRGAN", "Real-ESRGAN", "a compact network (SRVGG)"].map(String::from).to_vec();
            return CHECKED.unsupported(NetworkFlaw::Tensors { found, expected });
        };
        if let Some(unknown) = weights.unused().first() {
            return CHECKED.unsupported(NetworkFlaw::SpareTensor { name: unknown.to_string() });
        }
        Ok(Self(kind))
    }

    /// How many times larger a picture becomes.
    #[must_use]
    pub fn scale(&self) -> usize {
        match &self.0 {
            UpscalerKind::Rrdb(rrdb) => rrdb.scale(),
            UpscalerKind::Compact(compact) => compact.scale(),
        }
    }

    /// The larger picture.
    #[must_use]
    pub fn forward(&self, engine: &Engine, image: &Tensor) -> Tensor {
        match &self.0 {
            UpscalerKind::Rrdb(rrdb) => rrdb.forward(engine, image),
            UpscalerKind::Compact(compact) => compact.forward(engine, image),
        }
    }
}

/// Inputs and outputs of the convolution `name`, which must be 3×3.
fn extents(weights: &Scope<'_>, name: &str) -> Result<[usize; 2], NetworkError> {
    match weights.weight(&format!("{name}.weight"))?.shape[..] {
        [outputs, inputs, 3, 3] => Ok([CHECKED.count("channels", inputs)?, CHECKED.count("channels", outputs)?]),
        ref other => {
            let (found, expected) = (other.to_vec(), vec![None, None, Some(3), Some(3)]);
            CHECKED.inconsistent(NetworkFlaw::TensorShape { name: format!("{name}.weight"), found, expected })
        }
    }
}
