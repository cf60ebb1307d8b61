//! `tonearm sign`: a link that is good for a time, also beside a running server.

use crate::assemble::{block_on, within};
use crate::cli::Sign;
use crate::failure::{Failure, print};
use semantics::signature::Secret;
use std::time::SystemTime;

pub fn run(args: &Sign) -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now_s = now.map_or(0, |now| now.as_secs());
    let until_s = until(args, now_s).map_err(Failure::Usage)?;
    let link = server::sign_url(&args.link, until_s, &secret(args)?).map_err(Failure::Usage)?;
    print(&format!("{link}\n"))
}

fn until(args: &Sign, now_s: u64) -> Result<u64, String> {
    let lifetimes = args.links.lifetimes();
    match args.until {
        None => lifetimes.end(now_s, args.expires).map_err(|e| format!("--expires: {e}")),
        Some(until_s) if until_s <= now_s => Err(format!("--until: {until_s} is past")),
        Some(until_s) => {
            // What the caller says is taken as it is.
            lifetimes.end(now_s, until_s - now_s).map_err(|e| format!("--until: {e}"))?;
            Ok(until_s)
        }
    }
}

/// The secret that signs: that of the settings, or of the data folder.
fn secret(args: &Sign) -> Result<Secret, Failure> {
    if let Some(first) = args.links.secrets()?.into_iter().next() {
        return Ok(first);
    }
    block_on(async {
        let library = within(&args.store).await?;
        let is_set = library.has_set_link_secrets().await;
        if is_set.map_err(|e| Failure::failed("reading whose secrets count", e))? {
            return Err(Failure::Failed(
                "the server believes the secrets of its --link-secrets alone (TONEARM_LINK_SECRETS): say them here, too"
                    .into(),
            ));
        }
        let secrets = library.link_secrets().await;
        let secrets = secrets.map_err(|e| Failure::failed("reading the secrets of links", e))?;
        let first = secrets.into_iter().next().map(|known| known.secret);
        first.ok_or_else(|| Failure::Failed("the data folder has no secret to sign with".into()))
    })
}
