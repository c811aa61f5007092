//! Asking servers: one request with its redirects, tokens that go nowhere else, and what an answer means.

use std::{
    fmt, fs,
    io::Read,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;
use ureq::{
    Agent, Body, Proxy,
    http::{HeaderMap, Response, StatusCode},
    tls::{PemItem, RootCerts, TlsConfig, parse_pem},
};

use crate::{AnswerFault, HubError, ListingFault, NameFault, NetworkFault, url};

/// Redirects that are followed.
const REDIRECTS: usize = 10;
/// No listing is longer, in bytes.
const LISTING_LIMIT: u64 = 64 << 20;
/// Time for a connection, and between two bytes, after which it counts as broken.
const SILENCE: Duration = Duration::from_secs(30);

/// What the surroundings say about networks. Nothing is read behind the caller's back.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// The program that asks, as `name/version`.
    pub user_agent: String,
    /// A proxy for `http` addresses.
    pub http_proxy: Option<String>,
    /// A proxy for `https` addresses.
    pub https_proxy: Option<String>,
    /// Hosts that are asked without a proxy, with commas between.
    pub no_proxy: Option<String>,
    /// A PEM file of certificates to trust instead of those that came along, such as those of a company.
    pub certificates: Option<PathBuf>,
    /// How often a request that fails is tried before the first byte came.
    pub tries: u32,
    /// The pause after the first failure; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause, also when a server asks for it.
    pub longest_pause: Duration,
    /// Connections that one file is fetched over.
    pub connections: usize,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            user_agent: "chatsd".into(),
            http_proxy: None,
            https_proxy: None,
            no_proxy: None,
            certificates: None,
            tries: 6,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(300),
            connections: 4,
        }
    }
}

/// A token, which no message and no log shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token as it was written in a variable or file; nothing when it is empty or no header could hold it.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Something to ask for.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The address.
    pub url: String,
    /// Sent to the host of the address and to no other.
    pub token: Option<Token>,
    /// The variable that holds tokens for this service, for messages.
    pub variable: Option<&'static str>,
    /// The page where a person looks at it and accepts its licence, for messages.
    pub page: Option<String>,
}

/// Why a request brought nothing.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// Try again: after this pause when the server said so.
    Retry(Box<HubError>, Option<Duration>),
    /// Trying again would not help.
    Final(Box<HubError>),
}

impl RequestError {
    /// Worth another try, after a pause that the server may have asked for.
    pub(crate) fn retry(error: HubError, after: Option<Duration>) -> Self {
        Self::Retry(Box::new(error), after)
    }

    /// Not worth another try.
    pub(crate) fn fatal(error: HubError) -> Self {
        Self::Final(Box::new(error))
    }

    pub(crate) fn error(self) -> HubError {
        match self {
            Self::Retry(error, _) | Self::Final(error) => *error,
        }
    }
}

/// An answer, and the address that gave it.
pub(crate) struct Answer {
    pub(crate) url: String,
    pub(crate) response: Response<Body>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(self.response.headers(), name)
    }

    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Asks servers.
#[derive(Debug)]
pub struct Client {
    pub(crate) network: NetworkOptions,
    tls: TlsConfig,
    proxies: [Option<Proxy>; 2],
}

impl Client {
    /// A client for these surroundings.
    ///
    /// # Errors
    /// A proxy that is no address, certificates that cannot be read.
    pub fn new(network: NetworkOptions) -> Result<Self, HubError> {
        let proxy = |text: &Option<String>| {
            let Some(text) = text else { return Ok(None) };
            let refused = |_| HubError::Name { name: text.clone(), fault: NameFault::NoProxy };
            let proxy = Proxy::new(text).map_err(refused)?;
            let Some(without) = &network.no_proxy else { return Ok(Some(proxy)) };
            let mut builder = Proxy::builder(proxy.protocol()).host(proxy.host()).port(proxy.port());
            for (set, value) in [(true, proxy.username()), (false, proxy.password())] {
                let Some(value) = value else { continue };
                builder = if set { builder.username(value) } else { builder.password(value) };
            }
            for host in without.split(',').map(str::trim).filter(|host| !host.is_empty()) {
                builder = builder.no_proxy(host);
            }
            builder.build().map(Some).map_err(refused)
        };
        let proxies = [proxy(&network.http_proxy)?, proxy(&network.https_proxy)?];
        let mut tls = TlsConfig::builder();
        if let Some(path) = &network.certificates {
            let pem = fs::read(path).map_err(HubError::io(path))?;
            let items = parse_pem(&pem).filter_map(Result::ok);
            let certificates: Vec<_> =
                items.filter_map(|item| if let PemItem::Certificate(one) = item { Some(one) } else { None }).collect();
            if certificates.is_empty() {
                return Err(HubError::Name { name: path.display().to_string(), fault: NameFault::NoCertificate });
            }
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        Ok(Self { network, tls: tls.build(), proxies })
    }

    /// A pool of connections, which can be cut off from another thread.
    pub(crate) fn agent(&self) -> Agent {
        Agent::new_with_config(
            Agent::config_builder()
                .user_agent(&self.network.user_agent)
                // Compressed bytes have no ranges, and weights do not shrink.
                .accept_encoding("identity")
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .proxy(None)
                .tls_config(self.tls.clone())
                .timeout_resolve(Some(SILENCE))
                .timeout_connect(Some(SILENCE))
                .timeout_per_read(Some(SILENCE))
                .timeout_per_write(Some(SILENCE))
                .max_idle_connections_per_host(self.network.connections)
                .build(),
        )
    }

    /// One request with its redirects. The answer's status is 200, 206 or 416.
    pub(crate) fn ask(&self, agent: &Agent, link: &Link, headers: &[(&str, String)]) -> Result<Answer, RequestError> {
        let refused = |url: &str, fault| RequestError::fatal(HubError::Answer { url: url.into(), fault });
        let mut at = link.url.clone();
        for _ in 0..=REDIRECTS {
            let origin = url::origin(&at).ok_or_else(|| refused(&at, AnswerFault::NotHttp))?;
            let own = url::origin(&link.url).as_ref() == Some(&origin);
            let mut request = agent.get(&at);
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            if let Some(Token(token)) = link.token.as_ref().filter(|_| own) {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            let proxy = self.proxies[usize::from(origin.0 == "https")].clone();
            let response = request.config().proxy(proxy).build().call().map_err(|error| broken(&at, &error))?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return checked_status(link, Answer { url: at, response });
            }
            let Some(location) = header(response.headers(), "location") else {
                return Err(refused(&at, AnswerFault::NoLocation));
            };
            let next = url::join(&at, location);
            if origin.0 == "https" && url::origin(&next).is_some_and(|next| next.0 == "http") {
                return Err(refused(&at, AnswerFault::Insecure { next }));
            }
            at = next;
        }
        Err(refused(&link.url, AnswerFault::Redirects { limit: REDIRECTS }))
    }

    /// The JSON at a link. Failures that may pass are tried again.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        link: &Link,
        accept: &str,
        stop: &AtomicBool,
    ) -> Result<T, HubError> {
        let agent = self.agent();
        let headers = [("Accept", accept.to_owned())];
        let bytes = self.patiently(stop, || {
            let mut answer = self.ask(&agent, link, &headers)?;
            let mut bytes = Vec::new();
            let mut reader = answer.response.body_mut().as_reader().take(LISTING_LIMIT);
            reader.read_to_end(&mut bytes).map_err(|error| broken(&link.url, &error.into()))?;
            Ok(bytes)
        })?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let fault = ListingFault::Json { said: error.to_string() };
            HubError::Answer { url: link.url.clone(), fault: fault.into() }
        })
    }

    /// Asks for one byte of a file, to learn its name and where it is.
    pub(crate) fn touch(&self, link: &Link, stop: &AtomicBool) -> Result<Answer, HubError> {
        let agent = self.agent();
        self.patiently(stop, || self.ask(&agent, link, &[("Range", "bytes=0-0".to_owned())]))
    }

    /// Tries until it succeeds, fails for good, or patience ends.
    fn patiently<T>(
        &self,
        stop: &AtomicBool,
        mut attempt: impl FnMut() -> Result<T, RequestError>,
    ) -> Result<T, HubError> {
        let mut tries = 0;
        loop {
            match attempt() {
                Ok(value) => return Ok(value),
                Err(RequestError::Final(error)) => return Err(*error),
                Err(RequestError::Retry(error, after)) => {
                    tries += 1;
                    let Some(pause) = self.pause(tries, after) else { return Err(*error) };
                    if !pause_unless_stopped(pause, stop) {
                        return Err(*error);
                    }
                }
            }
        }
    }

    /// How long to wait before the next try; nothing when patience has ended.
    pub(crate) fn pause(&self, tries: u32, after: Option<Duration>) -> Option<Duration> {
        let own = self.network.first_pause.saturating_mul(1 << tries.saturating_sub(1).min(10));
        let pause = after.unwrap_or(own.min(self.network.longest_pause));
        (tries < self.network.tries && pause <= self.network.longest_pause).then_some(pause)
    }
}

/// Waits, unless it is asked to stop: then `false`.
pub(crate) fn pause_unless_stopped(pause: Duration, stop: &AtomicBool) -> bool {
    let until = Instant::now() + pause;
    while !stop.load(Ordering::SeqCst) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(Duration::from_millis(50)));
    }
    false
}

/// A connection that brought no answer.
pub(crate) fn broken(address: &str, error: &ureq::Error) -> RequestError {
    let host = url::host(address);
    let fault = match error {
        ureq::Error::HostNotFound => NetworkFault::UnknownHost,
        ureq::Error::Timeout(_) => NetworkFault::Silent { seconds: SILENCE.as_secs() },
        error => NetworkFault::Other { said: error.to_string() },
    };
    let fixed = matches!(
        error,
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::InvalidProxyUrl | ureq::Error::Rustls(_)
    );
    let error = HubError::Network { host, fault };
    if fixed { RequestError::fatal(error) } else { RequestError::retry(error, None) }
}

/// What a status means.
fn checked_status(link: &Link, answer: Answer) -> Result<Answer, RequestError> {
    let status = answer.response.status();
    let words = status.canonical_reason().unwrap_or_default();
    if matches!(status.as_u16(), 200 | 206 | 416) {
        return Ok(answer);
    }
    let said = answer.header("x-error-message").unwrap_or_default().chars().take(200).collect::<String>();
    let (url, host) = (link.url.clone(), url::host(&answer.url));
    let after = answer.header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    Err(match status.as_u16() {
        401 | 403 => RequestError::fatal(HubError::Refused {
            host,
            url,
            variable: link.variable,
            page: link.page.clone(),
            sent: link.token.is_some(),
            said,
        }),
        404 | 410 => RequestError::fatal(HubError::NotFound { url, said }),
        429 | 503 => {
            let seconds = after.map_or(0, |after| after.as_secs());
            RequestError::retry(HubError::Limited { host, seconds }, after)
        }
        408 | 500 | 502 | 504 => {
            let fault = NetworkFault::Status { status: status.as_u16(), words };
            RequestError::retry(HubError::Network { host, fault }, after)
        }
        status => RequestError::fatal(HubError::Answer { url, fault: AnswerFault::Status { status, words } }),
    })
}
