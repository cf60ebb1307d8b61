//! Where the buckets of customers may lie: who names an address could have the server ask whom only the server may.

use std::fmt;
use std::str::FromStr;

/// The hosts that a container may name, by patterns: `*` stands for anything but a `/`. A pattern is for https, or for
/// http where it begins with `http://`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints(Vec<String>);

const CLOUDS: &str = "*.amazonaws.com,*.amazonaws.com.cn,*.googleapis.com,*.blob.core.windows.net";

impl Default for Endpoints {
    fn default() -> Self {
        Self(CLOUDS.split(',').map(str::to_owned).collect())
    }
}

/// No list of patterns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}`; expected hosts such as *.amazonaws.com or http://127.0.0.1:*, parted by commas")]
pub struct BadEndpoints(String);

impl FromStr for Endpoints {
    type Err = BadEndpoints;

    fn from_str(text: &str) -> Result<Self, BadEndpoints> {
        let patterns = text.split(',').map(|pattern| pattern.trim().to_ascii_lowercase());
        let patterns: Vec<_> = patterns.filter(|pattern| !pattern.is_empty()).collect();
        let host = |pattern: &String| {
            let host = pattern.strip_prefix("http://").unwrap_or(pattern).to_owned();
            !host.is_empty() && !host.contains(['/', '@', '?', '#', ' '])
        };
        match patterns.iter().find(|pattern| !host(pattern)) {
            Some(wrong) => Err(BadEndpoints(wrong.clone())),
            None => Ok(Self(patterns)),
        }
    }
}

impl fmt::Display for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

impl Endpoints {
    /// Whether a URL leads to one of them.
    pub(crate) fn allow(&self, url: &str) -> bool {
        let url = url.to_ascii_lowercase();
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let host = rest.split('/').next().unwrap_or_default();
        if host.is_empty()
            || url.contains(['@', '?', '#', '\\'])
            || url.contains(char::is_whitespace)
        {
            return false;
        }
        self.0.iter().any(|pattern| match pattern.strip_prefix("http://") {
            Some(pattern) => scheme == "http" && matches(pattern, host),
            None => scheme == "https" && matches(pattern, host),
        })
    }
}

/// Whether a text is a pattern's, whose `*` stand for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|n| rest.get(n..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_the_hosts_of_the_patterns_are_allowed_and_http_only_where_it_is_said() {
        let clouds = Endpoints::default();
        for url in ["https://s3.eu-west-1.amazonaws.com", "https://a.blob.core.windows.net/x"] {
            assert!(clouds.allow(url), "{url}");
        }
        for url in [
            "http://s3.amazonaws.com",
            "https://127.0.0.1",
            "https://169.254.169.254",
            "https://amazonaws.com.evil.org",
            "https://evil.org/.amazonaws.com",
            "https://evil.org#.amazonaws.com",
            "https://evil.org?.amazonaws.com",
            "https://x.amazonaws.com@evil.org",
            "https://evil.org\\.amazonaws.com",
            "s3.amazonaws.com",
            "",
        ] {
            assert!(!clouds.allow(url), "{url}");
        }
        let tests: Endpoints = "http://127.0.0.1:*, minio.lan:9000".parse().unwrap();
        assert!(tests.allow("http://127.0.0.1:8333") && tests.allow("https://MinIO.lan:9000/"));
        assert!(!tests.allow("https://127.0.0.1:8333") && !tests.allow("https://minio.lan"));
        assert!("a/b".parse::<Endpoints>().is_err());
        assert_eq!(clouds.to_string().parse(), Ok(clouds));
    }
}
