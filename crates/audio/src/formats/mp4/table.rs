//! The sample table (ISO 14496-12 §8.6, §8.7): durations, sizes and places of the packets, read where
//! they lie in the source, never as a whole.

use super::boxes::descend;
use crate::Source;
use crate::demux::bytes::{u32_be, u64_be};
use crate::demux::index::{IndexReader, IndexWriter};
use crate::demux::window::Window;
use std::io;
use std::ops::Range;

/// Where the tables lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    stsc: Range<u64>,
    stsz: Range<u64>,
    chunks: Range<u64>,
    wide: bool,
    /// Size of every packet, 0 if they differ.
    size: u32,
    /// Number of packets.
    pub count: u64,
}

/// A packet's place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// Byte offset in the source.
    pub offset: u64,
    /// Bytes.
    pub length: u32,
}

impl Place {
    /// Where it ends.
    #[must_use]
    pub fn end(self) -> u64 {
        self.offset.saturating_add(self.length.into())
    }
}

fn word(window: &mut Window, table: &Range<u64>, at: u64) -> io::Result<u32> {
    let inside = table.start.saturating_add(at) + 4 <= table.end;
    let bytes = if inside { window.peek(table.start + at, 4)? } else { &[] };
    Ok(u32_be(bytes, 0).unwrap_or(0))
}

impl Table {
    /// Finds the tables in `stbl`.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn find(window: &mut Window, stbl: &Range<u64>) -> io::Result<Self> {
        let stsc = descend(window, stbl, &[b"stsc"])?;
        let stsz = descend(window, stbl, &[b"stsz"])?;
        let narrow = descend(window, stbl, &[b"stco"])?;
        let wide = narrow.is_empty();
        let chunks = if wide { descend(window, stbl, &[b"co64"])? } else { narrow };
        let size = word(window, &stsz, 4)?;
        let stated = u64::from(word(window, &stsz, 8)?);
        let listed = (stsz.end - stsz.start).saturating_sub(12) / 4;
        // No more than the file can hold, whatever is stated.
        let held = if size == 0 { listed } else { window.length_bytes() };
        let count = stated.min(held);
        Ok(Self { stsc, stsz, chunks, wide, size, count })
    }

    /// Sum of all durations, in the media's time scale.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn duration(window: &mut Window, stts: &Range<u64>) -> io::Result<u64> {
        let runs = u64::from(word(window, stts, 4)?);
        let runs = runs.min((stts.end - stts.start).saturating_sub(8) / 8);
        let mut sum = 0_u64;
        for run in 0..runs {
            let count = u64::from(word(window, stts, 8 + run * 8)?);
            let each = u64::from(word(window, stts, 12 + run * 8)?);
            sum = sum.saturating_add(count.saturating_mul(each));
        }
        Ok(sum)
    }

    /// Size of a packet.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn size(&self, window: &mut Window, packet: u64) -> io::Result<u32> {
        if self.size != 0 { Ok(self.size) } else { word(window, &self.stsz, 12 + packet * 4) }
    }

    /// Counts no packet that is not wholly in the file, nor one behind it; gives the sum of the sizes.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn keep_what_is_there(&mut self, source: &Source) -> io::Result<u64> {
        let mut walk = Walk::new(self.clone(), source, 0)?;
        let (mut count, mut bytes) = (0, 0);
        while let Some((place, packets)) = walk.next_run(u64::MAX)? {
            let held = source.length_bytes().saturating_sub(place.offset);
            let whole = match place.length {
                0 => packets,
                length => packets.min(held / u64::from(length)),
            };
            count += whole;
            bytes += whole * u64::from(place.length);
            if whole < packets {
                break;
            }
        }
        self.count = count;
        Ok(bytes)
    }

    /// Takes all packets for so many bytes long: QuickTime's tables say 1 of samples that are longer.
    pub fn set_size(&mut self, size: u32) {
        self.size = size;
    }

    /// Number of runs of chunks, and of chunks, no more than there is room for.
    fn counts(&self, tables: &mut Tables) -> io::Result<(u64, u64)> {
        let room = |table: &Range<u64>, entry| (table.end - table.start).saturating_sub(8) / entry;
        let runs = word(&mut tables.runs, &self.stsc, 4)?;
        let chunks = word(&mut tables.chunks, &self.chunks, 4)?;
        let chunk = if self.wide { 8 } else { 4 };
        let runs = u64::from(runs).min(room(&self.stsc, 12));
        Ok((runs, u64::from(chunks).min(room(&self.chunks, chunk))))
    }

    fn chunk_offset(&self, window: &mut Window, chunk: u64) -> io::Result<u64> {
        if !self.wide {
            return Ok(word(window, &self.chunks, 8 + chunk * 4)?.into());
        }
        let at = self.chunks.start + 8 + chunk * 8;
        let bytes = if at + 8 <= self.chunks.end { window.peek(at, 8)? } else { &[] };
        Ok(u64_be(bytes, 0).unwrap_or(0))
    }

    /// Appends the table's place to an index.
    pub fn write(&self, index: &mut IndexWriter) {
        for range in [&self.stsc, &self.stsz, &self.chunks] {
            index.put(range.start);
            index.put(range.end);
        }
        index.put(self.wide.into());
        index.put(self.size.into());
        index.put(self.count);
    }

    /// Reads what [`Table::write`] wrote.
    #[must_use]
    pub fn read(index: &mut IndexReader<'_>) -> Option<Self> {
        let mut range = || Some(index.take()?..index.take()?);
        let (stsc, stsz, chunks) = (range()?, range()?, range()?);
        let wide = index.take()? != 0;
        let size = u32::try_from(index.take()?).ok()?;
        Some(Self { stsc, stsz, chunks, wide, size, count: index.take()? })
    }
}

/// A window over each table, so that none pushes another out.
struct Tables {
    runs: Window,
    sizes: Window,
    chunks: Window,
}

/// Bytes of a table that are read at a time.
const TABLE_BLOCK: usize = 16 * 1024;

impl Tables {
    fn new(source: &Source) -> Self {
        let window = || Window::of_blocks(source, TABLE_BLOCK);
        Self { runs: window(), sizes: window(), chunks: window() }
    }
}

/// Goes through the packets in order.
pub struct Walk {
    table: Table,
    tables: Tables,
    run_count: u64,
    chunk_count: u64,
    /// The run of chunks with equally many packets.
    run: u64,
    chunk: u64,
    run_end: u64,
    in_chunk: u64,
    /// Packets still to come in this chunk.
    left: u64,
    offset: u64,
    next: u64,
}

impl Walk {
    /// At packet `first`.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn new(table: Table, source: &Source, first: u64) -> io::Result<Self> {
        let mut tables = Tables::new(source);
        let (run_count, chunk_count) = table.counts(&mut tables)?;
        let mut walk = Self {
            table,
            tables,
            run_count,
            chunk_count,
            run: 0,
            chunk: 0,
            run_end: 0,
            in_chunk: 0,
            left: 0,
            offset: 0,
            next: 0,
        };
        while walk.next < first && walk.turn_run()? {
            // Whole chunks are passed over by arithmetic.
            let chunks = (walk.run_end - walk.chunk).min((first - walk.next) / walk.in_chunk);
            walk.chunk += chunks;
            walk.next += chunks * walk.in_chunk;
            if walk.chunk < walk.run_end {
                break;
            }
        }
        while walk.next < first && walk.next_run(first - walk.next)?.is_some() {}
        Ok(walk)
    }

    /// Enters the next run of chunks; false if there is none.
    fn turn_run(&mut self) -> io::Result<bool> {
        let (window, stsc) = (&mut self.tables.runs, &self.table.stsc);
        while self.run < self.run_count {
            let at = 8 + self.run * 12;
            let first = u64::from(word(window, stsc, at)?).saturating_sub(1);
            self.in_chunk = word(window, stsc, at + 4)?.into();
            self.run += 1;
            let end = if self.run < self.run_count {
                u64::from(word(window, stsc, at + 12)?).saturating_sub(1)
            } else {
                self.chunk_count
            };
            let end = end.min(self.chunk_count);
            self.chunk = first.max(self.chunk);
            if self.in_chunk > 0 && self.chunk < end {
                self.run_end = end;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next packet's place.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next(&mut self) -> io::Result<Option<Place>> {
        Ok(self.next_run(1)?.map(|(place, _)| place))
    }

    /// The next packets that lie side by side and are equally long, at most `most`: the first one's place, and how
    /// many they are. Packets of different lengths come one by one.
    ///
    /// # Errors
    /// What the medium reports.
    pub fn next_run(&mut self, most: u64) -> io::Result<Option<(Place, u64)>> {
        if self.next >= self.table.count {
            return Ok(None);
        }
        if self.left == 0 {
            if self.chunk >= self.run_end && !self.turn_run()? {
                return Ok(None);
            }
            self.offset = self.table.chunk_offset(&mut self.tables.chunks, self.chunk)?;
            self.left = self.in_chunk;
            self.chunk += 1;
        }
        let length = self.table.size(&mut self.tables.sizes, self.next)?;
        let most = if self.table.size == 0 { 1 } else { most };
        let packets = most.min(self.left).min(self.table.count - self.next);
        let place = Place { offset: self.offset, length };
        self.offset = self.offset.saturating_add(packets.saturating_mul(length.into()));
        self.left -= packets;
        self.next += packets;
        Ok(Some((place, packets)))
    }
}
