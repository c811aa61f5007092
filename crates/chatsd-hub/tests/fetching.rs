//! One file from a server that drops, lies, redirects, refuses and changes its mind.

mod common;

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chatsd_files::sha256;
use chatsd_hub::{BLOCK, Client, Event, Fetched, HubError, Link, Network, Token, Wanted, fetch};
use common::{Reply, Request, Server, noise};

const MIB: usize = 1 << 20;

/// A client that is not patient for long.
fn client() -> Client {
    let first_pause = Duration::from_millis(5);
    Client::new(Network { first_pause, longest_pause: Duration::from_secs(5), ..Network::default() }).unwrap()
}

fn link(url: String) -> Link {
    let (token, page) = (Token::new("secret"), Some("https://hub/model".to_owned()));
    Link { url, token, variable: Some("HUB_TOKEN"), page }
}

/// A place to fetch to, what to fetch, and what was said.
struct Trial {
    folder: tempfile::TempDir,
    wanted: Wanted,
    stop: AtomicBool,
    events: Vec<Event>,
}

impl Trial {
    fn new(url: String) -> Self {
        let wanted = Wanted { link: link(url), bytes: None, sha256: None };
        Self { folder: tempfile::tempdir().unwrap(), wanted, stop: AtomicBool::new(false), events: Vec::new() }
    }

    fn knowing(url: String, bytes: &[u8]) -> Self {
        let mut trial = Self::new(url);
        trial.wanted.bytes = Some(bytes.len() as u64);
        trial.wanted.sha256 = Some(sha256(bytes));
        trial
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("model.bin")
    }

    fn run(&mut self) -> Result<Fetched, HubError> {
        let path = self.path();
        fetch(&client(), &self.wanted, &path, &self.stop, &mut |event| self.events.push(event.clone()))
    }

    /// Fetches, and finds nothing but these bytes.
    fn ends_with(&mut self, bytes: &[u8]) -> Fetched {
        let fetched = self.run().unwrap();
        assert!(fs::read(self.path()).unwrap() == bytes, "other bytes");
        assert_eq!((fetched.bytes, fetched.sha256.clone()), (bytes.len() as u64, sha256(bytes)));
        assert_eq!(self.files(), ["model.bin"], "nothing else is left");
        fetched
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[test]
fn blocks_come_over_several_connections_each_once() {
    let bytes = noise(3 * BLOCK as usize + 12345);
    let all = bytes.clone();
    let server = Server::start(move |request| Reply { speed: Some(256 << 10), ..Reply::file(request, &all, "\"a\"") });
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    trial.ends_with(&bytes);
    assert_eq!(server.sent_bytes(), bytes.len());
    assert_eq!(server.seen().len(), 4);
    let last =
        trial.events.iter().rev().find_map(|event| if let Event::Fetching(pace) = event { Some(*pace) } else { None });
    let last = last.unwrap();
    assert!(last.bytes > 0 && last.total == Some(bytes.len() as u64) && last.per_second > 0.0, "{last:?}");

    // What is here is not fetched again.
    assert!(trial.run().unwrap().was_here);
    assert_eq!(server.seen().len(), 4);
}

#[test]
fn files_of_every_small_length() {
    for count in [0, 1, MIB, BLOCK as usize, BLOCK as usize + 1] {
        let bytes = noise(count);
        let all = bytes.clone();
        let server = Server::start(move |request| Reply::file(request, &all, "\"a\""));
        Trial::new(server.at("/x")).ends_with(&bytes);
    }
}

#[test]
fn dropped_connections_are_made_again_and_nothing_is_fetched_twice() {
    let bytes = noise(2 * BLOCK as usize);
    let all = bytes.clone();
    let turn = AtomicUsize::new(0);
    let server = Server::start(move |request| {
        let reply = Reply::file(request, &all, "\"a\"");
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        Reply { cut: (turn < 12).then_some(turn * 300_000), ..reply }
    });
    Trial::knowing(server.at("/x"), &bytes).ends_with(&bytes);
    let extra = server.sent_bytes() - bytes.len();
    assert!(extra < MIB, "{extra} bytes came twice");
}

#[test]
fn a_server_without_ranges_is_begun_anew() {
    let bytes = noise(3 * MIB);
    let all = bytes.clone();
    let turn = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        Reply { cut: (turn < 2).then_some(MIB), ..Reply::new(200, all.clone()) }
    });
    Trial::knowing(server.at("/x"), &bytes).ends_with(&bytes);
    assert_eq!(server.seen().len(), 3);

    // Ranges may also be gone when a stopped run is gone on with.
    let (all, ranges) = (noise(2 * BLOCK as usize), Arc::new(AtomicBool::new(true)));
    let (bytes, still) = (all.clone(), ranges.clone());
    let server = Server::start(move |request| {
        if still.load(Ordering::SeqCst) {
            return Reply { speed: Some(64 << 10), ..Reply::file(request, &all, "\"a\"") };
        }
        Reply::new(200, all.clone())
    });
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    stopped(&mut trial);
    ranges.store(false, Ordering::SeqCst);
    trial.ends_with(&bytes);
}

/// Runs until some bytes are here, then asks to stop.
fn stopped(trial: &mut Trial) -> u64 {
    let (path, stop) = (trial.path(), &trial.stop);
    let result = fetch(&client(), &trial.wanted, &path, stop, &mut |event| {
        if matches!(event, Event::Fetching(pace) if pace.bytes > 0) {
            stop.store(true, Ordering::SeqCst);
        }
    });
    let Err(HubError::Stopped { bytes, .. }) = result else { panic!("{result:?}") };
    trial.stop.store(false, Ordering::SeqCst);
    bytes
}

#[test]
fn stopping_keeps_what_came() {
    let bytes = noise(3 * BLOCK as usize);
    let all = bytes.clone();
    let server = Server::start(move |request| Reply { speed: Some(16 << 10), ..Reply::file(request, &all, "\"a\"") });
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    let begun = Instant::now();
    let kept = stopped(&mut trial);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(kept > 0);
    assert_eq!(trial.files(), ["model.bin.part", "model.bin.part.blocks"]);
    let before = server.seen().len();
    trial.ends_with(&bytes);
    let ranges = server.seen().split_off(before).into_iter().map(|request| request.range().unwrap());
    let asked: usize = ranges.map(|(start, end)| end + 1 - start).sum();
    assert_eq!(asked as u64, bytes.len() as u64 - kept, "what was kept is not asked for again");
}

#[test]
fn a_silent_server_does_not_keep_the_user() {
    let server =
        Server::start(|request| Reply { silence: Duration::from_secs(20), ..Reply::file(request, &noise(9), "\"a\"") });
    let trial = Trial::new(server.at("/x"));
    let begun = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            trial.stop.store(true, Ordering::SeqCst);
        });
        let result = fetch(&client(), &trial.wanted, &trial.path(), &trial.stop, &mut |_| {});
        assert!(matches!(result, Err(HubError::Stopped { .. })), "{result:?}");
    });
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_file_that_changed_is_begun_anew() {
    let (old, new) = (noise(3 * BLOCK as usize), noise(3 * BLOCK as usize + 7));
    let state = Arc::new(Mutex::new((old.clone(), "\"old\"")));
    let now = state.clone();
    let server = Server::start(move |request| {
        let (bytes, etag) = now.lock().unwrap().clone();
        Reply { speed: Some(64 << 10), ..Reply::file(request, &bytes, etag) }
    });
    let mut trial = Trial::new(server.at("/x"));
    stopped(&mut trial);
    *state.lock().unwrap() = (new.clone(), "\"new\"");
    trial.ends_with(&new);

    // While it is fetched.
    let turn = AtomicUsize::new(0);
    let all = new.clone();
    let server = Server::start(move |request| {
        let early = turn.fetch_add(1, Ordering::SeqCst) < 2;
        if early { Reply::file(request, &old, "\"old\"") } else { Reply::file(request, &all, "\"new\"") }
    });
    Trial::knowing(server.at("/x"), &new).run().expect_err("the length is not the one that was listed");
    let mut trial = Trial::new(server.at("/x"));
    trial.ends_with(&new);

    let turn = AtomicUsize::new(0);
    let all = new.clone();
    let server = Server::start(move |request| {
        Reply::file(request, &all, &format!("\"{}\"", turn.fetch_add(1, Ordering::SeqCst)))
    });
    let error = Trial::new(server.at("/x")).run().unwrap_err();
    assert!(matches!(error, HubError::Changing { .. }), "{error}");
}

#[test]
fn lies_about_lengths_are_found() {
    let bytes = noise(100_000);
    let check = |lie: fn(&Request, Reply) -> Reply, knowing: bool, expected: &str| {
        let all = bytes.clone();
        let server = Server::start(move |request| lie(request, Reply::new(200, all.clone())));
        let mut trial = if knowing { Trial::knowing(server.at("/x"), &bytes) } else { Trial::new(server.at("/x")) };
        if expected.is_empty() {
            trial.ends_with(&bytes);
            return;
        }
        let error = trial.run().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!trial.path().exists());
    };
    // Absent: the end of the connection is the end of the file, which is checked where it can be.
    check(|_, reply| Reply { length: Some(None), ..reply }, true, "");
    check(|_, reply| Reply { length: Some(None), ..reply }, false, "");
    check(|_, reply| Reply { length: Some(None), cut: Some(10), ..reply }, true, "ended after 10 of 100000 bytes");
    // Too short, too long.
    check(|_, reply| Reply { length: Some(Some(99_999)), ..reply }, true, "99999 bytes, expected 100000");
    check(|_, reply| Reply { length: Some(Some(100_001)), ..reply }, true, "100001 bytes, expected 100000");
    check(|_, reply| Reply { length: Some(Some(100_001)), ..reply }, false, "cannot be reached");
    // A range of another file than was listed.
    check(
        |request, reply| Reply::file(request, &reply.body[..50_000].into(), "\"a\""),
        true,
        "50000 bytes, expected 100000",
    );
    // Compressed although it was not asked for.
    check(|_, reply| reply.with("Content-Encoding", "gzip"), true, "encoding gzip");
    // More than any disk has.
    check(
        |_, reply| Reply { status: 206, ..reply }.with("Content-Range", "bytes 0-9/900000000000000"),
        false,
        "free some",
    );
    check(|_, reply| Reply { status: 206, ..reply }.with("Content-Range", "bytes 5-9/100000"), true, "other bytes");
}

#[test]
fn other_bytes_are_not_kept() {
    let bytes = noise(2 * MIB);
    let all = bytes.clone();
    let server = Server::start(move |request| Reply::file(request, &all, "\"a\""));
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    trial.wanted.sha256 = Some("0".repeat(64));
    let error = trial.run().unwrap_err();
    assert!(matches!(&error, HubError::Hash { found, .. } if *found == sha256(&bytes)), "{error}");
    assert!(trial.files().is_empty(), "{:?}", trial.files());
}

#[test]
fn bytes_that_a_power_cut_lost_are_fetched_again() {
    let bytes = noise(2 * BLOCK as usize);
    let all = bytes.clone();
    let server = Server::start(move |request| Reply { speed: Some(64 << 10), ..Reply::file(request, &all, "\"a\"") });
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    stopped(&mut trial);
    let part = trial.folder.path().join("model.bin.part");
    fs::write(&part, vec![0; bytes.len()]).unwrap();
    trial.ends_with(&bytes);
}

#[test]
fn a_token_is_sent_to_its_own_host_only() {
    let bytes = noise(BLOCK as usize + 9);
    let all = bytes.clone();
    let store = Server::start(move |request| Reply::file(request, &all, "\"a\""));
    let there = store.at("/signed?x=1");
    let hub = Server::start(move |request| match request.target.as_str() {
        "/x" if request.header("authorization") != Some("Bearer secret") => Reply::new(401, []),
        // First on the same host, as for a repository that was renamed.
        "/x" => Reply { status: 307, ..Reply::redirect("/renamed") },
        _ => Reply::redirect(&there),
    });
    Trial::knowing(hub.at("/x"), &bytes).ends_with(&bytes);
    assert!(hub.seen().iter().all(|request| request.header("authorization") == Some("Bearer secret")));
    assert!(store.seen().iter().all(|request| request.header("authorization").is_none()));
    assert_eq!((hub.seen().len(), store.seen().len()), (2, 2), "later blocks do not go through the redirects");
}

#[test]
fn an_address_that_expired_is_asked_for_anew() {
    let bytes = noise(4 * BLOCK as usize);
    let all = bytes.clone();
    // The first address is good for one request, the later ones for all.
    let (used, given) = (AtomicBool::new(false), AtomicUsize::new(0));
    let store = Server::start(move |request| {
        let expired = request.target == "/signed?0" && used.swap(true, Ordering::SeqCst);
        if expired { Reply::new(403, []) } else { Reply::file(request, &all, "\"a\"") }
    });
    let there = store.at("/signed");
    let hub = Server::start(move |_| Reply::redirect(&format!("{there}?{}", given.fetch_add(1, Ordering::SeqCst))));
    Trial::knowing(hub.at("/x"), &bytes).ends_with(&bytes);
}

#[test]
fn refusals_say_what_to_do() {
    let check = |reply: fn() -> Reply, expected: &[&str]| {
        let server = Server::start(move |_| reply());
        let error = Trial::new(server.at("/x")).run().unwrap_err().to_string();
        for expected in expected {
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(server.seen().len(), 1, "asking again does not help");
    };
    let gated = || Reply::new(403, []).with("X-Error-Message", "Access to model x is restricted");
    check(gated, &["this token", "is restricted", "HUB_TOKEN", "https://hub/model"]);
    check(|| Reply::new(401, []), &["HUB_TOKEN"]);
    check(|| Reply::new(404, []), &["/x is not there"]);
    check(|| Reply::new(418, []), &["418"]);
    check(|| Reply::redirect("ftp://x/"), &["ftp://x/", "http or https"]);
    check(|| Reply::new(302, []), &["Location"]);
    let server = Server::start(|_| Reply::redirect("/x"));
    assert!(Trial::new(server.at("/x")).run().unwrap_err().to_string().contains("more than 10 times"));
}

#[test]
fn a_server_that_is_asked_too_often_is_let_in_peace() {
    let bytes = noise(2 * BLOCK as usize);
    let all = bytes.clone();
    let turn = AtomicUsize::new(0);
    let server = Server::start(move |request| match turn.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::new(429, []).with("Retry-After", "1"),
        2 => Reply::new(503, []),
        3 => Reply::new(500, []),
        _ => Reply::file(request, &all, "\"a\""),
    });
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    let begun = Instant::now();
    trial.ends_with(&bytes);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert!(trial.events.iter().any(|event| matches!(event, Event::Waiting { seconds, .. } if *seconds == 1.0)));

    let server = Server::start(|_| Reply::new(429, []).with("Retry-After", "3600"));
    let error = Trial::new(server.at("/x")).run().unwrap_err();
    assert!(matches!(error, HubError::Limited { seconds: 3600, .. }), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn no_answer_at_all_is_an_error_in_the_end() {
    let closed = { Server::start(|_| Reply::new(200, [])).url.clone() };
    thread::sleep(Duration::from_millis(50));
    let error = Trial::new(format!("{closed}/x")).run().unwrap_err();
    assert!(matches!(&error, HubError::Network { host, .. } if host == "127.0.0.1"), "{error}");
}

#[test]
fn two_at_once_do_not_write_one_file() {
    let bytes = noise(BLOCK as usize);
    let all = bytes.clone();
    let server = Server::start(move |request| Reply { speed: Some(32 << 10), ..Reply::file(request, &all, "\"a\"") });
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    let (wanted, path, stop) = (trial.wanted.clone(), trial.path(), AtomicBool::new(false));
    thread::scope(|scope| {
        let first = scope.spawn(|| trial.ends_with(&bytes));
        while server.seen().is_empty() {
            thread::sleep(Duration::from_millis(5));
        }
        let error = fetch(&client(), &wanted, &path, &stop, &mut |_| {}).unwrap_err();
        assert!(matches!(error, HubError::Busy { .. }), "{error}");
        first.join().unwrap();
    });
}

#[test]
fn a_proxy_is_used_and_passed_by() {
    let bytes = noise(1000);
    let all = bytes.clone();
    let server = Server::start(move |request| Reply::file(request, &all, "\"a\""));
    let proxy = Server::start(|_| Reply::new(502, []));
    let mut network = Network { http_proxy: Some(proxy.url.clone()), tries: 1, ..Network::default() };
    let mut trial = Trial::knowing(server.at("/x"), &bytes);
    let path = trial.path();
    let through = Client::new(network.clone()).unwrap();
    fetch(&through, &trial.wanted, &path, &trial.stop, &mut |_| {}).unwrap_err();
    assert!(!proxy.seen().is_empty() && server.seen().is_empty());
    network.no_proxy = Some("example.com, 127.0.0.1".into());
    let past = Client::new(network).unwrap();
    fetch(&past, &trial.wanted, &path, &trial.stop, &mut |_| {}).unwrap();
    trial.ends_with(&bytes);
}
