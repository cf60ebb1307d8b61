//! `tonearm mail`: the mails of recordings, also beside a running server.

use super::output::time;
use crate::assemble::{block_on, within};
use crate::cli::{Mail, MailAction};
use crate::failure::{Failure, print};

pub fn run(mail: &Mail) -> Result<(), Failure> {
    let MailAction::List { store } = &mail.action;
    block_on(async {
        let library = within(store).await?;
        let mails = library.mails().await.map_err(|e| Failure::failed("listing mails", e))?;
        for mail in mails {
            let next = mail.due_at.map_or("-".into(), time);
            let error = mail.last_error.as_deref().unwrap_or("-");
            let told = format!(
                "{}  {:7}  {}  {}  {next}  {error}\n",
                mail.mail_id, mail.state, mail.recipient, mail.tries
            );
            print(&told)?;
        }
        Ok(())
    })
}
