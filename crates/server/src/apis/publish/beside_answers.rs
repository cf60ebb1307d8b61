//! The answers to what stands beside a file's link (see `beside.rs`).

use super::access::Access;
use super::answer_headers::freshness;
use super::beside::{Beside, Request, signed};
use super::options::Caching;
use super::request_fields::Fields;
use super::waveform::{self, Form};
use super::{Publish, link, listen, now_ms};
use crate::body::Body;
use crate::problem::Problem;
use crate::respond;
use bytes::Bytes;
use http::{Method, Response};
use media::select;
use semantics::link::{Address, Link};
use semantics::{Outcome, evaluate};

impl Publish {
    /// Answers GET and HEAD of what stands beside a file.
    pub(super) async fn answer_beside(
        &self,
        beside: Beside,
        file: &Address,
        request: &Request<'_>,
    ) -> Result<Response<Body>, Problem> {
        let access = match self.access(file).await {
            // A picture's own options are not signed, whatever an option of links is called.
            Err(Problem::Forbidden) => self.access(&signed(file)).await?,
            access => access?,
        };
        match beside {
            Beside::Picture(form) => self.draw(form, file, access, request).await,
            Beside::Page | Beside::Oembed => {
                let asked = link::read(file, &self.config.presets)?;
                let found = self.media.resolve(&file.link, access.right(), now_ms()).await?;
                let resource = found.ok_or(Problem::NotFound)?;
                select(&resource, &asked.preferences)?;
                let page = listen::Page::new(&resource, &asked, request.uri, access);
                let base = self.library.link_base();
                let base = base.as_str();
                Ok(match beside {
                    Beside::Oembed => page.oembed(base, request.method),
                    _ => page.answer(base, request),
                })
            }
        }
    }

    /// Answers GET and HEAD of a picture. For who has it, as its ETag tells, nothing is drawn.
    async fn draw(
        &self,
        form: Form,
        file: &Address,
        access: Access,
        request: &Request<'_>,
    ) -> Result<Response<Body>, Problem> {
        let wish = link::read(&signed(file), &self.config.presets)?.preferences;
        let picture = waveform::read(form, file, wish)?;
        let sketch = waveform::sketch(&self.media, &picture, access).await?;
        let head = *request.method == Method::HEAD;
        let asked = if head { semantics::Method::Head } else { semantics::Method::Get };
        let fields = Fields::of(request.headers);
        let outcome = |bytes: &Bytes| {
            evaluate(asked, &sketch.validators(), &fields.borrowed(), bytes.len() as u64)
        };
        let mut bytes = Bytes::new();
        // Preconditions are judged first, whatever the length.
        if !matches!(outcome(&bytes), Outcome::NotModified | Outcome::PreconditionFailed) {
            bytes = self.pictures.find_or_draw(&self.media, &sketch).await?;
        }
        let mut meta = sketch.meta(bytes.len() as u64, &self.config.cache_control);
        meta.freshness = freshness(access, &Caching::Unsaid);
        let outcome = outcome(&bytes);
        let answer = waveform::answer(bytes, outcome, head);
        Ok(respond::answer(answer, &meta, true, request.started))
    }

    /// Whether a file has the very name of what stands beside files, and the link opens it.
    pub(super) async fn names_a_file(
        &self,
        address: &Address,
        access: &Result<Access, Problem>,
    ) -> bool {
        match (&address.link, access) {
            (link @ Link::Name { .. }, Ok(Access::Published)) => {
                let found = self.media.resolve(link, Access::Published.right(), now_ms()).await;
                found.is_ok_and(|file| file.is_some())
            }
            (Link::Name { .. }, Ok(Access::Signed { .. } | Access::Caller)) => true,
            (Link::Name { .. }, Err(_)) | (Link::Sid(_), _) => false,
        }
    }
}
