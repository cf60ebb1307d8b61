//! The judge: what a client hears, decoded by ffmpeg, against what it should hear.
//!
//! Two recordings of one sound must agree in length, be aligned to the sample, differ by no more
//! noise than the codec explains, and have no hole anywhere.

use std::path::Path;
use std::process::{Command, Stdio};

/// Decoded audio: one vector a channel, full scale 1.0.
#[derive(Debug, Clone)]
pub struct Sound {
    pub rate_hz: u32,
    pub channels: Vec<Vec<f32>>,
}

impl Sound {
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }
}

/// What ffprobe says of a stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Stream {
    pub codec: String,
    pub rate_hz: u32,
    pub channels: u16,
}

/// Runs ffmpeg; its absence or a complaint of its is a failure.
pub fn ffmpeg(args: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg must be installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {args:?}: {said}");
    output.stdout
}

/// Names ffprobe's view of the first stream; `input` are the options that a headerless file needs.
pub fn stream(file: &Path, input: &[&str]) -> Stream {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "a:0", "-of", "default=nw=1:nk=1"])
        .args(["-show_entries", "stream=codec_name,sample_rate,channels"])
        .args(input)
        .arg(file)
        .output()
        .expect("ffprobe must be installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let fields: Vec<_> = text.lines().collect();
    assert!(
        fields.len() >= 3,
        "ffprobe {file:?}: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let number = |i: usize| fields[i].parse::<u32>().expect("a number");
    Stream { codec: fields[0].to_owned(), rate_hz: number(1), channels: number(2) as u16 }
}

/// Decodes a file, at its own rate and channels or at those given.
pub fn decode(file: &Path, input: &[&str], as_shape: Option<(u32, u16)>) -> Sound {
    let shape = as_shape.unwrap_or_else(|| {
        let s = stream(file, input);
        (s.rate_hz, s.channels)
    });
    let (rate, count) = (shape.0.to_string(), shape.1.to_string());
    let mut args = input.to_vec();
    args.extend(["-i", file.to_str().expect("a path")]);
    if as_shape.is_some() {
        args.extend(["-ar", &rate, "-ac", &count]);
    }
    // Left to itself, ffmpeg would mix at another weight to float than to 16 bits.
    if shape.1 == 1 && as_shape.is_some() && stream(file, input).channels == 2 {
        args.extend(["-af", "pan=mono|c0=0.5*c0+0.5*c1"]);
    }
    args.extend(["-f", "f32le", "-"]);
    let bytes = ffmpeg(&args);
    let mut channels = vec![Vec::new(); usize::from(shape.1)];
    for frame in bytes.chunks_exact(4 * channels.len()) {
        for (channel, sample) in channels.iter_mut().zip(frame.chunks_exact(4)) {
            channel.push(f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]]));
        }
    }
    Sound { rate_hz: shape.0, channels }
}

/// How far a sound may be from what it should be.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    /// Signal to noise over the whole, in dB.
    pub snr_db: f64,
    /// Frames that the codec is late by its nature.
    pub delay: usize,
    /// Frames that it may be off by either way, since it codes at a lower rate.
    pub slack: i64,
}

/// Lags tried on either side, in frames.
const LAGS: i64 = 32;
/// Length of the windows that may not be holes, in seconds.
const WINDOW: f64 = 0.05;
/// A window is loud from this RMS on; in a loud one most of the energy must be there.
const LOUD: f64 = 0.03;

/// Judges `heard` against `wanted` over their common length; `Err` says what is wrong.
pub fn compare(wanted: &Sound, heard: &Sound, floor: Floor) -> Result<f64, String> {
    if (wanted.rate_hz, wanted.channels.len()) != (heard.rate_hz, heard.channels.len()) {
        return Err(format!(
            "{} Hz × {} instead of {} Hz × {}",
            heard.rate_hz,
            heard.channels.len(),
            wanted.rate_hz,
            wanted.channels.len()
        ));
    }
    let mut worst = f64::INFINITY;
    for (index, (want, hear)) in wanted.channels.iter().zip(&heard.channels).enumerate() {
        let frames = want.len().min(hear.len());
        let (want, hear) = (&want[..frames - floor.delay], &hear[floor.delay..frames]);
        let snr = snr_db(want, hear);
        let lag = best_lag(want, hear);
        if lag.abs() > floor.slack {
            return Err(format!("channel {index}: {lag} frames late (SNR {snr:.1} dB)"));
        }
        if snr < floor.snr_db {
            return Err(format!(
                "channel {index}: SNR {snr:.1} dB, at least {} wanted",
                floor.snr_db
            ));
        }
        if let Some(at) = hole(want, hear, (WINDOW * f64::from(wanted.rate_hz)) as usize) {
            let seconds = at as f64 / f64::from(wanted.rate_hz);
            return Err(format!("channel {index}: a hole at {seconds:.2} s"));
        }
        worst = worst.min(snr);
    }
    Ok(worst)
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum()
}

/// Signal to noise in dB, noise being the difference.
pub fn snr_db(want: &[f32], hear: &[f32]) -> f64 {
    let noise: f64 = want.iter().zip(hear).map(|(&w, &h)| f64::from(w - h).powi(2)).sum();
    10.0 * (energy(want) / noise.max(1e-12)).log10()
}

/// The lag in frames at which the two differ least.
fn best_lag(want: &[f32], hear: &[f32]) -> i64 {
    let margin = LAGS as usize;
    let Some(inner) = want.len().checked_sub(2 * margin).filter(|&n| n > 0) else { return 0 };
    // A few seconds from the middle are enough, and as quick as they are telling.
    let length = inner.min(100_000);
    let start = margin + (inner - length) / 2;
    let anchor = &want[start..start + length];
    let difference = |lag: i64| -> f32 {
        let from = (start as i64 + lag) as usize;
        anchor.iter().zip(&hear[from..from + length]).map(|(&w, &h)| (w - h) * (w - h)).sum()
    };
    (-LAGS..=LAGS).min_by(|&a, &b| difference(a).total_cmp(&difference(b))).unwrap_or(0)
}

/// The first window that is loud in `want` and hardly there in `hear`.
fn hole(want: &[f32], hear: &[f32], window: usize) -> Option<usize> {
    let windows = want.chunks_exact(window).zip(hear.chunks_exact(window));
    let found = windows.enumerate().find(|(_, (w, h))| {
        let wanted = energy(w);
        (wanted / window as f64).sqrt() > LOUD && energy(h) < wanted / 16.0
    });
    found.map(|(index, _)| index * window)
}

mod tests {
    use super::*;

    /// Noise that no shift of itself resembles, with a speech-like rise and fall.
    fn sound() -> Sound {
        let mut state = 1_u32;
        let mut last = 0.0;
        let one = (0..80_000)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                last = 0.6 * last + 0.4 * (f64::from(state >> 8) / f64::from(1 << 23) - 1.0);
                (last * (0.5 + 0.4 * (f64::from(i) / 900.0).sin())) as f32
            })
            .collect();
        Sound { rate_hz: 8000, channels: vec![one] }
    }

    const FLOOR: Floor = Floor { snr_db: 6.0, delay: 0, slack: 0 };

    fn changed(change: impl Fn(&mut Vec<f32>)) -> Sound {
        let mut heard = sound();
        change(&mut heard.channels[0]);
        heard
    }

    #[test]
    fn the_judge_passes_the_sound_itself_and_slight_noise() {
        compare(&sound(), &sound(), Floor { snr_db: 90.0, delay: 0, slack: 0 }).expect("itself");
        let noisy =
            changed(|c| c.iter_mut().enumerate().for_each(|(i, s)| *s += 0.01 * (i as f32).sin()));
        compare(&sound(), &noisy, FLOOR).expect("slight noise");
    }

    #[test]
    fn the_judge_refuses_silence() {
        let silent = changed(|c| c.fill(0.0));
        compare(&sound(), &silent, FLOOR).expect_err("silence");
    }

    #[test]
    fn the_judge_refuses_a_shift_by_one_sample_either_way() {
        let late = changed(|c| c.insert(0, 0.0));
        let early = changed(|c| c.rotate_left(1));
        for shifted in [late, early] {
            let said = compare(&sound(), &shifted, Floor { snr_db: 0.0, delay: 0, slack: 0 })
                .expect_err("a shift");
            assert!(said.contains("late"), "{said}");
        }
    }

    #[test]
    fn the_judge_refuses_a_hole_of_a_tenth_of_a_second() {
        let torn = changed(|c| c[40_000..40_800].fill(0.0));
        let said = compare(&sound(), &torn, FLOOR).expect_err("a hole");
        assert!(said.contains("hole"), "{said}");
    }

    #[test]
    fn the_judge_refuses_a_piece_cut_out_half_volume_and_the_wrong_sound() {
        let cut = changed(|c| drop(c.drain(20_000..20_200)));
        compare(&sound(), &cut, FLOOR).expect_err("a cut");
        let quiet = changed(|c| c.iter_mut().for_each(|s| *s *= 0.4));
        compare(&sound(), &quiet, FLOOR).expect_err("less than half the volume");
        let other = changed(|c| c.reverse());
        compare(&sound(), &other, FLOOR).expect_err("another sound");
    }
}
