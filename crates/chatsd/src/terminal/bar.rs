//! The one bar that shows how far a long work is.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// A bar on stderr, or a hidden one. Its length is `None` while it is not known.
pub fn bar(shown: bool, length: Option<u64>) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    let coloured = output::coloured(io::stderr().is_terminal());
    let template = if coloured { "{bar:20.cyan/dim} {wide_msg}" } else { "[{bar:20}] {wide_msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
