//! One pool of threads for everything. They wait awake for a moment, because the next region of a network comes within
//! microseconds, and then sleep.

use std::{
    any::Any,
    cell::UnsafeCell,
    hint, io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a thread stays awake without work.
const AWAKE: Duration = Duration::from_micros(50);
/// Nanoseconds of work from which it is shared with threads that are awake …
pub(crate) const SHARED: usize = 2_000;
/// … and from which those that sleep are woken: where the processor is a virtual one, that takes about 50 µs.
const WAKING: usize = 100_000;

/// In [`Shared::state`]: workers may join the region. The bits below count those inside; the bits above, regions.
const OPEN: usize = 1 << 16;

/// A region of work: a function of the part.
type Work = dyn Fn(usize) + Sync;

struct Shared {
    state: AtomicUsize,
    /// The region's function and its number of parts. Written only while the region is closed and nobody is inside.
    job: UnsafeCell<Option<(*const Work, usize)>>,
    /// The next part to be taken.
    next: AtomicUsize,
    stop: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written by the one caller that holds `Pool::turn`, before `state` opens (release) and after all
// workers left (acquire); workers read it only after they joined (acquire). What it points to is `Sync`.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// Threads that share regions of work. The caller of a region is one of them.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held by the caller whose region runs.
    turn: Mutex<()>,
}

impl Pool {
    /// A pool of `threads` threads, the caller included.
    pub(crate) fn new(threads: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            next: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let mut pool = Self { shared, workers: Vec::new(), turn: Mutex::new(()) };
        for index in 1..threads.min(OPEN) {
            let shared = Arc::clone(&pool.shared);
            let worker = thread::Builder::new().name(format!("tensor-{index}")).spawn(move || shared.serve())?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// Threads, the caller included.
    pub(crate) fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `work` with each of `0..parts`, on all threads; returns when all are done. `cost` is roughly how many
    /// nanoseconds one thread would take: little work wakes no sleeping thread, and very little is not even shared.
    /// A call from inside a region, or while another thread's region runs, does everything on its own thread.
    /// A panic of a part comes out here.
    pub(crate) fn run(&self, cost: usize, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let turn =
            if parts > 1 && cost >= SHARED && !self.workers.is_empty() { self.turn.try_lock().ok() } else { None };
        let Some(turn) = turn else {
            (0..parts).for_each(work);
            return;
        };
        let shared = &*self.shared;
        // SAFETY: this only forgets the lifetime; `work` outlives the region, which ends before this function does.
        let job: *const Work = unsafe { std::mem::transmute(std::ptr::from_ref(work)) };
        // SAFETY: the region is closed and empty, and this thread holds the turn.
        unsafe { *shared.job.get() = Some((job, parts)) };
        shared.next.store(0, Ordering::Relaxed);
        shared.state.fetch_add((2 * OPEN) | OPEN, Ordering::SeqCst);
        if cost >= WAKING {
            self.workers.iter().take(parts - 1).for_each(|worker| worker.thread().unpark());
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| shared.take_parts(work, parts)));
        shared.state.fetch_and(!OPEN, Ordering::SeqCst);
        let mut patience = 0_u32;
        while shared.state.load(Ordering::Acquire) & (OPEN - 1) != 0 {
            patience += 1;
            if patience > 1 << 14 { thread::yield_now() } else { hint::spin_loop() }
        }
        let panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(turn);
        if let Some(panic) = outcome.err().or(panic) {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker catches every panic of its work.
            worker.join().ok();
        }
    }
}

impl Shared {
    /// A worker's life.
    fn serve(&self) {
        let mut seen = 0;
        loop {
            let mut since = None;
            let state = loop {
                if self.stop.load(Ordering::SeqCst) {
                    return;
                }
                let state = self.state.load(Ordering::SeqCst);
                if state & OPEN != 0 && state / OPEN != seen {
                    break state;
                }
                for _ in 0..32 {
                    hint::spin_loop();
                }
                if since.get_or_insert_with(Instant::now).elapsed() > AWAKE {
                    // Whoever opens a large region wakes the workers after it, so none is missed.
                    thread::park();
                    since = None;
                }
            };
            if self.state.compare_exchange_weak(state, state + 1, Ordering::SeqCst, Ordering::SeqCst).is_err() {
                continue;
            }
            seen = state / OPEN;
            // SAFETY: this thread has joined the region, so the job stands until it leaves.
            if let Some((work, parts)) = unsafe { *self.job.get() } {
                // SAFETY: as above, the caller of the region waits for this thread.
                let work = unsafe { &*work };
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.take_parts(work, parts))) {
                    self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
                }
            }
            self.state.fetch_sub(1, Ordering::Release);
        }
    }

    fn take_parts(&self, work: &(dyn Fn(usize) + Sync), parts: usize) {
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return;
            }
            work(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        for threads in [1, 2, 5] {
            let pool = Pool::new(threads).unwrap();
            for parts in [0, 1, 2, 3, 17, 1000] {
                let done: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                pool.run(WAKING, parts, &|part| {
                    done[part].fetch_add(1, Ordering::Relaxed);
                });
                assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
            }
        }
    }

    #[test]
    fn regions_inside_regions_and_callers_side_by_side() {
        let pool = Pool::new(3).unwrap();
        let count = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        pool.run(WAKING, 5, &|_| {
                            pool.run(WAKING, 3, &|_| {
                                count.fetch_add(1, Ordering::Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), 4 * 200 * 5 * 3);
    }

    #[test]
    fn a_panic_comes_out_and_the_pool_lives_on() {
        let pool = Pool::new(2).unwrap();
        for _ in 0..20 {
            let outcome =
                catch_unwind(AssertUnwindSafe(|| pool.run(WAKING, 8, &|part| assert_ne!(part, 5, "part five"))));
            assert!(outcome.is_err());
            let count = AtomicUsize::new(0);
            pool.run(WAKING, 8, &|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.into_inner(), 8);
        }
    }

    #[test]
    fn sleeping_threads_wake() {
        let pool = Pool::new(2).unwrap();
        for _ in 0..20 {
            thread::sleep(2 * AWAKE);
            let both = std::sync::Barrier::new(2);
            // Each part waits for the other, so both threads must have come.
            pool.run(WAKING, 2, &|_| {
                both.wait();
            });
        }
    }
}
