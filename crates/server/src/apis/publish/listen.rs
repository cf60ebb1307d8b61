//! `listen` behind a link: a page with the recording's name, waveform and player, for people; and what other sites need
//! to show it as a card or within a frame (Open Graph, oEmbed).
//!
//! What is uploaded has words in it: each is text, and the page runs our own files alone.

use super::access::Access;
use super::beside::Request;
use super::card::{HEIGHT_PX, WIDTH_PX};
use super::link::Asked;
use crate::body::Body;
use crate::page::{escape, links_to, up_from};
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Response, Uri};
use media::Resource;
use std::fmt::Write;

/// Formats that browsers play as they are stored.
const NATIVE: [&str; 6] = ["mp3", "wav", "flac", "ogg", "mp4", "webm"];

const STYLES: [&str; 3] = ["base.css", "player.css", "listen.css"];

/// Width and height of the frame that other sites are told of, in pixels.
const FRAME_PX: (u32, u32) = (600, 200);

/// What a page shows of its file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Sound,
    Picture,
    Document,
    /// Its name.
    Nothing,
}

impl Shown {
    fn of(resource: &Resource) -> Self {
        match resource.mime_type.as_str() {
            _ if resource.facts.is_some() => Self::Sound,
            "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/avif" => Self::Picture,
            "application/pdf" => Self::Document,
            _ => Self::Nothing,
        }
    }
}

/// What a page is of.
pub struct Page<'a> {
    name: String,
    about: String,
    /// The path up to the page's own name, with its `/`.
    folder: &'a str,
    /// The query without what is the page's own, with its `?`.
    query: String,
    is_embedded: bool,
    /// The frame, no larger than the site that asks has room for (`maxwidth`, `maxheight` of oEmbed).
    frame_px: (u32, u32),
    /// Options that are added so that browsers play it.
    plays_as: &'static str,
    shown: Shown,
    access: Access,
}

impl<'a> Page<'a> {
    /// The page of a file, asked for at a link.
    pub fn new(resource: &Resource, asked: &Asked, uri: &'a Uri, access: Access) -> Self {
        let folder = uri.path().rsplit_once('/').map_or("/", |(before, last)| {
            uri.path().get(..uri.path().len() - last.len()).unwrap_or(before)
        });
        let pairs = uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty());
        let (own, rest): (Vec<_>, Vec<_>) =
            pairs.partition(|pair| pair.split('=').next() == Some("embed"));
        let at_most = |name: &str, px: u32| {
            let said = rest.iter().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            said.and_then(|text| text.parse().ok()).map_or(px, |most: u32| most.min(px))
        };
        let (width, height) = FRAME_PX;
        let frame_px = (at_most("maxwidth", width), at_most("maxheight", height));
        let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
        let facts = resource.facts.as_deref();
        let is_native = facts.is_none_or(|facts| NATIVE.contains(&facts.format.as_str()));
        let says_format =
            asked.preferences.format.is_some() || !matches!(access, Access::Published);
        let plays_as = match (is_native || says_format, query.is_empty()) {
            (true, _) => "",
            (false, true) => "?f=mp3",
            (false, false) => "&f=mp3",
        };
        let seconds = facts.map(|facts| facts.frame_count / u64::from(facts.rate_hz.max(1)));
        let clip = asked.preferences.clip.map(|clip| (clip.start_ms, clip.end_ms));
        Self {
            name: resource.name.clone(),
            about: seconds.map_or_else(|| "A file".into(), |whole| told(whole, clip)),
            folder,
            query,
            is_embedded: own.contains(&"embed=1"),
            frame_px,
            plays_as,
            shown: Shown::of(resource),
            access,
        }
    }

    /// The link of the file, seen from the page: the last segment before the page's name, one folder up.
    fn file(&self) -> String {
        let last = self.folder.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        format!("../{last}{}", self.query)
    }

    /// A document beside the page, as others reach it.
    fn beside(&self, base: &str, name: &str) -> String {
        format!("{base}{}{name}{}", self.folder, self.query)
    }

    /// The file, as others reach it.
    fn whole(&self, base: &str) -> String {
        format!("{base}{}{}", self.folder.trim_end_matches('/'), self.query)
    }

    /// What chats make a card of.
    fn card(&self, base: &str) -> String {
        let mut card = String::new();
        // Writing to a string can't fail.
        let _ = match self.shown {
            Shown::Sound => {
                let picture = escape(&self.beside(base, "waveform.png"));
                let sound = escape(&self.whole(base));
                write!(
                    card,
                    "<meta property=\"og:image\" content=\"{picture}\">\n\
                     <meta property=\"og:image:width\" content=\"{WIDTH_PX}\">\n\
                     <meta property=\"og:image:height\" content=\"{HEIGHT_PX}\">\n\
                     <meta property=\"og:audio\" content=\"{sound}\">\n\
                     <meta name=\"twitter:card\" content=\"summary_large_image\">\n"
                )
            }
            Shown::Picture => {
                let picture = escape(&self.whole(base));
                writeln!(card, "<meta property=\"og:image\" content=\"{picture}\">")
            }
            Shown::Document | Shown::Nothing => Ok(()),
        };
        card
    }

    /// The answer to GET and HEAD.
    pub fn answer(&self, base: &str, request: &Request<'_>) -> Response<Body> {
        let up = up_from(request.uri.path());
        let (name, file) = (escape(&self.name), escape(&self.file()));
        let shown = match self.shown {
            Shown::Sound => {
                let plays_as = escape(self.plays_as);
                format!("<audio controls preload=\"metadata\" src=\"{file}{plays_as}\"></audio>")
            }
            Shown::Picture => format!("<img src=\"{file}\" alt=\"{name}\">"),
            Shown::Document => format!("<iframe src=\"{file}\" title=\"{name}\"></iframe>"),
            Shown::Nothing => String::new(),
        };
        let embed = if self.is_embedded { "yes" } else { "no" };
        let document = crate::page::filled(
            include_str!("../../page/web/listen.html"),
            &[
                ("embed", embed),
                ("name", &name),
                ("about", &self.about),
                ("url", &escape(&self.beside(base, "listen"))),
                ("card", &self.card(base)),
                ("oembed", &escape(&self.beside(base, "oembed.json"))),
                ("up", &up),
                ("assets", &links_to(&up, &STYLES, "listen.js")),
                ("shown", &shown),
                ("save", &file),
            ],
        );
        let ancestors = if self.is_embedded { "*" } else { "'none'" };
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
             media-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors {ancestors}; require-trusted-types-for 'script'"
        );
        self.rendered(document, "text/html; charset=utf-8", &policy, request.method)
    }

    /// The description of the page for sites that put it in a frame.
    pub fn oembed(&self, base: &str, method: &Method) -> Response<Body> {
        let joint = if self.query.is_empty() { "?" } else { "&" };
        let page = escape(&format!("{}{joint}embed=1", self.beside(base, "listen")));
        let (width, height) = self.frame_px;
        let frame = format!(
            "<iframe src=\"{page}\" width=\"{width}\" height=\"{height}\" frameborder=\"0\" \
             title=\"{}\"></iframe>",
            escape(&self.name)
        );
        let mut said = serde_json::json!({
            "version": "1.0", "type": "rich", "provider_name": "tonearm", "title": self.name,
            "html": frame, "width": width, "height": height,
        });
        if self.shown == Shown::Sound {
            said["thumbnail_url"] = self.beside(base, "waveform.png").into();
            said["thumbnail_width"] = WIDTH_PX.into();
            said["thumbnail_height"] = HEIGHT_PX.into();
        }
        let mut answer = self.rendered(
            said.to_string(),
            "application/json",
            "default-src 'none'; sandbox",
            method,
        );
        let anybody = HeaderValue::from_static("*");
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
        answer
    }

    fn rendered(
        &self,
        document: String,
        kind: &'static str,
        policy: &str,
        method: &Method,
    ) -> Response<Body> {
        let caching = match self.access {
            Access::Published => "no-cache",
            Access::Signed { .. } | Access::Caller => "private, no-store",
        };
        let length = document.len();
        let body = match *method {
            Method::HEAD => Body::empty(),
            _ => Body::of_memory(document.into()),
        };
        let mut answer = Response::new(body);
        let headers = answer.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, caching),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("x-robots-tag"), "noindex"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(header::CONTENT_LENGTH, length.into());
        if let Ok(policy) = HeaderValue::from_str(policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        answer
    }
}

/// A length, that of the clip if it is one: `Recording, 2:03`.
fn told(whole_s: u64, clip: Option<(u64, Option<u64>)>) -> String {
    let (what, seconds) = match clip {
        None => ("Recording", whole_s),
        Some((start_ms, end_ms)) => {
            let end_ms = end_ms.unwrap_or(whole_s * 1000).min(whole_s * 1000 + 999);
            ("Clip", end_ms.saturating_sub(start_ms) / 1000)
        }
    };
    match seconds / 3600 {
        0 => format!("{what}, {}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{what}, {hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}
