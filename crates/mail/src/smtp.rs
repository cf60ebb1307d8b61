//! The server that mails are handed to: its address as it is set, and one mail's way into it.
//!
//! `smtp://` takes STARTTLS where it is offered; `smtps://` is TLS from the start. Credentials go over TLS or loopback
//! alone: elsewhere a server that offers no STARTTLS gets nothing. Certificates are judged by the system's roots.

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use percent_encoding::percent_decode_str;
use std::fmt::{self, Debug, Formatter};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

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

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let hello = ClientId::default();
        let tls = || TlsParameters::new_rustls(self.host.clone());
        let at_once = self.is_tls_from_the_start.then(tls).transpose()?;
        let server = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            server,
            Some(CONNECT_TIMEOUT),
            &hello,
            at_once,
            None,
        )
        .await?;
        let must_be_secret = self.credentials.is_some() && !self.is_loopback();
        if !connection.is_encrypted() && (connection.can_starttls() || must_be_secret) {
            connection.starttls(tls()?, &hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
        }
        Ok(connection)
    }
}

fn later(error: &SmtpError) -> Undelivered {
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
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: Server = format!("smtp://{}", silent.local_addr().unwrap()).parse().unwrap();
        let to = vec!["joe@example.com".parse().unwrap()];
        let envelope = Envelope::new(None, to).unwrap();
        let delivered = server.deliver(&envelope, b"x", Duration::from_millis(50)).await;
        assert!(matches!(delivered, Err(Undelivered::Later(_))));
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
