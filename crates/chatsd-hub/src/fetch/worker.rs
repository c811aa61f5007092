//! A worker: writes the bytes of blocks, or of the whole file, as they come.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    sync::{atomic::Ordering, mpsc::Sender},
};

use super::{
    download::{Download, WorkerMessage},
    error::{Abort, BlockError},
    part::{BLOCK, PIECE, PartialFile, with_suffix},
    plan::{content_range, differ, missing_range, validator},
    room,
};
use crate::{
    HubError, NetworkFault,
    client::{Answer, RequestError, broken},
    url,
};

/// Bytes that are read at once.
const BUFFER: usize = 128 << 10;

impl Download<'_> {
    /// A worker: takes blocks until none is left.
    pub(super) fn blocks(&self, mut first: Option<(usize, Answer)>, sender: &Sender<WorkerMessage>) {
        loop {
            let (block, answer) = match first.take() {
                Some((block, answer)) => (block, Some(answer)),
                None => match self.lock(&self.queue).pop_front() {
                    Some(block) => (block, None),
                    None => return,
                },
            };
            if self.halt.load(Ordering::SeqCst) {
                return;
            }
            if let Err(abort) = self.block(block, answer, sender) {
                if !self.halt.load(Ordering::SeqCst) {
                    let _ = sender.send(WorkerMessage::Aborted(abort));
                }
                return;
            }
        }
    }

    fn block(&self, block: usize, mut answer: Option<Answer>, sender: &Sender<WorkerMessage>) -> Result<(), Abort> {
        let mut tries = 0;
        loop {
            let before = self.done(block);
            let failure = match self.bytes(block, answer.take(), sender) {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    let (host, fault) = (url::host(&self.wanted.link.url), NetworkFault::Ended);
                    RequestError::retry(HubError::Network { host, fault }, None)
                }
                Err(BlockError::Abort(abort)) => return Err(abort),
                Err(BlockError::Request(failure)) => failure,
            };
            if self.halt.load(Ordering::SeqCst) {
                return Err(Abort::Stopped);
            }
            let came = self.done(block) - before;
            if came > 0 {
                tries = 0;
            }
            // A connection that brought much and broke is simply made again.
            if came < PIECE || !matches!(failure, RequestError::Retry(_, None)) {
                self.wait(failure, &mut tries, sender)?;
            }
        }
    }

    fn done(&self, block: usize) -> u64 {
        self.lock(&self.part).as_ref().map_or(0, |part| part.done[block])
    }

    /// Writes bytes of a block as they come; whether that was its end.
    fn bytes(&self, block: usize, answer: Option<Answer>, sender: &Sender<WorkerMessage>) -> Result<bool, BlockError> {
        let (path, length, mut done, range, size, known_by) = match &*self.lock(&self.part) {
            Some(part) => {
                let (range, identity) = (missing_range(part, block), &part.identity);
                let known_by = identity.validator.clone();
                (part.path.clone(), part.len(block), part.done[block], range, identity.size, known_by)
            }
            None => return Ok(true),
        };
        let answer = match answer {
            Some(answer) => answer,
            None => self.ask(Some(range))?,
        };
        let same = answer.status() == 206
            && content_range(&answer) == Some((range.0, size))
            && !differ(&known_by, &validator(&answer));
        if !same {
            return Err(BlockError::Abort(Abort::Changed));
        }
        let mut file = PartialFile::writer(&path, range.0)?;
        let address = answer.url.clone();
        let mut reader = answer.response.into_body().into_reader();
        let mut buffer = vec![0; BUFFER];
        let mut noted = done;
        // Nothing will tell whether the bytes outlived a power cut: so they are on the disk before they are noted.
        let careful = self.wanted.sha256.is_none();
        let piece = if careful { 4 * PIECE } else { PIECE };
        let note = |done: u64, noted: &mut u64| {
            if done > *noted {
                if careful {
                    file_sync(&path)?;
                }
                if let Some(part) = &mut *self.lock(&self.part) {
                    part.note(block, done)?;
                }
                *noted = done;
            }
            Ok::<_, HubError>(())
        };
        while done < length {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count.min(usize::try_from(length - done).unwrap_or(usize::MAX)),
                Err(error) => {
                    note(done, &mut noted)?;
                    return Err(broken(&address, &error.into()).into());
                }
            };
            file.write_all(&buffer[..count]).map_err(HubError::io(&path))?;
            done += count as u64;
            let _ = sender.send(WorkerMessage::Received(count as u64));
            if done - noted >= piece {
                note(done, &mut noted)?;
            }
            if self.halt.load(Ordering::SeqCst) {
                break;
            }
        }
        note(done, &mut noted)?;
        // The end of an answer, once seen, lets its connection be used again.
        if done == length {
            let _ = reader.read(&mut buffer[..1]);
        }
        Ok(done == length)
    }

    /// The whole file in one go, from a server that knows no ranges: what breaks begins anew.
    pub(super) fn stream(&self, answer: Answer, sender: &Sender<WorkerMessage>) -> Result<(), Abort> {
        let mut answer = Some(answer);
        let mut tries = 0;
        loop {
            let attempt = match answer.take() {
                Some(answer) => Ok(answer),
                None => self.ask(None).map_err(BlockError::from),
            };
            match attempt.and_then(|answer| self.stream_once(answer, sender)) {
                Ok(()) => return Ok(()),
                Err(BlockError::Abort(abort)) => return Err(abort),
                Err(BlockError::Request(failure)) => self.wait(failure, &mut tries, sender)?,
            }
            if self.halt.load(Ordering::SeqCst) {
                return Err(Abort::Stopped);
            }
            let _ = sender.send(WorkerMessage::Restarted);
        }
    }

    fn stream_once(&self, answer: Answer, sender: &Sender<WorkerMessage>) -> Result<(), BlockError> {
        let path = with_suffix(self.to, ".part");
        let said = answer.header("content-length").and_then(|text| text.trim().parse::<u64>().ok());
        if let Some(length) = said {
            self.fits(length, &answer)?;
            let _ = sender.send(WorkerMessage::Total(length));
        }
        let total = said.or(self.wanted.bytes);
        // Of an endless answer, no more is taken than the disk can hold.
        room(self.to, total.unwrap_or(0))?;
        let address = answer.url.clone();
        let mut file = File::create(&path).map_err(HubError::io(&path))?;
        let mut reader = answer.response.into_body().into_reader();
        let mut buffer = vec![0; BUFFER];
        let (mut done, mut checked) = (0_u64, 0_u64);
        while !self.halt.load(Ordering::SeqCst) {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) => return Err(broken(&address, &error.into()).into()),
            };
            file.write_all(&buffer[..count]).map_err(HubError::io(&path))?;
            done += count as u64;
            let _ = sender.send(WorkerMessage::Received(count as u64));
            if done - checked > BLOCK {
                checked = done;
                room(self.to, 0)?;
            }
            if total.is_some_and(|total| done > total) {
                break;
            }
        }
        if self.halt.load(Ordering::SeqCst) {
            return Err(BlockError::Abort(Abort::Stopped));
        }
        match total {
            Some(total) if done < total => {
                let (host, fault) = (url::host(&address), NetworkFault::EndedAfter { done, total });
                Err(RequestError::retry(HubError::Network { host, fault }, None).into())
            }
            Some(expected) if done > expected => {
                Err(HubError::Length { url: self.wanted.link.url.clone(), found: done, expected }.into())
            }
            _ => Ok(()),
        }
    }
}

fn file_sync(path: &Path) -> Result<(), HubError> {
    File::options().write(true).open(path).and_then(|file| file.sync_data()).map_err(HubError::io(path))
}
