//! What is needed of a repository: one form of each network, the smallest that loses nothing that shows.

use crate::{HubError, NameFault, OfferedFile, Remote, names, stem};

/// Parts of a model as the diffusers library saves one.
const PARTS: &[&str] = &["unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler"];
/// Endings of weights that are read, the best first.
const WEIGHTS: &[&str] = &["safetensors", "sft", "gguf", "ckpt", "pt", "pth", "bin"];

/// A file that is needed, and what to call it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenFile {
    /// Its place in the list.
    pub index: usize,
    /// Its path here: as in the repository, but without the mark of the 16-bit variant.
    pub path: String,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One file that is a model by itself.
    File(usize),
    /// A folder of files.
    Folder(Vec<ChosenFile>),
}

/// Chooses from the files of a repository. `named` is the file that was asked for.
///
/// # Errors
/// A file that is not there, a repository without weights, or with several models: says which.
pub fn choose(files: &[Remote], named: Option<&str>, repository: &str) -> Result<Choice, HubError> {
    let refused = |fault| HubError::Name { name: repository.into(), fault };
    if let Some(named) = named {
        let at = files.iter().position(|file| file.path == named);
        return at.map(Choice::File).ok_or_else(|| {
            let last = named.rsplit('/').next().unwrap_or_default().to_lowercase();
            let near = files.iter().filter(|file| file.path.to_lowercase().ends_with(&last)).collect::<Vec<_>>();
            let near =
                if near.is_empty() { files.iter().filter(|file| is_weights(&file.path)).collect() } else { near };
            refused(NameFault::NoFile { file: named.to_owned(), available: offered(near) })
        });
    }
    let has = |path: &str| files.iter().any(|file| file.path == path);
    if has("model_index.json") {
        let chosen = folder(files, PARTS);
        let weighted = |part: &str| chosen.iter().any(|one| one.path.starts_with(part) && is_weights(&one.path));
        if weighted("unet/") {
            return Ok(Choice::Folder(chosen));
        }
    } else if has("config.json") {
        // One network, as the diffusers library saves it.
        let chosen = folder(files, &[""]);
        if chosen.iter().any(|one| is_weights(&one.path)) {
            return Ok(Choice::Folder(chosen));
        }
    }
    let single: Vec<usize> = (0..files.len()).filter(|&at| is_weights(&files[at].path)).collect();
    let best = single.iter().filter_map(|&at| rank(&files[at].path)).min();
    let best: Vec<usize> = single.into_iter().filter(|&at| rank(&files[at].path) == best).collect();
    match best[..] {
        [] => Err(refused(NameFault::NoWeights)),
        [one] => Ok(Choice::File(one)),
        _ => {
            let several = best.iter().map(|&at| &files[at]).collect();
            Err(refused(NameFault::SeveralModels { available: offered(several) }))
        }
    }
}

fn offered(files: Vec<&Remote>) -> Vec<OfferedFile> {
    files.into_iter().map(|file| OfferedFile { path: file.path.clone(), bytes: file.bytes }).collect()
}

/// A size as people say it.
#[must_use]
pub fn in_words(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.0} kB", (bytes as f64 / 1e3).ceil()),
        1_000_000..1_000_000_000 => format!("{:.0} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// How well the ending of a file of weights can be read: smaller is better.
fn rank(path: &str) -> Option<usize> {
    let ending = path.rsplit_once('.')?.1.to_lowercase();
    WEIGHTS.iter().position(|known| *known == ending)
}

fn is_weights(path: &str) -> bool {
    // A training state and a network of another library have these endings too.
    const OTHERS: &[&str] = &["optimizer", "scheduler", "random_states", "rng_state", "training_args"];
    let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
    rank(path).is_some() && !OTHERS.iter().any(|other| name.starts_with(other))
}

/// The files of these parts of a folder, each network in one form.
fn folder(files: &[Remote], parts: &[&str]) -> Vec<ChosenFile> {
    let mut chosen = Vec::new();
    for part in parts {
        let inside: Vec<(usize, &str)> = files
            .iter()
            .enumerate()
            .filter_map(|(at, file)| {
                let name = if part.is_empty() {
                    Some(file.path.as_str())
                } else {
                    file.path.strip_prefix(part)?.strip_prefix('/')
                };
                name.filter(|name| !name.contains('/')).map(|name| (at, name))
            })
            .collect();
        let prefix = if part.is_empty() { String::new() } else { format!("{part}/") };
        let form = weights(&inside);
        for (at, name) in &inside {
            let kept = if name.contains(".index.") {
                None
            } else if is_weights(name) {
                form.iter().find(|(of, _)| of == at).map(|(_, name)| name.clone())
            } else {
                // Settings and vocabularies.
                (name.ends_with(".json") || name.ends_with(".txt")).then(|| (*name).to_owned())
            };
            chosen.extend(kept.map(|name| ChosenFile { index: *at, path: format!("{prefix}{name}") }));
        }
        // Sharded weights need the list of their shards.
        if form.len() > 1 {
            let index = inside.iter().find(|(_, name)| name.contains(".index.") && !name.contains("fp16"));
            chosen.extend(index.map(|(at, name)| ChosenFile { index: *at, path: format!("{prefix}{name}") }));
        }
    }
    if parts != [""] {
        let at = files.iter().position(|file| file.path == "model_index.json");
        chosen.extend(at.map(|index| ChosenFile { index, path: "model_index.json".into() }));
    }
    // What cannot be kept here under its name is not fetched.
    chosen.retain(|one| names::safe_path(&one.path).is_some());
    chosen.sort_by(|a, b| a.path.cmp(&b.path));
    chosen
}

/// The one form of a network's weights that is needed, with names without the mark of the variant.
fn weights(inside: &[(usize, &str)]) -> Vec<(usize, String)> {
    let all: Vec<(usize, &str)> = inside.iter().copied().filter(|(_, name)| is_weights(name)).collect();
    let plain = |name: &str| name.replace(".fp16.", ".");
    let usable = |name: &str| {
        let base = stem(&plain(name)).to_owned();
        ["diffusion_pytorch_model", "model", "pytorch_model"].contains(&base.as_str())
    };
    let is_shard = |name: &str| name.contains("-of-") && !name.contains(".fp16") && !name.contains("non_ema");
    for ending in ["safetensors", "bin"] {
        let of_ending = || all.iter().filter(|(_, name)| name.ends_with(ending));
        for half in [true, false] {
            if let Some((at, name)) = of_ending().find(|(_, name)| name.contains(".fp16.") == half && usable(name)) {
                return vec![(*at, plain(name))];
            }
        }
        let shards: Vec<_> =
            of_ending().filter(|(_, name)| is_shard(name)).map(|(at, n)| (*at, (*n).to_owned())).collect();
        if !shards.is_empty() {
            return shards;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files(paths: &[&str]) -> Vec<Remote> {
        let file = |path: &&str| Remote { path: (*path).to_owned(), bytes: Some(2_132_000_000), ..Remote::default() };
        paths.iter().map(file).collect()
    }

    fn chosen(paths: &[&str], named: Option<&str>) -> Result<Vec<String>, String> {
        let files = files(paths);
        let choice = choose(&files, named, "a/b").map_err(|error| error.to_string())?;
        Ok(match choice {
            Choice::File(at) => vec![files[at].path.clone()],
            Choice::Folder(all) => {
                all.into_iter().map(|one| format!("{} as {}", files[one.index].path, one.path)).collect()
            }
        })
    }

    #[test]
    fn of_a_model_folder_one_form_of_each_network_is_needed() {
        let found = chosen(
            &[
                ".gitattributes",
                "README.md",
                "sd_turbo.safetensors",
                "model_index.json",
                "scheduler/scheduler_config.json",
                "text_encoder/config.json",
                "text_encoder/model.safetensors",
                "text_encoder/model.fp16.safetensors",
                "text_encoder/model.onnx",
                "text_encoder/flax_model.msgpack",
                "tokenizer/merges.txt",
                "tokenizer/vocab.json",
                "safety_checker/model.safetensors",
                "unet/config.json",
                "unet/diffusion_pytorch_model.bin",
                "unet/diffusion_pytorch_model.fp16.bin",
                "unet/diffusion_pytorch_model.non_ema.safetensors",
                "unet/diffusion_pytorch_model.safetensors",
                "vae/config.json",
                "vae/diffusion_pytorch_model.fp16.bin",
                "vae/diffusion_pytorch_model.bin",
                "vae_decoder/model.onnx",
            ],
            None,
        );
        let expected = [
            "model_index.json as model_index.json",
            "scheduler/scheduler_config.json as scheduler/scheduler_config.json",
            "text_encoder/config.json as text_encoder/config.json",
            "text_encoder/model.fp16.safetensors as text_encoder/model.safetensors",
            "tokenizer/merges.txt as tokenizer/merges.txt",
            "tokenizer/vocab.json as tokenizer/vocab.json",
            "unet/config.json as unet/config.json",
            "unet/diffusion_pytorch_model.safetensors as unet/diffusion_pytorch_model.safetensors",
            "vae/config.json as vae/config.json",
            "vae/diffusion_pytorch_model.fp16.bin as vae/diffusion_pytorch_model.bin",
        ];
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn shards_come_with_their_list() {
        let unet = "unet/diffusion_pytorch_model";
        let paths = [
            "model_index.json".to_owned(),
            format!("{unet}-00001-of-00002.safetensors"),
            format!("{unet}-00002-of-00002.safetensors"),
            format!("{unet}.safetensors.index.json"),
        ];
        let found = chosen(&paths.each_ref().map(String::as_str), None).unwrap();
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn of_single_files_the_best_to_read_is_needed() {
        let one = |paths: &[&str]| chosen(paths, None);
        assert_eq!(one(&["a.ckpt", "a.safetensors", "x.png"]).unwrap(), ["a.safetensors"]);
        assert_eq!(one(&["x.pth", "optimizer.bin"]).unwrap(), ["x.pth"]);
        assert_eq!(
            one(&["config.json", "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"])
                .unwrap(),
            [
                "config.json as config.json",
                "diffusion_pytorch_model.fp16.safetensors as diffusion_pytorch_model.safetensors"
            ]
        );
        let several = one(&["a.safetensors", "b/c.safetensors"]).unwrap_err();
        assert!(several.contains("a.safetensors (2.1 GB), b/c.safetensors (2.1 GB)"), "{several}");
        assert!(one(&["README.md"]).unwrap_err().contains("no file of weights"));
        // A model folder in other forms only, with a whole file beside it.
        assert_eq!(one(&["model_index.json", "unet/model.onnx", "a.ckpt"]).unwrap(), ["a.ckpt"]);
        assert_eq!(chosen(&["a.ckpt", "b.ckpt"], Some("b.ckpt")).unwrap(), ["b.ckpt"]);
        assert!(chosen(&["x/a.ckpt"], Some("a.ckpt")).unwrap_err().contains("it has x/a.ckpt"));
    }

    proptest! {
        #[test]
        fn no_listing_makes_it_panic(paths in proptest::collection::vec("(unet/|vae/|)(model|config|diffusion_pytorch_model|x|\\.\\.)(\\.fp16|-of-|)\\.(safetensors|json|bin|index\\.json)|model_index.json|.{0,9}", 0..9)) {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let _ = (chosen(&paths, None), chosen(&paths, Some("x.bin")));
        }
    }
}
