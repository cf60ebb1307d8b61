//! `tonearm token`: access tokens, also beside a running server.

use super::output::time;
use crate::assemble::{beside, block_on, within};
use crate::cli::{Token, TokenAction};
use crate::failure::{Failure, print};
use library::{Grant, Library, Revocation, Role, Scope};
use std::io::{IsTerminal, stderr, stdout};
use uuid::Uuid;

pub fn run(token: Token) -> Result<(), Failure> {
    block_on(async {
        match token.action {
            TokenAction::Create { role, scopes, partner, expires, name, store } => {
                let grant = Grant { role: role_for(role, &partner)?, scopes, life: expires, name };
                let opened = beside(&store).await?;
                create(&opened.library, &partner, grant, store.base()).await
            }
            TokenAction::List { store } => list(&within(&store).await?).await,
            TokenAction::Revoke { id, force, store } => {
                revoke(&within(&store).await?, &id, force).await
            }
        }
    })
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

async fn create(library: &Library, partner: &str, grant: Grant, base: &str) -> Result<(), Failure> {
    let is_for_the_page = grant.scopes.is_empty() || grant.scopes.contains(&Scope::Read);
    let made = library.create_token(partner, grant).await;
    let made = made.map_err(|e| Failure::failed("making a token", e))?;
    print(&format!("{}\n", made.secret))?;
    // The link is for the eyes of who stands before a terminal; a program reads the token, alone.
    if is_for_the_page && stdout().is_terminal() && stderr().is_terminal() {
        eprintln!("page  {}/#token={}", base.trim_end_matches('/'), made.secret);
    }
    Ok(())
}

async fn list(library: &Library) -> Result<(), Failure> {
    let tokens = library.list_tokens().await.map_err(|e| Failure::failed("listing tokens", e))?;
    for (token, partner) in tokens {
        let reaches = if token.role == Role::Admin { "all partners" } else { &partner };
        let name = token.name.as_deref().unwrap_or("-");
        let used =
            token.last_used_at.map_or("never used".into(), |at| format!("used {}", time(at)));
        let ends = token.expires_at.map_or("for ever".into(), |end| format!("until {}", time(end)));
        let scopes = token.scopes.iter().map(|scope| format!("  {scope}")).collect::<String>();
        print(&format!(
            "{}  {:7}  {reaches}  {name}  made {}  {used}  {ends}{scopes}\n",
            token.token_id,
            token.role,
            time(token.date_created)
        ))?;
    }
    Ok(())
}

async fn revoke(library: &Library, id: &str, force: bool) -> Result<(), Failure> {
    let unknown = || Failure::Failed(format!("no token has the id {id}; `token list` shows them"));
    let token_id = id.parse::<Uuid>().map_err(|_| unknown())?;
    let revoked = library.revoke_token(token_id, force).await;
    match revoked.map_err(|e| Failure::failed("revoking the token", e))? {
        Revocation::Done(token) => {
            let name = token.name.map(|name| format!(" ({name})")).unwrap_or_default();
            print(&format!("revoked {id}{name}\n"))
        }
        Revocation::LastAdmin => Err(Failure::Failed(format!(
            "{id} is the last token that may do everything: make another one first (`token create`), or say --force"
        ))),
        Revocation::Unknown => Err(unknown()),
    }
}
