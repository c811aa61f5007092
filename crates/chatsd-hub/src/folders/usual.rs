//! Where other programs usually lie below the home folder.

use std::path::Path;

use super::{ModelFolder, layout, paths_file};

/// ModelFolders in which people put programs.
const PARENTS: &[&str] = &["", "Documents", "Desktop", "Downloads", "AI", "ai", "apps", "git", "src"];

/// Names that the programs' own instructions give their folders.
const PROGRAMS: &[&str] = &[
    "stable-diffusion-webui",
    "stable-diffusion-webui-forge",
    "stable-diffusion-webui-reForge",
    "sd-webui-forge-neo",
    "webui_forge_cu121_torch231/webui",
    "sd.webui/webui",
    "sdnext",
    "automatic",
    "ComfyUI",
    "ComfyUI_windows_portable/ComfyUI",
    "Fooocus",
    "SwarmUI",
    "StabilityMatrix",
];

/// Where installers put programs.
const INSTALLED: &[&str] =
    &[".local/share/StabilityMatrix", "AppData/Roaming/StabilityMatrix", "Library/Application Support/StabilityMatrix"];

/// Where ComfyUI Desktop keeps what the user told it (`extra_models_config.yaml` in its `userData` folder).
const DESKTOP: &[&str] = &[".config/ComfyUI", "AppData/Roaming/ComfyUI", "Library/Application Support/ComfyUI"];

/// Every shelf of every program in its usual place.
pub(super) fn shelves(home: &Path) -> Vec<ModelFolder> {
    let mut shelves = Vec::new();
    let roots = PARENTS.iter().flat_map(|parent| PROGRAMS.iter().map(move |name| home.join(parent).join(name)));
    for root in roots.chain(INSTALLED.iter().map(|place| home.join(place))).filter(|root| root.is_dir()) {
        shelves.extend(layout::shelves_of(&root, Some(home)));
    }
    for place in DESKTOP {
        shelves.extend(paths_file::comfy(&home.join(place).join("extra_models_config.yaml"), Some(home)));
    }
    shelves
}
