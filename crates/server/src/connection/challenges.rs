//! What proves to a certificate authority that a name is this server's, as long as the authority is asked for a
//! certificate: an answer over plain HTTP (RFC 8555 §8.3) or a certificate that is shown to it alone (RFC 8737).

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The protocol by which an authority asks over TLS (RFC 8737 §6.2).
pub const ACME_TLS: &[u8] = b"acme-tls/1";

/// Where an authority asks over HTTP.
const ACME_HTTP: &str = "/.well-known/acme-challenge/";

/// The proofs that are to be had at present.
#[derive(Debug, Default)]
pub struct Challenges(Mutex<Proofs>);

#[derive(Debug, Default)]
struct Proofs {
    /// By token.
    answers: HashMap<String, String>,
    /// By name, in lower case.
    certificates: HashMap<String, Arc<CertifiedKey>>,
}

impl Challenges {
    fn proofs(&self) -> MutexGuard<'_, Proofs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a token over HTTP.
    pub fn answer(&self, token: &str, key_authorization: &str) {
        self.proofs().answers.insert(token.to_owned(), key_authorization.to_owned());
    }

    /// Shows a certificate for a name to who speaks `acme-tls/1`.
    ///
    /// # Errors
    /// If the key is of no kind that is known.
    pub fn show(
        &self,
        name: &str,
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    ) -> Result<(), rustls::Error> {
        // Whether they belong together is not looked at, because no certificate with the extension that an authority
        // asks for is parsed.
        let key = rustls::crypto::ring::sign::any_supported_type(&key)?;
        let shown = CertifiedKey::new(vec![certificate], key);
        self.proofs().certificates.insert(name.to_ascii_lowercase(), Arc::new(shown));
        Ok(())
    }

    /// Takes all proofs back.
    pub fn clear(&self) {
        *self.proofs() = Proofs::default();
    }

    /// What a path of plain HTTP is answered.
    pub(crate) fn answered(&self, path: &str) -> Option<String> {
        self.proofs().answers.get(path.strip_prefix(ACME_HTTP)?).cloned()
    }

    pub(super) fn shown(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.proofs().certificates.get(&name.to_ascii_lowercase()).cloned()
    }
}
