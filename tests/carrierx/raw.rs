//! Raw audio: the same bytes are another recording under another law, and one blob.

use super::*;
use crate::client::read_answer;
use crate::judge::ffmpeg;
use crate::running::run;
use std::io::Write;
use std::net::TcpStream;

/// Each way of reading raw bytes, and how ffmpeg is told of it.
const LAWS: [(&str, &[&str]); 2] =
    [("ulaw", &["-f", "mulaw", "-ar", "8000"]), ("alaw", &["-f", "alaw", "-ar", "8000"])];

#[test]
fn a_part_of_a_file_and_a_coded_one_are_no_file() {
    let api = Api::start();
    let (sid, path) = (api.container_sid(&json!({})), "/core/v2/storage/upload/tail.bin");
    let put = || api.request("PUT", &format!("{path}?container_sid={sid}"));
    let part = put().header("Content-Range", "bytes 4-7/8").body(b"tail").send();
    assert_refused(&part, 400, "Bad Request", "Content-Range");
    // RFC 9112 §7.4: codings below the chunks.
    let head = format!(
        "PUT {path}?container_sid={sid} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n4\r\ncode\r\n0\r\n\r\n",
        api.token
    );
    let mut stream = TcpStream::connect(api.server.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream, false).unwrap().status, 415);
    assert_eq!(api.names(&format!("filter=container_sid+eq+{sid}")), [""; 0]);
}

/// 15 s of bytes that every law reads: two segments.
fn bytes() -> Vec<u8> {
    (0..120_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 21) as u8).collect()
}

impl Api {
    /// Uploads the bytes under a name; where the file is kept and where it is published.
    fn raw(&self, container_sid: &str, name: &str) -> (String, String) {
        let file = self.file(&json!({"container_sid": container_sid, "name": name}), &bytes());
        (format!("{FILES}/{}", text(&file["file_sid"])), path_of(&file["publish_uri"]))
    }

    /// The samples that a link plays, as 16 bits.
    fn heard(&self, link: &str) -> Vec<u8> {
        let answer = self.server.get(link);
        assert_eq!(answer.status, 200, "{link}: {}", answer.text());
        answer.body[44..].to_vec()
    }

    /// The samples that ffmpeg reads the bytes as.
    fn expected(&self, read: &[&str]) -> Vec<u8> {
        let path = self.folder.path().join("bytes.raw");
        std::fs::write(&path, bytes()).unwrap();
        let input = ["-i", path.to_str().unwrap(), "-f", "s16le", "-"];
        ffmpeg(&[read, &input[..]].concat())
    }

    /// Lowest and highest of the first 256 samples, as the link tells.
    fn peaks(&self, link: &str) -> [i64; 2] {
        let peaks = self.server.get(&format!("{link}/peaks.json?samples_per_pixel=256")).json();
        [0, 1].map(|n| peaks["data"][n].as_i64().unwrap())
    }
}

/// Lowest and highest of the first 256 of these 16-bit samples.
fn extremes(samples: &[u8]) -> [i64; 2] {
    let first = samples.as_chunks().0[..256].iter().map(|b| i64::from(i16::from_le_bytes(*b)));
    [first.clone().min().unwrap(), first.max().unwrap()]
}

#[test]
fn the_same_bytes_play_by_the_law_of_each_name_and_are_kept_once() {
    for laws in [LAWS, [LAWS[1], LAWS[0]]] {
        let api = Api::start();
        let sid = api.container_sid(&json!({}));
        let files = laws.map(|(law, _)| api.raw(&sid, &format!("call.{law}")));
        for ((law, read), (_, link)) in laws.iter().zip(&files) {
            assert!(api.heard(&format!("{link}?f=wav")) == api.expected(read), "{law}");
        }
        for ((law, read), (_, link)) in laws.iter().zip(&files) {
            assert_eq!(api.peaks(link), extremes(&api.expected(read)), "{law}");
        }
        let [first, second] = files;
        let etag = |link: &str| api.server.get(link).header("etag").map(str::to_owned);
        assert!(api.server.get(&second.1).body == bytes());
        assert_eq!(etag(&first.1), etag(&second.1), "an original's ETag is that of its bytes");
        assert_ne!(etag(&format!("{}?f=wav", first.1)), etag(&format!("{}?f=wav", second.1)));
        assert_eq!(api.server.objects().len(), 1);

        assert_eq!(api.delete(&first.0).status, 204);
        assert_eq!(api.server.objects().len(), 1);
        assert!(api.server.get(&second.1).body == bytes());
        let expected = api.expected(laws[1].1);
        // Whether it is made already or not.
        assert!(api.heard(&format!("{}?f=wav", second.1)) == expected);
        assert!(api.heard(&format!("{}?f=wav&t=1000-", second.1)) == expected[16_000..]);
        assert_eq!(api.delete(&second.0).status, 204);
        assert_eq!(api.server.objects(), [] as [String; 0]);
    }
}

#[test]
fn bytes_deleted_and_uploaded_again_under_another_law_play_by_that_one() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    for (law, read) in [LAWS[0], LAWS[1], LAWS[0]] {
        let (file, link) = api.raw(&sid, &format!("call.{law}"));
        assert!(api.heard(&format!("{link}?f=wav")) == api.expected(read), "{law}");
        assert_eq!(api.delete(&file).status, 204);
    }
    // G.722 makes two samples of a byte.
    let (_, link) = api.raw(&sid, "call.g722");
    assert_eq!(api.heard(&format!("{link}?f=wav")).len(), 4 * bytes().len());
}

#[test]
fn bytes_that_replace_themselves_under_another_law_play_by_that_one() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let (file, link) = api.raw(&sid, "call.ulaw");
    for (law, read) in [LAWS[0], LAWS[1], LAWS[0]] {
        let object = json!({"name": format!("call.{law}")}).to_string();
        let parts = [("file_object", "", object.as_bytes()), ("data", "", &bytes()[..])];
        assert_eq!(api.form("PATCH", &file, &parts).status, 200);
        assert!(api.heard(&format!("{link}?f=wav")) == api.expected(read), "{law}");
        assert_eq!(api.server.objects().len(), 1);
    }
}

#[test]
fn a_transcode_on_upload_under_another_law_is_right_and_spoils_no_published_one() {
    for [(law, read), (other, read_other)] in [LAWS, [LAWS[1], LAWS[0]]] {
        let api = Api::start();
        let sid = api.container_sid(&json!({}));
        let (_, link) = api.raw(&sid, &format!("call.{law}"));
        // Before the published one is made, and after.
        for _ in 0..2 {
            let wish = json!({"container_sid": sid, "name": format!("call.{other}"),
                "type": "audio", "desired_format": "wav"});
            let stored = path_of(&api.file(&wish, &bytes())["publish_uri"]);
            assert!(api.heard(&stored) == api.expected(read_other), "{other}");
            assert!(api.heard(&format!("{link}?f=wav")) == api.expected(read), "{law}");
        }
    }
}

#[test]
fn the_transcode_of_a_local_raw_file_is_the_published_one() {
    let api = Api::start();
    let sid = api.container_sid(&json!({}));
    let [source, target] =
        ["call.alaw", "call.ogg"].map(|name| api.folder.path().join(name).display().to_string());
    std::fs::write(&source, bytes()).unwrap();
    assert!(run(&["transcode", &source, &target]).status.success());
    api.raw(&sid, "call.ulaw");
    let (_, link) = api.raw(&sid, "call.alaw");
    assert!(api.server.get(&format!("{link}?f=ogg")).body == std::fs::read(&target).unwrap());
}
