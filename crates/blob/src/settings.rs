//! Where a server's own objects lie, as a URL tells it.
//!
//! Credentials are never in the URL: the clouds' own environment variables and roles tell them.

use crate::bucket::{Bucket, Cloud};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::str::FromStr;

/// Where a server's own objects lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// In the data folder.
    #[default]
    DataFolder,
    /// In a bucket.
    Bucket(Bucket),
}

/// Why a URL names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}; expected {EXPECTED}")]
pub struct BadUrl(String);

const EXPECTED: &str = "file: (the data folder), s3://BUCKET/PREFIX?region=R&endpoint=URL, gs://BUCKET/PREFIX or \
                        az://ACCOUNT/CONTAINER/PREFIX";

impl FromStr for Place {
    type Err = BadUrl;

    fn from_str(url: &str) -> Result<Self, BadUrl> {
        if url == "file:" {
            return Ok(Self::DataFolder);
        }
        let wrong = |what: &str| BadUrl(format!("`{url}` {what}"));
        let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("has no known scheme"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut region, mut endpoint) = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8();
            let value = value.map_err(|_| wrong("is not UTF-8"))?.into_owned();
            match key {
                "region" if scheme == "s3" => region = Some(value),
                "endpoint" => endpoint = Some(value),
                _ => return Err(wrong(&format!("has an unknown parameter `{key}`"))),
            }
        }
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        let (cloud, name, prefix) = match scheme {
            "s3" => (Cloud::S3 { region, keys: None }, first, rest),
            "gs" => (Cloud::Google { account: None }, first, rest),
            "az" => {
                let (container, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                (Cloud::Azure { account: first.into(), key: None }, container, prefix)
            }
            _ => return Err(wrong("has no known scheme")),
        };
        if first.is_empty() || name.is_empty() {
            return Err(wrong("names no bucket"));
        }
        Ok(Self::Bucket(Bucket::new(cloud, name.into(), prefix, endpoint)))
    }
}

impl fmt::Display for Place {
    /// The URL without its parameters: what tells a store from another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataFolder => f.write_str("file:"),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}
