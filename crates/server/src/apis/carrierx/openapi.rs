//! The description of the API, made from its code.

use super::objects::{ContainerObject, ErrorBody, FileObject};
use super::{containers, files, sign, upload, uploads};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tonearm storage API",
        description = "Containers and files, by the CarrierX storage API."
    ),
    paths(
        containers::create,
        containers::list,
        containers::get,
        containers::patch,
        containers::put,
        containers::delete,
        upload::create,
        upload::create_named,
        files::list,
        files::get,
        files::patch,
        files::put,
        files::delete,
        files::data,
        sign::sign,
        uploads::create,
        uploads::head,
        uploads::patch,
        uploads::delete
    ),
    components(schemas(
        ContainerObject,
        FileObject,
        ErrorBody,
        sign::SignRequest,
        sign::SignedLink
    ))
)]
pub struct Description;
