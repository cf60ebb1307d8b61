//! TLS: which certificate is shown, read from files that may be replaced while the server runs.

use super::challenges::{ACME_TLS, Challenges};
use super::deadline::Deadline;
use super::socket::Socket;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fmt;
use std::fs;
use std::future::poll_fn;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Between two looks at the files.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// The protocols that clients may choose from (RFC 7301), ours first.
pub const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What is said of a file that has to hold a private key.
const NO_KEY: &str = "no private key in PEM (-----BEGIN PRIVATE KEY-----) is in it";
const ENCRYPTED_KEY: &str = "the private key is encrypted, and nobody is there to be asked for its passphrase; \
    `openssl pkey -in ENCRYPTED -out PLAIN` writes it as it is read here";

/// Where a certificate with its chain and its key lie, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate first, then those that vouch for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Number and last change of each file: other ones when it is replaced or written.
type Stamp = [Option<(u64, i64, i64)>; 2];

/// The certificate that is shown at present.
pub struct Tls {
    files: CertificateFiles,
    challenges: Arc<Challenges>,
    present: Mutex<Arc<ServerConfig>>,
    stamp: Mutex<Stamp>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.fmt(f)
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A text that says which file is wrong, and why.
    pub fn open(files: CertificateFiles) -> Result<Arc<Self>, String> {
        let stamp = files.stamp();
        let tickets = rustls::crypto::ring::Ticketer::new().map_err(|e| e.to_string())?;
        let challenges = Arc::<Challenges>::default();
        let mut config = files.read(&challenges)?;
        config.ticketer = tickets;
        let (present, stamp) = (Mutex::new(Arc::new(config)), Mutex::new(stamp));
        Ok(Arc::new(Self { files, challenges, present, stamp }))
    }

    /// The proofs that certificate authorities are shown.
    #[must_use]
    pub fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    fn present(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.present.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again: new connections see what is there now. Where that is wrong all stays as it was, and
    /// the log says why.
    pub fn reload(&self) {
        let stamp = self.files.stamp();
        *self.stamp.lock().unwrap_or_else(PoisonError::into_inner) = stamp;
        match self.files.read(&self.challenges) {
            Ok(mut config) => {
                // Clients that were here before resume their sessions.
                config.ticketer = Arc::clone(&self.present().ticketer);
                *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!(certificate = %self.files.certificate.display(), "the certificate was read again");
            }
            Err(error) => tracing::error!("{error}; the certificate before it stays in use"),
        }
    }

    /// Looks at the files from time to time, and reads them again when they have changed and stand still.
    pub async fn keep_reading(self: Arc<Self>) {
        let mut seen = self.files.stamp();
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let now = self.files.stamp();
            let is_still = now == seen;
            seen = now;
            let is_new = now != *self.stamp.lock().unwrap_or_else(PoisonError::into_inner);
            if is_still && is_new {
                self.reload();
            }
        }
    }

    /// Sets TLS up on a connection, as long as its client takes its part in time.
    pub async fn accept(
        &self,
        socket: Socket,
        deadline: &Deadline,
    ) -> io::Result<TlsStream<Socket>> {
        deadline.shakes_hands();
        let mut accepting = pin!(TlsAcceptor::from(self.present()).accept(socket));
        let stream = poll_fn(|cx| {
            deadline.register(cx.waker());
            match accepting.as_mut().poll(cx) {
                Poll::Pending if deadline.is_handshake_late() => {
                    Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
                }
                polled => polled,
            }
        });
        let stream = stream.await?;
        deadline.has_shaken_hands();
        Ok(stream)
    }
}

impl CertificateFiles {
    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.ino(), found.ctime(), found.ctime_nsec()))
        })
    }

    fn read(&self, challenges: &Arc<Challenges>) -> Result<ServerConfig, String> {
        let wrong = |path: &Path, why: &str| format!("{}: {why}", path.display());
        let text = |path: &Path| fs::read(path).map_err(|e| wrong(path, &e.to_string()));
        let (certificate, key) = (text(&self.certificate)?, text(&self.key)?);
        let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|e| wrong(&self.certificate, &e.to_string()))?;
        if chain.is_empty() {
            let why = "no certificate in PEM (-----BEGIN CERTIFICATE-----) is in it";
            return Err(wrong(&self.certificate, why));
        }
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| {
            let is_encrypted = String::from_utf8_lossy(&key).contains("ENCRYPTED");
            wrong(&self.key, if is_encrypted { ENCRYPTED_KEY } else { NO_KEY })
        })?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let usual = CertifiedKey::from_der(chain, key, &provider).map_err(|e| {
            let of = self.certificate.display();
            wrong(&self.key, &format!("the key is not that of {of}: {e}"))
        })?;
        let shown = Shown { usual: Arc::new(usual), challenges: Arc::clone(challenges) };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(shown));
        config.alpn_protocols = ALPN.iter().chain(&[ACME_TLS]).map(|&name| name.to_vec()).collect();
        Ok(config)
    }
}

/// Chooses the certificate that a client is shown.
#[derive(Debug)]
struct Shown {
    usual: Arc<CertifiedKey>,
    challenges: Arc<Challenges>,
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // An authority offers this protocol alone (RFC 8737 §3), so that no other client is shown a proof.
        match hello.alpn().is_some_and(|mut offered| offered.all(|name| name == ACME_TLS)) {
            true => hello.server_name().and_then(|name| self.challenges.shown(name)),
            false => Some(Arc::clone(&self.usual)),
        }
    }
}
