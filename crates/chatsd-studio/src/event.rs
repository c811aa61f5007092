//! What happens while a job is done.

use std::{path::PathBuf, sync::Arc};

use chatsd_gallery::{Entry, Sheet};
use chatsd_types::{Image, Preview, Request, Size};
use serde::Serialize;

use crate::Plan;

/// What happens while a job is done, in this order: `Recovered` where the gallery is opened for the first time and had
/// something to recover; `Planned`, then for each picture `Started`, `Step`s, `Painted`, `Kept` (of a picture that is
/// only made larger `Upscaling`, `Kept`); at the end `SheetDone`, `Compared` where the picture was to come out equal,
/// `LeftOut` when the time was short, and `Stopped` when it was stopped before all were finished. An event owns what it
/// tells, so it may go to any thread.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Pictures of an interrupted program were taken up again.
    Recovered {
        /// How many.
        entries: usize,
        /// The gallery.
        folder: PathBuf,
    },
    /// It is known what will be painted.
    Planned {
        /// The plan.
        plan: Arc<Plan>,
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
        request: Arc<Request>,
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
        preview: Option<Preview>,
    },
    /// A picture is being made larger.
    Upscaling {
        /// Its size.
        from: Size,
        /// The size it comes to.
        to: Size,
        /// What makes it larger.
        upscaler: String,
        /// Parts of it that are done.
        done: usize,
        /// Parts in all; 0 before that is known.
        all: usize,
    },
    /// A picture is finished.
    Painted {
        /// Place on the sheet, from 1.
        number: u32,
        /// How long it took.
        seconds: f64,
        /// The picture.
        #[serde(skip)]
        image: Arc<Image>,
    },
    /// A picture is written and on record.
    Kept {
        /// Its record.
        entry: Arc<Entry>,
        /// Its file.
        path: PathBuf,
    },
    /// The picture of the whole sheet is written.
    SheetDone {
        /// Its record.
        sheet: Arc<Sheet>,
        /// Its file.
        path: PathBuf,
        /// Pictures on it.
        finished: u32,
        /// Seconds since the beginning.
        seconds: f64,
    },
    /// A picture that was painted again was compared with the one that is there.
    Compared {
        /// Whether the files are equal.
        same_bytes: bool,
        /// Pixels that differ.
        differing_pixels: usize,
        /// The picture that was there.
        #[serde(skip)]
        path: PathBuf,
    },
    /// The time is up: the rest of the pictures was not begun.
    LeftOut {
        /// Pictures that are finished and kept.
        finished: u32,
        /// Pictures there would have been.
        count: u32,
        /// Styles of those that were not painted.
        styles: Vec<String>,
    },
    /// It was stopped before all pictures were finished.
    Stopped {
        /// Pictures that are finished and kept.
        finished: u32,
        /// Pictures there should have been.
        count: u32,
    },
}

/// Who is told what happens.
pub type Events<'a> = dyn FnMut(Event) + 'a;
