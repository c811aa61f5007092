//! The pool under loom: every order in which its threads can act, up to a number of changes of thread by force
//! at which all of this takes a minute or two.
//!
//! loom finds reads that race with writes, threads that wait for ever, and asserts that fail in some order.

use loom::{
    cell::UnsafeCell as Tracked,
    model::Builder,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::*;

/// Tries all orders with at most so many changes of thread by force, or `LOOM_MAX_PREEMPTIONS`.
fn model(preemptions: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(test);
}

/// What a part writes without any synchronisation of its own: loom fails where two threads write to one place at once,
/// or the caller reads before it may.
struct TrackedParts(Vec<Tracked<usize>>);

// SAFETY: loom checks each access.
unsafe impl Sync for TrackedParts {}

/// Runs a region of `parts` parts, and asserts that each was done once.
fn run_counted(pool: &Pool, parts: usize) {
    let done = TrackedParts((0..parts).map(|_| Tracked::new(0)).collect());
    let done = &done;
    pool.run(WAKING, parts, &|part| {
        // SAFETY: loom checks the access.
        done.0[part].with_mut(|count| unsafe { *count += 1 });
    });
    for count in &done.0 {
        // SAFETY: loom checks the access.
        assert_eq!(count.with(|count| unsafe { *count }), 1);
    }
}

#[test]
fn one_region_after_another() {
    model(2, || {
        let pool = Pool::new(2).unwrap();
        run_counted(&pool, 2);
        run_counted(&pool, 2);
    });
}

#[test]
fn two_callers_and_a_worker() {
    model(1, || {
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
    model(2, || {
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
    model(2, || {
        let pool = Pool::new(2).unwrap();
        pool.run(WAKING, 2, &|part| (0..part).for_each(|_| run_counted(&pool, 2)));
    });
}

#[test]
fn a_panic_comes_out_at_its_caller() {
    // Thousands of orders would print thousands of panics.
    std::panic::set_hook(Box::new(|_| ()));
    model(2, || {
        let pool = Pool::new(2).unwrap();
        let outcome = catch_unwind(AssertUnwindSafe(|| pool.run(WAKING, 2, &|_| std::panic::panic_any(5_u8))));
        assert_eq!(outcome.unwrap_err().downcast_ref(), Some(&5_u8));
    });
}

#[test]
fn dropped_while_the_workers_begin_wait_or_sleep() {
    model(2, || drop(Pool::new(3).unwrap()));
}
