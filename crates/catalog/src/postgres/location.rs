//! Where a catalog lies: in a file, or in a database that a URL names.

use postgres::Config;
use postgres::config::SslMode;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;

/// How long one try to connect may take.
const CONNECT: Duration = Duration::from_secs(3);

/// How long what was sent may be without an answer before the connection counts as broken.
const UNANSWERED: Duration = Duration::from_secs(10);

/// A PostgreSQL database, as `postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=…` names it. No text of it shows the
/// password.
#[derive(Clone)]
pub struct Database {
    pub(super) config: Config,
    pub(super) tls: Tls,
    shown: String,
}

/// What is demanded of the way to the database; the words mean what they mean to libpq.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tls {
    /// `disable`, `prefer` or `require`: as the configuration says, and whoever answers is believed.
    Unverified,
    /// `verify-full`: TLS, with a certificate of that host by one of these roots, or by one that the system trusts.
    Verified(Option<PathBuf>),
}

/// Why a URL names no database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadDatabase(String);

impl FromStr for Database {
    type Err = BadDatabase;

    fn from_str(url: &str) -> Result<Self, BadDatabase> {
        let bad = |why: &str| BadDatabase(why.to_owned());
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(bad("expected postgres://USER@HOST/DATABASE?sslmode=verify-full"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut rest, mut mode, mut roots) = (Vec::new(), None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", word)) => mode = Some(word),
                Some(("sslrootcert", path)) => roots = Some(PathBuf::from(path)),
                _ => rest.push(pair),
            }
        }
        let plain = format!("{base}?{}", rest.join("&"));
        let parsed: Result<Config, _> = plain.trim_end_matches('?').parse();
        // The text of the error may hold a part of the URL.
        let mut config = parsed.map_err(|_| {
            bad("not a URL such as postgres://USER@HOST/DATABASE?sslmode=verify-full; a password is percent-encoded")
        })?;
        let (ssl, tls) = match (mode.unwrap_or("prefer"), roots) {
            ("verify-full", roots) => (SslMode::Require, Tls::Verified(roots)),
            (_, Some(_)) => return Err(bad("sslrootcert is for sslmode=verify-full")),
            ("disable", None) => (SslMode::Disable, Tls::Unverified),
            ("prefer", None) => (SslMode::Prefer, Tls::Unverified),
            ("require", None) => (SslMode::Require, Tls::Unverified),
            _ => return Err(bad("sslmode must be disable, prefer, require or verify-full")),
        };
        if config.get_hosts().is_empty() {
            return Err(bad("the URL names no host"));
        }
        config.ssl_mode(ssl).connect_timeout(CONNECT).application_name("tonearm");
        config.keepalives_idle(UNANSWERED).tcp_user_timeout(UNANSWERED);
        let shown = shown(base);
        Ok(Self { config, tls, shown })
    }
}

/// The URL without the password and without what comes behind `?`, where one may stand as well.
fn shown(base: &str) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
    let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let name = user.split(':').next().unwrap_or_default();
    let at = if name.is_empty() { "" } else { "@" };
    format!("{scheme}://{name}{at}{host}")
}

impl Database {
    /// The password, where the URL has none.
    #[must_use]
    pub fn or_password(mut self, password: Option<String>) -> Self {
        if let (None, Some(password)) = (self.config.get_password(), password) {
            self.config.password(password);
        }
        self
    }
}

impl Database {
    /// The same for a process whose sessions must be told from all others'.
    #[must_use]
    pub fn told_apart(mut self) -> Self {
        self.config.application_name(&format!("tonearm {}", Uuid::new_v4()));
        self
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn no_text_of_a_database_shows_its_password() {
        for url in [
            "postgres://me:pa%40ss@host:5433/db?sslmode=require",
            "postgresql://me:pa%40ss@host:5433/db?sslmode=disable&password=pa%40ss",
            "postgres://:pa%40ss@host:5433/db",
        ] {
            let database: Database = url.parse().unwrap();
            for text in [database.to_string(), format!("{database:?}")] {
                assert!(!text.contains("pa") && text.contains("host:5433/db"), "{text}");
            }
        }
        for url in [
            "postgres://me:pass@host/db?sslmode=verify-ca",
            "postgres://me:pass@ho st:x/db",
            "me:pass",
        ] {
            let refused = url.parse::<Database>().unwrap_err().to_string();
            assert!(!refused.contains("pass@") && !refused.contains("me:"), "{refused}");
        }
    }

    #[test]
    fn the_words_of_sslmode_are_those_of_libpq() {
        let mode = |query: &str| {
            let database = format!("postgres://h/db{query}").parse::<Database>().unwrap();
            (database.config.get_ssl_mode(), database.tls)
        };
        assert_eq!(mode(""), (SslMode::Prefer, Tls::Unverified));
        assert_eq!(mode("?sslmode=disable"), (SslMode::Disable, Tls::Unverified));
        assert_eq!(mode("?sslmode=require"), (SslMode::Require, Tls::Unverified));
        assert_eq!(mode("?sslmode=verify-full"), (SslMode::Require, Tls::Verified(None)));
        let roots = Tls::Verified(Some("/ca.pem".into()));
        assert_eq!(mode("?sslrootcert=/ca.pem&sslmode=verify-full"), (SslMode::Require, roots));
    }
}
