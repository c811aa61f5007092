//! Tensors and kernels. Knows no model by name; the only room with `unsafe`.
//!
//! Every activation is `batch × height × width × channels` in f32, channels last; a sequence is a picture one pixel
//! high. So a convolution, a linear layer and an attention read each other's results as they lie in memory.
//! An [`Engine`] offers fused operations; below it stands a back end: `reference` (plain loops, the oracle of every
//! test), `cpu`, or `counting`, on which a dry run of shape-only ("meta") layers is counted and nothing computed. Weights keep the number format they are stored in until a kernel reads them.

mod arena;
mod backend;
mod counting;
mod cpu;
mod engine;
mod format;
mod layer;
mod low_rank;
mod mapped;
mod moments;
mod pace;
mod packed;
mod reference;
mod tensor;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod transpose;
mod weight;

pub use backend::{Activation, AttentionMask};
pub use counting::Work;
pub use cpu::{Instructions, peak};
pub use engine::{Engine, EngineError, Epilogue, Options};
pub use format::{Format, FormatError};
pub use layer::{Convolution, Embedding, Layout, Linear, Norm, UpsampleConvolution};
pub use low_rank::LowRank;
pub use mapped::{MappedFile, map_file};
pub use moments::Moments;
pub use tensor::{Shape, Tensor, View};
pub use transpose::transpose;
pub use weight::{Weight, WeightError};
