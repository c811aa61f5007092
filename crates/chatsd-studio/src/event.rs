//! What happens while a sheet is painted.

use std::path::Path;

use chatsd_gallery::{Entry, Sheet};
use chatsd_types::{Image, Preview, Request};
use serde::Serialize;

use crate::Plan;

/// What happens while a sheet is painted, in this order: `Planned`, then for each picture `Started`, `Step`s,
/// `Painted`, `Kept`; at the end `SheetDone`, `LeftOut` when the time was short, and `Stopped` when it was stopped before all were finished.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// It is known what will be painted.
    Planned {
        /// The plan.
        plan: &'a Plan,
        /// How long it will take, in seconds, as far as that can be told.
        expected_seconds: Option<f64>,
        /// Most bytes of memory it will take, as far as that can be told.
        expected_bytes: Option<u64>,
        /// Pictures that will be finished within the plan's budget of time, where it has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        fits: Option<u32>,
    },
    /// A picture is begun.
    Started {
        /// Place on the sheet, from 1.
        number: u32,
        /// Pictures in all.
        count: u32,
        /// What it is.
        request: &'a Request,
    },
    /// A step is done.
    Step {
        /// Place on the sheet, from 1.
        number: u32,
        /// Steps done.
        step: u32,
        /// Steps in all.
        steps: u32,
        /// Seconds until the sheet is done.
        left_seconds: Option<f64>,
        /// The picture as it stands.
        #[serde(skip)]
        preview: Option<Preview<'a>>,
    },
    /// A picture is finished.
    Painted {
        /// Place on the sheet, from 1.
        number: u32,
        /// How long it took.
        seconds: f64,
        /// The picture.
        #[serde(skip)]
        image: &'a Image,
    },
    /// A picture is written and on record.
    Kept {
        /// Its record.
        entry: &'a Entry,
        /// Its file.
        path: &'a Path,
    },
    /// The picture of the whole sheet is written.
    SheetDone {
        /// Its record.
        sheet: &'a Sheet,
        /// Its file.
        path: &'a Path,
        /// Pictures on it.
        finished: u32,
        /// Seconds since the beginning.
        seconds: f64,
    },
    /// The time is up: the rest of the pictures was not begun.
    LeftOut {
        /// Pictures that are finished and kept.
        finished: u32,
        /// Pictures there would have been.
        count: u32,
        /// Styles of those that were not painted.
        styles: Vec<&'a str>,
    },
    /// It was stopped before all pictures were finished.
    Stopped {
        /// Pictures that are finished and kept.
        finished: u32,
        /// Pictures there should have been.
        count: u32,
    },
}
