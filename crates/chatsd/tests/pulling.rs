//! The real program against a server on this machine that behaves like Hugging Face: pulled, killed, gone on with.

mod common;
#[path = "../../chatsd-hub/tests/common/mod.rs"]
mod server;

use std::{
    collections::BTreeMap,
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use common::{Home, Run};
use server::{
    Reply, Server,
    hub::{COMMIT, File, Repository, file, reply, sha256},
    noise,
};

/// Bytes that are asked for at once.
const BLOCK: usize = 8 << 20;

/// The program in a home of its own, with that server for Hugging Face and nothing else of the surroundings.
fn command(home: &Home, server: &Server, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    for (name, _) in std::env::vars() {
        let lower = name.to_lowercase();
        if name.starts_with("HF_")
            || lower.ends_with("_proxy")
            || lower.ends_with("_ca_bundle")
            || lower.starts_with("ssl_")
        {
            command.env_remove(name);
        }
    }
    command.env("HF_ENDPOINT", &server.url).env("XDG_CACHE_HOME", home.path().join("cache"));
    command
}

fn run(home: &Home, server: &Server, arguments: &[&str]) -> Run {
    Run::of(command(home, server, arguments).output().unwrap())
}

fn serving(files: Vec<File>, speed: Option<usize>) -> Server {
    let repository = Repository { id: "me/thing", licence: "openrail++", gated: false, files };
    Server::start(move |request| Reply { speed, ..reply(std::slice::from_ref(&repository), request) })
}

/// The built-in model as a file.
fn pocket() -> Arc<[u8]> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/pocket.gguf")).unwrap().into()
}

fn random(range: std::ops::Range<u64>) -> u64 {
    range.start + RandomState::new().build_hasher().finish() % (range.end - range.start)
}

/// Bytes that the record of a part says are here.
fn kept(record: &Path) -> usize {
    let text = fs::read_to_string(record).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n')).skip(1);
    let pairs = whole.filter_map(|line| line.trim().split_once(' '));
    let blocks: BTreeMap<&str, usize> = pairs.map(|(block, done)| (block, done.parse().unwrap())).collect();
    blocks.values().sum()
}

#[test]
fn killed_at_ten_random_moments_no_byte_is_lost() {
    let bytes = noise(10 * BLOCK + 4321);
    let server = serving(vec![file("big.safetensors", bytes.clone())], Some(16 << 10));
    let home = Home::new();
    let folder = home.path().join("data/chatsd/models/checkpoints");
    let record = folder.join("thing.safetensors.part.blocks");
    let sent = || {
        let store = server.sent().into_iter().filter(|sent| sent.target.starts_with("/store/"));
        store.map(|sent| sent.bytes).sum::<usize>()
    };
    let store_asked = || server.seen().iter().filter(|request| request.target.starts_with("/store/")).count();
    let mut moments = Vec::new();
    let mut lost = 0;
    while moments.len() < 10 {
        let before = store_asked();
        let mut program = command(&home, &server, &["models", "pull", "me/thing", "--quiet"]);
        let mut child = program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = Instant::now();
        while store_asked() == before && begun.elapsed() < Duration::from_secs(30) {
            thread::sleep(Duration::from_millis(1));
        }
        let moment = random(0..130);
        thread::sleep(Duration::from_millis(moment));
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed at {moment} ms: {moments:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        moments.push(moment);
        // What is on its way is counted once the server sees that nobody reads.
        thread::sleep(Duration::from_millis(300));
        let now = sent() - kept(&record);
        assert!(now - lost <= BLOCK, "{} bytes lost by the kill at {moment} ms: {moments:?}", now - lost);
        lost = now;
    }
    assert!(kept(&record) > BLOCK, "the kills left nothing to go on from: {} bytes", kept(&record));
    let done = run(&home, &server, &["models", "pull", "me/thing", "--json"]).ok();
    let extra = sent() - bytes.len();
    assert_eq!(extra, lost, "what was kept came again; killed at {moments:?} ms");
    assert!(fs::read(folder.join("thing.safetensors")).unwrap()[..] == bytes[..], "other bytes");
    let pulled = done.events().pop().unwrap();
    assert_eq!(pulled["files"][0]["sha256"], sha256(&bytes));
    let mut left: Vec<_> = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.file_name()).collect();
    left.sort();
    assert_eq!(left, ["thing.chatsd.json", "thing.safetensors"]);
}

#[test]
fn a_pulled_model_paints_under_its_name_and_licence() {
    let server = serving(vec![file("tiny.gguf", pocket())], None);
    let home = Home::new();
    let pull = ["models", "pull", "me/thing", "--name", "sticker", "--json"];
    let planned = run(&home, &server, &[&pull[..], &["--dry-run"]].concat()).ok().events();
    assert_eq!((planned.len(), &planned[0]["event"]), (1, &"planned".into()));
    assert_eq!(planned[0]["bytes"], pocket().len());

    let events = run(&home, &server, &pull).ok().events();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert!(
        kinds.starts_with(&["planned"]) && kinds.contains(&"fetching") && kinds.ends_with(&["pulled"]),
        "{kinds:?}"
    );
    let path = PathBuf::from(events.last().unwrap()["path"].as_str().unwrap());
    assert_eq!(path, home.path().join("data/chatsd/models/checkpoints/sticker.gguf"));

    let shown = run(&home, &server, &["models", "show", "--model", "sticker", "--json"]).ok().events();
    assert_eq!((&shown[0]["name"], &shown[0]["licence"]), (&"sticker".into(), &"openrail++".into()));
    let listed = run(&home, &server, &["models", "list", "--json"]).ok().events();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[1]["source"], format!("hf:me/thing@{COMMIT}"));

    run(&home, &server, &["a cat", "--model", "sticker", "-n", "1", "--steps", "1", "--quiet"]).ok();
    let request = &run(&home, &server, &["gallery", "list", "--json"]).ok().events()[0]["request"];
    assert_eq!((&request["model"], &request["model_licence"]), (&"sticker".into(), &"openrail++".into()));

    let remove = ["models", "remove", "Sticker"];
    assert!(run(&home, &server, &remove).ok().stderr.contains("--yes"));
    assert!(path.is_file());
    run(&home, &server, &[&remove[..], &["--yes"]].concat()).ok();
    assert!(!path.exists());
    let gone = run(&home, &server, &["models", "show", "--model", "sticker"]);
    assert_eq!(gone.code, Some(1));
}

#[test]
fn what_belongs_to_others_is_not_removed() {
    let server = serving(Vec::new(), None);
    let home = Home::new();
    let file = home.path().join("ComfyUI/models/checkpoints/theirs.gguf");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "x").unwrap();
    let refused = run(&home, &server, &["models", "remove", "theirs", "--yes"]);
    assert!(refused.code == Some(1) && refused.stderr.contains("belongs to ComfyUI"), "{}", refused.stderr);
    assert!(file.is_file());
    let folders = run(&home, &server, &["models", "folders", "--json"]).ok().events();
    assert!(folders.iter().any(|folder| folder["program"] == "ComfyUI" && folder["kind"] == "model"), "{folders:?}");
}

#[test]
fn names_that_mean_nothing_say_what_would() {
    let server = serving(Vec::new(), None);
    let home = Home::new();
    for (arguments, code, expected) in [
        (&["models", "pull", "open-journey"][..], 1, "nearest are openjourney"),
        (&["models", "pull", "me/nothing"], 1, "Repository not found"),
        (&["--lang", "zh", "models", "pull", "me/nothing"], 1, "不存在"),
        (&["models", "pull", "a/b", "c/d", "--name", "x"], 2, "--name is for one"),
        (&["a cat", "--model", "openjourney"], 1, "chatsd models pull openjourney (2.1 GB)"),
        (&["--lang", "zh", "a cat", "--model", "openjourney"], 1, "目录里有"),
    ] {
        let wrong = run(&home, &server, arguments);
        assert_eq!(wrong.code, Some(code), "{arguments:?}: {}", wrong.stderr);
        assert!(wrong.stderr.contains(expected), "{arguments:?}: {}", wrong.stderr);
    }
}
