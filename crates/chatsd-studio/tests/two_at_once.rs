//! A front without a terminal: jobs from several threads to one studio, on one loaded model and one engine, and events
//! as lines of JSON.

#[path = "common/real.rs"]
mod real;

use std::{
    fs,
    sync::{atomic::AtomicBool, mpsc},
    thread,
};

use chatsd_studio::{AgainJob, Event, Target};
use real::{job, studio};

const SENTENCES: [&str; 2] = ["a cat", "红色的火箭"];

/// The bytes of the pictures of a job, and the names of its events as they came out of a channel.
fn paint(studio: &chatsd_studio::Studio, sentence: &str) -> (Vec<Vec<u8>>, Vec<String>) {
    let (sender, events) = mpsc::channel::<Event>();
    let listener = thread::spawn(move || {
        let line = |event: Event| serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned();
        events.into_iter().map(line).collect::<Vec<_>>()
    });
    let mut send = |event| sender.send(event).unwrap();
    let outcome = studio.paint(&job(sentence, 2), &mut send, &AtomicBool::new(false)).unwrap();
    drop(sender);
    let read = |path| fs::read(path).unwrap();
    let pictures = outcome.entries.iter().map(|entry| read(studio.folder().join(&entry.path))).collect();
    (pictures, listener.join().unwrap())
}

#[test]
fn two_jobs_at_once_paint_what_each_paints_alone() {
    let (alone, together) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one_by_one = studio(alone.path());
    let expected = SENTENCES.map(|sentence| paint(&one_by_one, sentence).0);
    let shared = studio(together.path());
    let found = thread::scope(|scope| {
        let threads = SENTENCES.map(|sentence| {
            let studio = shared.clone();
            scope.spawn(move || paint(&studio, sentence))
        });
        threads.map(|thread| thread.join().unwrap())
    });
    for ((pictures, events), expected) in found.iter().zip(&expected) {
        assert!(pictures == expected, "pictures differ from those painted alone");
        assert_eq!((events[0].as_str(), events.last().unwrap().as_str()), ("planned", "sheet_done"));
        assert_eq!(events.iter().filter(|event| *event == "kept").count(), 2);
    }
}

#[test]
fn again_comes_out_equal_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let studio = studio(folder.path());
    paint(&studio, "a cat");
    let mut same = None;
    let mut tell = |event: Event| {
        if let Event::Compared { same_bytes, .. } = event {
            same = Some(same_bytes);
        }
    };
    let again =
        AgainJob { target: Target::Entry("2".into()), model: None, changes: Vec::new(), init: None, mask: None };
    studio.again(&again, &mut tell, &AtomicBool::new(false)).unwrap();
    assert_eq!(same, Some(true));
}
