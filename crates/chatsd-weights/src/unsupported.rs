//! What is not read or written, though it may be in order: each case with its numbers, and what can be done.

use chatsd_tensor::Format;

use crate::{NameDamage, TensorDamage};

/// A file, or something asked of one, that may be in order but is not read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum Unsupported {
    #[error("a GGUF file of a big-endian machine; use a little-endian one")]
    BigEndianGguf,
    #[error("GGUF version {found}, expected 2 or 3; convert the model anew")]
    GgufVersion { found: u32 },
    #[error("a header of {found} tensors, expected at most {limit}")]
    ManyTensors { found: u64, limit: u64 },
    #[error("a header of {found} metadata entries, expected at most {limit}")]
    MuchMetadata { found: u64, limit: u64 },
    #[error("a TorchScript program; save the state_dict of its module with torch.save")]
    TorchScript,
    #[error("a checkpoint of a big-endian machine; save it anew on a little-endian one")]
    BigEndianCheckpoint,
    #[error("a checkpoint of another layout than version {expected}; save it anew with torch.save")]
    CheckpointVersion { expected: i64 },
    #[error("a storage of the unknown type {found}")]
    StorageType { found: String },
    #[error("an archive of {found} entries, expected at most {limit}")]
    ManyArchiveEntries { found: u64, limit: u64 },
    #[error("the encrypted entry {name}; unpack it and save it anew")]
    EncryptedEntry { name: String },
    #[error(
        "the compressed entry {name} (method {method}); PyTorch stores entries as they are: save it anew with torch.save"
    )]
    CompressedEntry { name: String, method: u16 },
    #[error("the pickle opcode {opcode:#04x} at byte {at}")]
    Opcode { opcode: u8, at: usize },
    #[error("a pickle of more than {limit} values, or {at_once} at once")]
    ManyValues { limit: usize, at_once: usize },
    #[error("a pickle of more than {limit} containers and calls")]
    ManyContainers { limit: usize },
    #[error("a checkpoint of more than {limit} entries")]
    ManyEntries { limit: usize },
    #[error("{name} lies in more than {limit} containers")]
    DeepEntry { name: String, limit: usize },
    #[error("a name of more than {limit} bytes")]
    LongName { limit: usize },
    #[error("a checkpoint of more than {tensors} tensors, or {bytes} bytes of names")]
    ManyNames { tensors: usize, bytes: usize },
    #[error("more than {limit} bytes, too long for a text of a model")]
    LongText { limit: u64 },
    #[error("no tensor of it belongs to a LoRA or one of its relatives: give such a file")]
    NoAdapter,
    #[error("a model of EDM's noise (Playground 2.5 and relatives), expected one of betas")]
    EdmNoise,
    #[error("{format} is read but not written")]
    NotWritten { format: Format },
    #[error("safetensors has no {format}; write a .gguf file")]
    NotInSafetensors { format: Format },
    #[error("its name ends with neither .gguf nor .safetensors")]
    FileEnding,
    #[error("convolutions stored channels last; write a .gguf file")]
    ChannelsLast,
    #[error(transparent)]
    Write(#[from] WriteFault),
}

/// Tensors or metadata that a file cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum WriteFault {
    #[error(transparent)]
    Name(#[from] NameDamage),
    #[error(transparent)]
    Tensor(#[from] TensorDamage),
    #[error("tensor {name} stands twice")]
    TensorTwice { name: String },
    #[error("{name} is larger than any file")]
    HugeTensor { name: String },
    #[error("tensor {name} has {found} extents, expected at most {limit}")]
    Extents { name: String, found: usize, limit: usize },
    #[error("tensor {name} is {format}, which GGUF has no number for")]
    NotInGguf { name: String, format: Format },
    #[error("tensor {name} has {bytes} bytes for {shape:?} values of {format:?}")]
    Size { name: String, bytes: usize, shape: Vec<usize>, format: Format },
    #[error("the metadata key {key:?} is no name or stands twice")]
    MetadataKey { key: String },
    #[error("general.alignment is {alignment} and cannot be chosen")]
    Alignment { alignment: usize },
}
