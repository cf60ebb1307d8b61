//! Links in `/openapi.json`: what they are the product of, so they are described as calls beside the storage APIs.

use serde_json::{Map, Value, json};

/// What is told of each option: its name, what it may be, an example.
const OPTIONS: [Told; 21] = [
    (
        "f",
        "Format: wav, mp3, ulaw, alaw, g722, flac, ogg, mp4, webm, sln, gsm, or one of their other names.",
        "mp3",
    ),
    ("br", "Bit rate in kbit/s: 8 16 24 32 40 48 64 80 96 112 128 160 192 224 256 320.", "64"),
    (
        "rate",
        "Sample rate in Hz, where the format leaves a choice; `8k` and `8khz` are 8000.",
        "8000",
    ),
    (
        "ch",
        "Channels: `1` = `mix` = `mono`, `2` = `stereo`, `left`, `right`, `swap`; `c3` the third alone, `c3c1` two.",
        "mix",
    ),
    ("t", "The clip: `START-END` in milliseconds, either may be left out.", "0-1000"),
    ("codec", "What a wav holds: `pcm`, `ulaw`, `alaw`, `gsm`.", "pcm"),
    ("bits", "Depth of wav and flac: 16 or 24.", "16"),
    ("tags", "`none` leaves out what the source says of itself, its picture too.", "none"),
    ("tag-title", "A title in place of the source's.", "Hello"),
    ("tag-artist", "An artist in place of the source's.", "Ada"),
    ("tag-album", "An album in place of the source's.", "Prompts"),
    ("tag-date", "A date in place of the source's.", "2026"),
    ("tag-comment", "A comment in place of the source's.", "take 2"),
    (
        "p",
        "A preset: asterisk, asterisk16, sln16, cisco, ulaw, alaw, g722, gsm, web, and those of the configuration.",
        "asterisk",
    ),
    ("disposition", "`inline`, or `attachment` to save it.", "attachment"),
    ("disposition_name", "The name to save it under.", "hello.wav"),
    ("content_type", "Another type, from a closed list.", "audio/wav"),
    ("cache_headers", "Seconds that caches may keep it; 0 forbids it.", "300"),
    ("cache_control", "Directives for caches, as they are sent.", "no-cache"),
    ("exp", "Until when a signed link is good, in Unix seconds.", ""),
    ("sig", "The signature of a signed link.", ""),
];

/// A query's parameter: its name, what it is, an example.
type Told = (&'static str, &'static str, &'static str);

const PIXELS: Told = ("pixels", "How many there are; about 2000.", "200");
const SAMPLES: Told = ("samples_per_pixel", "Samples of one, instead: a multiple of 256.", "1024");

/// What anybody may call.
struct Call {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    about: &'static str,
    query: &'static [Told],
    /// The type of what is answered; `*/*` is a file's.
    kind: &'static str,
}

const CALLS: [Call; 9] = [
    Call {
        path: "/f/{file_sid}",
        id: "playFile",
        summary: "Plays a file that is published by its sid.",
        about: "In any format, from any byte on. The options stand in the query; or each as a segment of the \
                path, `/f/{file_sid}/f=wav/rate=8000/prompt.wav`, for clients that cut links at `?`; a suffix \
                is a format, `/f/{file_sid}.mp3`. A range of a transcode is 206 though nobody asked for it \
                before.",
        query: &OPTIONS,
        kind: "*/*",
    },
    Call {
        path: "/c/{container_sid}/{name}",
        id: "playFileByName",
        summary: "Plays a file that is published by its name.",
        about: "With the options of `/f/{file_sid}`.",
        query: &OPTIONS,
        kind: "*/*",
    },
    Call {
        path: "/f/{file_sid}/peaks.json",
        id: "getPeaks",
        summary: "The lowest and highest sample of each pixel (audiowaveform, version 2).",
        about: "",
        query: &[PIXELS, SAMPLES, ("bits", "Depth of the numbers: 8 or 16.", "8")],
        kind: "application/json",
    },
    Call {
        path: "/f/{file_sid}/waveform.svg",
        id: "getWaveform",
        summary: "The same drawn, to be stretched to any size.",
        about: "",
        query: &[PIXELS, SAMPLES],
        kind: "image/svg+xml",
    },
    Call {
        path: "/f/{file_sid}/waveform.png",
        id: "getCard",
        summary: "The same as a card for chats, 1200 by 630 pixels.",
        about: "",
        query: &[],
        kind: "image/png",
    },
    Call {
        path: "/f/{file_sid}/listen",
        id: "getListenPage",
        summary: "A page with a player, for people.",
        about: "It takes the options of the link.",
        query: &[("embed", "`1` lets other sites frame the page.", "1")],
        kind: "text/html",
    },
    Call {
        path: "/f/{file_sid}/oembed.json",
        id: "getOembed",
        summary: "What other sites are told of that page (oEmbed).",
        about: "",
        query: &[],
        kind: "application/json",
    },
    Call {
        path: "/healthz",
        id: "getHealth",
        summary: "Whether the server serves; 503 while it drains.",
        about: "",
        query: &[],
        kind: "application/json",
    },
    Call {
        path: "/metrics",
        id: "getMetrics",
        summary: "Figures for Prometheus.",
        about: "",
        query: &[],
        kind: "text/plain",
    },
];

/// The paths of links and of what is public beside them.
pub fn described() -> Map<String, Value> {
    CALLS.iter().map(|call| (call.path.to_owned(), json!({ "get": said(call) }))).collect()
}

fn said(call: &Call) -> Value {
    let segments = call.path.split(['{', '}']).skip(1).step_by(2);
    let in_path = segments.map(|name| parameter("path", &(name, "Of the link.", "")));
    let in_query = call.query.iter().map(|told| parameter("query", told));
    let parameters: Vec<_> = in_path.chain(in_query).collect();
    let body = match call.kind {
        "application/json" => json!({"schema": {"type": "object"}}),
        "*/*" | "image/png" => {
            json!({"schema": {"type": "string", "contentMediaType": "application/octet-stream"}})
        }
        _ => json!({"schema": {"type": "string"}}),
    };
    let refused = "Refused; the body says why. 400 an option, 403 a signature, 404 nothing there, \
                   415 it can't be played.";
    let mut said = json!({
        "operationId": call.id, "tags": ["links"], "summary": call.summary, "security": [],
        "parameters": parameters,
        "responses": {
            "200": {"description": "All of it.", "content": {call.kind: body}},
            "4XX": {"description": refused},
            "503": {"description": "Not now; `Retry-After` says when."},
        },
    });
    if call.kind == "*/*" {
        let content = json!({call.kind: body});
        said["responses"]["206"] =
            json!({"description": "The range that was asked for.", "content": content});
        said["responses"]["304"] = json!({"description": "The client has it."});
    }
    if !call.about.is_empty() {
        said["description"] = call.about.into();
    }
    said
}

fn parameter(place: &str, (name, about, example): &Told) -> Value {
    let required = place == "path";
    let mut said = json!({"name": name, "in": place, "required": required, "description": about,
        "schema": {"type": "string"}});
    if !example.is_empty() {
        said["example"] = (*example).into();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::super::options::is_option;
    use super::*;
    use media::Preferences;

    #[test]
    fn every_option_of_a_link_is_described_and_nothing_else_is() {
        for (name, _, _) in OPTIONS {
            assert!(is_option(name), "{name}");
        }
        for name in Preferences::OPTIONS {
            assert!(OPTIONS.iter().any(|(known, _, _)| *known == name), "{name}");
        }
    }
}
