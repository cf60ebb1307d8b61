//! The settings of where the server listens, and of who stands in front of it.

use super::Acme;
use crate::failure::Failure;
use clap::Args;
use server::{CertificateFiles, Endpoint, Listeners, Listening, Proxies, Tls, Trusted};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

/// How clients reach the server.
#[derive(Debug, Args)]
pub struct Network {
    /// Where to listen, several times if need be: 8190 (this machine alone), :8190 (all addresses), localhost:8190,
    /// [::1]:8190 or unix:/run/tonearm.sock; port 0 picks a free one [default: the sockets that the service manager
    /// passes on, else 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "TONEARM_LISTEN", value_delimiter = ',')]
    listen: Vec<Endpoint>,
    /// Who may connect to a socket file, as the mode of the file
    #[arg(long, value_name = "MODE", env = "TONEARM_SOCKET_MODE", default_value = "0660",
          value_parser = mode)]
    socket_mode: Mode,
    /// Proxies that are believed whom and under which URL they ask for (Forwarded, X-Forwarded-For, -Proto, -Host,
    /// -Prefix): an address, a network such as 10.0.0.0/8, or unix, several times if need be
    #[arg(long, value_name = "NETWORK", env = "TONEARM_TRUST_PROXY", value_delimiter = ',')]
    trust_proxy: Vec<Trusted>,
    /// A certificate with its chain, in PEM: the server speaks HTTPS at its addresses (not at socket files). It is read
    /// again on SIGHUP and when it changes
    #[arg(long, value_name = "FILE", env = "TONEARM_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", env = "TONEARM_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Where plain HTTP is led to HTTPS, as for --listen; a certificate authority may look here, too
    #[arg(long, value_name = "ADDR", env = "TONEARM_HTTP_REDIRECT", value_delimiter = ',')]
    http_redirect: Vec<Endpoint>,
    /// The certificate that is ordered
    #[command(flatten)]
    pub acme: Acme,
}

/// Where the server listens if nothing is said.
const DEFAULT_PORT: &str = "8080";

impl Network {
    /// Listens everywhere; `beside` a server that is to leave.
    pub fn listeners(&self, beside: bool) -> Result<Listeners, Failure> {
        if !self.http_redirect.is_empty() && !self.is_secure() {
            let told =
                "--http-redirect needs a certificate: --tls-cert and --tls-key, or --acme-domain";
            return Err(Failure::Usage(told.into()));
        }
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let how = Listening { threads, beside, socket_mode: self.socket_mode.0 };
        let mut listeners = Listeners::new(how);
        let are_passed = listeners.take_passed();
        let are_passed = are_passed.map_err(|e| Failure::failed("the sockets passed on", e))?;
        let fallback = DEFAULT_PORT.parse().ok().filter(|_| !are_passed && self.listen.is_empty());
        for endpoint in self.listen.iter().chain(&fallback) {
            let listened = listeners.listen(endpoint);
            listened.map_err(|e| Failure::failed(format!("listening on {endpoint}"), e))?;
        }
        for endpoint in &self.http_redirect {
            let listened = listeners.redirect_from(endpoint);
            listened.map_err(|e| Failure::failed(format!("listening on {endpoint}"), e))?;
        }
        Ok(listeners)
    }

    /// Whether HTTPS is spoken.
    pub fn is_secure(&self) -> bool {
        self.tls_cert.is_some() || self.is_ordering()
    }

    /// Whether a certificate is ordered.
    pub fn is_ordering(&self) -> bool {
        !self.acme.acme_domain.is_empty()
    }

    /// Whether plain HTTP comes in.
    pub fn redirects(&self) -> bool {
        !self.http_redirect.is_empty()
    }

    /// The proxies that are believed.
    pub fn proxies(&self) -> Proxies {
        self.trust_proxy.iter().copied().collect()
    }

    /// The certificate to show, if it lies in files.
    pub fn tls(&self) -> Result<Option<Arc<Tls>>, Failure> {
        let (Some(certificate), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) else {
            return Ok(None);
        };
        let files = CertificateFiles { certificate, key };
        Tls::open(files).map(Some).map_err(|e| Failure::Failed(format!("--tls-cert: {e}")))
    }
}

/// The mode of a file, which is written in octal digits.
#[derive(Debug, Clone, Copy)]
struct Mode(u32);

fn mode(text: &str) -> Result<Mode, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode @ 0..=0o777) if text.bytes().all(|b| b.is_ascii_digit()) => Ok(Mode(mode)),
        _ => Err("expected octal digits such as 0660 or 0600".into()),
    }
}
