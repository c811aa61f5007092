//! The few things about addresses that are needed here (RFC 3986).

/// Scheme, host and port of an address, in small letters; nothing for what is no `http` address.
pub fn origin(url: &str) -> Option<(&str, String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.to_lowercase();
    let usual = if scheme == "https" { 443 } else { 80 };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name.to_owned(), port.parse().ok()?),
        _ => (host, usual),
    };
    if name.is_empty() { None } else { Some((scheme, name, port)) }
}

/// The host of an address, for messages.
pub fn host(url: &str) -> String {
    origin(url).map_or_else(|| url.to_owned(), |(_, host, _)| host)
}

/// Where a redirect leads.
pub fn join(base: &str, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default();
    if location.contains("://") {
        return location.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    if location.starts_with("//") {
        return format!("{scheme}:{location}");
    }
    let path_at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path_at);
    if location.starts_with('/') {
        return format!("{scheme}://{authority}{location}");
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut folders: Vec<&str> = path.split('/').skip(1).collect();
    folders.pop();
    let (location, query) = location.find('?').map_or((location, ""), |at| location.split_at(at));
    let mut parts = location.split('/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            ".." => _ = folders.pop(),
            "." => {}
            part => folders.push(part),
        }
        if last && matches!(part, "." | "..") {
            folders.push("");
        }
    }
    format!("{scheme}://{authority}/{}{query}", folders.join("/"))
}

/// A text as a part of a path: everything but letters, digits and `-._~/` is escaped.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// As [`encoded`], as one part of a path: its `/` are escaped, too.
pub fn encoded_part(text: &str) -> String {
    encoded(text).replace('/', "%2F")
}

/// The text that was escaped; bytes that are no UTF-8 are replaced.
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The path of an address, unescaped, without a `/` before it.
pub fn path(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or_default().split_once('/').map_or("", |(_, path)| path);
    decoded(path)
}

/// The value of a key in the query of an address.
pub fn query(url: &str, key: &str) -> Option<String> {
    let (_, query) = url.split('#').next()?.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| *name == key).map(|(_, value)| decoded(value)).next()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn redirects_lead_where_the_standard_says() {
        let base = "https://a.b:8/c/d?e=/f#g";
        for (location, expected) in [
            ("https://x/y", "https://x/y"),
            ("//x/y", "https://x/y"),
            ("/y?z#w", "https://a.b:8/y?z"),
            ("y", "https://a.b:8/c/y"),
            ("../../y/./z/../w?v=../u", "https://a.b:8/y/w?v=../u"),
            ("..", "https://a.b:8/"),
        ] {
            assert_eq!(join(base, location), expected);
        }
        assert_eq!(join("http://a", "y"), "http://a/y");
    }

    #[test]
    fn origins_differ_in_scheme_host_and_port() {
        assert_eq!(origin("https://User@Hub.co/x"), Some(("https", "hub.co".into(), 443)));
        assert_eq!(origin("HTTP://hub.co:80?x"), Some(("http", "hub.co".into(), 80)));
        assert_eq!(origin("http://[::1]:8080/"), Some(("http", "[::1]".into(), 8080)));
        assert_eq!(origin("https://good@evil.com"), origin("https://evil.com/"));
        for wrong in ["", "ftp://x", "https://", "http://x:y", "file:///x"] {
            assert_eq!(origin(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parts_are_taken_out() {
        let url = "https://c.com/models/4%20x/n?modelVersionId=12&x=%E7%8C%AB#z";
        assert_eq!((path(url).as_str(), query(url, "x").as_deref()), ("models/4 x/n", Some("猫")));
        assert_eq!((query(url, "modelVersionId").as_deref(), query(url, "y")), (Some("12"), None));
    }

    proptest! {
        #[test]
        fn any_text_goes_through(text in "(?s).{0,20}", other in "(?s).{0,20}|[%a-f0-9:/?#@]{0,20}") {
            prop_assert_eq!(decoded(&encoded(&text)), text);
            let _ = (origin(&other), join(&other, &other), path(&other), query(&other, "x"), decoded(&other));
        }
    }
}
