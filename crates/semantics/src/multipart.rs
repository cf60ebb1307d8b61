//! `multipart/byteranges`: RFC 9110 §14.6, with an exact length beforehand.

use std::ops::Range;

/// A multipart body: before each range its head, after the last the epilogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// The value of Content-Type.
    pub content_type: String,
    /// Each part's head and the bytes that follow it.
    pub parts: Vec<(Vec<u8>, Range<u64>)>,
    /// What closes the body.
    pub epilogue: Vec<u8>,
}

impl Multipart {
    /// Frames ranges of a representation of `length_bytes`. The boundary comes of the ETag, so that the
    /// same request has the same answer.
    #[must_use]
    pub fn new(etag: &str, content_type: &str, ranges: &[Range<u64>], length_bytes: u64) -> Self {
        let tag: String = etag.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let boundary = format!("range-{tag}");
        let head = |range: &Range<u64>| {
            format!(
                "\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: bytes {}-{}/{length_bytes}\r\n\r\n",
                range.start,
                range.end - 1
            )
            .into_bytes()
        };
        Self {
            parts: ranges.iter().map(|range| (head(range), range.clone())).collect(),
            epilogue: format!("\r\n--{boundary}--\r\n").into_bytes(),
            content_type: format!("multipart/byteranges; boundary={boundary}"),
        }
    }

    /// Length of the whole body in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        let part =
            |(head, range): &(Vec<u8>, Range<u64>)| head.len() as u64 + range.end - range.start;
        self.parts.iter().map(part).sum::<u64>() + self.epilogue.len() as u64
    }
}
