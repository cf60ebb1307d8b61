//! The server that mails are handed to: its address as it is set, and one mail's way into it.
//!
//! `smtp://` takes STARTTLS where it is offered; `smtps://` is TLS from the start. Credentials go over TLS or loopback
//! alone: elsewhere a server that offers no STARTTLS gets nothing. Certificates are judged by the system's roots.

use crate::line::Line;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::Starttls;
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use std::fmt::{self, Debug, Display, Formatter};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a server may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long is waited for a good-bye, once nothing hangs on it.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The server, and how it is spoken to.
#[derive(Clone)]
pub struct Server {
    host: String,
    port: u16,
    is_tls_from_the_start: bool,
    credentials: Option<Credentials>,
}

/// Without the credentials.
impl Debug for Server {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The server says that it never will take it (RFC 5321 §4.2.1: 5yz).
    #[error("{0}")]
    Refused(String),
    /// It may be taken later.
    #[error("{0}")]
    Later(String),
}

const EXPECTED: &str = "expected smtp://host:port or smtps://user:password@host:port; in user and password all but \
                        letters and digits percent-encoded";

/// Reads `smtp[s]://[user:password@]host[:port]`. No message says what was read, because there may be a password in it.
impl FromStr for Server {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
        let is_tls_from_the_start = match scheme {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(EXPECTED),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, at) = match rest.rsplit_once('@') {
            Some((user, at)) => (Some(user), at),
            None => (None, rest),
        };
        let (host, port) = host_and_port(at).ok_or(EXPECTED)?;
        let credentials = user.map(credentials).transpose()?;
        // RFC 8314 §3.3, RFC 5321 §4.5.4.2: submission over TLS, and the port of mail.
        let port = port.unwrap_or(if is_tls_from_the_start { 465 } else { 25 });
        Ok(Self { host, port, is_tls_from_the_start, credentials })
    }
}

/// A name, an IPv4 address or an IPv6 address in brackets, and a port.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            address.parse::<IpAddr>().ok()?;
            let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
            (address, port)
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    let is_host = !host.is_empty() && host.bytes().all(is_plain);
    let port = port.map(|port| port.parse().ok().filter(|port| *port != 0));
    match port {
        Some(None) => None,
        port => is_host.then(|| (host.to_owned(), port.flatten())),
    }
}

fn credentials(text: &str) -> Result<Credentials, &'static str> {
    let (user, password) = text.split_once(':').ok_or(EXPECTED)?;
    let plain = |part: &str| percent_decode_str(part).decode_utf8().map(|part| part.into_owned());
    let user = plain(user).map_err(|_| EXPECTED)?;
    Ok(Credentials::new(user, plain(password).map_err(|_| EXPECTED)?))
}

impl Server {
    /// Whether what is said to it leaves this machine.
    fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Hands a mail over; it is taken once this returns well.
    ///
    /// # Errors
    /// [`Undelivered`]. What the server says before it knows the mail, be it that the password is wrong, is nothing
    /// final.
    pub async fn deliver(
        &self,
        envelope: &Envelope,
        mail: &[u8],
        patience: Duration,
    ) -> Result<Accepted, Undelivered> {
        let handed_over = async {
            let mut connection = self.connect().await.map_err(|error| later(&error))?;
            match connection.send(envelope, mail).await {
                Ok(_) => Ok(Accepted { connection }),
                Err(error) if error.is_permanent() => Err(Undelivered::Refused(error.to_string())),
                Err(error) => Err(later(&error)),
            }
        };
        let late = || Undelivered::Later(format!("not taken within {} s", patience.as_secs_f32()));
        tokio::time::timeout(patience, handed_over).await.unwrap_or_else(|_| Err(late()))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Undelivered> {
        let reached = TcpStream::connect((self.host.as_str(), self.port));
        let reached = tokio::time::timeout(CONNECT_TIMEOUT, reached).await;
        let tcp = reached.map_err(|late| later(&late))?;
        let line = Line::new(tcp.map_err(|error| later(&error))?);
        let mut connection = self.greeted(line).await.map_err(|error| later(&error))?;
        if let Some(credentials) = &self.credentials {
            let authenticated = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials);
            authenticated.await.map_err(|error| later(&error))?;
        }
        Ok(connection)
    }

    /// A connection over TLS, or as plain as the server and the credentials let it be.
    async fn greeted(&self, line: Line) -> Result<AsyncSmtpConnection, SmtpError> {
        let hello = ClientId::default();
        let tls = || TlsParameters::new_rustls(self.host.clone());
        let open = |line: Line| AsyncSmtpConnection::connect_with_transport(Box::new(line), &hello);
        if self.is_tls_from_the_start {
            line.secure(tls()?).await?;
            return open(line).await;
        }
        let mut plain = open(line.clone()).await?;
        let must_be_secret = self.credentials.is_some() && !self.is_loopback();
        if !plain.can_starttls() && !must_be_secret {
            return Ok(plain);
        }
        plain.command(Starttls).await?;
        // With it goes what somebody between here and there may have said before TLS began.
        drop(plain);
        line.secure(tls()?).await?;
        open(line.greeting()).await
    }
}

fn later(error: &dyn Display) -> Undelivered {
    Undelivered::Later(error.to_string())
}

/// A mail was taken. What becomes of the connection from here on has no bearing on it.
pub struct Accepted {
    connection: AsyncSmtpConnection,
}

impl Accepted {
    /// Takes leave of the server.
    pub async fn quit(mut self) {
        let _ = tokio::time::timeout(QUIT_TIMEOUT, self.connection.quit()).await;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    #[test]
    fn an_address_has_a_port_by_its_scheme_and_credentials_percent_encoded() {
        for (text, host, port, tls) in [
            ("smtp://mail.example.com", "mail.example.com", 25, false),
            ("smtps://mail.example.com/", "mail.example.com", 465, true),
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, false),
            ("smtp://[::1]:2525", "::1", 2525, false),
            ("smtp://a%40b:p%3Aw%2F@localhost:587", "localhost", 587, false),
        ] {
            let server: Server = text.parse().unwrap();
            let read = (server.host.as_str(), server.port, server.is_tls_from_the_start);
            assert_eq!(read, (host, port, tls), "{text}");
        }
        let server: Server = "smtp://a%40b:p%3Aw%2F@localhost:587".parse().unwrap();
        assert_eq!(server.credentials, Some(Credentials::new("a@b".into(), "p:w/".into())));
        assert_eq!(format!("{server:?}"), "localhost:587");
    }

    #[test]
    fn an_address_that_is_none_is_refused_without_saying_what_it_was() {
        for text in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://user:secret@",
            "smtp://secret@host",
            "smtp://host:0",
            "smtp://host:port",
            "smtp://host/secret",
            "smtp://ho st",
            "smtp://host\r\n",
            "smtp://[host]",
            "smtp://u:%ff@host",
        ] {
            assert!(!text.parse::<Server>().unwrap_err().contains("secret"), "{text}");
        }
    }

    #[tokio::test]
    async fn a_server_that_hangs_holds_a_mail_up_no_longer_than_is_waited() {
        // It is reached, and never says a word.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: Server = format!("smtp://{}", silent.local_addr().unwrap()).parse().unwrap();
        let to = vec!["joe@example.com".parse().unwrap()];
        let envelope = Envelope::new(None, to).unwrap();
        let delivered = server.deliver(&envelope, b"x", Duration::from_millis(50)).await;
        assert!(matches!(delivered, Err(Undelivered::Later(_))));
    }

    /// What becomes of a mail that is handed to a server which says this to the greeting's turn and to each command.
    async fn delivered(says: fn(&str) -> Vec<u8>) -> Result<(), Undelivered> {
        let office = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: Server = format!("smtp://{}", office.local_addr().unwrap()).parse().unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = office.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let mut command = String::new();
            loop {
                stream.write_all(&says(&command)).await?;
                command.clear();
                if stream.read_line(&mut command).await? == 0 {
                    return std::io::Result::Ok(());
                }
            }
        });
        let to = vec!["joe@example.com".parse().unwrap()];
        let envelope = Envelope::new(None, to).unwrap();
        let delivered = server.deliver(&envelope, b"x", Duration::from_secs(60)).await;
        serving.abort();
        delivered.map(drop)
    }

    #[tokio::test]
    async fn of_a_reply_without_an_end_only_so_much_is_heard() {
        let refused = delivered(|_| b"2".repeat(8 << 20)).await.unwrap_err();
        assert!(matches!(&refused, Undelivered::Later(_)), "{refused}");
        assert!(refused.to_string().contains("1048576"), "{refused}");
    }

    #[tokio::test]
    async fn a_final_reply_is_final_whatever_its_text_is_made_of() {
        let refused = delivered(|command| match command.get(..4) {
            Some("RCPT") => b"550 k\xe9in \xff Benutzer\r\n".to_vec(),
            _ => b"250 x\r\n".to_vec(),
        });
        let refused = refused.await.unwrap_err();
        assert!(matches!(&refused, Undelivered::Refused(_)), "{refused}");
        assert!(refused.to_string().contains("k?in ? Benutzer"), "{refused}");
    }

    #[test]
    fn loopback_is_what_leaves_no_machine() {
        let is_loopback = |text: &str| text.parse::<Server>().unwrap().is_loopback();
        assert!(
            ["smtp://localhost", "smtp://127.9.9.9", "smtp://[::1]"].map(is_loopback) == [true; 3]
        );
        assert!(["smtp://10.0.0.1", "smtp://localhost.example"].map(is_loopback) == [false; 2]);
    }
}
