//! The bucket of a customer's own, as the attributes of a container describe it.
//!
//! Its credentials are those that stand there or there are none: never the server's, because whoever names a bucket
//! would read by them what only the server may.

use crate::bucket::{AccessKeys, Bucket, Cloud};
use serde_json::{Map, Value, json};

/// Why attributes describe no bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BadSettings {
    /// The attribute.
    pub field: &'static str,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl BadSettings {
    pub(crate) fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// The attributes, read one by one; what nobody asks for is passed over.
struct Attributes<'a>(&'a Map<String, Value>);

impl Attributes<'_> {
    fn optional(&self, field: &'static str) -> Result<Option<String>, BadSettings> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(BadSettings::new(field, "must be a string")),
        }
    }

    fn required(&self, field: &'static str) -> Result<String, BadSettings> {
        self.optional(field)?.ok_or_else(|| BadSettings::new(field, "required"))
    }
}

impl Attributes<'_> {
    /// A word that becomes a part of an address: letters, digits and these.
    fn word(&self, field: &'static str, others: &str) -> Result<String, BadSettings> {
        word(field, self.required(field)?, others)
    }
}

fn word(field: &'static str, text: String, others: &str) -> Result<String, BadSettings> {
    match text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c)) {
        true => Ok(text),
        false => Err(BadSettings::new(field, "must be of letters, digits and `.`, `_`, `-`")),
    }
}

impl Bucket {
    /// The bucket that a container of this type (`aws`, `azure`, `gcp`) has its bytes in; `None` for another type.
    ///
    /// # Errors
    /// [`BadSettings`].
    pub fn external(
        kind: &str,
        attributes: &Map<String, Value>,
    ) -> Result<Option<Self>, BadSettings> {
        let given = Attributes(attributes);
        let mut endpoint = given.optional("endpoint")?;
        let name = |field| given.word(field, "._-");
        let (cloud, name) = match kind {
            "aws" => {
                let keys = AccessKeys {
                    id: given.required("access_key_id")?,
                    secret: given.required("secret_access_key")?,
                    session_token: given.optional("session_token")?,
                };
                let region = Some(given.word("region", "-")?);
                (Cloud::S3 { region, keys: Some(keys) }, name("bucket")?)
            }
            "azure" => {
                let (account, key, address) = azure_account(&given)?;
                endpoint = endpoint.or(address);
                (Cloud::Azure { account, key: Some(key) }, name("container")?)
            }
            "gcp" => {
                let account = service_account(attributes.get("credentials"))?;
                (Cloud::Google { account: Some(account) }, name("bucket")?)
            }
            _ => return Ok(None),
        };
        let prefix = given.optional("prefix")?.unwrap_or_default();
        Ok(Some(Self::new(cloud, name, &prefix, endpoint)))
    }
}

/// Name, key and, where a connection string tells one, address.
fn azure_account(given: &Attributes<'_>) -> Result<(String, String, Option<String>), BadSettings> {
    const CONNECTION: &str = "connection_string";
    let Some(connection) = given.optional(CONNECTION)? else {
        return Ok((given.word("account_name", "")?, given.required("account_key")?, None));
    };
    let part = |name: &str| {
        let mut parts = connection.split(';').filter_map(|part| part.split_once('='));
        parts.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let needed = |name: &str| {
        part(name).ok_or_else(|| BadSettings::new(CONNECTION, format!("must say {name}=")))
    };
    let (account, key) = (word(CONNECTION, needed("AccountName")?, "")?, needed("AccountKey")?);
    let suffix = part("EndpointSuffix").map(|suffix| format!("https://{account}.blob.{suffix}"));
    Ok((account, key, part("BlobEndpoint").or(suffix)))
}

/// The credentials of a service account, but for what would send them to another address than Google's.
fn service_account(credentials: Option<&Value>) -> Result<String, BadSettings> {
    let wrong = |message: &str| BadSettings::new("credentials", message);
    let parsed = match credentials {
        Some(Value::String(text)) => serde_json::from_str(text)
            .map_err(|_| wrong("must be the JSON of a service account's key"))?,
        Some(other) => other.clone(),
        None => return Err(wrong("required")),
    };
    if parsed["type"] != "service_account" {
        return Err(wrong("`type` must be service_account; other credentials are not taken"));
    }
    let text = |name: &str| match &parsed[name] {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        _ => Err(wrong(&format!("`{name}` is missing"))),
    };
    let [client_email, private_key, private_key_id] =
        [text("client_email")?, text("private_key")?, text("private_key_id")?];
    let kept = json!({
        "type": "service_account", "client_email": client_email,
        "private_key": private_key, "private_key_id": private_key_id,
    });
    Ok(kept.to_string())
}
