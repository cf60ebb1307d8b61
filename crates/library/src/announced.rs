//! What an upload of several requests is announced as, and its form in the note beside its draft.

use serde_json::{Value, json};
use uuid::Uuid;

/// What is known of an upload, whatever has come of it.
pub(crate) struct Announced {
    pub id: Uuid,
    pub partner_sid: Uuid,
    pub token_id: Uuid,
    pub length_bytes: u64,
    /// What its sender said of the file, in the sender's words.
    pub said: String,
}

impl Announced {
    /// As it is noted beside the draft.
    pub fn note(&self) -> String {
        json!({
            "id": self.id.to_string(),
            "partner_sid": self.partner_sid.to_string(),
            "token_id": self.token_id.to_string(),
            "length_bytes": self.length_bytes,
            "said": self.said,
        })
        .to_string()
    }

    /// What a note says; nothing if it was cut off.
    pub fn of(note: &str) -> Option<Self> {
        let note: Value = serde_json::from_str(note).ok()?;
        let id = |name: &str| Uuid::try_parse(note[name].as_str()?).ok();
        Some(Self {
            id: id("id")?,
            partner_sid: id("partner_sid")?,
            token_id: id("token_id")?,
            length_bytes: note["length_bytes"].as_u64()?,
            said: note["said"].as_str()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_note_reads_as_it_was_written_and_one_that_is_cut_off_says_nothing() {
        let id = Uuid::new_v4;
        let said = "filename aGk=,x \"\n".to_owned();
        let (id, partner_sid, token_id) = (id(), id(), id());
        let announced = Announced { id, partner_sid, token_id, length_bytes: u64::MAX, said };
        let note = announced.note();
        let read = Announced::of(&note).unwrap();
        assert_eq!((read.id, read.token_id), (announced.id, announced.token_id));
        assert_eq!((read.length_bytes, read.said), (u64::MAX, announced.said));
        for end in 0..note.len() {
            assert!(Announced::of(&note[..end]).is_none(), "{end}");
        }
    }
}
