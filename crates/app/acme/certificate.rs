//! Certificates: what is in one that was given, one that stands in until then, and one that is a proof.

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::time::{Duration, SystemTime};
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// A certificate that was given.
pub struct Given {
    names: Vec<String>,
    /// From when until when it is good.
    life: [SystemTime; 2],
    vouches_for_itself: bool,
}

impl Given {
    /// The first one of a chain in PEM; none if nothing of the kind is there.
    pub fn read(pem: &[u8]) -> Option<Self> {
        let der = CertificateDer::pem_slice_iter(pem).next()?.ok()?;
        let body = x509_cert::Certificate::from_der(&der).ok()?.tbs_certificate;
        let names = body.get::<SubjectAltName>().ok().flatten().map(|(_, names)| names.0);
        let named = |name: &GeneralName| match name {
            GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
            _ => None,
        };
        let validity = [body.validity.not_before, body.validity.not_after];
        Some(Self {
            names: names.unwrap_or_default().iter().filter_map(named).collect(),
            life: validity.map(|time| SystemTime::UNIX_EPOCH + time.to_unix_duration()),
            vouches_for_itself: body.issuer == body.subject,
        })
    }

    /// Whether it is for these names and no others.
    pub fn is_for(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.names.contains(name))
            && self.names.iter().all(|name| names.contains(name))
    }

    /// Whether another one is to be had: in the last third of its life, as authorities advise.
    pub fn is_due(&self, now: SystemTime) -> bool {
        self.vouches_for_itself || now >= self.due()
    }

    /// How long nothing is to be done about it. Where the clock is wrong, so that a new one is due at once, it is as
    /// long as a part of its life all the same: authorities count orders.
    pub fn rests(&self, now: SystemTime) -> Duration {
        self.due().duration_since(now).unwrap_or_default().max(self.length() / 30)
    }

    fn due(&self) -> SystemTime {
        self.life[1] - self.length() / 3
    }

    fn length(&self) -> Duration {
        let [from, until] = self.life;
        until.duration_since(from).unwrap_or_default()
    }
}

/// A certificate for these names that vouches for itself, with its key, in PEM.
pub fn vouching_for_itself(names: &[String]) -> Result<Vec<u8>, rcgen::Error> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(names)?.self_signed(&key)?;
    Ok(format!("{}\n{}", certificate.pem(), key.serialize_pem()).into_bytes())
}

/// The certificate that proves a name over TLS (RFC 8737 §3), of the SHA-256 of a key authorization.
pub fn proof(
    name: &str,
    digest: &[u8],
) -> Result<
    (CertificateDer<'static>, PrivateKeyDer<'static>),
    Box<dyn std::error::Error + Send + Sync>,
> {
    if digest.len() != 32 {
        return Err("a key authorization's sum has 32 bytes".into());
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?.der().clone();
    Ok((certificate, PrivateKeyDer::try_from(key.serialize_der())?))
}
