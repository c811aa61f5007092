//! The fetching of one file: the first answer tells what the server can, then workers share the blocks.

use std::{
    collections::VecDeque,
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use ureq::Agent;

use super::{
    FetchEvent, Wanted,
    error::Abort,
    part::{BLOCK, FileIdentity, PartialFile, remove, with_suffix},
    plan::{all_blocks, content_range, differ, missing_blocks, missing_range, validator},
    progress::ProgressClock,
    room,
};
use crate::{
    AnswerFault, Client, HubError, Link,
    client::{Answer, RequestError, pause_unless_stopped},
    url,
};

/// How often the observer is told.
pub(super) const TELL: Duration = Duration::from_millis(100);

/// How the work ended.
pub(super) enum Outcome {
    /// All bytes are in the part.
    Whole { resumed: bool },
    /// The server has another file now: what was here is gone, and all begins anew.
    Changed,
}

/// Forgets what came.
pub(super) fn discard(to: &Path) -> Result<(), HubError> {
    remove(&with_suffix(to, ".part.blocks"))?;
    remove(&with_suffix(to, ".part"))
}

/// Fetches what is missing of a file.
pub(super) fn download(
    client: &Client,
    wanted: &Wanted,
    to: &Path,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(&FetchEvent),
) -> Result<Outcome, HubError> {
    let sha256 = wanted.sha256.as_deref();
    // Without a mark to know the file by, bytes of two files could be mixed.
    let known = |part: &PartialFile| part.identity.validator.is_some() || sha256.is_some();
    let part = PartialFile::resume(to, sha256)?.filter(known);
    let resumed = part.is_some();
    if let Some(part) = &part
        && part.bytes() == part.identity.size
    {
        return Ok(Outcome::Whole { resumed });
    }
    let agent = client.agent();
    let (sender, receiver) = channel();
    let work = Download {
        client,
        agent: &agent,
        wanted,
        to,
        part: Mutex::new(part),
        queue: Mutex::default(),
        direct: Mutex::default(),
        halt: AtomicBool::new(false),
    };
    let begun = work.lock(&work.part).as_ref().map_or(0, PartialFile::bytes);
    let outcome = thread::scope(|scope| {
        let first = sender.clone();
        scope.spawn(|| work.begin(scope, first));
        drop(sender);
        work.watch(&receiver, begun, stop, observer)
    });
    let part = work.part.into_inner().unwrap_or_else(PoisonError::into_inner);
    let bytes = part.as_ref().map_or(0, PartialFile::bytes);
    drop(part);
    match outcome {
        None => Ok(Outcome::Whole { resumed }),
        Some(Abort::Changed) => discard(to).map(|()| Outcome::Changed),
        Some(Abort::Stopped) => Err(HubError::Stopped { path: to.into(), bytes }),
        Some(Abort::Failed(error)) => Err(error),
    }
}

/// What workers tell.
pub(super) enum WorkerMessage {
    /// So many bytes.
    Received(u64),
    /// Counting begins anew.
    Restarted,
    /// The whole length.
    Total(u64),
    /// A pause, and the error that made it.
    Waiting(Duration, HubError),
    Aborted(Abort),
}

/// What the workers of one file share.
pub(super) struct Download<'a> {
    client: &'a Client,
    agent: &'a Agent,
    pub(super) wanted: &'a Wanted,
    pub(super) to: &'a Path,
    pub(super) part: Mutex<Option<PartialFile>>,
    /// Blocks that nobody has taken yet.
    pub(super) queue: Mutex<VecDeque<usize>>,
    /// Where the redirects led, so that each block need not go through them.
    direct: Mutex<Option<String>>,
    pub(super) halt: AtomicBool,
}

impl Download<'_> {
    pub(super) fn lock<'b, T>(&self, mutex: &'b Mutex<T>) -> MutexGuard<'b, T> {
        // What a worker that panicked left is not worse than what a killed program leaves.
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the workers until all have ended.
    fn watch(
        &self,
        receiver: &Receiver<WorkerMessage>,
        begun: u64,
        stop: &AtomicBool,
        observer: &mut dyn FnMut(&FetchEvent),
    ) -> Option<Abort> {
        let mut abort = None;
        let (mut bytes, mut total) = (begun, self.wanted.bytes);
        let mut clock = ProgressClock::start(Instant::now(), bytes);
        let mut last_event = Instant::now();
        loop {
            match receiver.recv_timeout(TELL) {
                Ok(WorkerMessage::Received(count)) => bytes += count,
                Ok(WorkerMessage::Restarted) => {
                    bytes = 0;
                    clock = ProgressClock::start(Instant::now(), 0);
                }
                Ok(WorkerMessage::Total(length)) => total = Some(length),
                Ok(WorkerMessage::Waiting(pause, error)) => {
                    observer(&FetchEvent::Waiting { seconds: pause.as_secs_f64(), error: Arc::new(error) });
                }
                Ok(WorkerMessage::Aborted(found)) => abort = abort.or(Some(found)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if stop.load(Ordering::SeqCst) {
                abort = abort.or(Some(Abort::Stopped));
            }
            if abort.is_some() && !self.halt.swap(true, Ordering::SeqCst) {
                // Reads that wait for bytes end at once.
                self.agent.clone().shutdown();
            }
            if last_event.elapsed() >= TELL && abort.is_none() {
                last_event = Instant::now();
                observer(&FetchEvent::Fetching(clock.progress(last_event, bytes, total)));
            }
        }
        if abort.is_none() {
            observer(&FetchEvent::Fetching(clock.progress(Instant::now(), bytes, total)));
        }
        abort
    }

    /// The first worker: asks for the first bytes that are missing, learns from the answer what the server can, and
    /// calls the others.
    fn begin<'scope>(&'scope self, scope: &'scope thread::Scope<'scope, '_>, sender: Sender<WorkerMessage>) {
        if let Err(abort) = self.first_answer(scope, &sender)
            && !self.halt.load(Ordering::SeqCst)
        {
            let _ = sender.send(WorkerMessage::Aborted(abort));
        }
    }

    fn first_answer<'scope>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, '_>,
        sender: &Sender<WorkerMessage>,
    ) -> Result<(), Abort> {
        let missing = self.lock(&self.part).as_ref().map(missing_blocks);
        let resuming = missing.is_some();
        let first = missing.as_ref().and_then(VecDeque::front).copied();
        let (start, end) = match (first, &*self.lock(&self.part)) {
            (Some(block), Some(part)) => missing_range(part, block),
            _ => (0, BLOCK - 1),
        };
        let mut tries = 0;
        let answer = loop {
            match self.ask(Some((start, end))) {
                Ok(answer) => break answer,
                Err(failure) => self.wait(failure, &mut tries, sender)?,
            }
        };
        match (answer.status(), content_range(&answer)) {
            (206, Some((from, size))) if from == start => {
                let identity = FileIdentity { size, validator: validator(&answer), sha256: self.wanted.sha256.clone() };
                self.fits(size, &answer)?;
                if let Some(part) = &*self.lock(&self.part)
                    && (part.identity.size != size || differ(&part.identity.validator, &identity.validator))
                {
                    return Err(Abort::Changed);
                }
                let here = self.lock(&self.part).as_ref().map_or(0, PartialFile::bytes);
                room(self.to, size - here).map_err(Abort::Failed)?;
                let _ = sender.send(WorkerMessage::Total(size));
                let mut held = self.lock(&self.part);
                if held.is_none() {
                    *held = Some(PartialFile::begin(self.to, identity).map_err(Abort::Failed)?);
                }
                drop(held);
                let queue = missing.unwrap_or_else(|| all_blocks(size));
                if answer.url != self.wanted.link.url {
                    *self.lock(&self.direct) = Some(answer.url.clone());
                }
                let others = self.client.network.connections.min(queue.len()).saturating_sub(1);
                *self.lock(&self.queue) = queue;
                let block = self.lock(&self.queue).pop_front();
                for _ in 0..others {
                    let sender = sender.clone();
                    scope.spawn(move || self.blocks(None, &sender));
                }
                self.blocks(block.map(|block| (block, answer)), sender);
                Ok(())
            }
            // What is asked for lies behind the end, or the server gives another state of the file.
            (200 | 206 | 416, _) if resuming => Err(Abort::Changed),
            (416, _) if answer.header("content-range").is_some_and(|range| range.trim() == "bytes */0") => {
                self.fits(0, &answer)?;
                File::create(with_suffix(self.to, ".part")).map_err(HubError::io(self.to)).map_err(Abort::Failed)?;
                Ok(())
            }
            (200, _) => self.stream(answer, sender),
            (status, _) => Err(Abort::Failed(HubError::Answer {
                url: answer.url.clone(),
                fault: AnswerFault::OtherBytes { start, end, status },
            })),
        }
    }

    /// One request, for a range of bytes or for all; a range goes where the redirects led before.
    pub(super) fn ask(&self, range: Option<(u64, u64)>) -> Result<Answer, RequestError> {
        let mut headers = Vec::new();
        if let Some((start, end)) = range {
            headers.push(("Range", format!("bytes={start}-{end}")));
            // A weak mark may not be sent (RFC 9110, 13.1.5); the answer's own is compared then.
            let validator = self.lock(&self.part).as_ref().and_then(|part| part.identity.validator.clone());
            if let Some(validator) = validator.filter(|text| !text.starts_with("W/")) {
                headers.push(("If-Range", validator));
            }
        }
        let direct = self.lock(&self.direct).clone();
        let answer = match direct.filter(|_| range.is_some()) {
            None => self.client.ask(self.agent, &self.wanted.link, &headers),
            Some(url) => {
                let own = url::origin(&url) == url::origin(&self.wanted.link.url);
                let token = self.wanted.link.token.clone().filter(|_| own);
                let link = Link { url, token, ..self.wanted.link.clone() };
                match self.client.ask(self.agent, &link, &headers) {
                    // Such addresses are often good for an hour: the way through the redirects gives a new one.
                    Err(RequestError::Final(error))
                        if matches!(*error, HubError::Refused { .. } | HubError::NotFound { .. }) =>
                    {
                        *self.lock(&self.direct) = None;
                        self.client.ask(self.agent, &self.wanted.link, &headers)
                    }
                    answer => answer,
                }
            }
        }?;
        match answer.header("content-encoding") {
            None | Some("identity") => Ok(answer),
            Some(found) => Err(RequestError::fatal(HubError::Answer {
                url: answer.url.clone(),
                fault: AnswerFault::Encoding { found: found.to_owned() },
            })),
        }
    }

    /// After a failure: waits as long as it should, unless patience has ended.
    pub(super) fn wait(
        &self,
        failure: RequestError,
        tries: &mut u32,
        sender: &Sender<WorkerMessage>,
    ) -> Result<(), Abort> {
        *tries += 1;
        let after = if let RequestError::Retry(_, after) = &failure { Some(*after) } else { None };
        let error = failure.error();
        let Some(pause) = after.and_then(|after| self.client.pause(*tries, after)) else {
            return Err(Abort::Failed(error));
        };
        let _ = sender.send(WorkerMessage::Waiting(pause, error));
        if pause_unless_stopped(pause, &self.halt) { Ok(()) } else { Err(Abort::Stopped) }
    }

    /// Whether the length is the one that was listed.
    pub(super) fn fits(&self, found: u64, answer: &Answer) -> Result<(), Abort> {
        match self.wanted.bytes {
            Some(expected) if expected != found => {
                Err(Abort::Failed(HubError::Length { url: answer.url.clone(), found, expected }))
            }
            _ => Ok(()),
        }
    }
}
