//! The enhancement of a decoded excitation: a comb filter strengthens what comes back with the pitch.

/// Samples that are combed at a time.
const LENGTH: usize = 80;

/// The pitch above which two periods back are looked at, instead of one ahead.
const LONGEST_AHEAD: usize = 40;

/// Filters that shift by fractions of a sample.
const SHIFTS: [[f32; 7]; 3] = [
    [-0.011_915, 0.046_995, -0.152_373, 0.614_108, 0.614_108, -0.152_373, 0.046_995],
    [-0.032_485_5, 0.085_976_8, -0.204_298_6, 0.964_029_7, 0.208_642, -0.030_205_4, -0.006_364_6],
    [-0.006_364_6, -0.030_205_4, 0.208_642, 0.964_029_7, -0.204_298_6, 0.085_976_8, -0.032_485_5],
];

/// The pitch of a frame, among those of its quarters.
#[derive(Debug, Clone)]
pub struct Best {
    pitch: usize,
    gain: f32,
}

impl Default for Best {
    fn default() -> Self {
        Self { pitch: LONGEST_AHEAD, gain: 0.0 }
    }
}

impl Best {
    /// The pitch.
    #[must_use]
    pub fn pitch(&self) -> usize {
        self.pitch
    }

    /// Takes a quarter's pitch if it is stronger, a multiple being held back and a fraction helped.
    pub fn hear(&mut self, pitch: usize, taps: &[f32; 3]) {
        let outer = |tap: f32| if tap > 0.0 { tap } else { -0.5 * tap };
        let gain = taps[1].abs() + outer(taps[0]) + outer(taps[2]);
        let is_multiple = |of: usize, what: usize| {
            [(2, 3), (3, 4), (4, 5)].iter().any(|&(times, off)| (times * of).abs_diff(what) < off)
        };
        let is_of_best = is_multiple(self.pitch, pitch);
        if gain > self.gain && !is_of_best
            || gain > 0.6 * self.gain && is_multiple(pitch, self.pitch)
            || 0.67 * gain > self.gain && is_of_best
        {
            self.pitch = pitch;
            self.gain = self.gain.max(gain);
        }
    }
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What is most like the samples at `at`, around so many samples back (negative: ahead).
fn alike(excitation: &[f32], at: usize, back: isize) -> [f32; LENGTH] {
    let place = |offset: isize| at.saturating_add_signed(offset - back);
    let here = &excitation[at..at + LENGTH];
    let whole: [f32; 7] =
        std::array::from_fn(|k| product(here, &excitation[place(k as isize - 3)..][..LENGTH]));
    let (mut most, mut shift, mut offset) = (whole[0], None, 0);
    for (k, likeness) in whole.iter().enumerate() {
        if *likeness > most {
            (most, offset) = (*likeness, k);
        }
    }
    for (number, filter) in SHIFTS.iter().enumerate() {
        for k in 0..7_usize {
            let likeness: f32 = (3_usize.saturating_sub(k)..(10 - k).min(7))
                .map(|tap| filter[tap] * whole[k + tap - 3])
                .sum();
            if likeness > most {
                (most, shift, offset) = (likeness, Some(number), k);
            }
        }
    }
    let begin = place(offset as isize - 3);
    std::array::from_fn(|i| match shift {
        None => excitation[begin + i],
        Some(number) => SHIFTS[number]
            .iter()
            .enumerate()
            .map(|(tap, c)| excitation[begin + i + tap - 3] * c)
            .sum(),
    })
}

/// Combs the samples at `at` into `out`; `strength` is the mode's.
pub fn comb(excitation: &[f32], at: usize, pitch: usize, strength: f32, out: &mut [f32]) {
    let here = &excitation[at..at + LENGTH];
    let is_long = pitch > LONGEST_AHEAD;
    let back = pitch as isize;
    let first = alike(excitation, at, back);
    let second = alike(excitation, at, if is_long { 2 * back } else { -back });
    let size = (1.0 + product(here, here)).sqrt();
    let least = 0.4 * strength + 0.07;
    let slope = 0.5 + 1.72 * (least - 0.07);
    let gain = |other: &[f32; LENGTH]| {
        let other_size = (1000.0 + product(other, other)).sqrt();
        let likeness = product(other, here).max(0.0);
        let likeness =
            if likeness > other_size * size { 1.0 } else { likeness / size / other_size };
        least / (1.0 - slope * likeness * likeness).max(least) * (size / other_size)
    };
    let shares = if is_long { [0.7, 0.3] } else { [0.6, 0.6] };
    let gains = [shares[0] * gain(&first), shares[1] * gain(&second)];
    for (k, out) in out.iter_mut().enumerate() {
        *out = here[k] + gains[0] * first[k] + gains[1] * second[k];
    }
    let loud = |samples: &[f32]| super::filters::loudness(samples).max(1.0);
    let (before, after) = (loud(here), loud(out));
    let kept = before.min(after) / after;
    out.iter_mut().for_each(|sample| *sample *= kept);
}
