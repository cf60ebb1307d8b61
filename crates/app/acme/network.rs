//! How an authority is spoken to: over TLS, by the client that buckets have, too.

use bytes::Bytes;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use reqwest::{Certificate, Client, redirect};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to an authority.
pub struct Network(Client);

impl Network {
    /// Trusts what the system trusts, or, where they are given, the certificates of a file alone.
    pub fn new(ca: Option<&Path>) -> Result<Box<Self>, Box<dyn std::error::Error + Send + Sync>> {
        // The first client panics without a provider; a second installation is refused, which says the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent("tonearm")
            .https_only(true)
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE);
        let client = match ca {
            Some(file) => {
                let wrong = |error: &dyn std::error::Error| format!("{}: {error}", file.display());
                let pem = std::fs::read(file).map_err(|e| wrong(&e))?;
                client.tls_certs_only(Certificate::from_pem_bundle(&pem).map_err(|e| wrong(&e))?)
            }
            None => client,
        };
        Ok(Box::new(Self(client.build()?)))
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl HttpClient for Network {
    fn request(&self, request: http::Request<BodyWrapper<Bytes>>) -> Answer {
        let client = self.0.clone();
        let failed = |error: reqwest::Error| Error::Other(Box::new(error));
        Box::pin(async move {
            let request = request.map(reqwest::Body::wrap).try_into().map_err(failed)?;
            let response = client.execute(request).await.map_err(failed)?;
            Ok(http::Response::<reqwest::Body>::from(response).into())
        })
    }
}
