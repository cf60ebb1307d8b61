//! The description of the API, made from its code.

use super::wants::Format;
use super::{auth, files, list, upload};
use crate::apis::storage::openapi::describe_also_at;
use utoipa::openapi::{Content, RefOr};
use utoipa::{Modify, OpenApi, openapi};

/// Whatever is answered in JSON is answered in the other formats as well, and by a call of a function.
struct EveryFormat;

impl Modify for EveryFormat {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let calls =
            document.paths.paths.values_mut().flat_map(|item| {
                [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete]
            });
        let answers = calls.flatten().flat_map(|call| call.responses.responses.values_mut());
        for answer in answers {
            let RefOr::T(answer) = answer else { continue };
            if !answer.content.contains_key(Format::Json.media_type()) {
                continue;
            }
            let others = Format::ALL.map(Format::media_type).into_iter().skip(1);
            for media_type in others.chain(["text/javascript"]) {
                answer.content.insert(media_type.to_owned(), RefOr::T(Content::default()));
            }
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    modifiers(&EveryFormat),
    tags((name = "evovoice", description = "The EvoVoice API: files, in JSON, XML, CSV or JSV.")),
    paths(
        list::files,
        list::portal_files,
        list::my_files,
        upload::create,
        upload::create_by_app,
        upload::create_by_user,
        files::get,
        files::patch,
        files::delete,
        files::content,
        auth::credentials,
        auth::token
    )
)]
struct Description;

/// ServiceStack's clients log in at either path.
pub fn describe() -> openapi::OpenApi {
    let mut described = Description::openapi();
    describe_also_at(&mut described, "/auth/credentials", "/auth", "ByProvider");
    described
}
