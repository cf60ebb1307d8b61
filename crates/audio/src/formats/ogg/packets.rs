//! The packets of one logical stream, put together from its pages.

use super::pages::{Page, Pages};
use std::io;

/// Packets longer than this are given empty: cover art in the comments, say.
const LONGEST_PACKET: usize = 1 << 20;

/// Where a packet stands.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Offset of the page on which it ends.
    pub page: u64,
    /// Whether it is the first that begins on that page (a decode can begin here).
    pub opens_page: bool,
    /// Whether it is the last that ends on that page: then the granule is its own.
    pub closes_page: bool,
    /// The page's granule position.
    pub granule: i64,
    /// Whether the page is the stream's last.
    pub last_page: bool,
}

/// Reads packets; pages of other streams are passed over.
pub struct OggPackets {
    pages: Pages,
    serial: u32,
    page: Option<Page>,
    /// Next lacing value, and next byte of the body.
    at: (usize, usize),
    /// The beginning of a packet that goes on.
    partial: Vec<u8>,
    /// Whether the partial packet's beginning was seen, and whether it began on this page.
    begun: bool,
    began_here: bool,
    opened: bool,
    sequence: Option<u32>,
    /// Whether pages behind the stream's first were seen.
    is_under_way: bool,
    followed_at: Option<u64>,
}

impl OggPackets {
    /// The packets of the stream `serial` in these pages.
    #[must_use]
    pub fn new(pages: Pages, serial: u32) -> Self {
        Self {
            pages,
            serial,
            page: None,
            at: (0, 0),
            partial: Vec::new(),
            begun: false,
            began_here: false,
            opened: false,
            sequence: None,
            is_under_way: false,
            followed_at: None,
        }
    }

    /// Bytes that belonged to no whole page.
    #[must_use]
    pub fn skipped_bytes(&self) -> u64 {
        self.pages.skipped_bytes
    }

    /// Bytes that may still be summed up in vain.
    #[must_use]
    pub fn patience_bytes(&self) -> usize {
        self.pages.patience_bytes
    }

    /// Where the next link of a chained file begins, once this one has ended (RFC 3533 §4).
    #[must_use]
    pub fn followed_at(&self) -> Option<u64> {
        self.followed_at
    }

    /// The next packet into `data`.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self, data: &mut Vec<u8>) -> io::Result<Option<Place>> {
        loop {
            if let Some(place) = self.next_on_page(data) {
                return Ok(Some(place));
            }
            if !self.turn_page()? {
                return Ok(None);
            }
        }
    }

    fn turn_page(&mut self) -> io::Result<bool> {
        let ended = self.page.as_ref().is_some_and(|p| p.last);
        let page = loop {
            match self.pages.next()? {
                None => return Ok(false),
                // A first page behind others begins the next link, also where the last one has no last page.
                Some(page) if page.first && (ended || self.is_under_way) => {
                    self.followed_at = Some(page.offset);
                    return Ok(false);
                }
                Some(page) if page.serial == self.serial && !ended => break page,
                Some(_) => {}
            }
        };
        self.is_under_way |= !page.first;
        let in_step = self.sequence.is_none_or(|s| s.wrapping_add(1) == page.sequence);
        if !page.continued || !in_step {
            self.partial.clear();
            // Without its beginning, what goes on here is passed over.
            self.begun = !page.continued;
        }
        self.began_here = !page.continued;
        self.opened = false;
        self.sequence = Some(page.sequence);
        self.at = (0, 0);
        self.page = Some(page);
        Ok(true)
    }

    fn next_on_page(&mut self, data: &mut Vec<u8>) -> Option<Place> {
        let page = self.page.as_ref()?;
        loop {
            let lacing = *page.lacing.get(self.at.0)?;
            let piece = page.body.get(self.at.1..self.at.1 + usize::from(lacing))?;
            self.at = (self.at.0 + 1, self.at.1 + usize::from(lacing));
            if self.begun && self.partial.len() <= LONGEST_PACKET {
                self.partial.extend_from_slice(piece);
            }
            if lacing == 255 {
                continue;
            }
            let (begun, began_here) = (self.begun, self.began_here);
            std::mem::swap(data, &mut self.partial);
            self.partial.clear();
            if data.len() > LONGEST_PACKET {
                data.clear();
            }
            self.begun = true;
            self.began_here = true;
            if begun {
                let opens_page = began_here && !self.opened;
                self.opened |= began_here;
                return Some(Place {
                    page: page.offset,
                    opens_page,
                    closes_page: !page.lacing[self.at.0..].iter().any(|&l| l < 255),
                    granule: page.granule,
                    last_page: page.last,
                });
            }
        }
    }
}
