//! What can be wrong inside a file: parts of it that contradict each other, each with its numbers.

/// Characters of a name that are kept: names in a file may be as long as the file.
const NAME_LENGTH: usize = 200;

/// Parts of a file that contradict each other: what was found and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum Damage {
    #[error(transparent)]
    Bytes(#[from] BytesDamage),
    #[error(transparent)]
    Name(#[from] NameDamage),
    #[error("tensor {name}: {damage}")]
    Tensor { name: String, damage: TensorDamage },
    #[error("tensor {name} stands twice")]
    TensorTwice { name: String },
    #[error("tensors {first} and {second} overlap at byte {at}")]
    Overlap { first: String, second: String, at: usize },
    #[error("bytes {start} to {end}, between tensors {first} and {second}, belong to none")]
    Gap { start: usize, end: usize, first: String, second: String },
    #[error("the tensors take bytes {start} to {end}, but the file has {file_start} to {file_end}")]
    Span { start: usize, end: usize, file_start: usize, file_end: usize },
    #[error(transparent)]
    Safetensors(#[from] SafetensorsDamage),
    #[error(transparent)]
    Gguf(#[from] GgufDamage),
    #[error(transparent)]
    Archive(#[from] ArchiveDamage),
    #[error(transparent)]
    Pickle(#[from] PickleDamage),
    #[error(transparent)]
    Checkpoint(#[from] CheckpointDamage),
    #[error(transparent)]
    Index(#[from] IndexDamage),
    #[error(transparent)]
    Vocabulary(#[from] VocabularyDamage),
}

/// Bytes that are not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum BytesDamage {
    #[error("{promised} bytes were promised at byte {at}, but only {left} are left")]
    Short { promised: usize, at: usize, left: usize },
    #[error("a length of {length} at byte {at} fits no memory")]
    HugeLength { length: u64, at: usize },
}

/// A tensor's name that no model has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum NameDamage {
    #[error("a tensor has no name")]
    Empty,
    #[error("a tensor's name has {bytes} bytes, expected at most {limit}")]
    Long { bytes: usize, limit: usize },
    #[error("the tensor name {name:?} has control characters")]
    ControlCharacters { name: String },
}

/// A tensor whose description contradicts itself or the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum TensorDamage {
    #[error("shape {shape:?} holds more values than any file")]
    HugeShape { shape: Vec<usize> },
    #[error("its data type is no name")]
    TypeName,
    #[error("it ends at {end}, before its start at {start}")]
    Backwards { start: usize, end: usize },
    #[error("{bytes} bytes for {shape:?} values of {dtype}")]
    Size { bytes: usize, shape: Vec<usize>, dtype: String },
    #[error("rows of {values} values make no whole blocks of {block}")]
    PartialBlocks { values: usize, block: usize },
    #[error("shape {shape:?} fits no file")]
    ShapeBeyondFile { shape: Vec<usize> },
    #[error("its storage {storage} is not in the file")]
    MissingStorage { storage: String },
    #[error("shape {shape:?} with strides {strides:?} fits no storage")]
    ShapeBeyondStorage { shape: Vec<usize>, strides: Vec<usize> },
    #[error("it takes bytes {start} to {end} of a storage of {storage}")]
    BeyondStorage { start: usize, end: usize, storage: usize },
    #[error("it repeats {bytes} bytes until they are {values} values")]
    Repeats { bytes: usize, values: usize },
}

/// The header of a safetensors file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum SafetensorsDamage {
    #[error("it ends within its first 8 bytes")]
    NoLength,
    #[error("it promises a header of {bytes} bytes, expected at most {limit}")]
    LongHeader { bytes: u64, limit: u64 },
    #[error("its header has {bytes} bytes, but only {left} are left")]
    ShortHeader { bytes: u64, left: usize },
    #[error("its header is not UTF-8")]
    NotUtf8,
    /// What serde_json says of it.
    #[error("its header: {said}")]
    Json { said: String },
    #[error("more than {limit} tensors")]
    ManyTensors { limit: usize },
    #[error("the metadata stands twice")]
    MetadataTwice,
    #[error("a metadata key stands twice")]
    MetadataKeyTwice,
    #[error("more than {limit} metadata entries")]
    MuchMetadata { limit: usize },
    #[error("tensor {name} ends at {start} + {end}, but the file at {file_end}")]
    BeyondFile { name: String, start: usize, end: usize, file_end: usize },
}

/// The header of a GGUF file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum GgufDamage {
    #[error("the text at byte {at} is not UTF-8")]
    NotUtf8 { at: usize },
    #[error("byte {at} is {found}, expected a truth value of 0 or 1")]
    TruthValue { at: usize, found: u8 },
    #[error("the value before byte {at} has the unknown type {kind}")]
    ValueType { at: usize, kind: u32 },
    #[error("the array before byte {at} has the unknown type {kind}")]
    ArrayType { at: usize, kind: u32 },
    #[error("more than {limit} arrays lie in each other at byte {at}")]
    DeepArrays { limit: usize, at: usize },
    #[error("an array of {values} values")]
    HugeArray { values: usize },
    #[error("a metadata key of {bytes} bytes before byte {at} is no name")]
    MetadataKey { bytes: usize, at: usize },
    #[error("the metadata key {key} stands twice")]
    MetadataKeyTwice { key: String },
    #[error(
        "general.alignment is {found}, expected a power of two up to {limit}",
        found = found.map_or_else(|| "no whole number".to_owned(), |found| found.to_string())
    )]
    Alignment { found: Option<u64>, limit: u64 },
    #[error("tensor {name} has {found} extents, expected at most {limit}")]
    Extents { name: String, found: usize, limit: usize },
    #[error("its header has no end")]
    NoEnd,
    #[error("tensor {name} takes {bytes} bytes at {start} + {offset}, but the file ends at {file_end}")]
    BeyondFile { name: String, bytes: usize, start: usize, offset: usize, file_end: usize },
    #[error("tensor {name} lies at offset {offset}, expected a multiple of {alignment}")]
    Offset { name: String, offset: usize, alignment: usize },
}

/// The ZIP archive around a checkpoint of PyTorch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum ArchiveDamage {
    #[error("its archive has no end: the file is cut short")]
    NoEnd,
    #[error("its archive is one of several parts")]
    SeveralParts,
    #[error("its archive has no second end where the first says")]
    NoSecondEnd,
    #[error("its archive's directory of {bytes} bytes does not end before byte {at}")]
    Directory { bytes: u64, at: usize },
    #[error("the archive's directory has no entry at byte {at}")]
    NoEntry { at: usize },
    #[error("the archive has the entry {name} twice")]
    EntryTwice { name: String },
    #[error("the entries {first} and {second} of the archive overlap")]
    Overlap { first: String, second: String },
    #[error("the entry {name} runs into the archive's directory")]
    IntoDirectory { name: String },
    #[error("the name of an archive's entry is not UTF-8")]
    NameNotUtf8,
    #[error("the name of an archive's entry has {bytes} bytes, expected at most {limit}")]
    LongName { bytes: usize, limit: usize },
    #[error("the archive's entry {name:?} has a name that no checkpoint has")]
    Name { name: String },
    #[error("the archive's entry {name}: {damage}")]
    Entry { name: String, damage: BytesDamage },
    #[error("the archive's entry {name} takes {packed} bytes for {bytes}")]
    Packed { name: String, packed: usize, bytes: usize },
    #[error("the archive's entry {name} is not at byte {at}")]
    Place { name: String, at: usize },
    #[error("the archive's entry {name} has another name where it lies, at byte {at}")]
    OtherName { name: String, at: usize },
    #[error("the archive has the pickles {first} and {second}")]
    TwoPickles { first: String, second: String },
}

/// A pickle, as a program of its stack machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum PickleDamage {
    #[error("pickle protocol {found}, expected at most {limit}")]
    Protocol { found: u8, limit: u8 },
    #[error("a function before byte {at} is not named by texts")]
    FunctionName { at: usize },
    #[error("a function's name has more than {limit} bytes")]
    LongFunctionName { limit: usize },
    #[error("an object before byte {at} has no class")]
    NoClass { at: usize },
    #[error("the pickle takes a value before byte {at} where it has none")]
    NoValue { at: usize },
    #[error("the pickle has no mark before byte {at}")]
    NoMark { at: usize },
    #[error("the pickle appends to what is no list before byte {at}")]
    NoList { at: usize },
    #[error("the pickle sets entries of what has none before byte {at}")]
    NoDict { at: usize },
    #[error("the pickle remembers value {index}, expected fewer than {limit}")]
    Memo { index: usize, limit: usize },
    #[error("the pickle recalls value {index} before byte {at}, which it never had")]
    Recall { index: usize, at: usize },
    #[error("the name at byte {at} has no end")]
    EndlessName { at: usize },
    #[error("the name before byte {at} is not UTF-8")]
    NameNotUtf8 { at: usize },
    #[error("a dict of the pickle has a key without a value")]
    KeyWithoutValue,
}

/// What a checkpoint's pickle says of tensors and storages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum CheckpointDamage {
    #[error("its list of storages is no list")]
    StorageList,
    #[error("the key of a storage is no text")]
    StorageKey,
    #[error("storage {key} has no type")]
    NoStorageType { key: String },
    #[error("storage {key} has two types")]
    TwoStorageTypes { key: String },
    #[error("storage {key} belongs to no tensor")]
    StrayStorage { key: String },
    #[error("storage {key} of {values} values fits no file")]
    HugeStorage { key: String, values: usize },
    #[error("storage {key} stands twice")]
    StorageTwice { key: String },
    #[error("storage {key} is a view of what is not told")]
    StorageView { key: String },
    #[error("a storage begins before itself")]
    StorageStart,
    #[error("a tensor is wrapped too often")]
    Wrapped,
    #[error("a tensor has no storage")]
    NoStorage,
    #[error("a tensor has no sizes")]
    NoSizes,
    #[error("a tensor has a size or stride of {found}")]
    NegativeSize { found: i64 },
    #[error("a tensor has a size or stride that is no whole number")]
    OddSize,
    #[error("a tensor has {found} extents, expected at most {limit}")]
    Extents { found: usize, limit: usize },
    #[error("a tensor of {extents} extents has {strides} strides")]
    Strides { extents: usize, strides: usize },
}

/// The index of weights in several files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum IndexDamage {
    #[error("it lists {file:?}, expected the name of a file beside it")]
    File { file: String },
    #[error("tensor {tensor:?} should be in {file}, which does not have it")]
    MissingTensor { tensor: String, file: String },
    #[error("tensor {tensor} is in two of its files")]
    TensorTwice { tensor: String },
}

/// A tokenizer's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
pub enum VocabularyDamage {
    #[error("token {token:?} has number {number}, expected each of 0 to {count} once")]
    Number { token: String, number: usize, count: usize },
    #[error("the merge {line:?} is not two texts with a space between")]
    Merge { line: String },
}

/// A name from a file, cut where it is longer than a message should be.
pub(crate) fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_LENGTH) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
