//! Byte → segment → byte, for any layout.

use audio::Layout;
use proptest::prelude::*;

proptest! {
    #[test]
    fn the_segments_of_a_range_are_just_those_that_share_a_byte_with_it(
        header in 0usize..200,
        lengths in prop::collection::vec(1u64..500, 1..40),
        a in 0u64..22_000,
        b in 0u64..22_000,
    ) {
        let layout = Layout::new(vec![0; header], lengths.iter().copied());
        let length = layout.length_bytes();
        prop_assert_eq!(length, header as u64 + lengths.iter().sum::<u64>());
        prop_assert_eq!(layout.segment_count() as usize, lengths.len());
        let range = a.min(b).min(length)..a.max(b).min(length);
        let found = layout.segments_of(&range);
        for segment in 0..layout.segment_count() {
            let span = layout.span(segment);
            prop_assert_eq!(span.end - span.start, lengths[segment as usize]);
            let shares = span.start.max(range.start) < span.end.min(range.end);
            prop_assert_eq!(found.contains(&segment), shares, "{:?} in {:?}", segment, range);
        }
    }
}
