//! `tonearm secret`: what links are signed with, also beside a running server.

use crate::assemble::{block_on, within};
use crate::cli::{Secret, SecretAction};
use crate::failure::{Failure, print};

/// Said where one that is made here would sign nothing.
const ARE_SET: &str = "links are signed with the secrets of the server's --link-secrets (TONEARM_LINK_SECRETS): put a \
    new one first there, and leave the former behind it for as long as its links are to live";

pub fn run(secret: &Secret) -> Result<(), Failure> {
    let SecretAction::Rotate { store, links } = &secret.action;
    if !links.secrets()?.is_empty() {
        return Err(Failure::Failed(ARE_SET.into()));
    }
    let lifetimes = links.lifetimes();
    // The end of a link may have been rounded up to the next window.
    let life_s = lifetimes.max_s.saturating_add(lifetimes.window_s);
    block_on(async {
        let library = within(store).await?;
        let is_set = library.has_set_link_secrets().await;
        if is_set.map_err(|e| Failure::failed("reading whose secrets count", e))? {
            return Err(Failure::Failed(ARE_SET.into()));
        }
        let rotated = library.rotate_link_secret(life_s).await;
        rotated.map_err(|e| Failure::failed("making a secret", e))?;
        let days = lifetimes.max_s / 86_400;
        print(&format!(
            "links are signed with a new secret from now on; the one before is believed for {days} days more\n"
        ))
    })
}
