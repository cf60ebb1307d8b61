//! What a recording says of itself: read from wherever its format keeps it, and written into the header of those
//! that carry it. Bounded, so that no header grows long.

pub mod cover;
pub mod id3;
pub mod vorbis;

use cover::Cover;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A kind of tag, and what each format calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name in facts.
    pub name: &'static str,
    /// The name in links.
    pub option: &'static str,
    /// The frame of ID3v2.4, those of 2.3 and 2.2.
    id3: [&'static [u8]; 3],
    /// The name in Vorbis comments and in Matroska.
    pub vorbis: &'static str,
    /// The item in MP4.
    pub mp4: [u8; 4],
    /// The chunk in RIFF's `INFO`.
    pub riff: [u8; 4],
}

/// All of them.
pub const FIELDS: [Field; 5] = [
    field("title", "tag-title", [b"TIT2", b"TIT2", b"TT2"], "TITLE", *b"\xa9nam", *b"INAM"),
    field("artist", "tag-artist", [b"TPE1", b"TPE1", b"TP1"], "ARTIST", *b"\xa9ART", *b"IART"),
    field("album", "tag-album", [b"TALB", b"TALB", b"TAL"], "ALBUM", *b"\xa9alb", *b"IPRD"),
    field("date", "tag-date", [b"TDRC", b"TYER", b"TYE"], "DATE", *b"\xa9day", *b"ICRD"),
    field("comment", "tag-comment", [b"COMM", b"COMM", b"COM"], "COMMENT", *b"\xa9cmt", *b"ICMT"),
];

const fn field(
    name: &'static str,
    option: &'static str,
    id3: [&'static [u8]; 3],
    vorbis: &'static str,
    mp4: [u8; 4],
    riff: [u8; 4],
) -> Field {
    Field { name, option, id3, vorbis, mp4, riff }
}

/// Characters of a text that are kept, and the bytes that they may have.
const LONGEST: usize = 1000;
const LONGEST_BYTES: usize = 2000;

/// All that a recording says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Its texts.
    pub tags: Tags,
    /// Its picture.
    pub cover: Option<Cover>,
}

impl Said {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.cover.is_none()
    }

    /// Takes a picture in place of none, or the front cover in place of another picture.
    pub fn show(&mut self, cover: Option<Cover>) {
        if let Some(cover) = cover
            && self.cover.as_ref().is_none_or(|known| cover.is_front && !known.is_front)
        {
            self.cover = Some(cover);
        }
    }

    /// Whether no other picture would be taken.
    #[must_use]
    pub fn has_front(&self) -> bool {
        self.cover.as_ref().is_some_and(|known| known.is_front)
    }

    /// Takes what others say of which it says nothing.
    pub fn complete(&mut self, others: Self) {
        self.tags.complete(&others.tags);
        self.show(others.cover);
    }
}

impl From<Tags> for Said {
    fn from(tags: Tags) -> Self {
        Self { tags, cover: None }
    }
}

/// The texts, at most one of each of [`FIELDS`]: none empty, none with control characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct Tags([Option<String>; FIELDS.len()]);

impl Tags {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Those that there are.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Field, &str)> {
        let pairs = FIELDS.iter().zip(&self.0);
        pairs.filter_map(|(field, text)| Some((field, text.as_deref()?)))
    }

    /// Takes a text for a kind, in place of one that there is. What is no text is dropped, and what is too long
    /// cut.
    pub fn set(&mut self, field: &Field, text: &str) {
        let mut room = LONGEST_BYTES;
        let fits = |c: &char| {
            let left = room.checked_sub(c.len_utf8());
            room = left.unwrap_or(0);
            left.is_some()
        };
        let said = text.chars().filter(|c| !c.is_control()).take(LONGEST);
        let kept: String = said.take_while(fits).collect();
        let kept = kept.trim();
        let place = FIELDS.iter().zip(&mut self.0).find(|(known, _)| *known == field);
        if let Some((_, place)) = place.filter(|_| !kept.is_empty()) {
            *place = Some(kept.to_owned());
        }
    }

    /// Takes a text for a kind of which there is none.
    pub fn add(&mut self, field: &Field, text: &str) {
        if self.iter().all(|(known, _)| known != field) {
            self.set(field, text);
        }
    }

    /// Takes a text for the kind of that name in facts, if there is one and none of it yet.
    pub fn add_named(&mut self, name: &str, text: &str) {
        if let Some(field) = FIELDS.iter().find(|field| field.name == name) {
            self.add(field, text);
        }
    }

    /// Takes those of others for what it has none of.
    pub fn complete(&mut self, others: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&others.0) {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
    }
}

impl From<BTreeMap<String, String>> for Tags {
    fn from(named: BTreeMap<String, String>) -> Self {
        let mut tags = Self::default();
        for field in &FIELDS {
            tags.set(field, named.get(field.name).map_or("", String::as_str));
        }
        tags
    }
}

impl From<Tags> for BTreeMap<String, String> {
    fn from(tags: Tags) -> Self {
        tags.iter().map(|(field, text)| (field.name.to_owned(), text.to_owned())).collect()
    }
}
