//! What is written of a request, and what is read of a text, stays what it was: 400 requests and 400 foreign texts
//! against what was written and read when this was made.

mod corpus;

use std::{fmt::Write as _, fs};

use chatsd_files::sha256;
use chatsd_infotext::Infotext;
use chatsd_types::Request;
use corpus::Chance;

const CASES: u64 = 400;
const READABLE: u64 = 16;
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");

fn short_hash(text: &str) -> String {
    sha256(text.as_bytes())[..16].to_owned()
}

/// What a text comes to in a request that is still blank.
fn read(text: &str) -> String {
    let mut request = Request { schedule: chatsd_types::Schedule::Normal, ..Request::default() };
    let applied = Infotext::parse(text).apply(&mut request);
    serde_json::to_string(&(request, applied.taken, applied.left)).unwrap()
}

/// A line a case: hash of what is written, of what is read of that, of what is read of a foreign text.
fn lines() -> String {
    let mut lines = String::new();
    for case in 0..CASES {
        let mut chance = Chance::new(case);
        let (written, foreign) = (Infotext::of(&chance.request()).to_string(), chance.foreign());
        let hashes = [&written, &read(&written), &read(&foreign)].map(|text| short_hash(text));
        writeln!(lines, "{case} {}", hashes.join(" ")).unwrap();
    }
    lines
}

/// Some cases in words.
fn readable() -> String {
    let mut text = String::new();
    for case in 0..READABLE {
        let mut chance = Chance::new(case);
        let (written, foreign) = (Infotext::of(&chance.request()).to_string(), chance.foreign());
        writeln!(text, "# {case} written\n{written}\n# {case} read\n{}", read(&written)).unwrap();
        writeln!(text, "# {case} foreign\n{foreign}\n# {case} read\n{}\n", read(&foreign)).unwrap();
    }
    text
}

fn golden(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}/{name}")).unwrap()
}

#[test]
fn what_is_written_and_read_stays_the_same() {
    assert_eq!(readable(), golden("readable.txt"));
    for (now, then) in lines().lines().zip(golden("hashes.txt").lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(golden("hashes.txt").lines().count() as u64, CASES);
}

#[test]
#[ignore = "writes the golden files anew: only when the text shall change"]
fn write_the_golden_files() {
    fs::write(format!("{FOLDER}/readable.txt"), readable()).unwrap();
    fs::write(format!("{FOLDER}/hashes.txt"), lines()).unwrap();
}
