//! A server whose files lie in a bucket: what clients see is what they see of a local disk, and what goes wrong with
//! the bucket is told.

use crate::running::{KEYS, PATIENCE, Server, stderr, tonearm, until};
use crate::s3::{Fault, S3};
use crate::sources;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::mpsc::channel;
use tempfile::TempDir;

/// What a start that fails says.
fn start(data: &Path, args: &[&str]) -> Output {
    let mut command = tonearm();
    command.envs(KEYS).args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).args(args);
    command.output().expect("the server ends")
}

#[test]
fn a_file_in_a_bucket_answers_as_one_on_the_disk_and_a_head_asks_the_bucket_nothing() {
    let (folder, s3) = (TempDir::new().unwrap(), S3::start());
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let local = Server::start(&folder.path().join("local"), &[]);
    let remote = Server::start_on_bucket(&s3.url(), &folder.path().join("remote"), &[]);
    let links = [&local, &remote].map(|server| server.upload("speech.wav", &recording));
    assert_eq!(s3.objects().into_values().collect::<Vec<_>>(), [recording]);
    s3.take_seen();
    for options in ["", "?f=mp3", "?f=ogg", "?f=g722"] {
        let heads = [(&local, &links[0]), (&remote, &links[1])]
            .map(|(server, link)| server.head(&format!("{link}{options}")));
        assert_eq!(heads[0].status, heads[1].status);
        assert_eq!(heads[0].length(), heads[1].length(), "{options}");
    }
    assert_eq!(s3.take_seen(), []);
    for options in ["", "?f=mp3", "?f=ogg", "?f=g722", "?f=flac", "?f=mp4", "/peaks.json"] {
        for range in ["bytes=0-", "bytes=30000-31000", "bytes=-10", "bytes=0-0,100-200"] {
            let answers = [(&local, &links[0]), (&remote, &links[1])]
                .map(|(server, link)| server.range(&format!("{link}{options}"), range));
            let [here, there] = &answers;
            assert_eq!((there.status, there.whole), (here.status, here.whole), "{options} {range}");
            assert_eq!(there.header("content-range"), here.header("content-range"));
            // The border of parts is made by chance.
            assert!(here.body == there.body || range.contains(','), "{options} {range}");
        }
    }
}

#[test]
fn killed_between_the_put_and_the_commit_it_leaves_an_object_that_goes_with_a_sweep() {
    let (folder, s3) = (TempDir::new().unwrap(), S3::start());
    let data = folder.path().join("data");
    let server = Server::start_on_bucket(&s3.url(), &data, &[]);
    let kept = server.upload("kept.bin", b"kept");
    s3.take_seen();
    s3.fails("PUT", "", Fault::DoneAndHeld, 1);
    let upload = server.upload_request("torn.bin", b"torn").send_part(4).unwrap();
    s3.await_seen("PUT", 1);
    until("the object is put", || s3.objects().len() == 2);
    server.kill();
    s3.clear_faults();
    drop(upload);
    // A day later.
    let catalog = catalog::Catalog::open(data.join("catalog.sqlite")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let all = catalog::LeftSince { own_ms: i64::MAX, external_ms: i64::MAX };
    let left = runtime.block_on(catalog.take_leftovers(all, 0, 100)).unwrap();
    assert_eq!(left.len(), 1, "the object is known before its first byte");
    drop(catalog);
    let server = Server::start_on_bucket(&s3.url(), &data, &[]);
    until("the object goes", || s3.objects().len() == 1);
    assert_eq!(server.get(&kept).body, b"kept");
}

#[test]
fn the_role_of_a_machine_is_asked_for_where_no_keys_are_given() {
    let folder = TempDir::new().unwrap();
    let metadata = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = tonearm();
    command.env("AWS_METADATA_ENDPOINT", format!("http://{}", metadata.local_addr().unwrap()));
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("data"));
    command.args(["--blobs", "s3://bucket?region=here&endpoint=https://127.0.0.1:1"]);
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (to, asked) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(metadata.accept().unwrap().0).read_line(&mut line);
        let _ = to.send(line);
    });
    let line = asked.recv_timeout(PATIENCE);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(line.as_deref(), Ok("PUT /latest/api/token HTTP/1.1\r\n"));
}

#[test]
fn an_object_that_is_missing_is_500_and_a_bucket_that_is_away_503() {
    let (folder, s3) = (TempDir::new().unwrap(), S3::start());
    let server = Server::start_on_bucket(&s3.url(), &folder.path().join("data"), &[]);
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let link = server.upload("speech.wav", &recording);
    let forms = [link.clone(), format!("{link}?f=mp3"), format!("{link}?f=flac")];
    s3.fails("GET", "", Fault::Status(403, "AccessDenied"), 1000);
    for form in &forms {
        let answer = server.get(form);
        assert_eq!(answer.status, 503, "{form}: {}", answer.text());
        assert_eq!(answer.header("retry-after"), Some("5"), "{form}");
    }
    s3.clear_faults();
    s3.fails("PUT", "", Fault::Status(403, "AccessDenied"), 1);
    let refused = server.upload_request("refused.wav", b"refused").send();
    assert_eq!(refused.status, 503, "{}", refused.text());
    s3.remove_all();
    for form in &forms {
        assert_eq!(server.get(form).status, 500, "{form}");
    }
    assert!(server.metric("tonearm_blobs_missing_total") > 0);
    server.upload("again.wav", &recording);
    for form in &forms {
        assert_eq!(server.get(form).status, 200, "{form}");
    }
    assert!(server.get(&link).body == recording);
}

#[test]
fn a_start_on_the_wrong_bucket_is_refused_and_says_why() {
    let (folder, s3) = (TempDir::new().unwrap(), S3::start());
    let data = folder.path().join("data");
    s3.fails("PUT", "tonearm-check", Fault::Status(403, "AccessDenied"), 1);
    let refused = start(&data, &["--blobs", &s3.url()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("AccessDenied"), "{}", stderr(&refused));
    let server = Server::start_on_bucket(&s3.url(), &data, &[]);
    server.upload("kept.bin", b"kept");
    server.stop();
    for other in ["file:", "s3://bucket/another?region=here"] {
        let refused = start(&data, &["--blobs", other]);
        assert_eq!(refused.status.code(), Some(2), "{other}");
        let text = stderr(&refused);
        assert!(text.contains("the blobs lie in s3://bucket/some/prefix/"), "{text}");
    }
    let wrong = start(&data, &["--blobs", "ftp://x"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("az://ACCOUNT/CONTAINER"), "{}", stderr(&wrong));
}

#[test]
fn a_cloud_that_is_not_allowed_is_not_asked_also_where_no_endpoint_is_named() {
    let folder = TempDir::new().unwrap();
    let endpoints = ["--external-endpoints", "http://127.0.0.1:*"];
    let server = Server::start(&folder.path().join("data"), &endpoints);
    let keys = serde_json::json!({"access_key_id": "a", "secret_access_key": "b", "region": "us-east-1",
        "bucket": "b", "account_name": "a", "account_key": "YQ==", "container": "c"});
    for kind in ["aws", "azure"] {
        let container = serde_json::json!({"type": kind, "external_attributes": keys});
        let request = server.request("POST", "/core/v2/storage/containers").token(&server.token());
        let refused = request.json(&container).send();
        assert_eq!(refused.status, 422, "{kind}: {}", refused.text());
        assert!(refused.text().contains("must lie at one of http://127.0.0.1:*"), "{kind}");
    }
}

#[test]
fn a_container_with_a_bucket_of_its_own_is_played_from_there() {
    let (folder, s3) = (TempDir::new().unwrap(), S3::start());
    let recording = std::fs::read(sources::speech(folder.path())).unwrap();
    let endpoints = ["--external-endpoints", "http://127.0.0.1:*"];
    let server = Server::start(&folder.path().join("data"), &endpoints);
    let containers = "/core/v2/storage/containers";
    let container = serde_json::json!({"type": "aws", "external_attributes": s3.attributes()});
    let post = |path: &str, type_: &str, body: &[u8]| {
        let request = server.request("POST", path).token(&server.token());
        request.header("Content-Type", type_).body(body).send()
    };
    let made = post(containers, "application/json", container.to_string().as_bytes());
    assert_eq!(made.status, 200, "{}", made.text());
    let sid = made.json()["container_sid"].as_str().unwrap().to_owned();
    let path = format!("/core/v2/storage/files?container_sid={sid}&name=speech.wav");
    let file = post(&path, "application/octet-stream", &recording);
    assert_eq!(file.status, 201, "{}", file.text());
    let link = format!("/f/{}", file.json()["file_sid"].as_str().unwrap());
    assert_eq!(s3.objects().len(), 1);
    let own = server.upload("speech.wav", &recording);
    for options in ["", "?f=mp3", "?f=flac", "/peaks.json"] {
        let [theirs, ours] = [&link, &own].map(|link| server.get(&format!("{link}{options}")));
        assert_eq!((theirs.status, theirs.whole), (200, true), "{options}: {}", theirs.status);
        assert!(theirs.body == ours.body, "{options}");
    }
    assert!(s3.take_seen().iter().any(|seen| seen.method == "GET"));
}
