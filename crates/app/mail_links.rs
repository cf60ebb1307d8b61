//! The links in mails: such as the server answers.

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

impl mail::Links for MailLinks {
    fn answered(
        &self,
        link: Option<String>,
    ) -> Pin<Box<dyn Future<Output = Result<Option<String>, library::Error>> + Send + '_>> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now_s = now.map_or(0, |now| now.as_secs());
        Box::pin(async move { Ok(self.0.answered(vec![link], now_s).await?.pop().flatten()) })
    }
}
