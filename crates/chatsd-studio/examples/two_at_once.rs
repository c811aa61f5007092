//! How long two sheets of one model take at once, in the time that one after the other takes:
//! `cargo run --release -p chatsd-studio --example two_at_once`.

#![allow(clippy::print_stdout, reason = "a program that prints")]

#[path = "../tests/common/real.rs"]
mod real;

use std::{sync::atomic::AtomicBool, thread, time::Instant};

use chatsd_studio::Studio;
use real::{job, studio};

const ROUNDS: usize = 5;

fn paint(studio: &Studio, sentence: &str) {
    studio.paint(&job(sentence, 4), &mut |_| {}, &AtomicBool::new(false)).unwrap();
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let studio = studio(folder.path());
    paint(&studio, "a cat");
    for round in 1..=ROUNDS {
        let begun = Instant::now();
        paint(&studio, "a cat");
        paint(&studio, "a red rocket");
        let one_by_one = begun.elapsed();
        let begun = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| paint(&studio, "a cat"));
            scope.spawn(|| paint(&studio, "a red rocket"));
        });
        let together = begun.elapsed();
        let share = together.as_secs_f64() / one_by_one.as_secs_f64();
        println!("round {round}: one after the other {one_by_one:.2?}, at once {together:.2?}: {share:.2} times");
    }
}
