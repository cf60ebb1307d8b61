//! Who may do what: roles, tokens, and the first start.

use crate::{Error, Library, Publish, Revocation, Role, Scope, Token, now_ms};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// The file of a data folder that holds the token of the first start.
const ADMIN_TOKEN: &str = "admin.token";

/// The operations that a token's scopes allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes([bool; 5]);

impl Scopes {
    /// All that the role allows.
    pub const ALL: Self = Self([true; 5]);

    /// These, or all where there are none.
    #[must_use]
    pub fn of(scopes: &[Scope]) -> Self {
        if scopes.is_empty() || scopes.contains(&Scope::Manage) {
            return Self::ALL;
        }
        let mut allowed = [false; 5];
        scopes.iter().for_each(|scope| allowed[*scope as usize] = true);
        Self(allowed)
    }
}

/// An authenticated caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The partner it acts for.
    pub partner_sid: Uuid,
    /// What it may do.
    pub role: Role,
    /// What of it its token is narrowed to.
    pub scopes: Scopes,
    /// The token it came with.
    pub token_id: Uuid,
    /// When that token ends, in Unix milliseconds, if it does.
    pub ends_at_ms: Option<i64>,
}

impl Principal {
    pub(crate) fn needs(&self, scope: Scope, role: Role) -> Result<(), Error> {
        let allowed = self.role >= role && self.scopes.0[scope as usize];
        if allowed { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Whether it may read at all.
    #[must_use]
    pub fn may_read(&self) -> bool {
        self.needs(Scope::Read, Role::Read).is_ok()
    }

    /// Whether it sees what a partner has.
    #[must_use]
    pub fn sees(&self, partner_sid: Uuid) -> bool {
        self.role == Role::Admin || self.partner_sid == partner_sid
    }

    /// The token that what it makes was made by; `None` of local commands.
    pub(crate) fn maker(&self) -> Option<Uuid> {
        Some(self.token_id).filter(|id| !id.is_nil())
    }

    /// The partner that lists are narrowed to.
    pub(crate) fn partner(&self) -> Option<Uuid> {
        (self.role != Role::Admin).then_some(self.partner_sid)
    }
}

/// What a token gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub role: Role,
    /// What of it it is narrowed to; to nothing if empty.
    pub scopes: Vec<Scope>,
    /// How long it lives; `None` is until it is revoked.
    pub life: Option<Duration>,
    /// What an operator calls it.
    pub name: Option<String>,
}

impl Grant {
    /// All that a role may do, for ever, without a name.
    #[must_use]
    pub fn of(role: Role) -> Self {
        Self { role, scopes: Vec::new(), life: None, name: None }
    }
}

/// A token just made; the secret is shown this once.
pub struct NewToken {
    /// Its id, for revoking.
    pub token_id: Uuid,
    /// The token itself.
    pub secret: String,
}

/// What the first start made.
pub struct Welcome {
    /// The admin token.
    pub token: String,
    /// The container `default`.
    pub container_sid: Uuid,
}

/// A new token: 32 bytes of chance in hex.
fn secret() -> Result<String, Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|e| Error::Storage(e.into()))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes `admin.token`, durably and for its owner's eyes alone.
fn write_token(folder: &Path, text: &str) -> io::Result<()> {
    let path = folder.join(ADMIN_TOKEN);
    // A leftover may have a wider mode, which opening it again would keep.
    match fs::remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => (),
    }
    let mut file = fs::File::options().create_new(true).write(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::File::open(folder)?.sync_all()
}

fn token_hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// A token as it is kept.
fn token_row(secret: &str, partner_sid: Uuid, grant: Grant) -> Token {
    let Grant { role, scopes, life, name } = grant;
    let now = now_ms();
    let life_ms = life.map(|life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
    Token {
        token_id: Uuid::new_v4(),
        token_hash: token_hash(secret),
        role,
        scopes,
        partner_sid,
        date_created: now,
        expires_at: life_ms.map(|life| now.saturating_add(life)),
        name,
        last_used_at: None,
    }
}

impl Library {
    /// The caller that a token stands for. It is looked up by its hash, so nothing is learned from
    /// how long that takes.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`].
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let row = self.catalog.token_by_hash(&token_hash(token)).await?;
        let in_force = row.filter(|row| row.expires_at.is_none_or(|end| now_ms() < end));
        let row = in_force.ok_or(Error::Unauthenticated)?;
        self.note_use(row.token_id);
        Ok(Principal {
            partner_sid: row.partner_sid,
            role: row.role,
            scopes: Scopes::of(&row.scopes),
            token_id: row.token_id,
            ends_at_ms: row.expires_at,
        })
    }

    /// Makes a token, and the partner and its container `default` if they are missing.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn create_token(&self, partner: &str, grant: Grant) -> Result<NewToken, Error> {
        let partner_sid = self.catalog.partner(partner, now_ms()).await?;
        self.default_container(partner_sid).await?;
        self.new_token(partner_sid, grant).await
    }

    /// Makes a token of the caller's own partner, no mightier than the caller, that lives so long, but no longer than
    /// the caller's own.
    ///
    /// # Errors
    /// [`Error::Forbidden`] below manager, [`Error::Storage`].
    pub async fn lend_token(
        &self,
        caller: &Principal,
        role: Role,
        life: Duration,
    ) -> Result<NewToken, Error> {
        caller.needs(Scope::Manage, Role::Manager.max(role))?;
        let left_ms = caller.ends_at_ms.map(|end| end.saturating_sub(now_ms()).max(0));
        let left = left_ms.map(|left| Duration::from_millis(left.unsigned_abs()));
        let life = left.map_or(life, |left| life.min(left));
        let grant = Grant { life: Some(life), name: Some("lent".into()), ..Grant::of(role) };
        self.new_token(caller.partner_sid, grant).await
    }

    async fn new_token(&self, partner_sid: Uuid, grant: Grant) -> Result<NewToken, Error> {
        let secret = secret()?;
        let row = token_row(&secret, partner_sid, grant);
        let token_id = row.token_id;
        self.catalog.insert_token(row).await?;
        Ok(NewToken { token_id, secret })
    }

    /// The container `default` of a partner, without quotas, made if it is missing.
    async fn default_container(&self, partner_sid: Uuid) -> Result<Uuid, Error> {
        let operator = self.operator().await?;
        let made = self.container_of_api(&operator, partner_sid, "default", Publish::FileSid);
        Ok(made.await?.container_sid)
    }

    /// All tokens (without their secrets, which nobody has) and their partners' names.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn list_tokens(&self) -> Result<Vec<(Token, String)>, Error> {
        Ok(self.catalog.tokens().await?)
    }

    /// Ends a token, and takes `admin.token` away if it is the one there. The last that may do everything is kept,
    /// unless `even_the_last`.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn revoke_token(
        &self,
        token_id: Uuid,
        even_the_last: bool,
    ) -> Result<Revocation, Error> {
        let revocation = self.catalog.delete_token(token_id, now_ms(), even_the_last).await?;
        if let Revocation::Done(token) = &revocation {
            let kept = self.config.data_dir.join(ADMIN_TOKEN);
            let void =
                fs::read_to_string(&kept).is_ok_and(|t| token_hash(t.trim()) == token.token_hash);
            if void && let Err(error) = fs::remove_file(&kept) {
                tracing::warn!(%error, "{} holds a token that is no longer good", kept.display());
            }
        }
        Ok(revocation)
    }

    /// The caller that local commands act as: the partner `default`, with every right.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn operator(&self) -> Result<Principal, Error> {
        let partner_sid = self.catalog.partner("default", now_ms()).await?;
        let (role, scopes) = (Role::Admin, Scopes::ALL);
        Ok(Principal { partner_sid, role, scopes, token_id: Uuid::nil(), ends_at_ms: None })
    }

    /// On an empty data folder: makes the partner and the unlimited container `default` and an admin
    /// token, kept in `admin.token` for its owner's eyes alone.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub async fn bootstrap(&self) -> Result<Option<Welcome>, Error> {
        // Made now rather than by the first link: what signs is then the same for all who open the catalog.
        self.link_secrets().await?;
        if !self.catalog.is_empty().await? {
            return Ok(None);
        }
        let token = secret()?;
        let (folder, text) = (self.config.data_dir.clone(), format!("{token}\n"));
        // Before the catalog knows it: a token that is nowhere else would be lost for good.
        crate::blocking(move || write_token(&folder, &text)).await??;
        let operator = self.operator().await?;
        let grant = Grant { name: Some("first start".into()), ..Grant::of(Role::Admin) };
        // Before the token: what another node finds beside a token must be all that it needs.
        let container_sid = self.default_container(operator.partner_sid).await?;
        let row = token_row(&token, operator.partner_sid, grant);
        if !self.catalog.insert_first_token(row).await? {
            // Another node was first, and its token is the one.
            let void = self.config.data_dir.join(ADMIN_TOKEN);
            crate::blocking(move || fs::remove_file(void)).await??;
            return Ok(None);
        }
        Ok(Some(Welcome { token, container_sid }))
    }
}
