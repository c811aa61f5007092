//! What was typed, and what is decided: every setting once, with its flag, its environment variable and its key.
//!
//! Defaults < config file < environment < flags. A setting that nobody set is `None`: then the sentence, the model
//! or the program's own default decides, as `default_of` says.

use std::{collections::BTreeMap, fmt, num::NonZeroU32, path::PathBuf, str::FromStr};

use chatsd_studio::{Draft, Larger};
use chatsd_types::{Decoder, Fill, NamedSampler, NoiseSource, Schedule, Size};
use clap::Args;

use crate::{
    messages::Lang,
    values::{Guidance, InstructionSet, Names, Places, Portion, Predicts, Previews, Show, Store},
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
    #[error("the setting \"{key}\" cannot be \"{value}\": {reason}")]
    Value {
        /// The setting.
        key: &'static str,
        /// What was written.
        value: String,
        /// Why not.
        reason: String,
    },
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
            /// Whether any flag of the group was given.
            #[allow(dead_code, reason = "asked of some groups")]
            pub fn is_given(&self) -> bool {
                $(self.$name.is_some())||*
            }

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
            set_by: BTreeMap<&'static str, SetBy>,
            /// Files that were given by their paths, by the names that requests have for them.
            pub given: BTreeMap<String, PathBuf>,
        }

        impl Settings {
            /// Every name, in the order of the help.
            pub const NAMES: &[&str] = &[$($(stringify!($name),)*)*];

            /// Sets one value from its text.
            ///
            /// # Errors
            /// An unknown name, or a value that does not fit.
            pub fn set(&mut self, key: &str, text: &str, set_by: SetBy) -> Result<(), SettingError> {
                match key.replace('-', "_").as_str() {
                    $($(stringify!($name) => {
                        let value = <$type>::from_str(text).map_err(|error| SettingError::Value {
                            key: stringify!($name), value: text.to_owned(), reason: error.to_string(),
                        })?;
                        self.$name = Some(value);
                        self.set_by.insert(stringify!($name), set_by);
                    })*)*
                    _ => return Err(SettingError::Unknown {
                        key: key.to_owned(),
                        near: nearest(key),
                    }),
                }
                Ok(())
            }

            /// Every setting: its name, its value or what decides instead, and who set it.
            pub fn report(&self) -> Vec<(&'static str, String, SetBy)> {
                vec![$($({
                    let text = self.$name.as_ref().map_or_else(|| $default.to_owned(), |value| shown(value));
                    (stringify!($name), text, self.set_by.get(stringify!($name)).copied().unwrap_or(SetBy::Default))
                },)*)*]
            }
        }
    };
}

fn shown(value: &impl Shown) -> String {
    value.shown()
}

/// The three names most like `key`, best first.
fn nearest(key: &str) -> Vec<String> {
    let named = Settings::NAMES.iter().map(|name| (name, (*name).to_owned()));
    chatsd_files::nearest(key, 3, named)
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
    NonZeroU32,
    u64,
    usize,
    String,
    Lang,
    Show,
    Store,
    Size,
    NamedSampler,
    Schedule,
    NoiseSource,
    Fill,
    Larger,
    Names,
    Places,
    Guidance,
    Portion,
    InstructionSet,
    Predicts,
    Draft,
    Decoder,
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
    /// How it runs.
    EngineArgs {
        /// Threads to calculate with
        #[arg(long, value_name = "N")]
        threads: usize = "one a core",
        /// Instructions to calculate with: portable, avx2, avx512
        #[arg(long, value_name = "NAME")]
        instructions: InstructionSet = "the widest there are",
        /// How weights are held in memory: f32, f16, q8_0
        #[arg(long, value_name = "FORMAT")]
        store: Store = "as in the file",
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
    /// How a picture is painted.
    PictureArgs {
        /// Width and height in pixels, such as 128x128
        #[arg(long, value_name = "WxH")]
        size: Size = "the model's",
        /// Passes of the sampler
        #[arg(long, value_name = "K")]
        steps: u32 = "the model's",
        /// Stepping rule: euler, "euler a", lms, heun, dpm2, "dpm2 a", "dpm++ 2s a", "dpm++ 2m", "dpm++ sde", "dpm++ 2m sde", "dpm++ 2m sde heun", "dpm++ 3m sde", "dpm fast", "dpm adaptive", restart, ddim, plms, unipc, lcm, tcd; a schedule may follow: "dpm++ 2m karras"
        #[arg(long, value_name = "NAME")]
        sampler: NamedSampler = "the model's",
        /// Spread of the noise levels: automatic, uniform, karras, exponential, polyexponential, sgm_uniform, kl_optimal, align_your_steps, simple, normal, ddim, beta, beta_steps, trailing, leading, linspace, flow
        #[arg(long, value_name = "NAME")]
        schedule: Schedule = "the model's",
        /// Layer of the text encoder that is read, counted from the last: 1 is the last, 2 the one before
        #[arg(long, value_name = "N")]
        clip_skip: NonZeroU32 = "the model's",
        /// How strongly the prompt rules; 1 is not at all
        #[arg(long, value_name = "G")]
        guidance: Guidance = "the model's",
        /// How far the contrast that guidance adds is taken back, 0 to 1
        #[arg(long, value_name = "0..1")]
        guidance_rescale: Portion = "0",
        /// How closely a model that edits pictures keeps to the starting one
        #[arg(long, value_name = "G")]
        image_guidance: Guidance = "1.5 in such a model",
        /// Generator of the starting noise: cpu (as PyTorch) or gpu (Philox)
        #[arg(long, value_name = "NAME")]
        noise: NoiseSource = "cpu",
        /// How much of the noise a step makes anew, 0 to 1
        #[arg(long, value_name = "0..1")]
        eta: Portion = "the sampler's",
        /// A second seed, whose noise the starting noise is turned toward
        #[arg(long, value_name = "S")]
        variation_seed: u64 = "the seed's next",
        /// How far the starting noise is turned toward that of the second seed, 0 to 1
        #[arg(long, value_name = "0..1")]
        variation_strength: Portion = "0",
        /// Size of the picture whose starting noise is taken, such as 512x512
        #[arg(long, value_name = "WxH")]
        seed_resize: Size = "the picture's",
        /// Added to the seed for the noise after the starting noise (ENSD)
        #[arg(long, value_name = "N")]
        noise_seed_delta: u32 = "0",
        /// How much of the starting picture is painted anew, 0 to 1
        #[arg(long, value_name = "0..1")]
        strength: Portion = "0.6 with a starting picture",
    }
    /// How fast a sheet is painted.
    DraftArgs {
        /// Paint drafts, small and in few steps, to be refined: auto (with slow models), on, off
        #[arg(long, num_args = 0..=1, default_missing_value = "on", require_equals = true, value_name = "WHEN")]
        draft: Draft = "auto",
        /// Autoencoder that makes the pixels: automatic, full, tiny
        #[arg(long, value_name = "NAME")]
        decoder: Decoder = "the model's own",
    }
    /// How masked painting is done.
    MaskArgs {
        /// Pixels over which the edge of the mask is softened
        #[arg(long, value_name = "N")]
        mask_blur: u32 = "4",
        /// What stands under the mask at first: original, fill, "latent noise", "latent nothing"
        #[arg(long, value_name = "NAME")]
        mask_fill: Fill = "original",
        /// Paint only the masked part, at the whole size, and put it back
        #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, hide_possible_values = true, value_name = "BOOL")]
        only_masked: bool = "false",
        /// Pixels around the masked part that are seen with --only-masked
        #[arg(long, value_name = "N")]
        mask_padding: u32 = "32",
    }
    /// The second pass.
    SecondArgs {
        /// Paint once more over the picture made larger: so many times, or to this size
        #[arg(long, value_name = "N|WxH")]
        hires: Larger = "no second pass",
        /// Steps of the second pass
        #[arg(long, value_name = "K")]
        hires_steps: u32 = "as many as the first",
        /// How much the second pass paints anew, 0 to 1; 0 makes larger and paints nothing
        #[arg(long, value_name = "0..1")]
        hires_strength: Portion = "0.7",
        /// What makes the picture larger: latent, lanczos, or an upscaler's file
        #[arg(long, value_name = "NAME")]
        hires_upscaler: String = "latent",
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

impl Settings {
    /// The language to talk in.
    pub fn lang(&self) -> Lang {
        self.lang.unwrap_or_default()
    }

    /// The gallery's folder.
    pub fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| "images".into())
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
