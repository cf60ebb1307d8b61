//! The description of the API, made from its code.

use super::objects::{ContainerObject, ErrorBody, FileObject};
use super::{containers, files, sign, upload, uploads};
use crate::apis::storage::members::Object;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{self, RefOr};

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
struct Description;

/// What uploads take in the query are the attributes of a file; under a name they come by either method.
pub fn describe() -> openapi::OpenApi {
    let mut described = Description::openapi();
    let paths = &mut described.paths.paths;
    if let Some(post) = paths.get_mut("/core/v2/storage/files").and_then(|it| it.post.as_mut()) {
        take_attributes(post);
    }
    if let Some(named) = paths.get_mut("/core/v2/storage/upload/{name}")
        && let Some(put) = &mut named.put
    {
        take_attributes(put);
        let mut post = put.clone();
        post.operation_id = Some("postNamedFile".to_owned());
        named.post = Some(post);
    }
    described
}

fn take_attributes(call: &mut Operation) {
    let known = call.parameters.get_or_insert_default();
    let is_told =
        |told: &RefOr<Parameter>, name: &str| matches!(told, RefOr::T(it) if it.name == name);
    for member in FileObject::members().iter().filter(|member| member.is_settable()) {
        if known.iter().any(|told| is_told(told, member.name)) {
            continue;
        }
        let parameter = ParameterBuilder::new().name(member.name).parameter_in(ParameterIn::Query);
        known.push(parameter.schema(Some(member.schema())).build().into());
    }
}
