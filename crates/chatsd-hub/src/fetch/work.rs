//! The work of fetching: the first answer tells what the server can, then workers share the blocks.

use std::{
    collections::VecDeque,
    fs::File,
    io::{Read, Write},
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use ureq::Agent;

use super::{
    Event, Wanted,
    pace::Clock,
    part::{BLOCK, Identity, PIECE, Part, beside, remove},
    room,
};
use crate::{
    AnswerFault, Client, HubError, Link, NetworkFault,
    client::{Answer, Failure, broken, rest},
    url,
};

/// How often the observer is told.
pub(super) const TELL: Duration = Duration::from_millis(100);
/// Bytes that are read at once.
const BUFFER: usize = 128 << 10;

/// How the work ended.
pub(super) enum End {
    /// All bytes are in the part.
    Whole { resumed: bool },
    /// The server has another file now: what was here is gone, and all begins anew.
    Changed,
}

/// Forgets what came.
pub(super) fn discard(to: &Path) -> Result<(), HubError> {
    remove(&beside(to, ".part.blocks"))?;
    remove(&beside(to, ".part"))
}

/// Fetches what is missing of a file.
pub(super) fn all(
    client: &Client,
    wanted: &Wanted,
    to: &Path,
    stop: &AtomicBool,
    observer: &mut dyn FnMut(&Event),
) -> Result<End, HubError> {
    let sha256 = wanted.sha256.as_deref();
    // Without a mark to know the file by, bytes of two files could be mixed.
    let known = |part: &Part| part.identity.validator.is_some() || sha256.is_some();
    let part = Part::resume(to, sha256)?.filter(known);
    let resumed = part.is_some();
    if let Some(part) = &part
        && part.bytes() == part.identity.size
    {
        return Ok(End::Whole { resumed });
    }
    let agent = client.agent();
    let (sender, receiver) = channel();
    let work = Work {
        client,
        agent: &agent,
        wanted,
        to,
        part: Mutex::new(part),
        queue: Mutex::default(),
        direct: Mutex::default(),
        halt: AtomicBool::new(false),
    };
    let begun = work.lock(&work.part).as_ref().map_or(0, Part::bytes);
    let outcome = thread::scope(|scope| {
        let first = sender.clone();
        scope.spawn(|| work.begin(scope, first));
        drop(sender);
        work.watch(&receiver, begun, stop, observer)
    });
    let part = work.part.into_inner().unwrap_or_else(PoisonError::into_inner);
    let bytes = part.as_ref().map_or(0, Part::bytes);
    drop(part);
    match outcome {
        None => Ok(End::Whole { resumed }),
        Some(Trouble::Changed) => discard(to).map(|()| End::Changed),
        Some(Trouble::Stopped) => Err(HubError::Stopped { path: to.into(), bytes }),
        Some(Trouble::Failed(error)) => Err(error),
    }
}

/// What ends the work before all is here.
enum Trouble {
    Changed,
    Stopped,
    Failed(HubError),
}

/// What workers tell.
enum Message {
    /// So many bytes came.
    Came(u64),
    /// Counting begins anew.
    Anew,
    /// The whole length.
    Total(u64),
    Waiting(Duration, String),
    Trouble(Trouble),
}

struct Work<'a> {
    client: &'a Client,
    agent: &'a Agent,
    wanted: &'a Wanted,
    to: &'a Path,
    part: Mutex<Option<Part>>,
    /// Blocks that nobody has taken yet.
    queue: Mutex<VecDeque<usize>>,
    /// Where the redirects led, so that each block need not go through them.
    direct: Mutex<Option<String>>,
    halt: AtomicBool,
}

impl Work<'_> {
    fn lock<'b, T>(&self, mutex: &'b Mutex<T>) -> MutexGuard<'b, T> {
        // What a worker that panicked left is not worse than what a killed program leaves.
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the workers until all have ended.
    fn watch(
        &self,
        receiver: &Receiver<Message>,
        begun: u64,
        stop: &AtomicBool,
        observer: &mut dyn FnMut(&Event),
    ) -> Option<Trouble> {
        let mut trouble = None;
        let (mut bytes, mut total) = (begun, self.wanted.bytes);
        let mut clock = Clock::start(Instant::now(), bytes);
        let mut told = Instant::now();
        loop {
            match receiver.recv_timeout(TELL) {
                Ok(Message::Came(count)) => bytes += count,
                Ok(Message::Anew) => {
                    bytes = 0;
                    clock = Clock::start(Instant::now(), 0);
                }
                Ok(Message::Total(length)) => total = Some(length),
                Ok(Message::Waiting(pause, reason)) => {
                    observer(&Event::Waiting { seconds: pause.as_secs_f64(), reason });
                }
                Ok(Message::Trouble(found)) => trouble = trouble.or(Some(found)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if stop.load(Ordering::SeqCst) {
                trouble = trouble.or(Some(Trouble::Stopped));
            }
            if trouble.is_some() && !self.halt.swap(true, Ordering::SeqCst) {
                // Reads that wait for bytes end at once.
                self.agent.clone().shutdown();
            }
            if told.elapsed() >= TELL && trouble.is_none() {
                told = Instant::now();
                observer(&Event::Fetching(clock.tell(told, bytes, total)));
            }
        }
        if trouble.is_none() {
            observer(&Event::Fetching(clock.tell(Instant::now(), bytes, total)));
        }
        trouble
    }

    /// The first worker: asks for the first bytes that are missing, learns from the answer what the server can, and
    /// calls the others.
    fn begin<'scope>(&'scope self, scope: &'scope thread::Scope<'scope, '_>, sender: Sender<Message>) {
        if let Err(trouble) = self.first_answer(scope, &sender)
            && !self.halt.load(Ordering::SeqCst)
        {
            let _ = sender.send(Message::Trouble(trouble));
        }
    }

    fn first_answer<'scope>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, '_>,
        sender: &Sender<Message>,
    ) -> Result<(), Trouble> {
        let missing = self.lock(&self.part).as_ref().map(|part| {
            let blocks = (0..part.done.len()).filter(|block| part.done[*block] < part.len(*block));
            blocks.collect::<VecDeque<usize>>()
        });
        let resuming = missing.is_some();
        let (start, end) = match (missing.as_ref().and_then(|blocks| blocks.front()), &*self.lock(&self.part)) {
            (Some(&block), Some(part)) => {
                let start = block as u64 * BLOCK;
                (start + part.done[block], start + part.len(block) - 1)
            }
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
                let identity = Identity { size, validator: validator(&answer), sha256: self.wanted.sha256.clone() };
                self.fits(size, &answer)?;
                if let Some(part) = &*self.lock(&self.part)
                    && (part.identity.size != size || differ(&part.identity.validator, &identity.validator))
                {
                    return Err(Trouble::Changed);
                }
                let here = self.lock(&self.part).as_ref().map_or(0, Part::bytes);
                room(self.to, size - here).map_err(Trouble::Failed)?;
                let _ = sender.send(Message::Total(size));
                let mut held = self.lock(&self.part);
                if held.is_none() {
                    *held = Some(Part::begin(self.to, identity).map_err(Trouble::Failed)?);
                }
                drop(held);
                let blocks = usize::try_from(size.div_ceil(BLOCK)).unwrap_or(usize::MAX);
                let queue = missing.unwrap_or_else(|| (0..blocks).collect());
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
            (200 | 206 | 416, _) if resuming => Err(Trouble::Changed),
            (416, _) if answer.header("content-range").is_some_and(|range| range.trim() == "bytes */0") => {
                self.fits(0, &answer)?;
                File::create(beside(self.to, ".part")).map_err(HubError::io(self.to)).map_err(Trouble::Failed)?;
                Ok(())
            }
            (200, _) => self.stream(answer, sender),
            (status, _) => Err(Trouble::Failed(HubError::Answer {
                url: answer.url.clone(),
                fault: AnswerFault::OtherBytes { start, end, status },
            })),
        }
    }

    /// One request, for a range of bytes or for all; a range goes where the redirects led before.
    fn ask(&self, range: Option<(u64, u64)>) -> Result<Answer, Failure> {
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
                    Err(Failure::Final(error))
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
            Some(found) => Err(Failure::last(HubError::Answer {
                url: answer.url.clone(),
                fault: AnswerFault::Encoding { found: found.to_owned() },
            })),
        }
    }

    /// After a failure: waits as long as it should, unless patience has ended.
    fn wait(&self, failure: Failure, tries: &mut u32, sender: &Sender<Message>) -> Result<(), Trouble> {
        *tries += 1;
        let after = if let Failure::Again(_, after) = &failure { Some(*after) } else { None };
        let error = failure.error();
        let Some(pause) = after.and_then(|after| self.client.pause(*tries, after)) else {
            return Err(Trouble::Failed(error));
        };
        let _ = sender.send(Message::Waiting(pause, error.to_string()));
        if rest(pause, &self.halt) { Ok(()) } else { Err(Trouble::Stopped) }
    }

    /// A worker: takes blocks until none is left.
    fn blocks(&self, mut first: Option<(usize, Answer)>, sender: &Sender<Message>) {
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
            if let Err(trouble) = self.block(block, answer, sender) {
                if !self.halt.load(Ordering::SeqCst) {
                    let _ = sender.send(Message::Trouble(trouble));
                }
                return;
            }
        }
    }

    fn block(&self, block: usize, mut answer: Option<Answer>, sender: &Sender<Message>) -> Result<(), Trouble> {
        let mut tries = 0;
        loop {
            let before = self.done(block);
            let failure = match self.bytes(block, answer.take(), sender) {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    let (host, fault) = (url::host(&self.wanted.link.url), NetworkFault::Ended);
                    Failure::again(HubError::Network { host, fault }, None)
                }
                Err(Miss::Trouble(trouble)) => return Err(trouble),
                Err(Miss::Failure(failure)) => failure,
            };
            if self.halt.load(Ordering::SeqCst) {
                return Err(Trouble::Stopped);
            }
            let came = self.done(block) - before;
            if came > 0 {
                tries = 0;
            }
            // A connection that brought much and broke is simply made again.
            if came < PIECE || !matches!(failure, Failure::Again(_, None)) {
                self.wait(failure, &mut tries, sender)?;
            }
        }
    }

    fn done(&self, block: usize) -> u64 {
        self.lock(&self.part).as_ref().map_or(0, |part| part.done[block])
    }

    /// Writes bytes of a block as they come; whether that was its end.
    fn bytes(&self, block: usize, answer: Option<Answer>, sender: &Sender<Message>) -> Result<bool, Miss> {
        let (path, length, mut done, size, known_by) = match &*self.lock(&self.part) {
            Some(part) => {
                let identity = &part.identity;
                (part.path.clone(), part.len(block), part.done[block], identity.size, identity.validator.clone())
            }
            None => return Ok(true),
        };
        let start = block as u64 * BLOCK;
        let answer = match answer {
            Some(answer) => answer,
            None => self.ask(Some((start + done, start + length - 1)))?,
        };
        let same = answer.status() == 206
            && content_range(&answer) == Some((start + done, size))
            && !differ(&known_by, &validator(&answer));
        if !same {
            return Err(Miss::Trouble(Trouble::Changed));
        }
        let mut file = Part::writer(&path, start + done)?;
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
            let _ = sender.send(Message::Came(count as u64));
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
    fn stream(&self, answer: Answer, sender: &Sender<Message>) -> Result<(), Trouble> {
        let mut answer = Some(answer);
        let mut tries = 0;
        loop {
            let attempt = match answer.take() {
                Some(answer) => Ok(answer),
                None => self.ask(None).map_err(Miss::from),
            };
            match attempt.and_then(|answer| self.stream_once(answer, sender)) {
                Ok(()) => return Ok(()),
                Err(Miss::Trouble(trouble)) => return Err(trouble),
                Err(Miss::Failure(failure)) => self.wait(failure, &mut tries, sender)?,
            }
            if self.halt.load(Ordering::SeqCst) {
                return Err(Trouble::Stopped);
            }
            let _ = sender.send(Message::Anew);
        }
    }

    fn stream_once(&self, answer: Answer, sender: &Sender<Message>) -> Result<(), Miss> {
        let path = beside(self.to, ".part");
        let said = answer.header("content-length").and_then(|text| text.trim().parse::<u64>().ok());
        if let Some(length) = said {
            self.fits(length, &answer)?;
            let _ = sender.send(Message::Total(length));
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
            let _ = sender.send(Message::Came(count as u64));
            if done - checked > BLOCK {
                checked = done;
                room(self.to, 0)?;
            }
            if total.is_some_and(|total| done > total) {
                break;
            }
        }
        if self.halt.load(Ordering::SeqCst) {
            return Err(Miss::Trouble(Trouble::Stopped));
        }
        match total {
            Some(total) if done < total => {
                let (host, fault) = (url::host(&address), NetworkFault::EndedAfter { done, total });
                Err(Failure::again(HubError::Network { host, fault }, None).into())
            }
            Some(expected) if done > expected => {
                Err(HubError::Length { url: self.wanted.link.url.clone(), found: done, expected }.into())
            }
            _ => Ok(()),
        }
    }

    /// Whether the length is the one that was listed.
    fn fits(&self, found: u64, answer: &Answer) -> Result<(), Trouble> {
        match self.wanted.bytes {
            Some(expected) if expected != found => {
                Err(Trouble::Failed(HubError::Length { url: answer.url.clone(), found, expected }))
            }
            _ => Ok(()),
        }
    }
}

/// Why bytes did not come.
enum Miss {
    Failure(Failure),
    Trouble(Trouble),
}

impl From<Failure> for Miss {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Trouble> for Miss {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<HubError> for Miss {
    fn from(error: HubError) -> Self {
        Self::Trouble(Trouble::Failed(error))
    }
}

fn file_sync(path: &Path) -> Result<(), HubError> {
    File::options().write(true).open(path).and_then(|file| file.sync_data()).map_err(HubError::io(path))
}

/// What the server knows this state of the file by.
fn validator(answer: &Answer) -> Option<String> {
    answer.header("etag").or_else(|| answer.header("last-modified")).map(str::to_owned)
}

/// Whether two marks, where both are known, are of different states.
fn differ(before: &Option<String>, now: &Option<String>) -> bool {
    matches!((before, now), (Some(before), Some(now)) if before != now)
}

/// First byte and whole length of `bytes 0-9/100`.
fn content_range(answer: &Answer) -> Option<(u64, u64)> {
    let (range, size) = answer.header("content-range")?.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let (start, size) = (start.trim().parse().ok()?, size.trim().parse().ok()?);
    (start < size).then_some((start, size))
}
