//! Filters: all-pole synthesis, the high-pass behind it, and the pair of half-band filters that joins two bands.

/// An all-pole filter's memory, of a filter of `N` coefficients behind the leading 1.
#[derive(Debug, Clone, PartialEq)]
pub struct AllPole<const N: usize>([f32; N]);

impl<const N: usize> Default for AllPole<N> {
    fn default() -> Self {
        Self([0.0; N])
    }
}

impl<const N: usize> AllPole<N> {
    /// Filters samples in place.
    pub fn run(&mut self, lpc: &[f32; N], samples: &mut [f32]) {
        for sample in samples {
            let out = *sample + self.0[0];
            for (k, coefficient) in lpc.iter().enumerate() {
                let behind = self.0.get(k + 1).copied().unwrap_or(0.0);
                self.0[k] = behind - coefficient * out;
            }
            *sample = out;
        }
    }
}

/// The filter with its formants broadened: each coefficient by one more power of `gamma`.
#[must_use]
pub fn broadened<const N: usize>(lpc: &[f32; N], gamma: f32) -> [f32; N] {
    let mut power = 1.0;
    lpc.map(|coefficient| {
        power *= gamma;
        coefficient * power
    })
}

/// The root of the mean of the squares, and a little.
#[must_use]
pub fn loudness(samples: &[f32]) -> f32 {
    let energy: f32 = samples.iter().map(|sample| sample * sample).sum();
    (0.1 + energy / samples.len() as f32).sqrt()
}

/// What takes out the lowest frequencies of a decoder's output.
#[derive(Debug, Clone, PartialEq)]
pub struct HighPass {
    zeros: [f32; 3],
    poles: [f32; 2],
    memory: [f32; 2],
}

impl HighPass {
    /// That of narrowband alone.
    #[must_use]
    pub fn narrow() -> Self {
        Self { zeros: [0.96446, -1.92879, 0.96446], poles: [-1.92683, 0.93071], memory: [0.0; 2] }
    }

    /// That of a low band.
    #[must_use]
    pub fn of_low_band() -> Self {
        Self { zeros: [0.98645, -1.97277, 0.98645], poles: [-1.97226, 0.97332], memory: [0.0; 2] }
    }

    /// Filters samples in place.
    pub fn run(&mut self, samples: &mut [f32]) {
        let Self { zeros, poles, memory } = self;
        for sample in samples {
            let (x, y) = (*sample, zeros[0] * *sample + memory[0]);
            memory[0] = memory[1] + zeros[1] * x - poles[0] * y;
            memory[1] = zeros[2] * x - poles[1] * y;
            *sample = y;
        }
    }
}

/// Half the taps of the half-band filter; the others are the same in reverse.
const HALF_BAND: [f32; 32] = [
    3.596_189e-5,
    -0.000_112_351_5,
    -0.000_110_458_7,
    0.000_279_027_7,
    0.000_229_843_8,
    -0.000_595_356_3,
    -0.000_382_363_1,
    0.001_138_26,
    0.000_530_853_9,
    -0.001_986_177,
    -0.000_624_372_4,
    0.003_235_877,
    0.000_574_315_9,
    -0.004_989_147,
    -0.000_258_476_7,
    0.007_367_171,
    -0.000_485_793_5,
    -0.010_506_89,
    0.001_894_714,
    0.014_593_96,
    -0.004_313_674,
    -0.019_943_65,
    0.008_287_56,
    0.027_160_55,
    -0.014_853_97,
    -0.037_649_73,
    0.026_447,
    0.055_432_45,
    -0.050_954_87,
    -0.097_790_96,
    0.138_236_3,
    0.460_098_1,
];

/// Samples of each band that a sample reaches back over.
const REACH: usize = HALF_BAND.len();

/// Joins a low and a high band, of half the rate each.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The last samples of both, the oldest first.
    low: Vec<f32>,
    high: Vec<f32>,
}

impl Default for Join {
    fn default() -> Self {
        Self { low: vec![0.0; REACH], high: vec![0.0; REACH] }
    }
}

impl Join {
    /// Appends what the next samples of both make together, twice as many.
    pub fn run(&mut self, low: &[f32], high: &[f32], out: &mut Vec<f32>) {
        self.low.extend_from_slice(low);
        self.high.extend_from_slice(high);
        let tap = |at: usize| HALF_BAND[at.min(2 * REACH - 1 - at)];
        for (low, high) in self.low.windows(REACH).zip(self.high.windows(REACH)).skip(1) {
            let (mut even, mut odd) = (0.0, 0.0);
            for (back, (low, high)) in low.iter().rev().zip(high.iter().rev()).enumerate() {
                even += tap(2 * back) * (low - high);
                odd += tap(2 * back + 1) * (low + high);
            }
            out.extend([2.0 * even, 2.0 * odd]);
        }
        for band in [&mut self.low, &mut self.high] {
            band.drain(..band.len() - REACH);
        }
    }
}
