//! Resampling by absolute position: a polyphase windowed sinc.
//!
//! Output frame `o` lies at input position `o·M/L` (`M/L` = input rate / output rate in lowest terms).
//! Its value is a sum over the inputs around it, always in the same order, so a run started anywhere
//! gives bit for bit what a run from the beginning gives: the only memory is the filter's width.

use crate::Planar;
use crate::taps::{STEP, Taps, dot, low_pass};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Zero crossings of the sinc on each side.
const ZERO_CROSSINGS: f64 = 32.0;
/// Where half the amplitude is left, as a share of the lower Nyquist frequency: -0.1 dB at 0.90, -3 dB at 0.947.
const CUTOFF: f64 = 0.963;
/// More phases than this are interpolated from as many.
const MOST_PHASES: u64 = 1024;
/// Outputs given at a time: a rate of 1 Hz may become 96 kHz.
const MOST_OUTPUTS: usize = 1 << 16;
/// Taps in the memo of filters (32 MiB): a rate of 999999 Hz needs millions.
const MOST_TAPS: usize = 1 << 23;

/// Resamples a stream of planar blocks from an absolute output frame on.
pub struct Resampler {
    filter: Option<Arc<Filter>>,
    /// Inputs that outputs still need, one vector a channel.
    history: Planar,
    /// The next output.
    next: Position,
    input_start: i64,
}

/// Where an output lies: the first of its inputs, and how far it is past the grid of inputs.
#[derive(Clone, Copy)]
struct Position {
    /// Index into the history.
    at: usize,
    /// In units of 1 / [`Filter::up`] of an input frame.
    remainder: u64,
}

impl Resampler {
    /// A resampler whose first output is frame `first_output` of the whole conversion. The caller
    /// pushes inputs from [`Self::input_start`] on.
    #[must_use]
    pub fn new(from_hz: u32, to_hz: u32, channels: usize, first_output: u64) -> Self {
        let filter = (from_hz != to_hz).then(|| Filter::for_rates(from_hz, to_hz));
        let (input_start, remainder) =
            filter.as_ref().map_or((first_output as i64, 0), |f| f.place_of(first_output));
        let next = Position { at: 0, remainder };
        Self { filter, history: Planar::new(channels), next, input_start }
    }

    /// The first input frame that is needed; negative where the filter reaches before the start
    /// (push silence there).
    #[must_use]
    pub fn input_start(&self) -> i64 {
        self.input_start
    }

    /// Takes the next inputs and appends the outputs that they complete to `out`, as
    /// [`Self::give`] does.
    pub fn push(&mut self, input: &Planar, out: &mut Planar) {
        if self.filter.is_none() {
            out.append(input, 0);
            return;
        }
        self.history.append(input, 0);
        self.give(out);
    }

    /// Appends outputs whose inputs are all there to `out`, not more than [`MOST_OUTPUTS`]; false if
    /// there are none.
    pub fn give(&mut self, out: &mut Planar) -> bool {
        let Some(filter) = &self.filter else { return false };
        let start = self.next;
        let count = filter.complete(start, self.history.frames()).min(MOST_OUTPUTS);
        if count == 0 {
            return false;
        }
        self.next = filter.run(start, &self.history, count, out);
        let done = self.next.at.min(self.history.frames());
        self.history.drop_front(done);
        self.next.at -= done;
        true
    }
}

/// Frames that `frames` frames become at another rate: all that begin within the duration (rounded up).
#[must_use]
pub fn output_frames(frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    let exact = u128::from(frames) * u128::from(to_hz);
    exact.div_ceil(u128::from(from_hz.max(1))) as u64
}

/// Filters by (up, down).
type Memo = HashMap<(u64, u64), Arc<Filter>>;

/// The filter of one pair of rates: a row of taps for each phase.
struct Filter {
    /// Output rate in lowest terms.
    up: u64,
    /// Input rate in lowest terms.
    down: u64,
    taps: usize,
    phases: u64,
    /// `phases + 1` rows; the last serves only interpolation.
    rows: Vec<Taps>,
}

impl Filter {
    /// The filter, from a small process-wide memo: making one takes longer than a segment's first byte.
    fn for_rates(from_hz: u32, to_hz: u32) -> Arc<Self> {
        static MEMO: OnceLock<Mutex<Memo>> = OnceLock::new();
        let divisor = gcd(u64::from(from_hz), u64::from(to_hz));
        let key = (u64::from(to_hz) / divisor, u64::from(from_hz) / divisor);
        let memo =
            || MEMO.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = memo().get(&key) {
            return Arc::clone(known);
        }
        // Made while nobody waits for the memo: a large one takes a second.
        let made = Arc::new(Self::new(key.0, key.1));
        let mut memo = memo();
        let held: usize = memo.values().map(|filter| filter.rows.len()).sum();
        if held + made.rows.len() > MOST_TAPS / STEP {
            memo.clear();
        }
        Arc::clone(memo.entry(key).or_insert(made))
    }

    fn new(up: u64, down: u64) -> Self {
        // Measured in input frames: when going down in rate the sinc widens.
        let widening = (down as f64 / up as f64).max(1.0);
        let half = (ZERO_CROSSINGS * widening).ceil() as usize;
        let taps = (2 * half).next_multiple_of(STEP);
        let phases = up.min(MOST_PHASES);
        let scale = CUTOFF / widening;
        let mut rows = Vec::with_capacity((phases as usize + 1) * taps / STEP);
        for phase in 0..=phases {
            rows.extend(low_pass(taps, scale, phase as f64 / phases as f64));
        }
        Self { up, down, taps, phases, rows }
    }

    /// The first input that output `o` needs, and how far `o` is past the grid of inputs.
    fn place_of(&self, o: u64) -> (i64, u64) {
        let position = u128::from(o) * u128::from(self.down);
        let floor = (position / u128::from(self.up)) as i64;
        (floor - (self.taps as i64 / 2 - 1), (position % u128::from(self.up)) as u64)
    }

    /// How many outputs from `next` on have all their inputs among so many.
    fn complete(&self, next: Position, inputs: usize) -> usize {
        let Some(room) = inputs.checked_sub(next.at + self.taps) else { return 0 };
        let reach = (room as u64 + 1) * self.up - next.remainder;
        reach.div_ceil(self.down) as usize
    }

    /// Appends so many outputs from `position` on to `out`, of the channels of `inputs`, and gives the position after
    /// them. All channels of an output at once: the rows together are larger than the nearest cache.
    fn run(
        &self,
        mut position: Position,
        inputs: &Planar,
        count: usize,
        out: &mut Planar,
    ) -> Position {
        let (whole, part) = ((self.down / self.up) as usize, self.down % self.up);
        out.channels.iter_mut().for_each(|out| out.reserve(count));
        for _ in 0..count {
            let rows = self.rows_for(position.remainder);
            for (inputs, out) in inputs.channels.iter().zip(&mut out.channels) {
                out.push(rows.value(&inputs[position.at..position.at + self.taps]));
            }
            position.at += whole;
            position.remainder += part;
            if position.remainder >= self.up {
                position.remainder -= self.up;
                position.at += 1;
            }
        }
        position
    }

    /// The rows of an output that lies `remainder` past the grid.
    fn rows_for(&self, remainder: u64) -> Rows<'_> {
        if self.phases == self.up {
            return Rows::One(self.row(remainder));
        }
        let position = remainder as f64 * self.phases as f64 / self.up as f64;
        let below = position as u64;
        let weight = (position - below as f64) as f32;
        Rows::Between(self.row(below), self.row(below + 1), weight)
    }

    fn row(&self, phase: u64) -> &[Taps] {
        let length = self.taps / STEP;
        let start = phase as usize * length;
        &self.rows[start..start + length]
    }
}

/// What an output is made with: the row of its phase, or those beside it and the weight of the second.
enum Rows<'a> {
    One(&'a [Taps]),
    Between(&'a [Taps], &'a [Taps], f32),
}

impl Rows<'_> {
    /// The output of these inputs.
    #[inline]
    fn value(&self, inputs: &[f32]) -> f32 {
        match self {
            Self::One(row) => dot(row, inputs),
            Self::Between(low, high, weight) => {
                let (low, high) = (dot(low, inputs), dot(high, inputs));
                low + (high - low) * weight
            }
        }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [u32; 11] =
        [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44099, 44100, 48000, 96000];

    fn noise(frames: usize) -> Vec<f32> {
        let mut x = 0x2545_f491_4f6c_dd1d_u64;
        (0..frames)
            .map(|_| {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                (x >> 40) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    /// Resamples `input` from output frame `first` on, silence around it, in blocks of `block`.
    fn run(input: &[f32], from: u32, to: u32, first: u64, block: usize, count: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to, 1, first);
        let mut at = resampler.input_start();
        let mut out = Planar::new(1);
        while out.frames() < count {
            let samples = (at..at + block as i64)
                .map(|i| usize::try_from(i).ok().and_then(|i| input.get(i)).copied().unwrap_or(0.0))
                .collect();
            resampler.push(&Planar { channels: vec![samples] }, &mut out);
            at += block as i64;
        }
        out.channels[0][..count].to_vec()
    }

    #[test]
    fn a_run_started_anywhere_equals_the_sequential_run_bit_for_bit_over_all_rate_pairs() {
        let input = noise(20_000);
        for from in RATES {
            for to in RATES {
                let total = (input.len() as u64 * u64::from(to) / u64::from(from)) as usize;
                let whole = run(&input, from, to, 0, 4096, total);
                for first in [1, 97, total / 3, total / 2 + 1, total - 60] {
                    let part = run(&input, from, to, first as u64, 333, 50);
                    assert_eq!(part, whole[first..first + 50], "{from} → {to} from {first}");
                }
            }
        }
    }

    #[test]
    fn a_tone_in_the_pass_band_comes_out_as_the_same_tone() {
        for (from, to) in [(44100, 48000), (48000, 8000), (8000, 44100), (44099, 16000)] {
            let tone = |rate: u32, n: usize| {
                (std::f64::consts::TAU * 1000.0 * n as f64 / f64::from(rate)).sin() as f32
            };
            let input: Vec<f32> = (0..20_000).map(|n| tone(from, n)).collect();
            let out = run(&input, from, to, 1000, 1024, 1000);
            for (n, sample) in out.iter().enumerate() {
                assert!((sample - tone(to, n + 1000)).abs() < 2e-3, "{from} → {to} at {n}");
            }
        }
    }

    /// What comes out of a tone of amplitude 1, in dB: the amplitude at its own frequency, and all other power.
    fn heard(from: u32, to: u32, tone_hz: f64) -> (f64, f64) {
        let angle =
            |rate: u32, n: usize| std::f64::consts::TAU * tone_hz * n as f64 / f64::from(rate);
        let input: Vec<f32> = (0..30_000).map(|n| angle(from, n).sin() as f32).collect();
        let count = (20_000 * u64::from(to) / u64::from(from)) as usize;
        let first = count / 8;
        let out = run(&input, from, to, first as u64, 4096, count);
        // Least squares on the sine and the cosine.
        let (mut ss, mut cc, mut sc, mut ys, mut yc) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let waves = || (0..count).map(|n| angle(to, n + first).sin_cos());
        for ((s, c), y) in waves().zip(&out) {
            let y = f64::from(*y);
            (ss, cc, sc) = (ss + s * s, cc + c * c, sc + s * c);
            (ys, yc) = (ys + y * s, yc + y * c);
        }
        let det = ss * cc - sc * sc;
        let (p, q) = ((ys * cc - yc * sc) / det, (yc * ss - ys * sc) / det);
        let rest: f64 =
            waves().zip(&out).map(|((s, c), y)| (f64::from(*y) - p * s - q * c).powi(2)).sum();
        (20.0 * p.hypot(q).log10(), 10.0 * (2.0 * rest / count as f64).log10())
    }

    #[test]
    fn the_band_is_kept_and_what_has_no_place_is_85_db_down() {
        for from in RATES {
            for to in RATES.into_iter().filter(|&to| to != from) {
                let edge = f64::from(from.min(to)) / 2.0;
                for (share, least_db) in [(0.5, -0.005), (0.9, -0.1), (0.945, -3.0)] {
                    let (own, rest) = heard(from, to, share * edge);
                    assert!((least_db..0.01).contains(&own), "{from} → {to}, {share}: {own} dB");
                    // The image of the last is nearer to the edge than 1.05 when going up.
                    assert!(
                        share > 0.94 || rest <= -85.0,
                        "{from} → {to}, {share}: {rest} dB beside it"
                    );
                }
                let past = [1.05, 1.1, 1.4, 2.9].into_iter().map(|share| share * edge);
                for tone_hz in past.filter(|&hz| hz < f64::from(from) / 2.0) {
                    let (own, rest) = heard(from, to, tone_hz);
                    // At the output's rate the tone and its alias are the same samples.
                    assert!(
                        own.max(rest) <= -85.0,
                        "{from} → {to}, {tone_hz} Hz: {own}, {rest} dB"
                    );
                }
            }
        }
    }

    #[test]
    fn equal_rates_pass_every_bit() {
        let input = noise(5000);
        assert_eq!(run(&input, 8000, 8000, 100, 64, 4000), input[100..4100]);
    }
}
