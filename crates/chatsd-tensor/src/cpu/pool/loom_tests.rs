//! The pool under loom: every order in which its threads can act, with at most three changes of thread by force.
//!
//! loom finds reads that race with writes, threads that wait for ever, and asserts that fail in some order.

use loom::{
    model::Builder,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::*;

fn model(test: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(builder.preemption_bound.unwrap_or(3));
    builder.check(test);
}

/// Runs a region of `parts` parts, and asserts that each was done once.
fn run_counted(pool: &Pool, parts: usize) {
    let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
    pool.run(WAKING, parts, &|part| {
        done[part].fetch_add(1, Ordering::Relaxed);
    });
    assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
}

#[test]
fn one_region_after_another() {
    model(|| {
        let pool = Pool::new(2).unwrap();
        run_counted(&pool, 2);
        run_counted(&pool, 2);
    });
}

#[test]
fn two_callers_and_a_worker() {
    model(|| {
        let pool = Arc::new(Pool::new(2).unwrap());
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || run_counted(&pool, 2))
        };
        run_counted(&pool, 2);
        other.join().unwrap();
    });
}

#[test]
fn a_sleeping_worker_is_woken() {
    model(|| {
        let pool = Pool::new(2).unwrap();
        let here = AtomicUsize::new(0);
        // Each part waits for the other, so the worker must come, whether it sleeps, is about to or is awake.
        pool.run(WAKING, 2, &|_| {
            here.fetch_add(1, Ordering::Relaxed);
            wait_until(|| here.load(Ordering::Relaxed) == 2);
        });
    });
}

#[test]
fn a_region_inside_a_region() {
    model(|| {
        let pool = Pool::new(2).unwrap();
        pool.run(WAKING, 2, &|_| run_counted(&pool, 2));
    });
}

#[test]
fn a_panic_comes_out_at_its_caller() {
    // Thousands of orders would print thousands of panics.
    std::panic::set_hook(Box::new(|_| ()));
    model(|| {
        let pool = Pool::new(2).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| pool.run(WAKING, 2, &|_| std::panic::panic_any(5_u8))));
        assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&5_u8));
        run_counted(&pool, 2);
    });
}

#[test]
fn dropped_while_the_workers_begin_wait_or_sleep() {
    model(|| drop(Pool::new(3).unwrap()));
}
