//! The text of a mail (RFC 5322, RFC 2045): who called whom, when, how long, the link, and the recording.
//!
//! Header injection can't be: an address is one address, and what else stands in a header is encoded (RFC 2047).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// What a mail says.
#[derive(Debug, Clone, PartialEq)]
pub struct Letter {
    /// Its id, by which it is known again if it comes twice.
    pub mail_id: Uuid,
    /// When it was written, Unix milliseconds.
    pub written_at_ms: i64,
    /// Who called.
    pub caller: Option<String>,
    /// Who was called.
    pub callee: Option<String>,
    /// When, Unix milliseconds.
    pub called_at_ms: i64,
    /// How long, in seconds.
    pub duration_s: Option<f64>,
    /// The recording's link.
    pub link: String,
    /// The recording itself, if it isn't too large.
    pub recording: Option<Enclosed>,
}

/// A recording that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosed {
    /// The name of the attachment.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A mail can't be written.
#[derive(Debug, thiserror::Error)]
#[error("the mail can't be written: {0}")]
pub struct Unwritten(String);

impl Letter {
    /// The mail, and whom it goes to.
    ///
    /// # Errors
    /// [`Unwritten`] if `to` is no address.
    pub fn write(mut self, from: &Mailbox, to: &str) -> Result<(Envelope, Vec<u8>), Unwritten> {
        let to: Address = to.parse().map_err(|e| wrong(&e))?;
        let written = Duration::from_millis(self.written_at_ms.max(0).unsigned_abs());
        let text = SinglePart::plain(self.text());
        // RFC 3834 §5: no automatic answer to what a program wrote.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let message = Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(self.subject())
            .date(SystemTime::UNIX_EPOCH + written)
            .message_id(Some(format!("<{}@{}>", self.mail_id, from.email.domain())))
            .raw_header(HeaderValue::new(automatic, "auto-generated".into()));
        let message = match self.recording.take() {
            None => message.singlepart(text),
            Some(Enclosed { file_name, media_type, bytes }) => {
                let octets = || ContentType::parse("application/octet-stream");
                let media_type = ContentType::parse(&media_type).or_else(|_| octets());
                let media_type = media_type.map_err(|e| wrong(&e))?;
                let enclosed = Attachment::new(file_name).body(bytes, media_type);
                message.multipart(MultiPart::mixed().singlepart(text).singlepart(enclosed))
            }
        };
        let message = message.map_err(|e| wrong(&e))?;
        let envelope = Envelope::new(Some(from.email.clone()), vec![to]);
        Ok((envelope.map_err(|e| wrong(&e))?, message.formatted()))
    }

    fn who_called(&self) -> String {
        let name = |name: &Option<String>| name.as_deref().map(on_one_line);
        match (name(&self.caller), name(&self.callee)) {
            (Some(caller), Some(callee)) => format!("{caller} called {callee}"),
            (Some(caller), None) => format!("a call from {caller}"),
            (None, Some(callee)) => format!("a call to {callee}"),
            (None, None) => "a call".into(),
        }
    }

    fn subject(&self) -> String {
        // What looks like an encoded word (RFC 2047 §2) must not be read as one.
        format!("Recording: {}", self.who_called()).replace("=?", "= ?")
    }

    fn text(&self) -> String {
        let when = Timestamp::from_millisecond(self.called_at_ms).unwrap_or_default();
        let when = when.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC");
        let how_long = self.duration_s.map_or("not known".into(), length);
        let (who, link) = (self.who_called(), &self.link);
        let attached = match &self.recording {
            Some(_) => "The recording is attached.",
            None => "The recording is too large to be attached; the link plays it.",
        };
        format!(
            "A call was recorded.\n\nWho:       {who}\nWhen:      {when}\nHow long:  {how_long}\n\
             Recording: {link}\n\n{attached}\n"
        )
    }
}

/// Reads `joe@example.com` or `Joe <joe@example.com>`: one address, in ASCII.
#[must_use]
pub fn mailbox(text: &str) -> Option<Mailbox> {
    if text.contains(char::is_control) {
        return None;
    }
    let named = text.strip_suffix('>').and_then(|text| text.rsplit_once('<'));
    let (name, address) = named.map_or((None, text), |(name, address)| (Some(name), address));
    let name = name.map(|name| name.trim().trim_matches('"').to_owned());
    let address: Address = address.trim().parse().ok()?;
    address.to_string().is_ascii().then(|| Mailbox::new(name, address))
}

fn wrong(why: &dyn std::fmt::Display) -> Unwritten {
    Unwritten(why.to_string())
}

/// A text without what would end its line.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Hours, minutes and seconds, rounded to the nearest.
fn length(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn letter() -> Letter {
        Letter {
            mail_id: Uuid::nil(),
            written_at_ms: 1_700_000_000_000,
            caller: Some("+49 30 1234".into()),
            callee: Some("Jürgen Müller".into()),
            called_at_ms: 1_700_000_000_000,
            duration_s: Some(3725.4),
            link: "https://media.example.com/f/x?f=wav".into(),
            recording: None,
        }
    }

    fn written(letter: Letter) -> String {
        let from = mailbox("Tonearm <rec@example.com>").unwrap();
        let (envelope, bytes) = letter.write(&from, "joe@example.org").unwrap();
        assert_eq!(envelope.to(), ["joe@example.org".parse().unwrap()]);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_mail_says_who_called_whom_when_how_long_and_where_it_is() {
        let text = letter().text();
        for line in [
            "Who:       +49 30 1234 called Jürgen Müller",
            "When:      2023-11-14 22:13:20 UTC",
            "How long:  1:02:05",
            "Recording: https://media.example.com/f/x?f=wav",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{text}");
        }
        let unknown = Letter { caller: None, callee: None, duration_s: None, ..letter() };
        assert!(unknown.text().contains("Who:       a call\n"));
        assert!(unknown.text().contains("How long:  not known\n"));
    }

    #[test]
    fn the_head_is_that_of_one_mail_that_is_known_again() {
        let mail = written(letter());
        let (head, _) = mail.split_once("\r\n\r\n").unwrap();
        for line in [
            "From: Tonearm <rec@example.com>",
            "To: joe@example.org",
            "Message-ID: <00000000-0000-0000-0000-000000000000@example.com>",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(head.lines().any(|found| found == line), "{line} in {head}");
        }
        assert!(head.is_ascii() && head.contains("=?utf-8?b?"), "{head}");
    }

    #[test]
    fn a_sender_is_one_address_with_a_name_or_without() {
        let read = |text| mailbox(text).map(|m| (m.name.unwrap_or_default(), m.email.to_string()));
        let expected = Some(("Jürgen's Recorder".to_owned(), "rec@example.com".to_owned()));
        assert_eq!(read("Jürgen's Recorder <rec@example.com>"), expected);
        assert_eq!(read("\"Jürgen's Recorder\" <rec@example.com>"), expected);
        assert_eq!(read("rec@example.com"), expected.map(|(_, address)| (String::new(), address)));
        for none in
            ["", "joe", "a@b.c, d@e.f", "Joe <a@b.c> d@e.f", "a@b.c\r\nBcc: d@e.f", "jö@b.c"]
        {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    #[test]
    fn an_address_that_is_more_than_one_writes_no_mail() {
        let from = mailbox("rec@example.com").unwrap();
        for to in ["", "joe", "a@b.c, d@e.f", "a@b.c\r\nBcc: d@e.f", "a@b.c\n", "<a@b.c> x@y.z"] {
            assert!(letter().write(&from, to).is_err(), "{to:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_adds_a_line_to_the_head(caller in any::<String>(), callee in "[\r\n\tA-Z: ]*") {
            let names = Letter { caller: Some(caller), callee: Some(callee), ..letter() };
            let mail = written(names);
            let (head, _) = mail.split_once("\r\n\r\n").unwrap();
            let fields = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
            let names: Vec<_> = fields.map(|line| line.split(':').next().unwrap()).collect();
            let expected = [
                "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
                "Content-Type", "Content-Transfer-Encoding",
            ];
            prop_assert!(names.iter().all(|name| expected.contains(name)), "{}", head);
            prop_assert_eq!(names.len(), expected.len());
            prop_assert!(!head.contains('\0') && head.split("\r\n").all(|line| !line.contains(['\r', '\n'])));
        }
    }
}
