//! One server with a recording of a call in every format, and links to it in every state.

use crate::client::Answer;
use crate::running::{Server, run, stderr, stdout};
use crate::sources;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use tempfile::TempDir;

/// What a representation is when a client comes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The stored bytes.
    Original,
    /// A transcode of which nothing was made.
    Cold,
    /// A transcode that was made before.
    Cached,
}

impl State {
    pub const ALL: [Self; 3] = [Self::Original, Self::Cold, Self::Cached];
}

/// Every format, as options and as the extension that telephones know.
pub const FORMATS: [&str; 8] = ["wav", "ulaw", "alaw", "g722", "mp3", "ogg", "flac", "mp4"];

/// Formats whose length is known before anything is encoded.
pub const AT_ONCE: [&str; 6] = ["wav", "ulaw", "alaw", "g722", "mp3", "ogg"];

/// What uploaders say of recordings that are something else.
const MISDECLARED: [&str; 6] = [
    "audio/basic",
    "audio/vnd.wave",
    "audio/x-wav",
    "audio/mpeg",
    "text/plain",
    "audio/ogg; codecs=opus",
];

pub struct Site {
    pub server: Server,
    /// The call, 8 kHz mono WAV, about 100 s.
    pub call: Vec<u8>,
    /// Its link.
    pub link: String,
    /// The link of a stereo recording.
    pub stereo: String,
    /// A link to the call stored in each format.
    originals: Vec<(&'static str, String)>,
    /// Links to the call stored in each format, each declared as something else.
    misdeclared: Vec<(&'static str, String)>,
    /// Ends of clips given out: each makes a transcode that nobody asked for yet.
    clips: AtomicU64,
    pub folder: TempDir,
}

impl Site {
    /// The one of all tests that run at the same time.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Site>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(site) = shared.upgrade() {
            return site;
        }
        let site = Arc::new(Self::make());
        *shared = Arc::downgrade(&site);
        site
    }

    fn make() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("call.wav");
        sources::prompt(&["demo-instruct", "demo-congrats"], None, &path);
        let call = std::fs::read(&path).unwrap();
        let server = Server::start(&folder.path().join("data"), &[]);
        let link = server.upload("call.wav", &call);
        let stereo = server.upload("melody.flac", &std::fs::read(sources::melody()).unwrap());
        let mut originals = vec![("wav", link.clone())];
        for format in &FORMATS[1..] {
            let bytes = server.get(&format!("{link}?f={format}")).body;
            originals.push((format, server.upload(&format!("call.{format}"), &bytes)));
        }
        let mut misdeclared = Vec::new();
        for (format, link) in &originals {
            let bytes = server.get(link).body;
            for declared in MISDECLARED {
                let name = format!("call.{format}");
                misdeclared.push((*format, server.upload_declared(&name, &bytes, declared)));
            }
        }
        let clips = AtomicU64::new(60_000);
        Self { server, call, link, stereo, originals, misdeclared, clips, folder }
    }

    /// A link to the call in a format and a state, with further options, in the path form.
    pub fn link(&self, state: State, format: &str, options: &str) -> String {
        let (slash, options) = if options.is_empty() { ("", "") } else { ("/", options) };
        if state == State::Original {
            let stored = self.originals.iter().find(|(name, _)| *name == format);
            return format!("{}{slash}{options}/prompt.{format}", stored.expect("a format").1);
        }
        let end_ms = self.clips.fetch_add(1, Ordering::Relaxed);
        let link = format!("{}/t=0-{end_ms}{slash}{options}/prompt.{format}", self.link);
        if state == State::Cached {
            let answer = self.server.get(&link);
            assert!(answer.status == 200 && answer.whole, "{link}: {}", answer.text());
        }
        link
    }

    /// Links that ask for the call in the format that it's stored in, in every form, whatever it was declared as.
    pub fn misdeclared(&self, format: &str) -> Vec<String> {
        let links = self.misdeclared.iter().filter(|(stored, _)| *stored == format);
        let preset = match format {
            "wav" => Some("asterisk"),
            "ulaw" | "alaw" | "g722" => Some(format),
            _ => None,
        };
        let of = |link: &String| {
            let mut forms = vec![
                format!("{link}.{format}"),
                format!("{link}/prompt.{format}"),
                format!("{link}?f={format}"),
                format!("{link}/f={format}/prompt.{format}"),
                format!("{link}.{format}?rate=&ch="),
            ];
            if let Some(preset) = preset {
                forms.push(format!("{link}?p={preset}"));
                forms.push(format!("{link}/p={preset}/prompt.{format}"));
            }
            forms
        };
        links.flat_map(|(_, link)| of(link)).collect()
    }

    /// A link, signed on the command line for an hour.
    pub fn signed(&self, link: &str) -> String {
        let output = run(&["sign", link, "--data", self.server.data.to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim().to_owned()
    }

    /// A GET with these headers.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers)
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.server.request(method, path);
        headers.iter().fold(request, |r, (n, v)| r.header(n, v)).send()
    }
}

/// A header that must be there.
pub fn header(answer: &Answer, name: &str) -> String {
    answer.header(name).unwrap_or_else(|| panic!("no {name}: {:?}", answer.headers)).to_owned()
}

/// Content-Range's first, last and total.
pub fn content_range(answer: &Answer) -> (u64, u64, u64) {
    let value = header(answer, "content-range");
    let numbers = value.strip_prefix("bytes ").and_then(|v| v.split_once('/'));
    let (span, total) = numbers.unwrap_or_else(|| panic!("Content-Range: {value}"));
    let (first, last) = span.split_once('-').unwrap_or_else(|| panic!("Content-Range: {value}"));
    let number = |text: &str| text.parse().unwrap_or_else(|_| panic!("Content-Range: {value}"));
    (number(first), number(last), number(total))
}

/// A little-endian number in a WAV header.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Rate of a WAV that Asterisk takes: format tag 1, mono, 16 bits, true sizes.
pub fn telephone_wav_rate(bytes: &[u8]) -> u32 {
    assert_eq!((&bytes[..4], &bytes[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
    let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
    assert_eq!((u16_at(20), u16_at(22), u16_at(34)), (1, 1, 16), "tag, channels, bits");
    let data = bytes.windows(4).position(|w| w == b"data").expect("a data chunk");
    assert_eq!(u32_at(bytes, data + 4) as usize, bytes.len() - data - 8, "size of the data");
    u32_at(bytes, 24)
}
