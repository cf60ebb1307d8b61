//! A recording as a card for chats: bars of its loudness, a lane a channel, as PNG of the size that they ask for.

use media::Peaks;

/// What the Open Graph's readers show uncut.
pub const WIDTH_PX: u32 = 1200;
/// Its height.
pub const HEIGHT_PX: u32 = 630;
/// How many bars a card has.
pub const BARS: u64 = 104;

/// A bar and the gap after it.
const STEP_PX: u32 = 10;
const BAR_PX: u32 = 6;
const MARGIN_PX: u32 = 80;

/// Ground and bars, red, green and blue.
const PALETTE: [u8; 6] = [0x1b, 0x1d, 0x21, 0xf4, 0xa2, 0x7a];

/// Draws a card; empty if that fails, which it can't into memory.
pub fn png(peaks: &Peaks, channels: usize) -> Vec<u8> {
    let mut pixels = vec![0_u8; (WIDTH_PX * HEIGHT_PX) as usize];
    let lane_px = (HEIGHT_PX - 2 * MARGIN_PX) / channels.max(1) as u32;
    for (at, [low, high]) in peaks.values().iter().enumerate() {
        let (x, channel) = ((at / channels.max(1)) as u32, (at % channels.max(1)) as u32);
        if u64::from(x) >= BARS {
            break;
        }
        let loud = u32::from(low.unsigned_abs().max(high.unsigned_abs()));
        let half = (loud * (lane_px / 2).saturating_sub(6) / 32_768).max(3);
        let middle = MARGIN_PX + channel * lane_px + lane_px / 2;
        bar(&mut pixels, MARGIN_PX + x * STEP_PX, middle - half..middle + half);
    }
    written(&pixels).unwrap_or_default()
}

fn bar(pixels: &mut [u8], left: u32, rows: std::ops::Range<u32>) {
    for row in rows {
        let from = (row * WIDTH_PX + left) as usize;
        if let Some(line) = pixels.get_mut(from..from + BAR_PX as usize) {
            line.fill(1);
        }
    }
}

fn written(pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH_PX, HEIGHT_PX);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(PALETTE.as_slice());
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}
