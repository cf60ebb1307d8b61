//! Secrets of customers' buckets as the catalog keeps them: sealed by a key of the server's, so that who has the
//! catalog alone has none of them.

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

/// The key. Clones share it.
#[derive(Clone, Debug)]
pub struct Seal(Arc<LessSafeKey>);

/// What a sealed text begins with.
const MARK: &str = "sealed:";

/// Bytes of a key.
const KEY_BYTES: usize = 32;

impl Seal {
    /// The key that a file holds, 64 hex digits; made, its owner's alone, if there is no such file.
    ///
    /// # Errors
    /// If it can't be read or made, or holds no key.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::of_hex(text.trim()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let mut key = [0; KEY_BYTES];
                getrandom::fill(&mut key).map_err(io::Error::other)?;
                let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
                write(path, &hex)?;
                Self::of_bytes(&key)
            }
            Err(e) => Err(e),
        }
    }

    /// Keeps a key of 64 hex digits in a file for [`Self::of_file`], unless one is there.
    ///
    /// # Errors
    /// If it is none, or can't be written.
    pub fn keep(path: &Path, hex: &str) -> io::Result<()> {
        Self::of_hex(hex)?;
        match write(path, hex) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            written => written,
        }
    }

    /// The key of 64 hex digits.
    ///
    /// # Errors
    /// If it is none.
    pub fn of_hex(hex: &str) -> io::Result<Self> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "a key has 64 hex digits");
        let digits =
            |n: usize| hex.get(2 * n..2 * n + 2).and_then(|d| u8::from_str_radix(d, 16).ok());
        let key: Option<Vec<u8>> = (0..KEY_BYTES).map(digits).collect();
        if hex.len() != 2 * KEY_BYTES {
            return Err(wrong());
        }
        Self::of_bytes(&key.ok_or_else(wrong)?)
    }

    fn of_bytes(key: &[u8]) -> io::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, key);
        let key = key.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "no key"))?;
        Ok(Self(Arc::new(LessSafeKey::new(key))))
    }

    /// Seals the values that are secret by their keys, at any depth.
    ///
    /// # Errors
    /// If the system has no chance to give.
    pub fn seal(
        &self,
        attributes: &mut Map<String, Value>,
        is_secret: fn(&str, &Value) -> bool,
    ) -> io::Result<()> {
        attributes.iter_mut().try_for_each(|(key, value)| {
            let secret = is_secret(key, value);
            self.seal_value(value, secret, is_secret)
        })
    }

    fn seal_value(
        &self,
        value: &mut Value,
        secret: bool,
        is_secret: fn(&str, &Value) -> bool,
    ) -> io::Result<()> {
        match value {
            Value::Null => Ok(()),
            Value::Object(inner) if !secret => self.seal(inner, is_secret),
            Value::Array(items) if !secret => {
                items.iter_mut().try_for_each(|item| self.seal_value(item, false, is_secret))
            }
            _ if !secret => Ok(()),
            // Whatever it is, what is sealed is its JSON.
            plain => {
                *plain = Value::String(self.seal_text(&plain.to_string())?);
                Ok(())
            }
        }
    }

    fn seal_text(&self, text: &str) -> io::Result<String> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(io::Error::other)?;
        let mut sealed = text.as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let done = self.0.seal_in_place_append_tag(unique, Aad::empty(), &mut sealed);
        done.map_err(|_| io::Error::other("a secret can't be sealed"))?;
        Ok(format!("{MARK}{}", BASE64_STANDARD.encode([&nonce[..], &sealed].concat())))
    }

    /// The attributes as they were before they were sealed; `None` if another key sealed them.
    #[must_use]
    pub fn unseal(&self, attributes: &Map<String, Value>) -> Option<Map<String, Value>> {
        attributes
            .iter()
            .map(|(key, value)| Some((key.clone(), self.unseal_value(value)?)))
            .collect()
    }

    fn unseal_value(&self, value: &Value) -> Option<Value> {
        Some(match value {
            Value::String(text) => match text.strip_prefix(MARK) {
                Some(sealed) => self.unseal_text(sealed)?,
                None => value.clone(),
            },
            Value::Object(inner) => Value::Object(self.unseal(inner)?),
            Value::Array(items) => Value::Array(
                items.iter().map(|item| self.unseal_value(item)).collect::<Option<_>>()?,
            ),
            other => other.clone(),
        })
    }

    fn unseal_text(&self, sealed: &str) -> Option<Value> {
        let sealed = BASE64_STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

/// Writes a key, its owner's alone, where there is none.
fn write(path: &Path, hex: &str) -> io::Result<()> {
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(hex.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_secret_is_sealed_and_comes_back_by_the_same_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let (seal, again) = (Seal::of_file(&path).unwrap(), Seal::of_file(&path).unwrap());
        let given = json!({"bucket": "b", "secret_key": "hush", "no": null, "list": [{"secret": 7}],
            "credentials_secret": {"private": "hush"}});
        let given = given.as_object().unwrap().clone();
        let mut kept = given.clone();
        seal.seal(&mut kept, |key, _| key.contains("secret")).unwrap();
        let text = Value::Object(kept.clone()).to_string();
        assert!(!text.contains("hush") && text.contains("\"b\""), "{text}");
        assert_eq!(again.unseal(&kept), Some(given));
        assert_eq!(Seal::of_hex(&"0f".repeat(32)).unwrap().unseal(&kept), None);
        assert!(Seal::of_hex("0f").is_err());
    }
}
