//! The order of channels in which Vorbis and Opus code them, beside WAVE's, which is ours.

/// For 1 to 8 channels in WAVE order, which channel of Vorbis's order (Vorbis I §4.3.9, RFC 7845 §5.1.1.2) each is.
#[must_use]
pub fn wave_order(channels: usize) -> Option<&'static [usize]> {
    const ORDERS: [&[usize]; 8] = [
        &[0],
        &[0, 1],
        &[0, 2, 1],
        &[0, 1, 2, 3],
        &[0, 2, 1, 3, 4],
        &[0, 2, 1, 5, 3, 4],
        &[0, 2, 1, 6, 5, 3, 4],
        &[0, 2, 1, 7, 5, 6, 3, 4],
    ];
    ORDERS.get(channels.checked_sub(1)?).copied()
}
