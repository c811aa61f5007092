//! What was typed, and what is decided: every setting once, with its flag, its environment variable and its key.
//!
//! Defaults < config file < environment < flags. A setting that nobody set is `None`: then the sentence, the model
//! or the program's own default decides.

use std::{collections::BTreeMap, error::Error, fmt, path::PathBuf, str::FromStr};

use chatsd_messages::{ErrorClass, Lang, Spoken};
use chatsd_studio::Draft;
use chatsd_types::{PARAMETERS, ParameterChoices, ParameterError};
use chatsd_weights::Predicts;
use clap::Args;

use crate::failure::ProgramError;

use crate::args::{
    parameters::ParameterArgs,
    values::{InstructionSet, Names, Places, Previews, Show, Store},
};

/// Who set a value; a later one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SetBy {
    /// Nobody.
    Default,
    /// The config file.
    File,
    /// A `CHATSD_…` variable.
    Environment,
    /// The command line.
    Flag,
}

/// A setting that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// No setting has this name.
    #[error("there is no setting \"{key}\"; {}", did_you_mean(.near))]
    Unknown {
        /// What was written.
        key: String,
        /// The nearest names there are.
        near: Vec<String>,
    },
    /// A setting has this name, but the value does not fit.
    #[error("the setting \"{key}\" cannot be \"{value}\"")]
    Value {
        /// The setting.
        key: &'static str,
        /// What was written.
        value: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A parameter of pictures does not take the value.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
}

impl Spoken for SettingError {
    fn chinese(&self) -> String {
        match self {
            Self::Unknown { key, near } => format!("没有设置“{key}”；最接近的是 {}", near.join("、")),
            Self::Value { key, value, .. } => format!("设置“{key}”不能是“{value}”"),
            Self::Parameter(error) => error.chinese(),
        }
    }

    fn class(&self) -> ErrorClass {
        ErrorClass::Usage
    }
}

fn did_you_mean(near: &[String]) -> String {
    format!("the nearest are {}", near.join(", "))
}

macro_rules! settings {
    ($($(#[$group_doc:meta])* $group:ident { $($(#[$attribute:meta])* $name:ident: $type:ty = $default:literal,)* })*) => {
        $($(#[$group_doc])*
        #[derive(Args, Clone, Debug, Default)]
        pub struct $group { $($(#[$attribute])* pub $name: Option<$type>,)* }

        impl $group {
            /// Flags win over everything.
            pub fn put_into(self, settings: &mut Settings) {
                $(if let Some(value) = self.$name {
                    settings.$name = Some(value);
                    settings.set_by.insert(stringify!($name), SetBy::Flag);
                })*
            }
        })*

        /// What is decided. `None` where nobody decided.
        #[derive(Clone, Debug, Default)]
        pub struct Settings {
            $($(#[doc = concat!("See `", stringify!($group), "::", stringify!($name), "`.")] pub $name: Option<$type>,)*)*
            /// What was chosen for pictures.
            pub parameters: ParameterChoices,
            set_by: BTreeMap<&'static str, SetBy>,
            /// Files that were given by their paths, by the names that requests have for them.
            pub given: BTreeMap<String, PathBuf>,
        }

        impl Settings {
            /// Every name, in the order of the help.
            pub fn names() -> impl Iterator<Item = &'static str> {
                let parameters = PARAMETERS.iter().filter(|parameter| parameter.has_flag);
                [$($(stringify!($name),)*)*].into_iter().chain(parameters.map(|parameter| parameter.key))
            }

            /// Sets one value from its text.
            ///
            /// # Errors
            /// An unknown name, or a value that does not fit.
            pub fn set(&mut self, key: &str, text: &str, set_by: SetBy) -> Result<(), SettingError> {
                match key.replace('-', "_").as_str() {
                    $($(stringify!($name) => {
                        let value = <$type>::from_str(text).map_err(|error| SettingError::Value {
                            key: stringify!($name), value: text.to_owned(), source: error.into(),
                        })?;
                        self.$name = Some(value);
                        self.set_by.insert(stringify!($name), set_by);
                    })*)*
                    key => match PARAMETERS.iter().find(|parameter| parameter.has_flag && parameter.key == key) {
                        Some(parameter) => {
                            self.parameters.choose(key, text)?;
                            self.set_by.insert(parameter.key, set_by);
                        }
                        None => return Err(SettingError::Unknown { key: key.to_owned(), near: nearest(key) }),
                    },
                }
                Ok(())
            }

            /// Every setting: its name, its value or what decides instead, and who set it.
            pub fn report(&self) -> Vec<(&'static str, String, SetBy)> {
                let set_by = |name: &str| self.set_by.get(name).copied().unwrap_or(SetBy::Default);
                let mut report = vec![$($({
                    let text = self.$name.as_ref().map_or_else(|| $default.to_owned(), |value| shown(value));
                    (stringify!($name), text, set_by(stringify!($name)))
                },)*)*];
                for parameter in PARAMETERS.iter().filter(|parameter| parameter.has_flag) {
                    let text = self.parameters.text(parameter.key).unwrap_or(self.lang().of(parameter.otherwise));
                    report.push((parameter.key, text.to_owned(), set_by(parameter.key)));
                }
                report
            }
        }
    };
}

fn shown(value: &impl Shown) -> String {
    value.shown()
}

/// The three names most like `key`, best first.
fn nearest(key: &str) -> Vec<String> {
    chatsd_files::nearest(key, 3, Settings::names().map(|name| (name, name.to_owned())))
}

/// A value as people write it.
trait Shown {
    fn shown(&self) -> String;
}

impl Shown for PathBuf {
    fn shown(&self) -> String {
        self.display().to_string()
    }
}

macro_rules! shown_as_displayed {
    ($($type:ty),*) => { $(impl Shown for $type { fn shown(&self) -> String { self.to_string() } })* };
}

shown_as_displayed!(
    bool,
    u32,
    u64,
    usize,
    String,
    Lang,
    Show,
    Store,
    Names,
    Places,
    InstructionSet,
    Predicts,
    Draft,
    Previews
);

settings! {
    /// What every command knows.
    SurfaceArgs {
        /// Language of messages and help: en or zh
        #[arg(long, global = true, value_name = "LANG")]
        lang: Lang = "the locale's",
        /// Say only what went wrong
        #[arg(long, short = 'q', global = true, num_args = 0..=1, default_missing_value = "true", require_equals = true, hide_possible_values = true, value_name = "BOOL")]
        quiet: bool = "false",
        /// Folder of the gallery, where pictures are written
        #[arg(long, global = true, alias = "image_output_dir", value_name = "FOLDER")]
        out: PathBuf = "images",
    }
    /// Which model.
    ModelArgs {
        /// A model by name, or a model folder or file; pocket is the built-in model
        #[arg(long, value_name = "MODEL")]
        model: String = "pocket",
    }
    /// Of what parts a model consists, and where they are looked for.
    PartArgs {
        /// Further folders with model files, with commas between: another program's, or plain ones
        #[arg(long, value_name = "A,B")]
        model_folders: Places = "where programs usually have them",
        /// Another autoencoder than the model's, by name or file
        #[arg(long, value_name = "VAE")]
        vae: String = "the model's own",
        /// Text encoders for a model without, by name or file, with a comma between two
        #[arg(long, alias = "clip", value_name = "A,B")]
        text_encoder: Names = "the model's own",
        /// What the model predicts, where its file does not say it right: epsilon or v
        #[arg(long, value_name = "NAME")]
        predicts: Predicts = "as the file says, or its tensors",
    }
    /// How it calculates.
    EngineArgs {
        /// Threads to calculate with
        #[arg(long, value_name = "N")]
        threads: usize = "one a core",
        /// Instructions to calculate with: portable, avx2, avx512
        #[arg(long, value_name = "NAME")]
        instructions: InstructionSet = "the widest there are",
    }
    /// How weights are held.
    StoreArgs {
        /// How weights are held in memory: f32, f16, q8_0
        #[arg(long, value_name = "FORMAT")]
        store: Store = "as in the file",
    }
    /// How much memory may be used.
    MemoryArgs {
        /// Megabytes of memory that may be used; what needs more is refused
        #[arg(long, value_name = "MB")]
        memory_limit: u64 = "what is free",
    }
    /// What becomes of the sentence.
    PromptArgs {
        /// How many pictures
        #[arg(long, short = 'n', value_name = "N")]
        count: usize = "9, or as the sentence says",
        /// Only these styles, with commas between
        #[arg(long, value_name = "A,B")]
        styles: Names = "as different as can be",
        /// What must not be seen
        #[arg(long, value_name = "TEXT")]
        negative: String = "as the style says",
        /// Folder of wildcard files: __animal__ in a sentence takes a line of animal.txt
        #[arg(long, value_name = "FOLDER")]
        wildcards: PathBuf = "the data folder's",
    }
    /// How fast a sheet is painted.
    DraftArgs {
        /// Paint drafts, small and in few steps, to be refined: auto (with slow models), on, off
        #[arg(long, num_args = 0..=1, default_missing_value = "on", require_equals = true, value_name = "WHEN")]
        draft: Draft = "auto",
    }
    /// What is shown.
    ShowArgs {
        /// Pictures in the terminal: auto, kitty, iterm2, sixel, blocks, none
        #[arg(long, value_name = "WAY")]
        show: Show = "auto",
        /// Pictures while they are painted: auto, none
        #[arg(long, value_name = "WHEN")]
        preview: Previews = "auto",
    }
    /// What is made of the pictures.
    SheetArgs {
        /// Columns of the sheet
        #[arg(long, alias = "grid_cols", alias = "grid-cols", value_name = "N")]
        columns: u32 = "as square as can be",
    }
    /// What is made of each picture besides.
    DrawingArgs {
        /// Also trace each picture to an SVG drawing
        #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, hide_possible_values = true, value_name = "BOOL")]
        svg: bool = "false",
    }
}

impl ParameterArgs {
    /// Flags win over everything.
    ///
    /// # Errors
    /// A value that the parameter does not take.
    pub fn put_into(&self, settings: &mut Settings) -> Result<(), SettingError> {
        self.0.iter().try_for_each(|(parameter, value)| settings.set(parameter.key, value, SetBy::Flag))
    }
}

impl Settings {
    /// The language to talk in.
    pub fn lang(&self) -> Lang {
        self.lang.unwrap_or_default()
    }

    /// The gallery's folder.
    pub fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| "images".into())
    }

    /// Columns of a sheet; 0 are as many as make it square, which is what nobody asks for by number.
    ///
    /// # Errors
    /// [`ProgramError::NoCells`] where somebody asks for none.
    pub fn sheet_columns(&self) -> Result<u32, ProgramError> {
        if self.columns == Some(0) { Err(ProgramError::NoCells) } else { Ok(self.columns.unwrap_or(0)) }
    }

    /// Whether only errors are said.
    pub fn quiet(&self) -> bool {
        self.quiet.unwrap_or(false)
    }
}

impl fmt::Display for SetBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        })
    }
}
