//! How other programs lay out their model folders.
//!
//! Sources: AUTOMATIC1111 `modules/paths.py` and `modules/sd_models.py`; ComfyUI `folder_paths.py`; Fooocus
//! `modules/config.py`; SwarmUI `src/Core/Settings.cs`; StabilityMatrix `SharedFolderType.cs`.

use std::path::{Path, PathBuf};

use chatsd_types::FileKind::{
    self, Adapter, Autoencoder, Control, Embedding, ImageEncoder, ImagePrompt, Model, TextEncoder, Upscaler,
};
use serde::Serialize;

use super::{ModelFolder, paths_file};

/// Whose folder it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Program {
    /// Ours: what was pulled.
    #[serde(rename = "ChatSD")]
    ChatSd,
    /// Named by the user.
    #[serde(rename = "named")]
    Named,
    /// AUTOMATIC1111's web UI and what descends from it.
    #[serde(rename = "AUTOMATIC1111")]
    Automatic1111,
    /// ComfyUI.
    ComfyUI,
    /// Fooocus.
    Fooocus,
    /// SwarmUI.
    SwarmUI,
    /// StabilityMatrix.
    StabilityMatrix,
    /// The cache of Hugging Face's libraries.
    #[serde(rename = "Hugging Face")]
    HuggingFace,
}

impl Program {
    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChatSd => "ChatSD",
            Self::Named => "named",
            Self::Automatic1111 => "AUTOMATIC1111",
            Self::ComfyUI => "ComfyUI",
            Self::Fooocus => "Fooocus",
            Self::SwarmUI => "SwarmUI",
            Self::StabilityMatrix => "StabilityMatrix",
            Self::HuggingFace => "Hugging Face",
        }
    }
}

type Places = &'static [(FileKind, &'static str)];

/// The folder of each kind below `models/` in ComfyUI, by the names its settings use too; ours has the same, so that a
/// ComfyUI told of it finds everything.
pub(super) const COMFY: Places = &[
    (Model, "checkpoints"),
    (Model, "diffusion_models"),
    (Model, "unet"),
    (Model, "diffusers"),
    (Autoencoder, "vae"),
    (Autoencoder, "vae_approx"),
    (Adapter, "loras"),
    (Embedding, "embeddings"),
    (Control, "controlnet"),
    (Control, "t2i_adapter"),
    (Upscaler, "upscale_models"),
    (ImagePrompt, "ipadapter"),
    (ImageEncoder, "clip_vision"),
    (TextEncoder, "text_encoders"),
    (TextEncoder, "clip"),
];

const AUTOMATIC1111: Places = &[
    (Model, "models/Stable-diffusion"),
    (Autoencoder, "models/VAE"),
    (Autoencoder, "models/VAE-approx"),
    (Adapter, "models/Lora"),
    (Adapter, "models/LyCORIS"),
    (Upscaler, "models/ESRGAN"),
    (Upscaler, "models/RealESRGAN"),
    (Control, "models/ControlNet"),
    (Control, "extensions/sd-webui-controlnet/models"),
    (TextEncoder, "models/text_encoder"),
    (Embedding, "embeddings"),
];

const SWARM: Places = &[
    (Model, "Models/Stable-Diffusion"),
    (Model, "Models/diffusion_models"),
    (Autoencoder, "Models/VAE"),
    (Adapter, "Models/Lora"),
    (Embedding, "Models/Embeddings"),
    (Embedding, "Models/Embedding"),
    (Control, "Models/controlnet"),
    (Upscaler, "Models/upscale_models"),
    (ImagePrompt, "Models/ipadapter"),
    (ImageEncoder, "Models/clip_vision"),
    (TextEncoder, "Models/clip"),
    (TextEncoder, "Models/text_encoders"),
];

const MATRIX: Places = &[
    (Model, "StableDiffusion"),
    (Model, "DiffusionModels"),
    (Model, "Diffusers"),
    (Autoencoder, "VAE"),
    (Autoencoder, "ApproxVAE"),
    (Adapter, "Lora"),
    (Adapter, "LyCORIS"),
    (Embedding, "TextualInversion"),
    (Embedding, "Embeddings"),
    (Control, "ControlNet"),
    (Control, "T2IAdapter"),
    (Upscaler, "ESRGAN"),
    (Upscaler, "RealESRGAN"),
    (ImagePrompt, "IpAdapter"),
    (ImageEncoder, "ClipVision"),
    (ImageEncoder, "InvokeClipVision"),
    (TextEncoder, "CLIP"),
    (TextEncoder, "TextEncoders"),
];

/// A program's layout: it is that program's folder where `sign` is a folder.
const LAYOUTS: &[(Program, &str, &str, Places)] = &[
    (Program::Automatic1111, "models/Stable-diffusion", "", AUTOMATIC1111),
    (Program::ComfyUI, "models/checkpoints", "models", COMFY),
    // Someone who names the folder of models itself means the same.
    (Program::ComfyUI, "checkpoints", "", COMFY),
    (Program::SwarmUI, "Models/Stable-Diffusion", "", SWARM),
    (Program::StabilityMatrix, "Data/Models/StableDiffusion", "Data/Models", MATRIX),
    (Program::StabilityMatrix, "Models/StableDiffusion", "Models", MATRIX),
];

/// The folder of our own in which files of a kind are kept, below [`super::Environment::own`].
#[must_use]
pub fn own_place(kind: FileKind) -> &'static str {
    COMFY.iter().find(|(of, _)| *of == kind).map_or("other", |(_, place)| place)
}

/// Our own shelves; files that the user put beside them count as models.
pub(super) fn own(root: &Path) -> Vec<ModelFolder> {
    let shelf = |(kind, place): &(FileKind, &str)| ModelFolder {
        kind: Some(*kind),
        path: root.join(place),
        program: Program::ChatSd,
    };
    COMFY.iter().map(shelf).collect()
}

/// The shelves below the root of a program, and those its own settings name. Empty where no program is known.
pub(super) fn shelves_of(root: &Path, home: Option<&Path>) -> Vec<ModelFolder> {
    let is_fooocus = root.join("fooocus_version.py").is_file();
    let mut shelves = Vec::new();
    for (program, sign, below, places) in LAYOUTS {
        // On a file system that ignores capitals, two signs can be one folder: the first layout has it.
        if !shelves.is_empty() || !root.join(sign).is_dir() {
            continue;
        }
        let program = if is_fooocus && *program == Program::ComfyUI { Program::Fooocus } else { *program };
        for (kind, place) in *places {
            let path: PathBuf = root.join(below).join(place);
            shelves.push(ModelFolder { kind: Some(*kind), path, program });
        }
    }
    shelves.extend(paths_file::comfy(&root.join("extra_model_paths.yaml"), home));
    if is_fooocus {
        shelves.extend(paths_file::fooocus(&root.join("config.txt")));
    }
    shelves
}
