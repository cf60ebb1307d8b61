//! The links in mails: such as the server answers.

use library::{File, LinkOptions};
use mail::Post;
use server::{Services, Signer};
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

pub struct MailLinks(Signer);

impl MailLinks {
    /// What sends the mails of a server.
    pub fn post(services: &Services, config: mail::Config) -> Post {
        let (library, media) = (services.library.clone(), services.media.clone());
        let links = Self(Signer::new(library.clone(), &services.config.publish));
        Post::new(library, media, Arc::new(links), config)
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<String, library::Error>> + Send + 'a>>;

impl mail::Links for MailLinks {
    fn answered(&self, link: String) -> Answer<'_> {
        Box::pin(async move {
            let links = self.0.answered(vec![Some(link)], now_s()).await?;
            Ok(links.into_iter().flatten().next().unwrap_or_default())
        })
    }

    fn signed<'a>(&'a self, file: &'a File, options: LinkOptions) -> Answer<'a> {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let options = options.into_iter().map(pair).collect();
        Box::pin(self.0.sign_in_place(file, options, now_s()))
    }
}

/// Unix seconds.
fn now_s() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}
