//! Bits where they are heard: a segment is encoded at several levels of quality, and each packet is taken from the
//! level that makes most of the segment's bytes. Packets of any levels fit each other, because a level decides how
//! coarsely spectra are written and nothing else: windows and filters follow from the frames.

use super::material::Material;
use crate::error::EncodeError;
use std::collections::VecDeque;
use syom::EncodeOptions;

/// The level that is tried first, and the highest; the lowest is 0. From one to the next the noise falls by 6 dB.
const FIRST: u8 = 3;
const HIGHEST: u8 = 10;

/// How much less power the noise of the next level has.
const FALL: f64 = 0.25;

/// Halvings of the range of prices.
const HALVINGS: u32 = 60;

/// A packet at each level, the lowest first.
type Levels = VecDeque<Vec<Vec<u8>>>;

/// The packets of a segment in about so many bytes, never more; none where even the lowest level takes more.
///
/// # Errors
/// [`EncodeError::Encoder`].
pub fn packets(
    material: &Material,
    options: &EncodeOptions,
    budget_bytes: usize,
) -> Result<Option<Vec<Vec<u8>>>, EncodeError> {
    let levels = levels(material, options, budget_bytes)?;
    // How loud a packet is says how much its noise disturbs. More than the eighth root of its power gains no more,
    // and leaves noise to be heard in quiet packets beside loud ones.
    let loudness: Vec<f64> = material.powers().map(|p| p.sqrt().sqrt().sqrt()).collect();
    let (mut low, mut high) = (1e-15, 1e6);
    for _ in 0..HALVINGS {
        let price = f64::sqrt(low * high);
        let total: usize = choice(&levels, &loudness, price).map(|(_, bytes)| bytes).sum();
        *(if total <= budget_bytes { &mut high } else { &mut low }) = price;
    }
    let chosen: Vec<_> = choice(&levels, &loudness, high).collect();
    if chosen.iter().map(|(_, bytes)| bytes).sum::<usize>() > budget_bytes {
        return Ok(None);
    }
    let taken =
        chosen.iter().enumerate().map(|(packet, (level, _))| levels[*level][packet].clone());
    Ok(Some(taken.collect()))
}

/// The levels between which to choose: from one that takes two thirds of the bytes (a lower one would be heard) to one
/// that takes half as many again.
fn levels(
    material: &Material,
    options: &EncodeOptions,
    budget_bytes: usize,
) -> Result<Levels, EncodeError> {
    let at = |level| {
        let mut options = options.clone();
        options.cbr = false;
        options.quality = Some(level);
        material.coded(&options)
    };
    let bytes = |packets: &[Vec<u8>]| packets.iter().map(Vec::len).sum::<usize>();
    let first = at(FIRST)?;
    let (mut least, mut most) = (bytes(&first), bytes(&first));
    let (mut lowest, mut highest) = (FIRST, FIRST);
    let mut levels = Levels::from([first]);
    while lowest > 0 && least > budget_bytes / 3 * 2 {
        lowest -= 1;
        let packets = at(lowest)?;
        least = bytes(&packets);
        levels.push_front(packets);
    }
    while highest < HIGHEST && most < budget_bytes + budget_bytes / 2 {
        highest += 1;
        let packets = at(highest)?;
        most = bytes(&packets);
        levels.push_back(packets);
    }
    Ok(levels)
}

/// The level of each packet, and its bytes, where a byte has a price: the least of noise and price together.
fn choice(levels: &Levels, loudness: &[f64], price: f64) -> impl Iterator<Item = (usize, usize)> {
    loudness.iter().enumerate().map(move |(packet, loudness)| {
        let mut noise = *loudness;
        let costs = levels.iter().enumerate().map(|(level, packets)| {
            let bytes = packets[packet].len();
            let cost = noise + price * bytes as f64;
            noise *= FALL;
            (cost, level, bytes)
        });
        let least = costs.min_by(|a, b| a.0.total_cmp(&b.0));
        least.map_or((0, 0), |(_, level, bytes)| (level, bytes))
    })
}
