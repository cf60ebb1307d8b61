//! The secrets that links are signed with (apis/publish/README.md §9): those of the settings, or else those that the
//! catalog keeps for all who open it.
//!
//! Kept as lines, the one that signs first: a secret, and when it ends (Unix seconds) if another has taken its place.

use crate::{Error, Library, now_ms};
use semantics::signature::Secret;

const KEY: &str = "link_secrets";

/// Where the secrets of the server come from that ran last on a catalog.
const SOURCE: &str = "link_secrets_source";
const SETTINGS: &str = "settings";
const CATALOG: &str = "catalog";

/// A secret, and how long what was signed with it counts.
#[derive(Debug, Clone)]
pub struct LinkSecret {
    /// The secret.
    pub secret: Secret,
    /// When it ends, in Unix seconds, if it does.
    pub until_s: Option<u64>,
}

impl Library {
    /// All secrets that count; the first one signs. One is made if there is none.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn link_secrets(&self) -> Result<Vec<LinkSecret>, Error> {
        let set = &self.config.link_secrets;
        if !set.is_empty() {
            let lasting = |secret: &Secret| LinkSecret { secret: secret.clone(), until_s: None };
            return Ok(set.iter().map(lasting).collect());
        }
        let kept = match self.catalog.meta(KEY).await? {
            Some(kept) => kept,
            None => {
                let made = new_secret()?;
                self.catalog.change_meta(KEY, |kept| kept.unwrap_or(made)).await?
            }
        };
        let now_s = now_s();
        let secrets: Vec<_> = kept.lines().filter_map(read).collect();
        Ok(secrets.into_iter().filter(|s| s.until_s.is_none_or(|end| now_s < end)).collect())
    }

    /// Notes where this server's secrets come from, for commands beside it, which may not be told its settings.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn note_link_secrets(&self) -> Result<(), Error> {
        let source = if self.config.link_secrets.is_empty() { CATALOG } else { SETTINGS };
        if self.catalog.meta(SOURCE).await?.is_none_or(|noted| noted != source) {
            self.catalog.change_meta(SOURCE, move |_| source.to_owned()).await?;
        }
        Ok(())
    }

    /// Whether the server that ran last has its secrets from its settings, so that the kept ones are of no use to it.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn has_set_link_secrets(&self) -> Result<bool, Error> {
        Ok(self.catalog.meta(SOURCE).await?.is_some_and(|noted| noted == SETTINGS))
    }

    /// Has a new secret sign from now on; the one before counts for as long as links signed with it may live.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn rotate_link_secret(&self, life_s: u64) -> Result<(), Error> {
        let (made, now_s) = (new_secret()?, now_s());
        let rotated = move |kept: Option<String>| {
            let ends = now_s.saturating_add(life_s);
            let kept = kept.unwrap_or_default();
            let former = kept.lines().filter_map(|line| match line.split_once(' ') {
                None => Some(format!("{line} {ends}")),
                Some((_, end)) => {
                    end.parse().is_ok_and(|end: u64| now_s < end).then(|| line.to_owned())
                }
            });
            std::iter::once(made).chain(former).collect::<Vec<_>>().join("\n")
        };
        self.catalog.change_meta(KEY, rotated).await?;
        Ok(())
    }
}

fn now_s() -> u64 {
    u64::try_from(now_ms() / 1000).unwrap_or(0)
}

fn new_secret() -> Result<String, Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|e| Error::Storage(e.into()))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read(line: &str) -> Option<LinkSecret> {
    let (secret, until_s) = match line.split_once(' ') {
        Some((secret, end)) => (secret, Some(end.parse().ok()?)),
        None => (line, None),
    };
    Some(LinkSecret { secret: Secret::new(secret.as_bytes())?, until_s })
}
