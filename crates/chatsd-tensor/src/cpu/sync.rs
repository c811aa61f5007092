//! What threads share and wait with: the standard library's, or loom's, which tries the orders in which threads can act.

#[cfg(loom)]
pub(super) use loom::{
    cell::UnsafeCell,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering, fence},
    },
    thread,
};
#[cfg(not(loom))]
pub(super) use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering, fence},
    },
    thread,
};

/// How long a thread stays awake without work.
#[cfg(not(loom))]
pub(super) const AWAKE: std::time::Duration = std::time::Duration::from_micros(50);

/// A place that is written while nobody reads it.
#[cfg(not(loom))]
pub(super) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Calls `f` with the place, to read it.
    pub(super) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Calls `f` with the place, to write it.
    pub(super) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// How a thread without work waits before it sleeps: awake for [`AWAKE`]. Where loom runs, it sleeps at once.
#[derive(Default)]
pub(super) struct Patience {
    #[cfg(not(loom))]
    since: Option<std::time::Instant>,
}

impl Patience {
    /// Waits a little; says whether that was long enough.
    #[cfg(not(loom))]
    pub(super) fn is_over(&mut self) -> bool {
        for _ in 0..32 {
            std::hint::spin_loop();
        }
        self.since.get_or_insert_with(std::time::Instant::now).elapsed() > AWAKE
    }

    #[cfg(loom)]
    pub(super) fn is_over(&mut self) -> bool {
        true
    }
}

/// Waits until another thread, which is about to, has done something.
pub(super) fn wait_until(done: impl Fn() -> bool) {
    let mut patience = 0_u32;
    while !done() {
        patience += 1;
        if cfg!(loom) || patience > 1 << 14 { thread::yield_now() } else { std::hint::spin_loop() }
    }
}
