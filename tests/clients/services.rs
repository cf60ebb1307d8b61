//! Telephony services that play a URL: Twilio, Bandwidth, Vonage, Exotel, 46elks, jambonz.

use super::Check::{Each, Once};
use super::rules;
use super::site::{FORMATS, Site, State, header, telephone_wav_rate};
use crate::client::Answer;
use crate::sources;

rules! { "Twilio and others":
    t1 "prompts are typed as audio that Twilio and Bandwidth take" Each(|site, state| {
        for format in ["wav", "mp3"] {
            for link in site.misdeclared(format).into_iter().chain([site.link(state, format, "")]) {
                let kind = header(&play(site, &link), "content-type");
                let taken: &[&str] = match format {
                    "wav" => &["audio/wav", "audio/x-wav"],
                    _ => &["audio/mpeg", "audio/mpeg3", "audio/mp3"],
                };
                assert!(taken.contains(&kind.as_str()), "{link}: {kind}");
            }
        }
    });
    t2 "ETag, Last-Modified and max-age on every prompt; `no-cache` leads to 304" Each(|site, state| {
        let link = site.link(state, "wav", "p=asterisk");
        let answer = play(site, &link);
        assert!(header(&answer, "cache-control").contains("max-age="));
        let (etag, date) = (header(&answer, "etag"), header(&answer, "last-modified"));
        let asked = [("If-None-Match", etag.as_str()), ("If-Modified-Since", &date)];
        let uncached = link.replace("p=asterisk", "p=asterisk/cache_control=no-cache");
        let again = site.get(&uncached, &asked);
        assert_eq!((again.status, again.body.len()), (304, 0));
    });
    t3 "any upload is an 8 kHz mono 16-bit WAV at one fixed form" Once(|site| {
        let melody = std::fs::read(sources::melody()).unwrap();
        let mut links = vec![site.server.upload("melody.flac", &melody)];
        for format in FORMATS {
            links.push(site.link(State::Original, format, "").replace(&format!("/prompt.{format}"), ""));
        }
        for link in links {
            let answer = play(site, &format!("{link}/p=asterisk/prompt.wav"));
            assert_eq!(answer.status, 200, "{link}: {}", answer.text());
            assert_eq!(telephone_wav_rate(&answer.body), 8000, "{link}");
        }
    });
    t4 "public links need no cookies and no headers" Each(|site, state| {
        let answer = site.server.get(&site.link(state, "wav", ""));
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(answer.header("www-authenticate"), None);
    });
    t5 "the suffix picks the format; a leg that isn't there is a clear 400" Each(|site, state| {
        let format = |suffix: &str| {
            let link = site.link(state, suffix, "").replace(&format!("/prompt.{suffix}"), "");
            match state {
                State::Original => format!("{link}.{suffix}"),
                _ => format!("{link}/play.{suffix}"),
            }
        };
        assert!(play(site, &format("wav")).body.starts_with(b"RIFF"));
        assert_eq!(header(&play(site, &format("mp3")), "content-type"), "audio/mpeg");
        let answer = play(site, &site.link(state, "wav", "").replace("/prompt", "/ch=left/prompt"));
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["errors"][0]["field"], "ch");
    });
}

fn play(site: &Site, link: &str) -> Answer {
    site.get(link, &[("User-Agent", "TwilioProxy/1.1"), ("Accept", "*/*")])
}
