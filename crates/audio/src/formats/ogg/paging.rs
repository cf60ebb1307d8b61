//! How the packets of a stream, all of one length, are shared out among pages.
//!
//! Ogg has no index. ffmpeg, and with it Chromium and mpv, looks for a time where the line from the first
//! page to the last has it, and takes its second look as far before that place as the page it found lies
//! behind. On even pages that leads to the same page again for every third position, and it goes on to
//! halve its way from the beginning of the file: ten requests where one would do. So every page lies above
//! that line, by more than its length, and the first look is before it: the first packets have a page each,
//! the last many share one.

use super::page::lacing_values;
use super::pages::HEADER_BYTES;

/// Packets in a segment; every count of packets that pages have divides it.
pub const SEGMENT_PACKETS: u64 = 500;

/// Whole segments at the end whose pages are long.
const LONG_SEGMENTS: u64 = 2;

/// Packets that their pages may have.
const LONG: [u64; 5] = [50, 25, 20, 10, 5];

/// Most bytes of theirs: among longer ones GStreamer loses its way.
const LONG_BYTES: usize = 4400;

/// Packets that any other page may have.
const SHORT: [u64; 6] = [25, 20, 10, 5, 4, 2];

/// Pages of a stream: zones in which each has the same number of packets.
pub struct Paging {
    /// First packet and packets a page, in order.
    zones: [(u64, u64); 3],
    /// Packets of the whole.
    packets: u64,
}

impl Paging {
    /// The pages of so many packets of a length in bytes, at most 800.
    #[must_use]
    pub fn new(packets: u64, packet_bytes: usize) -> Self {
        let lacing = lacing_values(packet_bytes);
        let packet = packet_bytes + lacing;
        let long = LONG.into_iter().find(|&n| n as usize * packet <= LONG_BYTES).unwrap_or(5);
        let header = HEADER_BYTES as u64;
        // By how much the line must lie below the pages: a page, and an eighth to be sure.
        let depth = |short: u64| {
            let page = short * packet as u64 + header;
            page + page / 8
        };
        // The last long page before the end is where the line ends.
        let saved = |short: u64| {
            let packets = LONG_SEGMENTS * SEGMENT_PACKETS - long;
            header * (packets / short).saturating_sub(packets / long)
        };
        let short = SHORT.into_iter().find(|&n| saved(n) >= depth(n)).unwrap_or(1);
        let spent = |packets: u64| header * (packets - packets / short);
        let alone = (short..SEGMENT_PACKETS)
            .step_by(short as usize)
            .find(|&packets| spent(packets) >= depth(short))
            .unwrap_or(SEGMENT_PACKETS);
        // In short ones a player finds its way without help.
        let whole_segments = packets.saturating_sub(1) / SEGMENT_PACKETS;
        let zones = if whole_segments <= LONG_SEGMENTS {
            [(0, short), (packets, short), (packets, short)]
        } else {
            [(0, 1), (alone, short), ((whole_segments - LONG_SEGMENTS) * SEGMENT_PACKETS, long)]
        };
        Self { zones, packets }
    }

    /// Number of pages that end at or before a packet that begins one, or at the end of the stream.
    #[must_use]
    pub fn pages_before(&self, packet: u64) -> u64 {
        let ends = [self.zones[1].0, self.zones[2].0, self.packets];
        let pages = |(&(first, each), end): (&(u64, u64), u64)| {
            packet.min(end).saturating_sub(first).div_ceil(each)
        };
        self.zones.iter().zip(ends).map(pages).sum()
    }

    /// Whether a page ends before this packet; every segment does, too.
    #[must_use]
    pub fn ends_before(&self, packet: u64) -> bool {
        let zone = self.zones.iter().rev().find(|(first, _)| packet > *first);
        packet == self.packets
            || zone.is_some_and(|(first, each)| (packet - first).is_multiple_of(*each))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The start of each page and its first packet.
    fn pages(packets: u64, packet_bytes: usize) -> Vec<(i64, i64)> {
        let paging = Paging::new(packets, packet_bytes);
        let packet = (packet_bytes + lacing_values(packet_bytes)) as u64;
        let starts = (0..packets).filter(|&p| p == 0 || paging.ends_before(p));
        let at = |p: u64| paging.pages_before(p) * HEADER_BYTES as u64 + p * packet;
        starts.map(|p| (at(p) as i64, p as i64)).collect()
    }

    /// Where ffmpeg's search looks for a packet: along a line, then by halves, then page by page. The last
    /// page tells it no time.
    fn looks(pages: &[(i64, i64)], wanted: i64) -> Vec<i64> {
        let last = pages.len() - 2;
        let ((mut low, mut low_packet), (mut high, mut high_packet)) = (pages[0], pages[last]);
        let (mut limit, mut stuck, mut looks) = (high, 0, Vec::new());
        while low < limit && high_packet > wanted {
            let look = match stuck {
                0 => {
                    (wanted - low_packet) * (high - low) / (high_packet - low_packet) + low + limit
                        - high
                }
                1 => i64::midpoint(low, limit),
                _ => low,
            };
            let look = look.clamp(low + 1, limit.max(low + 1));
            looks.push(look);
            let (found, packet) = pages[pages.partition_point(|&(at, _)| at < look).min(last)];
            stuck = if found == high { stuck + 1 } else { 0 };
            if wanted <= packet {
                (limit, high, high_packet) = (look - 1, found, packet);
            }
            if wanted >= packet {
                (low, low_packet) = (found, packet);
            }
        }
        looks
    }

    const PACKET_BYTES: [usize; 16] =
        [20, 40, 60, 80, 100, 120, 160, 200, 240, 280, 320, 400, 480, 560, 640, 800];

    proptest! {
        #[test]
        fn a_player_that_looks_along_a_line_looks_nowhere_else(
            packets in 3000_u64..400_000,
            packet_bytes in prop::sample::select(&PACKET_BYTES[..]),
            part in 0.0..1.0,
        ) {
            let pages = pages(packets, packet_bytes);
            // Among the long pages of the end it may look about.
            let wanted = (part * (packets - 3 * SEGMENT_PACKETS) as f64) as i64;
            let (there, _) = pages[pages.partition_point(|&(_, first)| first <= wanted) - 1];
            for look in looks(&pages, wanted) {
                let off = (look - there).abs();
                prop_assert!(off < 16 * 1024, "{packet_bytes}: {look} for {there}");
            }
        }

        #[test]
        fn pages_are_counted_as_they_end(
            packets in 1_u64..5000,
            packet_bytes in prop::sample::select(&PACKET_BYTES[..]),
        ) {
            let paging = Paging::new(packets, packet_bytes);
            let (mut count, mut on_page) = (0, 0);
            for packet in 1..=packets {
                on_page += lacing_values(packet_bytes);
                if paging.ends_before(packet) {
                    count += 1;
                    prop_assert!(on_page <= 255, "{} lacing values", on_page);
                    on_page = 0;
                    prop_assert_eq!(paging.pages_before(packet), count);
                }
                prop_assert!(on_page == 0 || packet % SEGMENT_PACKETS != 0, "a page over a segment's end");
            }
            prop_assert_eq!(on_page, 0);
        }
    }
}
