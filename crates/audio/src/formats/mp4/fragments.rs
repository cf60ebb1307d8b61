//! Movie fragments (ISO 14496-12 §8.8): the packets that stand behind `moov`, run by run, as recorders write them that
//! can't know how much is to come.

use super::boxes::{BoxAt, box_at, descend, find};
use super::table::Place;
use crate::Source;
use crate::demux::bytes::{u32_be, u64_be};
use crate::demux::index::{IndexReader, IndexWriter, Places};
use crate::demux::window::Window;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// The fragments of one track.
#[derive(Debug, Clone, Default)]
pub struct Fragments {
    track: u32,
    /// Size and duration of packets where the fragments state none (`trex`).
    defaults: Defaults,
    /// Offsets of `moof` boxes and the numbers of their first packets, from the first fragment's on.
    places: Places,
    /// Number of packets.
    pub count: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Defaults {
    size: u32,
    duration: u32,
}

/// What a walk over all fragments measured.
#[derive(Debug, Default)]
pub struct Measured {
    /// Sum of the durations, in the media's time scale.
    pub duration: u64,
    /// Sum of the sizes.
    pub bytes: u64,
    /// Whether a packet is not wholly in the file.
    pub is_cut: bool,
}

/// A packet of a fragment.
#[derive(Debug, Clone, Copy)]
struct Packet {
    place: Place,
    duration: u32,
}

/// Top level boxes that are looked at: fragments of a second for six days.
const MOST_BOXES: usize = 1 << 20;

/// Packets of one fragment that are believed.
const MOST_PACKETS: usize = 1 << 20;

impl Fragments {
    /// Whether a file announces fragments in its `moov`.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn announced(window: &mut Window, moov: &Range<u64>) -> io::Result<bool> {
        Ok(!descend(window, moov, &[b"mvex"])?.is_empty())
    }

    /// Walks over all fragments of a track. No more packets are looked at than the file has bytes: each can be told in
    /// no bytes at all.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn find(
        window: &mut Window,
        moov: &Range<u64>,
        track: u32,
    ) -> io::Result<(Self, Measured)> {
        let defaults = defaults(window, moov, track)?;
        let mut fragments = Self { track, defaults, ..Self::default() };
        let mut measured = Measured::default();
        let end = window.length_bytes();
        let (mut at, mut left) = (0, end);
        for _ in 0..MOST_BOXES {
            let Some(found) = box_at(window, at, end)? else { break };
            if &found.kind == b"moof" {
                let packets = packets(window, at, &found, (track, defaults), &mut left)?;
                let whole = packets.iter().take_while(|p| p.place.end() <= end);
                let before = fragments.count;
                for packet in whole {
                    fragments.count += 1;
                    measured.duration = measured.duration.saturating_add(packet.duration.into());
                    measured.bytes += u64::from(packet.place.length);
                }
                if fragments.count > before {
                    fragments.places.add(at, before, 1);
                }
                if fragments.count - before < packets.len() as u64 || left == 0 {
                    measured.is_cut = true;
                    break;
                }
            }
            at = found.body.end;
        }
        Ok((fragments, measured))
    }

    /// The first packet's place.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn first(&self, source: &Source) -> io::Result<Option<Place>> {
        let Some((at, _)) = self.places.before(0) else { return Ok(None) };
        let mut window = Window::new(source);
        let end = window.length_bytes();
        let Some(found) = box_at(&mut window, at, end)? else { return Ok(None) };
        let own = (self.track, self.defaults);
        let packets = packets(&mut window, at, &found, own, &mut end.clone())?;
        Ok(packets.first().map(|packet| packet.place))
    }

    /// Appends the fragments to an index, to its end.
    pub fn write(&self, index: &mut IndexWriter) {
        index.put(self.track.into());
        index.put(self.defaults.size.into());
        index.put(self.count);
        self.places.write(index);
    }

    /// Reads what [`Fragments::write`] wrote; none where nothing was.
    #[must_use]
    pub fn read(index: &mut IndexReader<'_>) -> Option<Self> {
        let Some(track) = index.take() else { return Some(Self::default()) };
        let track = u32::try_from(track).ok()?;
        let size = u32::try_from(index.take()?).ok()?;
        let count = index.take()?;
        let defaults = Defaults { size, duration: 0 };
        Some(Self { track, defaults, places: Places::read(index)?, count })
    }
}

/// Goes through the packets in order.
pub struct FragmentWalk {
    window: Window,
    fragments: Fragments,
    /// The next box of the top level.
    at: u64,
    ready: VecDeque<Packet>,
    next: u64,
}

impl FragmentWalk {
    /// At packet `first` of the fragments.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn new(fragments: Fragments, source: &Source, first: u64) -> io::Result<Self> {
        let (at, next) = fragments.places.before(first).unwrap_or((u64::MAX, first));
        let ready = VecDeque::new();
        let mut walk = Self { window: Window::new(source), fragments, at, ready, next };
        while walk.next < first && walk.next()?.is_some() {}
        Ok(walk)
    }

    /// The next packet's place.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self) -> io::Result<Option<Place>> {
        if self.next >= self.fragments.count {
            return Ok(None);
        }
        let end = self.window.length_bytes();
        while self.ready.is_empty() {
            let Some(found) = box_at(&mut self.window, self.at, end)? else { return Ok(None) };
            if &found.kind == b"moof" {
                let own = (self.fragments.track, self.fragments.defaults);
                let all = packets(&mut self.window, self.at, &found, own, &mut end.clone())?;
                self.ready = all.into();
            }
            self.at = found.body.end;
        }
        self.next += 1;
        Ok(self.ready.pop_front().map(|packet| packet.place))
    }
}

fn defaults(window: &mut Window, moov: &Range<u64>, track: u32) -> io::Result<Defaults> {
    let mvex = descend(window, moov, &[b"mvex"])?;
    let mut defaults = Defaults::default();
    find(window, &mvex, |window, found| {
        let body = window.peek(found.body.start, 24)?;
        let is_ours = &found.kind == b"trex" && u32_be(body, 4) == Some(track);
        if is_ours {
            let field = |at| u32_be(body, at).unwrap_or(0);
            defaults = Defaults { duration: field(12), size: field(16) };
        }
        Ok(is_ours)
    })?;
    Ok(defaults)
}

/// The packets of a track in the `moof` box that begins at `start`; those of any track are taken from what is `left`.
fn packets(
    window: &mut Window,
    start: u64,
    moof: &BoxAt,
    (track, defaults): (u32, Defaults),
    left: &mut u64,
) -> io::Result<Vec<Packet>> {
    let mut packets = Vec::new();
    // Where the data of the track fragment before ended: the next one's begins there where it says nothing.
    let mut behind = start;
    find(window, &moof.body, |window, traf| {
        if &traf.kind == b"traf"
            && let Some(head) = Head::read(window, &traf.body, start, behind, defaults)?
        {
            let mut all = Vec::new();
            behind = head.runs(window, &traf.body, &mut all, left)?;
            if head.track == track {
                packets.append(&mut all);
            }
        }
        Ok(packets.len() >= MOST_PACKETS)
    })?;
    packets.truncate(MOST_PACKETS);
    Ok(packets)
}

/// A track fragment's header (`tfhd`, §8.8.7).
struct Head {
    track: u32,
    /// What its runs count their offsets from.
    base: u64,
    defaults: Defaults,
}

impl Head {
    fn read(
        window: &mut Window,
        traf: &Range<u64>,
        moof: u64,
        behind: u64,
        mut defaults: Defaults,
    ) -> io::Result<Option<Self>> {
        let tfhd = descend(window, traf, &[b"tfhd"])?;
        let mut body = Fields { bytes: window.peek(tfhd.start, 40)?, at: 0 };
        let (Some(flags), Some(track)) = (body.word(true), body.word(true)) else {
            return Ok(None);
        };
        let has = |bit: u32| flags & bit != 0;
        let stated = body.long(has(0x01));
        body.word(has(0x02)); // the description's number
        defaults.duration = body.word(has(0x08)).unwrap_or(defaults.duration);
        defaults.size = body.word(has(0x10)).unwrap_or(defaults.size);
        let implied = if has(0x2_0000) { moof } else { behind };
        Ok(Some(Self { track, base: stated.unwrap_or(implied), defaults }))
    }

    /// Appends the packets of all runs (`trun`, §8.8.8); gives where the last one ends.
    fn runs(
        &self,
        window: &mut Window,
        traf: &Range<u64>,
        out: &mut Vec<Packet>,
        left: &mut u64,
    ) -> io::Result<u64> {
        let mut offset = self.base;
        find(window, traf, |window, trun| {
            if &trun.kind == b"trun" {
                offset = self.run(window, &trun.body, offset, out, left)?;
            }
            Ok(out.len() >= MOST_PACKETS)
        })?;
        Ok(offset)
    }

    fn run(
        &self,
        window: &mut Window,
        trun: &Range<u64>,
        behind: u64,
        out: &mut Vec<Packet>,
        left: &mut u64,
    ) -> io::Result<u64> {
        let mut head = Fields { bytes: window.peek(trun.start, 16)?, at: 0 };
        let (Some(flags), Some(count)) = (head.word(true), head.word(true)) else {
            return Ok(behind);
        };
        let has = |bit: u32| flags & bit != 0;
        let stated = head.word(has(0x01)).map(u32::cast_signed);
        head.word(has(0x04)); // the first packet's flags
        let mut offset =
            stated.map_or(behind, |offset| self.base.saturating_add_signed(offset.into()));
        let (mut at, each) = (trun.start + head.at as u64, (flags >> 8 & 15).count_ones() * 4);
        for _ in 0..count.min(MOST_PACKETS as u32) {
            if at + u64::from(each) > trun.end || out.len() >= MOST_PACKETS || *left == 0 {
                break;
            }
            *left -= 1;
            let mut fields = Fields { bytes: window.peek(at, each as usize)?, at: 0 };
            let duration = fields.word(has(0x100)).unwrap_or(self.defaults.duration);
            let length = fields.word(has(0x200)).unwrap_or(self.defaults.size);
            out.push(Packet { place: Place { offset, length }, duration });
            offset = offset.saturating_add(length.into());
            at += u64::from(each);
        }
        Ok(offset)
    }
}

/// Numbers that follow each other where flags say so.
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Fields<'_> {
    fn word(&mut self, is_there: bool) -> Option<u32> {
        let word = u32_be(self.bytes, self.at).filter(|_| is_there)?;
        self.at += 4;
        Some(word)
    }

    fn long(&mut self, is_there: bool) -> Option<u64> {
        let long = u64_be(self.bytes, self.at).filter(|_| is_there)?;
        self.at += 8;
        Some(long)
    }
}
