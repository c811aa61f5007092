//! One pool of threads for everything.
//!
//! Whoever has work opens a *region* and works on it; workers join, in turn the one that has the fewest. They wait awake
//! for a moment, because the next region of a network comes within microseconds, and then sleep. Several callers each
//! have their own region, and workers stand back for them, so that callers and workers together are as many as the pool
//! has threads; callers beyond that number work alone. No caller waits for another's region.

use std::{
    any::Any,
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::PoisonError,
};

use super::sync::{
    Arc, AtomicBool, AtomicIsize, AtomicUsize, Mutex, Ordering, Patience, UnsafeCell, fence,
    thread::{self, JoinHandle},
    wait_until,
};

/// Nanoseconds of work from which it is shared with threads that are awake …
pub(crate) const SHARED: usize = 2_000;
/// … and from which those that sleep are woken: where the processor is a virtual one, that takes about 50 µs.
const WAKING: usize = 100_000;

/// In [`Region::state`]: workers may join. The bits below count those inside.
const OPEN: usize = 1 << 16;

/// A function of the part.
type Work = dyn Fn(usize) + Sync;

/// A place for work that is shared, used by one caller after another. No two lie in one pair of cache lines.
#[repr(align(128))]
struct Region {
    /// Whether a caller has it.
    claimed: AtomicBool,
    state: AtomicUsize,
    /// The function and its number of parts.
    job: UnsafeCell<Option<(*const Work, usize)>>,
    /// Parts that nobody has taken; below zero by those who asked in vain.
    left: AtomicIsize,
    /// The first panic of a part.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written by the one caller that claimed the region, before `state` opens (release) and after all
// workers left (acquire); workers read it only after they joined (acquire). What it points to is `Sync`.
unsafe impl Sync for Region {}
// SAFETY: as above.
unsafe impl Send for Region {}

impl Region {
    fn new() -> Self {
        Self {
            claimed: AtomicBool::new(false),
            state: AtomicUsize::new(0),
            job: UnsafeCell::new(None),
            left: AtomicIsize::new(0),
            panic: Mutex::new(None),
        }
    }

    fn claim(&self) -> bool {
        !self.claimed.load(Ordering::Relaxed)
            && self.claimed.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// How many workers are inside, if there is something left for another.
    fn helped_by(&self) -> Option<usize> {
        let state = self.state.load(Ordering::Acquire);
        (state & OPEN != 0 && self.left.load(Ordering::Relaxed) > 0).then_some(state & !OPEN)
    }

    /// Steps inside, unless the region is closed or another thread comes or goes just now. From then on the job stands
    /// until this thread leaves.
    fn join(&self) -> bool {
        let state = self.state.load(Ordering::Relaxed);
        state & OPEN != 0 && self.state.compare_exchange(state, state + 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn leave(&self) {
        self.state.fetch_sub(1, Ordering::Release);
    }

    /// Calls `work` with parts that nobody has taken, while there are any and this thread is `wanted`.
    fn take_parts(&self, work: &(dyn Fn(usize) + Sync), parts: usize, wanted: impl Fn() -> bool) {
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            while wanted() {
                let left = self.left.fetch_sub(1, Ordering::Relaxed);
                if left <= 0 {
                    return;
                }
                work(parts - left.unsigned_abs());
            }
        }));
        if let Err(panic) = outcome {
            let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
            if first.is_none() {
                *first = Some(panic);
            } else {
                // Not dropped: its own drop may panic, and this thread has yet to leave.
                mem::forget(panic);
            }
        }
    }
}

struct Shared {
    /// One a thread: with more callers than that, no worker helps any.
    regions: Box<[Region]>,
    /// Callers that have a region, and workers that help them.
    busy: AtomicUsize,
    /// Of each worker, whether it sleeps and nobody has woken it.
    asleep: Box<[AtomicBool]>,
    stop: AtomicBool,
}

/// Threads that share regions of work. The caller of a region is one of them.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// A pool of `threads` threads, the caller included.
    pub(crate) fn new(threads: usize) -> io::Result<Self> {
        let threads = threads.clamp(1, OPEN);
        let shared = Arc::new(Shared {
            regions: (0..threads).map(|_| Region::new()).collect(),
            busy: AtomicUsize::new(0),
            asleep: (1..threads).map(|_| AtomicBool::new(false)).collect(),
            stop: AtomicBool::new(false),
        });
        let mut pool = Self { shared, workers: Vec::new() };
        for index in 0..threads - 1 {
            let shared = Arc::clone(&pool.shared);
            let worker =
                thread::Builder::new().name(format!("tensor-{}", index + 1)).spawn(move || shared.serve(index))?;
            pool.workers.push(worker);
        }
        Ok(pool)
    }

    /// Threads, the caller included.
    pub(crate) fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `work` with each of `0..parts`, on as many threads as there are beside other callers; returns when all are
    /// done. `cost` is roughly how many nanoseconds one thread would take: little work wakes no sleeping thread, and
    /// very little is not even shared. May be called from inside a region. A panic of a part comes out here.
    pub(crate) fn run(&self, cost: usize, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        let worth = parts > 1 && cost >= SHARED && !self.workers.is_empty();
        let Some(region) = shared.regions.iter().find(|region| worth && region.claim()) else {
            (0..parts).for_each(work);
            return;
        };
        // SAFETY: this only forgets the lifetime; `work` outlives the region, which ends before this function does.
        let job: *const Work = unsafe { mem::transmute(std::ptr::from_ref(work)) };
        // SAFETY: the region is closed and empty, and this thread claimed it.
        region.job.with_mut(|place| unsafe { *place = Some((job, parts)) });
        region.left.store(parts.cast_signed(), Ordering::Relaxed);
        let busy = shared.busy.fetch_add(1, Ordering::Relaxed) + 1;
        region.state.store(OPEN, Ordering::Release);
        if cost >= WAKING {
            self.wake((parts - 1).min(shared.threads().saturating_sub(busy)));
        }
        region.take_parts(work, parts, || true);
        region.state.fetch_and(!OPEN, Ordering::Relaxed);
        wait_until(|| region.state.load(Ordering::Acquire) == 0);
        shared.busy.fetch_sub(1, Ordering::Relaxed);
        let panic = region.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        region.claimed.store(false, Ordering::Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Wakes workers that sleep, `count` at most.
    fn wake(&self, count: usize) {
        // With the fence of `Shared::sleep`: either a worker sees the region that was opened before, or it is seen here.
        fence(Ordering::SeqCst);
        let asleep = self
            .workers
            .iter()
            .zip(&self.shared.asleep)
            .filter(|(_, asleep)| asleep.load(Ordering::Relaxed) && asleep.swap(false, Ordering::Relaxed));
        asleep.take(count).for_each(|(worker, _)| worker.thread().unpark());
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        for worker in self.workers.drain(..) {
            worker.thread().unpark();
            // A worker catches every panic of its work.
            worker.join().ok();
        }
    }
}

impl Shared {
    fn threads(&self) -> usize {
        self.regions.len()
    }

    /// Whether callers and workers are fewer than the threads.
    fn has_room(&self) -> bool {
        self.busy.load(Ordering::Relaxed) < self.threads()
    }

    /// The open region with the fewest workers.
    fn neediest(&self) -> Option<&Region> {
        let open = self.regions.iter().filter_map(|region| Some((region.helped_by()?, region)));
        open.min_by_key(|(workers, _)| *workers).map(|(_, region)| region)
    }

    /// A worker's life.
    fn serve(&self, index: usize) {
        let mut patience = Patience::default();
        while !self.stop.load(Ordering::Acquire) {
            if let Some(region) = self.neediest().filter(|_| self.has_room()) {
                self.help(region);
                patience = Patience::default();
            } else if !self.has_room() || patience.is_over() {
                // To stay awake where callers take all threads would take time from them.
                self.sleep(index);
                patience = Patience::default();
            }
        }
    }

    fn sleep(&self, index: usize) {
        self.asleep[index].store(true, Ordering::Relaxed);
        // With the fence of `Pool::wake`. A region that wakes nobody may be missed; its caller does all of it.
        fence(Ordering::SeqCst);
        if self.neediest().is_none() || !self.has_room() {
            thread::park();
        }
        self.asleep[index].store(false, Ordering::Relaxed);
    }

    /// Takes parts of a region while there is room for a worker.
    fn help(&self, region: &Region) {
        // Others may have come since there was room.
        if self.busy.fetch_add(1, Ordering::Relaxed) < self.threads() && region.join() {
            // SAFETY: this thread has joined the region, so the job stands until it leaves.
            if let Some((work, parts)) = region.job.with(|job| unsafe { *job }) {
                // SAFETY: as above, the caller of the region waits for this thread.
                let work = unsafe { &*work };
                region.take_parts(work, parts, || self.busy.load(Ordering::Relaxed) <= self.threads());
            }
            region.leave();
        }
        self.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(all(test, loom))]
mod loom_tests;

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Barrier;

    use super::{super::sync::AWAKE, *};

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
            let both = Barrier::new(2);
            // Each part waits for the other, so both threads must have come.
            pool.run(WAKING, 2, &|_| {
                both.wait();
            });
        }
    }

    #[test]
    fn two_callers_work_at_once_and_are_both_helped() {
        let pool = Pool::new(4).unwrap();
        let (first, second) = (Barrier::new(4), Barrier::new(2));
        thread::scope(|scope| {
            // Two parts that end only when the second caller's have.
            scope.spawn(|| {
                pool.run(WAKING, 2, &|_| {
                    first.wait();
                });
            });
            // Two parts that wait for each other, so a worker must have come to this caller as well.
            scope.spawn(|| {
                pool.run(WAKING, 2, &|_| {
                    second.wait();
                    first.wait();
                });
            });
        });
    }

    #[test]
    fn more_callers_than_threads() {
        let pool = Pool::new(2).unwrap();
        let all = Barrier::new(5);
        thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    let here = AtomicBool::new(false);
                    pool.run(WAKING, 3, &|_| {
                        // All callers are inside their regions at the same time.
                        if !here.swap(true, Ordering::Relaxed) {
                            all.wait();
                        }
                    });
                });
            }
        });
    }

    #[test]
    fn panics_whose_payloads_panic_do_not_hang() {
        /// Panics when it is dropped, but not while another panic goes on.
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                assert!(thread::panicking(), "a payload was dropped");
            }
        }
        let pool = Pool::new(2).unwrap();
        for _ in 0..20 {
            let both = Barrier::new(2);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                pool.run(WAKING, 2, &|_| {
                    both.wait();
                    std::panic::panic_any(Bomb);
                });
            }));
            mem::forget(outcome.unwrap_err());
        }
    }
}
