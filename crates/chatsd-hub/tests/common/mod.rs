//! A server on this machine that behaves as badly as it is told to.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod hub;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Path and query as they were sent.
    pub target: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// First and last byte of the range that is asked for.
    pub fn range(&self) -> Option<(usize, usize)> {
        let (start, end) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((start.parse().ok()?, end.parse().ok()?))
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Arc<[u8]>,
    /// The part of the body that is sent.
    pub span: (usize, usize),
    /// `Content-Length`, when it is another than the truth; `Some(None)` leaves it out.
    pub length: Option<Option<usize>>,
    /// The connection is cut after so many bytes of the body.
    pub cut: Option<usize>,
    /// So many bytes a millisecond.
    pub speed: Option<usize>,
    /// Silence before the body.
    pub silence: Duration,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Arc<[u8]>>) -> Self {
        let body = body.into();
        let span = (0, body.len());
        let silence = Duration::ZERO;
        Self { status, headers: Vec::new(), body, span, length: None, cut: None, speed: None, silence }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A file as good servers give it: ranges, `If-Range`, `ETag`.
    pub fn file(request: &Request, bytes: &Arc<[u8]>, etag: &str) -> Self {
        let same = request.header("if-range").is_none_or(|asked| asked == etag);
        let whole = Self::new(200, bytes.clone()).with("ETag", etag).with("Accept-Ranges", "bytes");
        let Some((start, end)) = request.range().filter(|_| same) else { return whole };
        if start >= bytes.len() {
            return Self::new(416, []).with("Content-Range", &format!("bytes */{}", bytes.len()));
        }
        let end = end.min(bytes.len() - 1);
        let range = format!("bytes {start}-{end}/{}", bytes.len());
        Self { status: 206, span: (start, end + 1), ..whole.with("Content-Range", &range) }
    }

    pub fn json(text: &str) -> Self {
        Self::new(200, text.as_bytes()).with("Content-Type", "application/json")
    }

    pub fn redirect(to: &str) -> Self {
        Self::new(302, []).with("Location", to)
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// Bytes of a body that left.
#[derive(Clone, Debug)]
pub struct Sent {
    pub target: String,
    pub start: usize,
    pub bytes: usize,
}

pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, sent): (Arc<Mutex<Vec<Request>>>, _) = (Arc::default(), Arc::<Mutex<Vec<Sent>>>::default());
        let ended = Arc::new(AtomicBool::new(false));
        let handler: Arc<Handler> = Arc::new(handler);
        let (all_seen, all_sent, over) = (seen.clone(), sent.clone(), ended.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let (handler, seen, sent) = (handler.clone(), all_seen.clone(), all_sent.clone());
                thread::spawn(move || converse(stream, &*handler, &seen, &sent));
            }
        });
        Self { url, seen, sent, ended }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// What was sent. An answer is counted once it has left, which may be after it came: every request is waited for.
    pub fn sent(&self) -> Vec<Sent> {
        for _ in 0..500 {
            if self.sent.lock().unwrap().len() >= self.seen.lock().unwrap().len() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.sent.lock().unwrap().clone()
    }

    pub fn sent_bytes(&self) -> usize {
        self.sent().iter().map(|sent| sent.bytes).sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

fn converse(stream: TcpStream, handler: &Handler, seen: &Mutex<Vec<Request>>, sent: &Mutex<Vec<Sent>>) {
    let _ = stream.set_nodelay(true);
    let Ok(back) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        seen.lock().unwrap().push(request.clone());
        let reply = handler(&request);
        let (count, goes_on) = answer(&back, &reply);
        let (target, start) = (request.target, reply.span.0);
        sent.lock().unwrap().push(Sent { target, start, bytes: count });
        if !goes_on {
            break;
        }
    }
    let _ = back.shutdown(Shutdown::Both);
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.take(1 << 16).read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => return Some(Request { target, headers }),
        }
    }
}

/// How many bytes of the body left, and whether the connection can be used again.
fn answer(mut stream: &TcpStream, reply: &Reply) -> (usize, bool) {
    let body = &reply.body[reply.span.0..reply.span.1];
    let mut head = format!("HTTP/1.1 {} X\r\n", reply.status);
    let length = reply.length.unwrap_or(Some(body.len()));
    if let Some(length) = length {
        head += &format!("Content-Length: {length}\r\n");
    }
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if stream.write_all(format!("{head}\r\n").as_bytes()).is_err() {
        return (0, false);
    }
    thread::sleep(reply.silence);
    let end = reply.cut.unwrap_or(body.len()).min(body.len());
    let piece = reply.speed.unwrap_or(1 << 20);
    let mut count = 0;
    for piece in body[..end].chunks(piece) {
        if stream.write_all(piece).is_err() {
            return (count, false);
        }
        count += piece.len();
        if reply.speed.is_some() {
            thread::sleep(Duration::from_millis(1));
        }
    }
    (count, reply.cut.is_none() && length == Some(body.len()))
}

/// Bytes that look like noise, the same each time.
pub fn noise(count: usize) -> Arc<[u8]> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        bytes.extend(next().to_le_bytes());
    }
    bytes.truncate(count);
    bytes.into()
}
