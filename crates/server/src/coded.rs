//! Texts in the codings that clients take (RFC 9110 §8.4.1): what is served often is coded once, lists as they are
//! answered.

use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use semantics::coding::Coding;
use std::io::Write;
use std::sync::OnceLock;

/// Brotli's window: 2 to the power of it, in bytes.
const WINDOW: u32 = 22;

/// How hard a coder tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For what is kept.
    Best,
    /// For what somebody waits for.
    Quick,
}

/// A text and its codings, each made when it is first wanted.
pub struct Coded {
    plain: Bytes,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

impl Coded {
    /// Of a text.
    pub fn new(plain: Bytes) -> Self {
        Self { plain, brotli: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// The text in a coding.
    pub fn bytes(&self, coding: Coding) -> Bytes {
        let made = || encode(&self.plain, coding, Effort::Best);
        match coding {
            Coding::Identity => self.plain.clone(),
            Coding::Brotli => self.brotli.get_or_init(made).clone(),
            Coding::Gzip => self.gzip.get_or_init(made).clone(),
        }
    }
}

/// A text in a coding.
pub fn encode(plain: &Bytes, coding: Coding, effort: Effort) -> Bytes {
    // Writing to memory can't fail.
    match coding {
        Coding::Identity => plain.clone(),
        Coding::Brotli => {
            let quality = if effort == Effort::Best { 9 } else { 4 };
            let mut to = CompressorWriter::new(Vec::new(), 64 * 1024, quality, WINDOW);
            let _ = to.write_all(plain);
            to.into_inner().into()
        }
        Coding::Gzip => {
            let level =
                if effort == Effort::Best { Compression::best() } else { Compression::new(4) };
            let mut to = GzEncoder::new(Vec::new(), level);
            let _ = to.write_all(plain);
            to.finish().unwrap_or_default().into()
        }
    }
}
