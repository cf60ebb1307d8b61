//! MP4 with AAC.

use crate::rig::{backwards, decoded, samples, tool, transcode, wav};

/// Signal to noise in dB of `got` against `want` at a lag.
fn snr(want: &[i16], got: &[i16], lag: usize) -> f64 {
    let pairs = want.iter().zip(got.get(lag..).unwrap_or(&[]));
    let (mut signal, mut noise) = (0.0, 1e-9);
    for (w, g) in pairs {
        let (w, g) = (f64::from(*w), f64::from(*g));
        signal += w * w;
        noise += (w - g) * (w - g);
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn mp4_is_the_recording_aligned_to_the_frame_with_its_index_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    for (rate, channels, frames) in [
        (8000, 1, 500),
        (8000, 1, 8000 * 24 + 17),
        (11025, 2, 11025 * 3),
        (16000, 1, 16000 * 4 + 1),
        (22050, 1, 22050 * 3),
        (44100, 2, 44100 * 21 + 7),
        (48000, 1, 48000 * 3),
    ] {
        let input = samples(rate, channels, frames);
        let (_, whole) = backwards(&transcode(wav(rate, channels, &input), "mp4"));
        std::fs::write(&path, &whole).unwrap();
        let place = |kind: &[u8]| whole.windows(4).position(|w| w == kind).unwrap();
        assert!(place(b"moov") < place(b"mdat"));
        let got = decoded(&path);
        let step = usize::from(channels);
        let extra = got.len() as i64 / step as i64 - frames as i64;
        assert!((0..1024).contains(&extra), "{rate} Hz: {extra} frames too many");
        if frames > 1000 {
            let here = snr(&input, &got, 0);
            assert!(here > 14.0, "{rate} Hz, {channels} channels: {here:.1} dB");
            assert!(here > snr(&input, &got, step) && here > snr(&input[step..], &got, 0));
        }
        let shown = tool(
            "ffprobe",
            &[
                "-v",
                "error",
                "-show_entries",
                "stream=codec_name,profile,sample_rate,channels",
                "-of",
                "csv=p=0",
                path.to_str().unwrap(),
            ],
        );
        assert_eq!(String::from_utf8(shown).unwrap().trim(), format!("aac,LC,{rate},{channels}"));
    }
}

#[test]
fn quiet_passages_leave_their_bits_to_loud_ones_within_the_bit_rate() {
    let rate = 16_000;
    let is_quiet = |frame: usize| frame / (2 * rate as usize) % 2 == 1;
    // Noise, whose packets all cost the same at one level; every other two seconds 60 dB less of it.
    let mut seed = 1_u32;
    let input: Vec<i16> = (0..20 * rate as usize)
        .map(|frame| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (seed >> 16).cast_signed() - 32_768;
            (if is_quiet(frame) { noise / 2000 } else { noise / 2 }) as i16
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.mp4");
    std::fs::write(&path, backwards(&transcode(wav(rate, 1, &input), "mp4")).1).unwrap();
    let entries = ["-v", "error", "-show_entries", "packet=pts,size", "-of", "csv=p=0"];
    let told = tool("ffprobe", &[&entries[..], &[path.to_str().unwrap()]].concat());
    let (mut loud, mut quiet, mut total) = (Vec::new(), Vec::new(), 0);
    for line in String::from_utf8(told).unwrap().lines() {
        let fields: Vec<i64> = line.split(',').filter_map(|field| field.parse().ok()).collect();
        let [at, size] = fields[..] else { continue };
        let (at, size) = (at.max(0) as usize, size as usize);
        total += size;
        // A packet reaches over the frames before its own, too.
        match (is_quiet(at.saturating_sub(1024)), is_quiet(at + 2048)) {
            (false, false) => loud.push(size),
            (true, true) => quiet.push(size),
            _ => {}
        }
    }
    let mean = |sizes: &[usize]| sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
    assert!(mean(&quiet) < 0.9 * mean(&loud), "{} and {} bytes", mean(&quiet), mean(&loud));
    // 64 kbit/s, and the packet by which the encoder trails.
    assert!(total <= 20 * 8000 + 1024, "{total} bytes");
}
