//! A bucket of a cloud, and how it is reached.

use crate::remote::{Backend, Remote};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, RetryConfig};
use reqwest::redirect;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A bucket, or a container of Azure, and what the names of its objects begin with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bucket {
    pub(crate) cloud: Cloud,
    pub(crate) name: String,
    /// Empty, or with one `/` at its end.
    pub(crate) prefix: String,
    /// Another address than the cloud's own.
    pub(crate) endpoint: Option<String>,
}

/// Whose bucket it is. Credentials that are not given are those of the environment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Cloud {
    S3 {
        region: Option<String>,
        keys: Option<AccessKeys>,
    },
    /// `account` is the JSON of a service account.
    Google {
        account: Option<String>,
    },
    Azure {
        account: String,
        key: Option<String>,
    },
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct AccessKeys {
    pub id: String,
    pub secret: String,
    pub session_token: Option<String>,
}

impl fmt::Display for Bucket {
    /// What tells a bucket and prefix from others; no secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cloud, name, prefix, .. } = self;
        match cloud {
            Cloud::S3 { .. } => write!(f, "s3://{name}/{prefix}"),
            Cloud::Google { .. } => write!(f, "gs://{name}/{prefix}"),
            Cloud::Azure { account, .. } => write!(f, "az://{account}/{name}/{prefix}"),
        }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A client waits for a block, and asks again where it can; an upload rather waits than fails.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Read,
    Write,
}

impl Purpose {
    fn retry(self) -> RetryConfig {
        let (max_retries, seconds) = match self {
            Self::Read => (3, 8),
            Self::Write => (6, 150),
        };
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
        };
        RetryConfig { backoff, max_retries, retry_timeout: Duration::from_secs(seconds) }
    }
}

/// Connections as this program makes them. Redirects are not followed, because a store could send us to whom only the
/// server may ask.
#[derive(Debug)]
struct Connector(Purpose);

impl HttpConnector for Connector {
    /// The time of a request counts its body, however busy: what is short for a block is too short for a part.
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        // Plain HTTP is for a store that was said to lie there, and for who tells the keys of a machine's role.
        let is_plain = options.get_config_value(&ClientConfigKey::AllowHttp);
        let client = reqwest::Client::builder()
            .user_agent("tonearm")
            .https_only(is_plain.as_deref() != Some("true"))
            .redirect(redirect::Policy::none())
            .http1_only();
        let client = match self.0 {
            Purpose::Read => client
                .timeout(Duration::from_secs(10))
                .connect_timeout(Duration::from_secs(2))
                .read_timeout(Duration::from_secs(2)),
            Purpose::Write => {
                client.timeout(Duration::from_secs(120)).connect_timeout(Duration::from_secs(5))
            }
        };
        let failed =
            |e: reqwest::Error| object_store::Error::Generic { store: "HTTP", source: e.into() };
        Ok(HttpClient::new(client.build().map_err(failed)?))
    }
}

impl Bucket {
    pub(crate) fn new(cloud: Cloud, name: String, prefix: &str, endpoint: Option<String>) -> Self {
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Self { cloud, name, prefix, endpoint }
    }

    /// What tells it and its prefix from others, whatever the keys.
    #[must_use]
    pub fn place(&self) -> (String, Option<String>) {
        (self.to_string(), self.endpoint.clone())
    }

    /// The URL of the service that has it: another one than the cloud's own where its settings name one.
    pub(crate) fn service(&self) -> String {
        let own = || match &self.cloud {
            Cloud::S3 { region, .. } => {
                format!("https://s3.{}.amazonaws.com", region.as_deref().unwrap_or("us-east-1"))
            }
            Cloud::Google { .. } => "https://storage.googleapis.com".into(),
            Cloud::Azure { account, .. } => format!("https://{account}.blob.core.windows.net"),
        };
        self.endpoint.clone().unwrap_or_else(own)
    }

    /// The store. Nothing is asked of it yet.
    ///
    /// # Errors
    /// What is missing, in plain words.
    pub fn open(&self) -> Result<Remote, String> {
        // The first client panics without a provider; a second installation is refused, which says the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let backend = |purpose| self.backend(purpose).map_err(|e| e.to_string());
        Ok(Remote::new(backend(Purpose::Read)?, backend(Purpose::Write)?, self.prefix.clone()))
    }

    fn backend(&self, purpose: Purpose) -> object_store::Result<Arc<dyn Backend>> {
        let is_plain = self.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
        let connector = Connector(purpose);
        let client = ClientOptions::new().with_allow_http(is_plain);
        let retry = purpose.retry();
        Ok(match &self.cloud {
            Cloud::S3 { region, keys } => {
                let mut builder = match keys {
                    Some(AccessKeys { id, secret, session_token }) => {
                        let builder = AmazonS3Builder::new()
                            .with_access_key_id(id)
                            .with_secret_access_key(secret);
                        session_token
                            .iter()
                            .fold(builder, |builder, token| builder.with_token(token))
                    }
                    None => AmazonS3Builder::from_env(),
                };
                builder =
                    region.iter().fold(builder, |builder, region| builder.with_region(region));
                builder = self.endpoint.iter().fold(builder, |b, url| b.with_endpoint(url));
                // Some that speak S3 fail at the removal of many at once.
                builder = builder.with_disable_bulk_delete(true);
                let builder = builder.with_bucket_name(&self.name).with_client_options(client);
                Arc::new(builder.with_retry(retry).with_http_connector(connector).build()?)
            }
            Cloud::Google { account } => {
                let mut builder = match account {
                    Some(json) => GoogleCloudStorageBuilder::new().with_service_account_key(json),
                    None => GoogleCloudStorageBuilder::from_env(),
                };
                builder = self.endpoint.iter().fold(builder, |b, url| b.with_base_url(url));
                let builder = builder.with_bucket_name(&self.name).with_client_options(client);
                Arc::new(builder.with_retry(retry).with_http_connector(connector).build()?)
            }
            Cloud::Azure { account, key } => {
                let mut builder = match key {
                    Some(key) => MicrosoftAzureBuilder::new().with_access_key(key),
                    None => MicrosoftAzureBuilder::from_env(),
                };
                builder = self.endpoint.iter().fold(builder, |b, url| b.with_endpoint(url.clone()));
                let builder = builder.with_account(account).with_container_name(&self.name);
                let builder = builder.with_client_options(client).with_retry(retry);
                Arc::new(builder.with_http_connector(connector).build()?)
            }
        })
    }
}
