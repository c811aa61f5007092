//! Ctrl-C: the first asks to stop after the step in hand, the second leaves at once.

use std::{
    io::Write,
    process::exit,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result};
use chatsd_messages::Lang;

use crate::failure::STOPPED;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Begins to listen for Ctrl-C (and for being asked to end, or the terminal closing).
///
/// # Errors
/// When the system refuses.
pub fn listen(lang: Lang) -> Result<&'static AtomicBool> {
    ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::SeqCst) {
            exit(STOPPED.into());
        }
        // The terminal may be gone: then nobody needs to know.
        let _ = writeln!(std::io::stderr(), "\n{}", lang.stopping());
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(&ASKED)
}
