//! The description of the API, made from its code.

use super::{accounts, errors, files, login, objects, service_agents, upload};
use crate::apis::storage::openapi::describe_also_at;
use utoipa::{OpenApi, openapi};

#[derive(OpenApi)]
#[openapi(
    tags((name = "voipbin", description = "Files and accounts, by the VoIPBIN storage API.")),
    paths(
        files::create,
        files::list,
        files::get,
        files::delete,
        files::play,
        files::play_recording,
        service_agents::create,
        service_agents::list,
        service_agents::get,
        service_agents::delete,
        service_agents::play,
        accounts::own,
        accounts::list,
        accounts::create,
        accounts::get,
        accounts::delete,
        login::login
    ),
    components(schemas(
        objects::FileObject,
        objects::AccountObject,
        objects::LoginObject,
        errors::ErrorBody,
        upload::UploadForm,
        accounts::NewAccount,
        login::Credentials
    ))
)]
struct Description;

/// The customer's files have an older name, too.
pub fn describe() -> openapi::OpenApi {
    let mut described = Description::openapi();
    for rest in ["", "/{id}", "/{id}/file"] {
        let [path, other] = ["storage_files", "files"].map(|name| format!("/v1.0/{name}{rest}"));
        describe_also_at(&mut described, &path, &other, "ByOldName");
    }
    described
}
