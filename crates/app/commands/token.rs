//! `tonearm token`: access tokens, also beside a running server.

use super::output::time;
use crate::assemble::{beside, block_on};
use crate::cli::{Token, TokenAction};
use crate::failure::{Failure, print};
use crate::settings::Store;
use library::{Library, Role, Word};
use std::time::Duration;
use uuid::Uuid;

pub fn run(token: Token) -> Result<(), Failure> {
    block_on(async {
        match token.action {
            TokenAction::Create { role, scopes, partner, expires, store } => {
                let role = role_for(role, &partner)?;
                create(&open(&store).await?, role, &scopes, &partner, expires).await
            }
            TokenAction::List { store } => list(&open(&store).await?).await,
            TokenAction::Revoke { id, store } => revoke(&open(&store).await?, &id).await,
        }
    })
}

async fn open(store: &Store) -> Result<Library, Failure> {
    Ok(beside(&store.data, store.base()).await?.library)
}

/// What a token of a partner may do where nothing is said: all that it may be bound to. An administrator
/// is bound to no partner, so one that is asked for a partner's sake is a mistake.
fn role_for(role: Option<Role>, partner: &str) -> Result<Role, Failure> {
    match role {
        None if partner == "default" => Ok(Role::Admin),
        None => Ok(Role::Manager),
        Some(Role::Admin) if partner != "default" => Err(Failure::Usage(format!(
            "--role admin reaches all partners, not `{partner}` alone: take --role manager, or leave \
             --partner out"
        ))),
        Some(role) => Ok(role),
    }
}

async fn create(
    library: &Library,
    role: Role,
    scopes: &[library::Scope],
    partner: &str,
    life: Option<Duration>,
) -> Result<(), Failure> {
    let made = library.create_token(role, scopes, partner, life).await;
    let made = made.map_err(|e| Failure::failed("making a token", e))?;
    print(&format!("{}\n", made.secret))
}

async fn list(library: &Library) -> Result<(), Failure> {
    let tokens = library.list_tokens().await.map_err(|e| Failure::failed("listing tokens", e))?;
    for (token, partner) in tokens {
        let reaches = if token.role == Role::Admin { "all partners" } else { &partner };
        let scopes = token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ");
        let scopes = if scopes.is_empty() { scopes } else { format!("  {scopes}") };
        let ends = token.expires_at.map(|end| format!("  until {}", time(end)));
        let ends = ends.unwrap_or_default();
        print(&format!("{}  {:7}  {reaches}{scopes}{ends}\n", token.token_id, token.role))?;
    }
    Ok(())
}

async fn revoke(library: &Library, id: &str) -> Result<(), Failure> {
    let unknown = || Failure::Failed(format!("no token has the id {id}; `token list` shows them"));
    let id = id.parse::<Uuid>().map_err(|_| unknown())?;
    library.revoke_token(id).await.map_err(|e| match e {
        library::Error::NotFound => unknown(),
        other => Failure::failed("revoking the token", other),
    })
}
