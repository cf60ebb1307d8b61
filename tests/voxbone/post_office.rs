//! A server for mails that behaves as a test wants, and Python's reading of what came.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it does with a mail.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// It takes it.
    Takes,
    /// It answers a command (of the text's end: `.`) with this.
    Answers(&'static str, &'static str),
    /// It is gone in the midst of the text.
    DiesInTheText,
    /// It waits with its answer to the text until the test lets it go on.
    WaitsAtTheEnd,
    /// It says nothing at all.
    IsSilent,
    /// It takes it, and says no good-bye.
    HangsAtQuit,
}

/// The server. Each connection is treated by the next manner; the last one stays.
pub struct PostOffice {
    pub address: SocketAddr,
    texts: Receiver<String>,
    go_on: Sender<()>,
    taken: Arc<Mutex<usize>>,
    visits: Arc<AtomicUsize>,
}

struct Clerk {
    texts: Sender<String>,
    go_on: Mutex<Receiver<()>>,
    taken: Arc<Mutex<usize>>,
}

impl PostOffice {
    pub fn open(manners: &'static [Manner]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (send, texts) = mpsc::channel();
        let (go_on, wait) = mpsc::channel();
        let taken = Arc::new(Mutex::new(0));
        let clerk =
            Arc::new(Clerk { texts: send, go_on: Mutex::new(wait), taken: Arc::clone(&taken) });
        let visits = Arc::new(AtomicUsize::new(0));
        let came = Arc::clone(&visits);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
                let manner = manners[number.min(manners.len() - 1)];
                let clerk = Arc::clone(&clerk);
                came.fetch_add(1, Relaxed);
                std::thread::spawn(move || clerk.serve(stream, manner));
            }
        });
        Self { address, texts, go_on, taken, visits }
    }

    /// The arguments that have a server hand its mails over here.
    pub fn arguments(&self) -> [String; 4] {
        let url = format!("smtp://{}", self.address);
        [
            "--smtp-url".into(),
            url,
            "--mail-from".into(),
            "Jürgen's Recorder <rec@example.com>".into(),
        ]
    }

    /// The next text that comes, wherever it comes to an end.
    pub fn text(&self) -> String {
        self.texts.recv_timeout(Duration::from_secs(30)).expect("a mail")
    }

    /// Whether no further text came so far.
    pub fn is_empty(&self) -> bool {
        self.texts.try_recv().is_err()
    }

    /// Mails that it took.
    pub fn taken(&self) -> usize {
        *self.taken.lock().unwrap()
    }

    /// Connections that came.
    pub fn visits(&self) -> usize {
        self.visits.load(Relaxed)
    }

    pub fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }
}

impl Clerk {
    /// Broken connections are the tests' own doing.
    fn serve(&self, stream: TcpStream, manner: Manner) {
        let _ = self.try_serve(stream, manner);
    }

    fn try_serve(&self, stream: TcpStream, manner: Manner) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        if matches!(manner, Manner::IsSilent) {
            return lines.try_for_each(|line| line.map(|_| ()));
        }
        let say = |text: &str| (&stream).write_all(format!("{text}\r\n").as_bytes());
        say("220 post.example.com ESMTP")?;
        while let Some(line) = lines.next() {
            let line = line?;
            let command = line.split([' ', ':']).next().unwrap_or("").to_ascii_uppercase();
            match (command.as_str(), manner) {
                (command, Manner::Answers(at, with)) if command == at => say(with)?,
                ("EHLO", _) => say("250-post.example.com\r\n250 8BITMIME")?,
                ("MAIL" | "RCPT", _) => say("250 ok")?,
                ("DATA", _) => {
                    say("354 go on")?;
                    let mut text = String::new();
                    for line in lines.by_ref() {
                        let line = line?;
                        if line == "." {
                            break;
                        }
                        text += line.strip_prefix('.').unwrap_or(&line);
                        text += "\r\n";
                        if matches!(manner, Manner::DiesInTheText) && text.len() > 1000 {
                            let _ = self.texts.send(text);
                            return Ok(());
                        }
                    }
                    let _ = self.texts.send(text);
                    match manner {
                        Manner::Answers(".", with) => say(with)?,
                        _ => {
                            if matches!(manner, Manner::WaitsAtTheEnd) {
                                let _ = self.go_on.lock().unwrap().recv();
                            }
                            *self.taken.lock().unwrap() += 1;
                            say("250 taken")?;
                        }
                    }
                }
                ("QUIT", Manner::HangsAtQuit) => {}
                ("QUIT", _) => return say("221 bye"),
                _ => say("500 what?")?,
            }
        }
        Ok(())
    }
}

/// What Python's email package reads in a text.
pub fn read(text: &str) -> Value {
    let mut child = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

const READER: &str = "
import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
faults = [str(d) for part in mail.walk() for d in part.defects]
faults += [str(d) for value in mail.values() for d in getattr(value, 'defects', [])]
enclosed = [{'name': p.get_filename(), 'type': p.get_content_type(), 'bytes': list(p.get_payload(decode=True))}
            for p in mail.iter_attachments()]
json.dump({'heads': [[name, str(value)] for name, value in mail.items()], 'faults': faults,
           'text': mail.get_body().get_content(), 'enclosed': enclosed}, sys.stdout)
";

/// A head of a mail that was read.
pub fn head<'a>(mail: &'a Value, name: &str) -> &'a str {
    let heads = mail["heads"].as_array().unwrap();
    let mut found = heads.iter().filter(|head| head[0] == name);
    let value = found.next().unwrap_or_else(|| panic!("no {name} in {heads:?}"));
    assert!(found.next().is_none(), "{name} twice");
    value[1].as_str().unwrap()
}
